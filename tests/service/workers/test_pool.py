"""Checks run in worker processes, wherever those are killed, stopped or cannot be had."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import trustme

import checks
from checks.exec import ExecSpec
from checks.http import HttpSpec
from checks.result import Fault, Result, Status
from checks.spec import CheckSpec
from checks.tls_client import TlsSpec
from daemon.core.model import Instant
from daemon.service.workers import link, seat
from daemon.service.workers.pool import Pool

PATIENCE_S = 30.0


def now() -> Instant:
    return time.time_ns() // 1_000_000


def made(*specs: CheckSpec, timeout_ms: int = 5_000) -> dict[str, checks.Prepared]:
    return {spec.name: checks.prepare(spec, timeout_ms) for spec in specs}


def web(name: str, port: int) -> HttpSpec:
    return HttpSpec(name=name, url=f"http://127.0.0.1:{port}/{name}")


class Bench:
    """A pool, what it handed back, and someone who sweeps it."""

    def __init__(self, prepared: dict[str, checks.Prepared], workers: int) -> None:
        self.results: list[Result] = []
        self.late: list[float] = []
        self.pool = Pool(prepared, now, self.results.append, workers, "info", self.late.append)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.pool.sweep()
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        await self.until(lambda: self.pool.crew.alive == self.pool.crew.workers)

    async def result(self, check: str) -> Result:
        """Run it, and wait for what comes of it."""
        seen = len(self.results)
        self.pool.start(check)
        await self.until(lambda: any(one.check == check for one in self.results[seen:]))
        return next(one for one in self.results[seen:] if one.check == check)


@asynccontextmanager
async def at_work(prepared: dict[str, checks.Prepared], workers: int = 1) -> AsyncIterator[Bench]:
    bench = Bench(prepared, workers)
    bench.pool.begin()
    try:
        yield bench
    finally:
        pids = bench.pool.crew.pids
        await bench.pool.close()
        assert not any(map(psutil.pid_exists, pids))


class Site:
    """A web server that answers `ok`; the paths in `held` wait for `go`."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode().removeprefix("/")
            self.asked.append(path)
            if path in self.held:
                await self.go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the worker that asked is dead, as some of the tests want it
        finally:
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    one = Site()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    one.go.set()
    server.close()
    await server.wait_closed()


async def test_every_check_is_run_by_its_own_worker_and_all_share_the_work(site: Site) -> None:
    names = [f"web{number}" for number in range(20)]
    async with at_work(made(*(web(name, site.port) for name in names)), workers=2) as bench:
        before = now()
        for name in names:  # the workers are not ready yet: all wait
            bench.pool.start(name)
        assert bench.pool.waiting == 0  # not for a place, which would be another problem
        await bench.until(lambda: len(bench.results) == len(names))
        assert {one.check for one in bench.results} == set(names)
        assert all(one.status is Status.UP for one in bench.results)
        assert all(before <= one.at <= now() for one in bench.results)
        assert (bench.pool.running, bench.pool.waiting) == (0, 0)
        shares = [len(one._jobs) for one in bench.pool._seats]
        assert sum(shares) == len(names)
        assert min(shares) > 0
        assert bench.pool.crew.problem is None


async def test_a_reload_changes_adds_and_removes_checks_and_old_runs_end_as_they_began(
    site: Site,
) -> None:
    site.held = {"old", "left"}
    before = made(web("old", site.port), web("left", site.port), web("same", site.port))
    async with at_work(before) as bench:
        bench.pool.start("old")
        bench.pool.start("left")
        await bench.until(lambda: sorted(site.asked) == ["left", "old"])
        changed = HttpSpec(
            name="old", url=f"http://127.0.0.1:{site.port}/new", expect=("status == 201",)
        )
        after = {"same": before["same"], **made(changed, web("more", site.port))}
        await bench.pool.replace(after)
        assert bench.pool.running == 1
        site.go.set()
        await bench.until(lambda: bool(bench.results))
        assert [(one.check, one.status) for one in bench.results] == [("old", Status.UP)]
        assert (await bench.result("old")).fault is Fault.CONDITION
        assert (await bench.result("more")).status is Status.UP
        bench.pool.start("left")
        assert (bench.pool.running, bench.pool.waiting) == (0, 0)
        assert site.asked.count("left") == 1


