"""Group commit: the batch that grows, and the task that has it written.

Between `Store`, which adds to the batch, and `Writer`, which writes one on a thread of its
own. The task takes the whole batch, has it written in one transaction, and resolves in order
the futures that wait for it. What is decided meanwhile grows into the next batch. A batch with
decisions goes at once; results alone gather for `GATHER_S`.

A batch that cannot be written (a disk that is full or read-only, a database that somebody
locked) is kept and tried again with growing pauses. Nobody waits for it meanwhile. Memory stays
bounded: decisions are kept by their newest value, and of results the oldest are given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from daemon.core.model import Instant, Millis
from daemon.store.batch import Batch
from daemon.store.writer import Writer

_log = logging.getLogger("tocsin.store")
_T = TypeVar("_T")

GATHER_S: Final = 1.0
"""Results alone wait this long for company: a transaction costs far more than a row."""
GATHER_ROWS: Final = 5_000
"""So many of them go at once."""
MOST_RESULTS: Final = 100_000
"""So many results are kept while they cannot be written; about 30 MB."""
PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Before each further try to write."""
UPKEEP_EVERY: Final[Millis] = 5_000
"""Housekeeping is looked at this often."""
STUCK_S: Final = 60.0
"""A step of the writer that takes longer than this counts as hung."""


class Commits:
    """Has one batch after the other written, and does the housekeeping in between.

    Attributes:
        batch: What goes next. Whoever adds to it calls `gather` or `queued`.
        now: The newest time that was heard of.
        problem: What keeps it from writing, in words; None while it can.
        closing: Nothing more may be added.
        commit_s: How long the last transaction took.
        shed: How many results were given up.
    """

    def __init__(self, path: Path, writer: Writer) -> None:
        self.batch = Batch()
        self.now: Instant = 0
        self.problem: str | None = None
        self.closing = False
        self.commit_s = 0.0
        self.shed = 0
        self._path = path
        self._writer = writer
        self._waiting: list[asyncio.Future[None]] = []
        self._upkeep_at: Instant = 0
        self._busy_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._end = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, "tocsin-store")
        self._task = self._loop.create_task(self._run(), name="store")

    @property
    def alive(self) -> bool:
        """Whether the writer is at work; a writer that keeps trying is."""
        hung = self._busy_since is not None and self._loop.time() - self._busy_since > STUCK_S
        return not self._task.done() and not hung

    def queued(self, future: asyncio.Future[None]) -> None:
        """Have `future` resolved when the batch is written, or at once if it cannot be."""
        if self.problem is not None:
            future.set_result(None)
        else:
            self._waiting.append(future)
        self.gather()

    def gather(self) -> None:
        """Have the batch written: at once if it holds a decision, else with some company."""
        if self.problem is not None:
            self._shed_results()
            self._wake.set()
        elif self.batch.decisive or len(self.batch.results) >= GATHER_ROWS:
            self._wake.set()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER_S, self._wake.set)

    def rouse(self) -> None:
        """There is nothing to write: have the housekeeping looked at, if it is due."""
        if self.now >= self._upkeep_at:
            self._wake.set()

    async def call(self, work: Callable[[], _T]) -> _T:
        """Do something on the writer's thread, after what it does now."""
        self._busy_since = self._loop.time()
        try:
            return await self._loop.run_in_executor(self._thread, work)
        finally:
            self._busy_since = None

    async def finish(self) -> None:
        """Take nothing more, and return when what is left was written, or could not be."""
        self.closing = True
        self._end.set()
        self._wake.set()
        await self._task

    async def close(self) -> None:
        """Close the writer on its thread, and end that; nothing is asked of it any more."""
        await self._loop.run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        """The writer's task: a batch at a time until closed and empty."""
        failures = 0
        while not self.closing or (self.batch and failures == 0):
            if failures:
                await self._pause(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
            elif not self.closing:
                await self._wake.wait()
            failures = 0 if await self._write() else failures + 1
            if not failures:
                await self._keep_up()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._end.wait(), seconds)
        except TimeoutError:
            return

    async def _write(self) -> bool:
        """Write the batch there is; whether that was possible."""
        self._wake.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.batch:
            return True
        batch, waiting = self._portion(), self._waiting
        self._waiting = []
        began = self._loop.time()
        try:
            await self.call(partial(self._writer.write, batch))
        except Exception as error:  # noqa: BLE001  # whatever it is, what was decided is kept
            self._failed(batch, waiting, error)
            return False
        self.commit_s = self._loop.time() - began
        if self.problem is not None:
            _log.warning("the database can be written again; nothing decided was lost")
            self.problem = None
        _resolve(waiting)
        if self.batch.results:
            self.gather()
        return True

    def _portion(self) -> Batch:
        """What to write next. After an outage decisions go first, and results in pieces: there
        may be room for those where there is none for all."""
        batch, self.batch = self.batch, Batch()
        if self.problem is not None or len(batch.results) > GATHER_ROWS:
            most = 0 if batch.decisive else GATHER_ROWS
            self.batch.results = batch.results[most:]
            batch.results = batch.results[:most]
        return batch

    def _failed(self, batch: Batch, waiting: list[asyncio.Future[None]], error: Exception) -> None:
        """Keep the batch for another try, and let those go on who wait for it."""
        if self.problem is None:
            _log.error("%s: cannot be written (%s); going on from memory", self._path, error)
        self.problem = str(error)
        batch.absorb(self.batch)
        self.batch = batch
        self._shed_results()
        _resolve(waiting)
        _resolve(self._waiting)
        self._waiting = []

    def _shed_results(self) -> None:
        surplus = len(self.batch.results) - MOST_RESULTS
        if surplus > 0:
            del self.batch.results[:surplus]
            self.shed += surplus

    async def _keep_up(self) -> None:
        """Housekeeping in small steps, when it is due and while nothing waits to be written."""
        try:
            while self.now >= self._upkeep_at and not self._wake.is_set() and not self.closing:
                if not await self.call(partial(self._writer.upkeep, self.now)):
                    self._upkeep_at = self.now + UPKEEP_EVERY
        except Exception as error:  # noqa: BLE001  # it is tried again; writing matters more
            self._upkeep_at = self.now + UPKEEP_EVERY
            _log.warning("%s: housekeeping failed, to be tried again: %s", self._path, error)


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
