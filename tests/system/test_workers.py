"""A daemon with worker processes: they work, come back when killed, and never outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from daemon.client import Client
from tests.system.running import PATIENCE_S, Tocsin
from tests.system.targets import WebServer

SECRET = "worker-secret-7c1e"  # nobody's

HEAD = """workers = 2

[defaults]
every = "1s"
retry_every = "200ms"
timeout = "1s"
down_after = 2
"""
CHECK = """
[[check]]
name = "{name}"
kind = "http"
url = "http://127.0.0.1:{port}/"
bearer = {{ file = "{secret}" }}
"""
NAMES = [f"web{number}" for number in range(8)]


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    yield server
    server.stop()


def configured(home: Path, port: int, names: list[str]) -> str:
    secret = home / "secret"
    secret.write_text(SECRET)
    return HEAD + "".join(CHECK.format(name=name, port=port, secret=secret) for name in names)


def workers(tocsin: Tocsin) -> list[psutil.Process]:
    """The daemon's workers, by the name that they show."""
    return [
        child
        for child in psutil.Process(tocsin.pid).children()
        if child.name().startswith("tocsin-worker")
    ]


def _lives(process: psutil.Process) -> bool:
    """A dead one that nobody reaps does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def gone(processes: list[psutil.Process]) -> None:
    """Wait until none of them lives."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if not any(map(_lives, processes)):
                return
            await asyncio.sleep(0.02)


async def all_up(tocsin: Tocsin) -> None:
    state = await tocsin.until(
        lambda state: (
            state.daemon.workers_alive == 2 and all(one.status == "up" for one in state.checks)
        )
    )
    assert state.daemon.workers == 2


async def fresh(tocsin: Tocsin) -> None:
    """Wait until every check ran again."""
    began = (await tocsin.state()).daemon.time
    await tocsin.until(lambda now: all(one.last and one.last.time > began for one in now.checks))


async def test_workers_run_the_checks_and_nobody_sees_their_secrets(
    tmp_path: Path, web: WebServer
) -> None:
    async with Tocsin(tmp_path, configured(tmp_path, web.port, NAMES)) as tocsin:
        await all_up(tocsin)
        pair = workers(tocsin)
        assert sorted(one.name() for one in pair) == ["tocsin-worker1", "tocsin-worker2"]
        for one in pair:
            assert SECRET not in " ".join(one.cmdline())
            assert SECRET not in str(one.environ())
        web.status = 503
        state = await tocsin.until(lambda now: all(one.status == "down" for one in now.checks))
        assert all(one.last and "503" in one.last.message for one in state.checks)


async def test_a_reload_brings_checks_to_the_workers_and_takes_them_away(
    tmp_path: Path, web: WebServer
) -> None:
    async with Tocsin(tmp_path, configured(tmp_path, web.port, NAMES)) as tocsin:
        await all_up(tocsin)
        names = [*NAMES[2:], "more"]
        changed = configured(tmp_path, web.port, names).replace("workers = 2", "workers = 3")
        tocsin.write(changed + 'expect = ["status == 201"]\n')
        async with Client(tocsin.socket) as client:
            assert (await client.reload())["restart"] == ["daemon.workers"]
        state = await tocsin.until(lambda now: {"down"} <= {one.status for one in now.checks})
        assert {one.name: one.status for one in state.checks} == {
            **dict.fromkeys(NAMES[2:], "up"),
            "more": "down",
        }
        await fresh(tocsin)
        assert len(workers(tocsin)) == 2


async def test_a_killed_worker_is_replaced_and_no_check_suffers(
    tmp_path: Path, web: WebServer
) -> None:
    async with Tocsin(tmp_path, configured(tmp_path, web.port, NAMES)) as tocsin:
        await all_up(tocsin)
        victim = workers(tocsin)[0]
        victim.kill()
        await tocsin.until(lambda now: now.daemon.worker_restarts == 1)
        await all_up(tocsin)
        await fresh(tocsin)
        assert victim.pid not in {one.pid for one in workers(tocsin)}
        async with Client(tocsin.socket) as client:
            for name in NAMES:
                found = await client.check(name)
                assert "unknown" not in {one.status for one in found.results}, name
        assert "was ended by SIGKILL; another is started" in tocsin.words()
        assert "Traceback" not in tocsin.words()


@pytest.mark.slow
async def test_a_stopped_worker_is_killed_and_its_checks_go_on(
    tmp_path: Path, web: WebServer
) -> None:
    """It takes the timeout and 8 s until it is clear that it hangs."""
    async with Tocsin(tmp_path, configured(tmp_path, web.port, NAMES)) as tocsin:
        await all_up(tocsin)
        victim = workers(tocsin)[0]
        victim.suspend()
        await gone([victim])
        await all_up(tocsin)
        await fresh(tocsin)


async def test_no_worker_outlives_a_killed_daemon_not_even_one_that_stands_still(
    tmp_path: Path, web: WebServer
) -> None:
    tocsin = Tocsin(tmp_path, configured(tmp_path, web.port, NAMES))
    await tocsin.start()
    await all_up(tocsin)
    pair = workers(tocsin)
    pair[0].suspend()
    tocsin.kill()
    await gone(pair)


async def test_a_signal_to_the_whole_group_ends_it_cleanly_with_runs_under_way(
    tmp_path: Path,
) -> None:
    """systemd sends SIGTERM to all processes of a unit; the target never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with Tocsin(tmp_path, configured(tmp_path, port, NAMES)) as tocsin:
            await tocsin.until(lambda now: now.daemon.workers_alive == 2)
            pair = workers(tocsin)
            began = time.monotonic()
            for one in pair:
                os.kill(one.pid, signal.SIGTERM)
            assert tocsin.end() == 0
            assert time.monotonic() - began < 5
            await gone(pair)
            assert "died" not in tocsin.words()
            assert "another is started" not in tocsin.words()
            assert "Traceback" not in tocsin.words()
