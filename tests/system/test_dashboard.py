"""The dashboard in a real terminal (tmux) before a real daemon: what is seen and what keys do."""

from __future__ import annotations

import os
import pwd
import shlex
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.system.running import Tocsin
from tests.system.terminal import Terminal, need_tmux

ME = pwd.getpwuid(os.getuid()).pw_name

CONFIG = """
[defaults]
every = "1s"
retry_every = "200ms"
down_after = 2

[context.revenue_critical]
severity = { down = "emergency" }

[[service]]
name = "checkout"
context = "revenue_critical"
impact = "Customers cannot pay"

[[check]]
name = "checkout-http"
service = "checkout"
kind = "http"
url = "http://127.0.0.1:9/health"        # discard: nobody listens

[channel.log]
kind = "log"

[policy.slow]
[[policy.slow.level]]
after = "0s"
notify = ["channel:log"]
[[policy.slow.level]]
after = "1h"
notify = ["channel:log"]

[[route]]
policy = "slow"
"""


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """One of 80x24 and one of 120x40, with a shell in each."""
    need_tmux()
    with ExitStack() as stack:
        made: list[Terminal] = []
        for width, height in ((80, 24), (120, 40)):
            made.append(Terminal(tmp_path / f"{width}x{height}", width, height))
            stack.callback(made[-1].close)
        small, large = made
        yield small, large


@pytest.fixture
async def tocsin(tmp_path: Path) -> AsyncIterator[Tocsin]:
    """A daemon whose one check fails."""
    async with Tocsin(tmp_path, CONFIG) as tocsin:
        await tocsin.incident("checkout")
        yield tocsin


def dashboard(tocsin: Tocsin) -> str:
    """The command, its error output where it belongs: the terminal draws on it."""
    command = [sys.executable, "-m", "daemon", "tui", "--config", str(tocsin.config)]
    return shlex.join(command)


def _story(tocsin: Tocsin) -> list[tuple[str, str]]:
    """What was done to incidents, and by whom, as the database has it."""
    with closing(sqlite3.connect(tocsin.database)) as database:
        return database.execute("SELECT action, actor FROM v_audit").fetchall()


async def test_what_one_operator_does_is_on_both_screens_and_outlives_the_daemon(
    terminals: tuple[Terminal, Terminal], tocsin: Tocsin
) -> None:
    modes = [each.modes() for each in terminals]
    for each in terminals:
        each.until(lambda seen: seen.strip() != "")  # the shell's prompt
        each.say(
            f"stty -a >before; {dashboard(tocsin)}; echo with $?; stty -a >after; echo en''ded"
        )
    for each in terminals:
        each.shows("checkout is down", "EMERGENCY", "● live", "a ack")
        assert each.modes().startswith("1 ")
    small, large = terminals
    incident = await tocsin.incident("checkout")

    small.press("a")
    small.shows("Acknowledged", "z undoes")
    for each in terminals:
        each.shows("acknowledged", f"✓ {ME}")
    taken = await tocsin.incident("checkout", "acknowledged")
    assert taken.id == incident.id
    assert taken.acknowledged_by == ME
    assert _story(tocsin) == [("acknowledge", ME)]

    small.press("z")
    for each in terminals:
        each.shows("triggered", "nobody yet")
    given_back = await tocsin.incident("checkout", "triggered")
    assert given_back.acknowledged_by is None
    assert _story(tocsin) == [("acknowledge", ME), ("unacknowledge", ME)]

    small.press("[")  # right after it was given back
    small.shows("◀ PAST", "triggered", "nobody yet", "● live")
    small.press("[")
    small.shows("◀ PAST", "acknowledged", f"✓ {ME}", "● live")
    small.press("r")
    small.shows("resolve: this is the past")
    small.press("N")
    assert "PAST" not in small.shows("nobody yet", "a ack")

    tocsin.kill()
    for each in terminals:
        assert "● live" not in each.shows("stale", "checkout is down")
    await tocsin.start()
    for each in terminals:
        assert "stale" not in each.shows("● live", "checkout is down")

    for each in terminals:
        each.press("q")
        each.shows("with 0", "ended")
    assert [each.modes() for each in terminals] == modes
    for each in terminals:
        assert (each.home / "before").read_text() == (each.home / "after").read_text()
    assert large.screen().count("Traceback") == 0
