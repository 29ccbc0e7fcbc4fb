"""`tocsin up` in a real terminal: a daemon and its dashboard come and go together."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.running import Tocsin
from tests.system.terminal import Terminal, need_tmux

CONFIG = """
[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9
every = "1s"
down_after = 1
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A shell at 100x30."""
    need_tmux()
    made = Terminal(tmp_path / "terminal", 100, 30)
    yield made
    made.close()


def up(tocsin: Tocsin) -> str:
    """The command, and its exit code on the screen once it has ended."""
    command = [sys.executable, "-m", "daemon", "up", "--config", str(tocsin.config)]
    return f"{shlex.join(command)}; echo with $?; echo en''ded"


def test_it_starts_a_daemon_shows_the_dashboard_and_ends_both(
    terminal: Terminal, tmp_path: Path
) -> None:
    tocsin = Tocsin(tmp_path, CONFIG)
    terminal.say(up(tocsin))
    terminal.shows("web is down", "● live", "a ack")
    terminal.press("q")
    terminal.shows("with 0", "ended")
    assert not tocsin.socket.exists()


async def test_a_daemon_that_ran_before_goes_on(terminal: Terminal, tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CONFIG) as tocsin:
        pid = (await tocsin.state()).daemon.pid
        terminal.say(up(tocsin))
        terminal.shows("web is down", "● live")
        terminal.press("q")
        terminal.shows("with 0", "ended")
        assert (await tocsin.state()).daemon.pid == pid


def test_a_configuration_that_is_bad_is_told_in_the_terminal(
    terminal: Terminal, tmp_path: Path
) -> None:
    tocsin = Tocsin(tmp_path, CONFIG + 'evry = "1s"\n')
    terminal.say(up(tocsin))
    terminal.shows('did you mean "every"?', "with 2", "ended")


def test_a_daemon_that_cannot_start_is_told_with_its_reason(
    terminal: Terminal, tmp_path: Path
) -> None:
    tocsin = Tocsin(tmp_path, CONFIG)
    tocsin.database.write_text("this is no database, and longer than a header has to be " * 9)
    terminal.say(up(tocsin))
    terminal.shows("tocsin.db", "with 2", "ended")