async def test_a_run_whose_worker_is_killed_is_made_again_by_the_next(site: Site) -> None:
    site.held = {"slow"}
    async with at_work(made(web("slow", site.port))) as bench:
        bench.pool.start("slow")
        await bench.until(lambda: site.asked == ["slow"])
        (pid,) = bench.pool.crew.pids
        site.held = set()
        os.kill(pid, signal.SIGKILL)
        await bench.until(lambda: bool(bench.results))
        assert [(one.check, one.status) for one in bench.results] == [("slow", Status.UP)]
        assert site.asked == ["slow", "slow"]
        assert bench.pool.crew.restarts == 1
        assert bench.pool.crew.pids != (pid,)


async def test_a_run_that_kills_its_workers_is_unknown_and_the_row_of_deaths_a_problem() -> None:
    poison = ExecSpec(name="poison", run=("/bin/sh", "-c", "kill -9 $PPID; exec sleep 2"))
    async with at_work(made(poison)) as bench:
        result = await bench.result("poison")
        assert (result.status, result.fault) == (Status.UNKNOWN, Fault.INTERNAL)
        assert "twice" in result.message
        assert "SIGKILL" in result.message
        bench.pool.start("poison")
        await bench.until(lambda: bench.pool.crew.problem is not None)
        assert "worker 1 died 3 times" in str(bench.pool.crew.problem)


async def test_a_worker_that_hangs_is_killed_and_its_overdue_run_unknown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat, "_OVERDUE_S", 0.5)
    monkeypatch.setattr(seat, "_SILENT_S", 0.5)
    async with at_work(made(web("web", site.port), timeout_ms=1_000)) as bench:
        assert (await bench.result("web")).status is Status.UP
        (pid,) = bench.pool.crew.pids
        os.kill(pid, signal.SIGSTOP)
        result = await bench.result("web")
        assert (result.status, result.fault) == (Status.UNKNOWN, Fault.INTERNAL)
        assert (await bench.result("web")).status is Status.UP
        assert not psutil.pid_exists(pid)


async def test_a_daemon_that_stood_still_itself_kills_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat, "_OVERDUE_S", 0.0)
    site.held = {"web"}
    async with at_work(made(web("web", site.port), timeout_ms=1)) as bench:
        await bench.ready()
        bench.pool.start("web")
        await asyncio.sleep(0)  # the order goes out
        bench.pool._swept_s -= 60
        time.sleep(0.05)  # noqa: ASYNC251  # the loop is to stand still
        bench.pool.sweep()
        assert bench.results == []
        await bench.until(lambda: bool(bench.results))
        assert bench.pool.crew.restarts == 0


async def test_where_no_worker_can_be_had_checks_are_unknown_and_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seat, "_WITHOUT_S", 0.2)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    async with at_work(made(web("web", 9))) as bench:
        result = await bench.result("web")
        assert (result.status, result.fault) == (Status.UNKNOWN, Fault.INTERNAL)
        assert "No such file" in str(bench.pool.crew.problem)
        assert bench.pool.crew.alive == 0


async def test_a_check_that_a_worker_cannot_prepare_is_unknown_with_the_reason(
    tmp_path: Path,
) -> None:
    """Its file was there when the daemon looked."""
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca))
    spec = HttpSpec(name="web", url="https://127.0.0.1:9/", tls=TlsSpec(ca=ca))
    prepared = made(spec)
    ca.unlink()
    async with at_work(prepared) as bench:
        result = await bench.result("web")
        assert (result.status, result.fault) == (Status.UNKNOWN, Fault.INTERNAL)
        assert str(ca) in result.message


async def test_only_as_many_runs_are_sent_as_a_worker_has_places(site: Site) -> None:
    names = ["a", "b", "c"]
    site.held = set(names)
    async with at_work(made(*(web(name, site.port) for name in names))) as bench:
        await bench.ready()
        bench.pool._seats[0]._limit = 2
        for name in names:
            bench.pool.start(name)
        await bench.until(lambda: len(site.asked) == 2)
        assert (bench.pool.running, bench.pool.waiting) == (2, 1)
        site.go.set()
        await bench.until(lambda: len(bench.results) == 3)


async def test_a_worker_that_hangs_at_the_end_is_ended_by_force(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_END_S", 0.2)
    async with at_work(made(web("web", site.port))) as bench:
        await bench.ready()
        (pid,) = bench.pool.crew.pids
        os.kill(pid, signal.SIGSTOP)
    assert not psutil.pid_exists(pid)
