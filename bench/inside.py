"""What the parts cost by themselves, in this process: engine, store, hub, a bare request."""

from __future__ import annotations

import asyncio
import sqlite3
import ssl
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from bench.estate import Estate
from bench.figures import Figure
from bench.lab import RUNS, Lab
from checks.result import Result, Status
from daemon.api.hub import EventHub
from daemon.api.schema import CheckView
from daemon.api.views import check_view
from daemon.config import load
from daemon.core.effects import Observed, StartProbe
from daemon.core.engine import Engine
from daemon.core.events import ResultsArrived, Tick
from daemon.core.model import CheckState, Instant
from daemon.core.plan import Plan
from daemon.store.store import Store

START: Instant = 1_760_000_000_000
CHECKS = 1_000


def _plan() -> Plan:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        path = Path(home, "config.toml")
        path.write_text(Estate(CHECKS, [1]).configuration(Path(home)), encoding="utf-8")
        return load(path).plan


def _result(check: str, at: Instant) -> Result:
    metrics: dict[str, bool | int | float | str] = {"status": 200, "body_bytes": 24}
    phases = {"connect": 0.4, "first_byte": 0.6, "transfer": 0.1}
    return Result(check, at, Status.UP, 1.2, "200 in 1 ms", phases=phases, metrics=metrics)


def engine() -> Iterator[Figure]:
    """A steady result: `handle` and `next_deadline`, and its share of the ticks that start
    the probes; 1,000 checks every 10 s for a minute and a half, the first half not counted."""
    yield Figure("engine alone, per steady result", "us", [_engine_us() for _ in range(RUNS)])


def _engine_us() -> float:
    subject = Engine(_plan())
    started_s = results = 0.0
    for now in range(START, START + 90_000, 10):
        if now == START + 45_000:
            started_s, results = time.process_time(), 0.0
        effects = subject.handle(Tick(), now)
        subject.next_deadline()
        for effect in effects:
            if isinstance(effect, StartProbe):
                subject.handle(ResultsArrived((_result(effect.check, now),)), now + 1)
                subject.next_deadline()
                results += 1
    return (time.process_time() - started_s) * 1e6 / results


def store() -> Iterator[Figure]:
    """Results in batches of 5,000: encoded, written, and what is left of them on disk."""
    rates, sizes = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
            rate, size = uvloop.run(_store(Path(home, "tocsin.db")))
        rates.append(rate)
        sizes.append(size)
    yield Figure("store, results in batches", "rows/s", rates, more_is_better=True)
    yield Figure("raw result on disk", "bytes", sizes, 30.0)


async def _store(path: Path) -> tuple[float, float]:
    rounds = 100
    subject = await Store.open(path)
    await subject.restore(_plan(), START)
    began_s = time.perf_counter()
    for turn in range(rounds):
        at = START + turn * 10_000
        for number in range(CHECKS):
            subject.note([_result(f"c{number:05}", at + number)], at)
        if turn % 5 == 4:
            await subject.submit([Observed(_result("c00000", at + 5_000))], at)
    rate = rounds * CHECKS / (time.perf_counter() - began_s)
    await subject.close()
    with sqlite3.connect(path) as connection:
        (pages,) = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name = 'result'"
        ).fetchone()
        (rows,) = connection.execute("SELECT count(*) FROM result").fetchone()
    return rate, pages / rows


def hub() -> Iterator[Figure]:
    """2,000 events a second for 10 subscribers, 20 writes a second each, without sockets."""
    yield Figure(
        "hub, 2,000 events/s to 10 subscribers (no sockets)",
        "% of a core",
        [_hub_share() * 100 for _ in range(RUNS)],
        15.0,
    )


def _hub_share() -> float:
    plan, subject = _plan(), EventHub(START)
    state = CheckState("c00000", Status.UP, since=START)
    readers = [subject.seq] * 10
    seconds, name = 3, 0
    names = list(plan.checks)
    began_s = time.process_time()
    for _ in range(seconds * 20):
        for _ in range(100):
            name = (name + 1) % CHECKS
            make: partial[CheckView] = partial(
                check_view, plan.checks[names[name]], state, _result(names[name], START)
            )
            subject.publish("check", names[name], make)
        readers = [subject.take(seen).seq for seen in readers]
    return (time.process_time() - began_s) / seconds


class _Bare(asyncio.Protocol):
    """One request, one answer, nothing else: what Python and the kernel take at the least."""

    def __init__(self) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"GET /bare HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self._transport.abort()
        if not self.done.done():
            self.done.set_result(data)


async def _ask(port: int, tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    _, exchange = await loop.create_connection(_Bare, "127.0.0.1", port, ssl=tls)
    await exchange.done


async def _bare_ms(
    ports: list[int], seconds: float, batch: int, tls: ssl.SSLContext | None = None
) -> float:
    """CPU of a bare request, of a batch of them every 10 ms."""
    loop = asyncio.get_running_loop()
    asked: set[asyncio.Task[Any]] = set()
    count = 0
    began_s, ends = time.process_time(), loop.time() + seconds
    while loop.time() < ends:
        for _ in range(batch):
            task = loop.create_task(_ask(ports[count % len(ports)], tls))
            asked.add(task)
            task.add_done_callback(asked.discard)
            count += 1
        await asyncio.sleep(0.01)
    await asyncio.gather(*asked)
    return (time.process_time() - began_s) * 1000 / count


def bare(lab: Lab) -> Iterator[Figure]:
    """This machine's floor, at this moment."""
    ports = lab.ports("http")
    plain = [uvloop.run(_bare_ms(ports, 1.5, 5)) for _ in range(RUNS)]
    yield Figure("floor: a bare fresh request on uvloop, 500 a second", "ms", plain)
    tls = ssl.create_default_context(cafile=str(lab.authority))
    ports = lab.ports("https")
    secured = [uvloop.run(_bare_ms(ports, 1.5, 2, tls)) for _ in range(RUNS)]
    yield Figure("floor: a bare HTTPS request on uvloop, 200 a second", "ms", secured)
