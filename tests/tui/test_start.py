"""The command line: pictures, refusals, and what it may import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui import estate
from tests.tui.fake_daemon import FakeDaemon
from tui.__main__ import arguments
from tui.picture import render


@pytest.mark.parametrize("screen", ["opening", "overview", "incident", "checks", "sla"])
async def test_a_picture_is_drawn_from_a_running_daemon(tmp_path: Path, screen: str) -> None:
    """As the README's is."""
    fake = FakeDaemon(tmp_path / "s", estate.state())
    await fake.start()
    svg = await render(fake.socket, (120, 40), screen)
    await fake.stop()
    assert svg.startswith("<svg")
    assert "Tocsin" in svg


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The program, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **env}, cwd=Path(__file__).parents[2],
    )  # fmt: skip


def test_without_a_terminal_it_says_what_to_use_instead(tmp_path: Path) -> None:
    """Exit code 2, one line."""
    done = run("--socket", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr == "tocsin tui: this is no terminal; try `tocsin status` or `watch`\n"


def test_a_picture_without_a_daemon_is_exit_3_in_one_line(tmp_path: Path) -> None:
    """In the client's words, without a traceback."""
    done = run("--socket", str(tmp_path / "none"), "--picture", str(tmp_path / "a.svg"))
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "no daemon" in done.stderr
    assert not (tmp_path / "a.svg").exists()


def test_a_wrong_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the form it should have."""
    with pytest.raises(SystemExit) as refused:
        arguments().parse_args(["--size", "big"])
    assert refused.value.code == 2
    assert "write it as 120x40" in capsys.readouterr().err


def test_it_imports_nothing_of_the_daemon_but_client_shapes_and_pure_core() -> None:
    """The dashboard must start without the store, the checks' drivers or the server."""
    code = (
        "import sys, tui.app;"
        "print(' '.join(m for m in sys.modules if m.startswith(('daemon.', 'checks.'))))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.split()  # fmt: skip
    allowed = ("daemon.client", "daemon.api", "daemon.core", "checks.result")
    assert [name for name in loaded if not name.startswith(allowed)] == []
