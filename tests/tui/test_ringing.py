"""What a terminal is sent when a page is new."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui import estate
from tests.tui.fake_daemon import FakeDaemon
from tui.__main__ import arguments
from tui.ringing import Ringing, announcement


def test_a_text_from_outside_cannot_end_the_sequence_it_stands_in() -> None:
    said = announcement(Ringing.OSC9, "New", "shop\a\x1b]52;c;x\x07 is down")
    assert said == "\x1b]9;New: shop  ]52;c;x  is down\a\a"
    said = announcement(Ringing.OSC777, "a;b", "c;d")
    assert said == "\x1b]777;notify;a,b;c;d\a\a"


def test_a_bell_is_no_more_than_a_bell_and_off_is_silent() -> None:
    assert announcement(Ringing.BELL, "New", "x") == "\a"
    assert announcement(Ringing.OFF, "New", "x") == ""


def test_the_environment_chooses_and_a_wrong_word_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOCSIN_NOTIFY", "osc777")
    assert arguments().parse_args([]).notify is Ringing.OSC777
    monkeypatch.setenv("TOCSIN_NOTIFY", "loud")
    with pytest.raises(SystemExit) as refused:
        arguments().parse_args([])
    assert refused.value.code == 2
    assert "'loud' is no way to announce a page; there are off, bell" in capsys.readouterr().err


class _Screen:
    """All that a terminal was sent."""

    def __init__(self, descriptor: int) -> None:
        self.seen = bytearray()
        self._descriptor = descriptor
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        self.seen.extend(os.read(self._descriptor, 65_536))
        self._more.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for it; a dashboard paints its clock once a second."""
        while not true():
            self._more.clear()
            await self._more.wait()


async def test_a_real_terminal_is_rung_by_a_new_page_and_by_nothing_else(tmp_path: Path) -> None:
    fake = FakeDaemon(tmp_path / "s", estate.quiet())
    await fake.start()
    ours, theirs = pty.openpty()
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", "--socket", str(fake.socket), "--notify", "osc9",
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=Path(__file__).parents[2],
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    screen = _Screen(ours)
    try:
        async with asyncio.timeout(20):
            await screen.until(lambda: b"quiet" in screen.seen and bool(fake.followers))
            fake.add(estate.search_())
            fake.add(estate.checkout())
            await screen.until(lambda: b"\x1b]9;" in screen.seen)
    finally:
        asyncio.get_running_loop().remove_reader(ours)
        program.kill()
        await program.wait()
        os.close(ours)
        await fake.stop()
    title = estate.checkout().title
    assert f"\x1b]9;Tocsin New: emergency: checkout {title}\a\a".encode() in screen.seen
    assert screen.seen.count(b"\x1b]9;") == 1
