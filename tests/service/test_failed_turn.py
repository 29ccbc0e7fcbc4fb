"""A fault within a turn ends the daemon, with a critical line and exit code 1."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from checks.result import Result, Status
from daemon.api.problems import Busy
from daemon.config import load
from daemon.core.effects import Effect
from daemon.core.engine import Engine
from daemon.core.errors import NotFound
from daemon.core.events import Tick
from daemon.core.model import Instant
from daemon.service.clock import Clock
from daemon.service.daemon import Daemon
from daemon.store.store import Store

CONFIG = '[[check]]\nname = "clock"\nkind = "exec"\nrun = ["date"]\n'

BROKEN = """
import sys
from pathlib import Path
from daemon.core.engine import Engine
from daemon.core.events import {event}
from daemon.service.app import serve

whole = Engine.handle

def handle(self, event, now):
    if isinstance(event, {event}):
        raise RuntimeError("a bug")
    return whole(self, event, now)

Engine.handle = handle
sys.exit(serve(Path(sys.argv[1])))
"""


class Faulty(Engine):
    """An engine that raises what the test gives it."""

    error: Exception | None = None
    turns = 0

    def handle(self, event: object, now: Instant) -> list[Effect]:
        del event, now  # whatever happens, the answer is the script's
        self.turns += 1
        if self.error is not None:
            raise self.error
        return []


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    config = load(path)
    store = await Store.open(tmp_path / "tocsin.db")
    daemon = Daemon(config, store, Faulty(config.plan), {}, Clock(), 8)
    await daemon.start([])
    yield daemon
    await daemon.stop()
    await store.close()


def engine_of(daemon: Daemon) -> Faulty:
    assert isinstance(daemon.engine, Faulty)
    return daemon.engine


async def test_a_fault_over_a_result_fails_the_daemon_and_no_further_turn_is_taken(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    engine, bug = engine_of(daemon), RuntimeError("a bug")
    engine.error = bug
    daemon.turns.take_result(Result("clock", 1, Status.UP))
    await asyncio.sleep(0.1)
    assert daemon.failed.result() is bug
    assert not daemon.alive
    engine.error, turns = None, engine.turns
    daemon.turns.take_result(Result("clock", 2, Status.UP))
    await asyncio.sleep(0.1)
    with pytest.raises(Busy):
        await daemon.command(Tick())
    assert engine.turns == turns
    lines = [one for one in caplog.records if one.levelname == "CRITICAL"]
    assert [one.getMessage() for one in lines] == ["a turn failed; the daemon ends"]


async def test_a_refused_command_fails_nothing_and_a_broken_one_does(daemon: Daemon) -> None:
    engine = engine_of(daemon)
    engine.error = NotFound("there is no such incident")
    with pytest.raises(NotFound):
        await daemon.command(Tick())
    assert daemon.alive
    engine.error = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        await daemon.command(Tick())
    assert daemon.failed.done()


async def test_what_cannot_be_shown_fails_the_daemon_too(daemon: Daemon) -> None:
    """Otherwise a page that was decided would wait in the outbox for the next start."""
    bug = RuntimeError("a bug")

    def broken(*_: object) -> None:
        raise bug

    daemon.listeners.append(broken)
    async with asyncio.timeout(10):
        await daemon.command(Tick())
        assert await daemon.failed is bug


@pytest.mark.parametrize("event", ["ResultsArrived", "Tick"])
def test_the_process_ends_by_itself_with_exit_code_1(tmp_path: Path, event: str) -> None:
    config = tmp_path / "config.toml"
    places = f'socket = "{tmp_path}/t.sock"\ndatabase = "{tmp_path}/t.db"\n'
    config.write_text(f'[daemon]\n{places}{CONFIG}every = "1s"\n')
    done = subprocess.run(
        [sys.executable, "-c", BROKEN.format(event=event), str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1, done.stderr
    assert "CRITICAL tocsin.daemon: a turn failed; the daemon ends" in done.stderr
    assert "stopped" in done.stderr
