"""Child processes end when asked, are forced when they do not, and die with the demo."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from daemon.service import children

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
PARENT = """
import asyncio, sys
from daemon.service.children import _tied_to_parent
async def main():
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(60)", preexec_fn=_tied_to_parent())
    print(child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def python(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_a_child_is_asked_to_end() -> None:
    child = await python("import time; print('up', flush=True); time.sleep(60)")
    await first_line(child)
    await children.end(child)
    assert child.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_follow_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_END_S", 0.1)
    child = await python(STUBBORN)
    assert await first_line(child) == "up"
    await children.end(child)
    assert child.returncode == -signal.SIGKILL


async def test_ending_what_has_ended_or_never_was_is_nothing() -> None:
    child = await python("")
    await child.wait()
    await children.end(child)
    await children.end(None)
    assert child.returncode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
async def test_a_child_dies_with_a_demo_that_was_killed() -> None:
    parent = await python(PARENT)
    child = int(await first_line(parent))
    watch = os.pidfd_open(child)
    try:
        parent.kill()
        await parent.wait()
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(watch, ended.set)
        async with asyncio.timeout(5):
            await ended.wait()
        asyncio.get_running_loop().remove_reader(watch)
    finally:
        os.close(watch)


async def test_a_daemon_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    log.write_text("first\ntocsin: config.toml:3: nonsense\n")
    child = await python("raise SystemExit(2)")
    await child.wait()
    with pytest.raises(children.DaemonDidNotStart, match=r"config\.toml:3: nonsense"):
        await children.until_ready(child, tmp_path / "no.sock", log)


def test_what_would_end_a_child_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SECONDS", "3")
    monkeypatch.setenv("TOCSIN_SOCKET", "/elsewhere")
    assert not {"TOCSIN_SECONDS", "TOCSIN_SOCKET"} & children.alone().keys()
    assert children.inherited()["TOCSIN_SOCKET"] == "/elsewhere"
