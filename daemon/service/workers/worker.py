"""A worker: runs the probes of its checks, in a process of its own, and decides nothing.

It prepares the checks it is given, runs what it is ordered to in a `Runner` of its own, and
hands the results back, those of a few milliseconds in one frame. It ends when its socket does,
and so with the daemon, whatever ended that.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final, cast

import checks
from checks.errors import SpecError
from checks.result import Result
from daemon.core.model import Instant
from daemon.service.process import settle_memory
from daemon.service.runner import Runner, not_measured, raise_descriptor_limit
from daemon.service.workers import frames
from daemon.service.workers.frames import Ended, FrameError, FrameReader, Job, Orders, Sort

_log = logging.getLogger("tocsin.worker")

_GATHER_S: Final = 0.01
"""Results that come within this go in one frame: each wakes the daemon."""

_SWEEP_S: Final = 1.0
_SETTLE_S: Final = 5.0
"""So long after its first assignment a worker's memory is settled: it has them all."""


class Worker(asyncio.Protocol):
    """One worker's side of the socket.

    Attributes:
        over: Resolves when the daemon is gone, or wants no more.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._reader = FrameReader()
        self._limit = raise_descriptor_limit()
        self._runner = Runner({}, self._now, self._take, self._limit)
        self._names: dict[int, str] = {}
        self._refused: dict[str, str] = {}
        self._runs: dict[str, int] = {}
        self._ended: list[Ended] = []
        self._offset_ms: Instant = 0
        self._settle_at_s: float | None = None
        self._settled = False
        self._closing: set[asyncio.Task[Any]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say that it is ready."""
        self._transport = cast("asyncio.Transport", transport)  # what a stream socket has
        self._transport.write(frames.hello(self._limit))

    def connection_lost(self, _: Exception | None) -> None:
        """The daemon is gone, or wants no more."""
        if not self.over.done():
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Do what the daemon says."""
        try:
            for sort, payload in self._reader.feed(data):
                self._handle(sort, payload)
        except FrameError as error:
            _log.error("the daemon sent what is not understood: %s", error)
            self._transport.close()

    def _handle(self, sort: Sort, payload: bytes) -> None:
        match sort:
            case Sort.ORDERS:
                self._start(frames.read_orders(payload))
            case Sort.ASSIGN:
                self._assign(frames.read_assign(payload))
                self._transport.write(frames.ready())
            case Sort.FORGET:
                self._forget(frames.read_forget(payload))
            case Sort.HELLO | Sort.READY | Sort.RESULTS:
                raise FrameError(f"a {sort.name} frame to a worker")

    async def run(self) -> None:
        """Work until the socket ends, and let go of everything."""
        while not self.over.done():
            await asyncio.wait([self.over], timeout=_SWEEP_S)
            self._runner.sweep()
            if self._settle_at_s is not None and self._loop.time() > self._settle_at_s:
                self._settle_at_s, self._settled = None, True
                settle_memory()
        await self._runner.close()

    def _now(self) -> Instant:
        """The daemon's time, as it went on since its last word."""
        return self._offset_ms + time.monotonic_ns() // 1_000_000

    def _assign(self, jobs: list[Job]) -> None:
        prepared = dict(self._runner.prepared)
        for job in jobs:
            name = self._names[job.number] = job.spec.name
            self._refused.pop(name, None)
            try:
                prepared[name] = checks.prepare(job.spec, job.timeout_ms)
            except SpecError as error:
                # It was in order when the daemon looked: a file changed since.
                prepared.pop(name, None)
                self._refused[name] = str(error)
        self._go_on_with(prepared)

    def _forget(self, numbers: list[int]) -> None:
        prepared = dict(self._runner.prepared)
        for number in numbers:
            name = self._names.pop(number, None)
            if name is not None:
                prepared.pop(name, None)
                self._refused.pop(name, None)
        self._go_on_with(prepared)

    def _go_on_with(self, prepared: dict[str, checks.Prepared]) -> None:
        if not self._settled:
            self._settle_at_s = self._loop.time() + _SETTLE_S
        task = self._loop.create_task(self._runner.replace(prepared))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _start(self, orders: Orders) -> None:
        self._offset_ms = orders.at - orders.steady_ns // 1_000_000
        for run, number in enumerate(orders.checks, orders.first):
            name = self._names[number]
            self._runs[name] = run
            words = self._refused.get(name)
            if words is None:
                self._runner.start(name)
            else:
                self._take(not_measured(name, self._now(), words))

    def _take(self, result: Result) -> None:
        self._ended.append((self._runs.pop(result.check), result))
        if len(self._ended) == 1:
            self._loop.call_later(_GATHER_S, self._hand_over)

    def _hand_over(self) -> None:
        ended, self._ended = self._ended, []
        self._transport.write(frames.results(ended))
