"""The store: the engine's durable mirror, and its history.

The way of a turn's effects: the service calls `submit` with them right after
`Engine.handle`; they are encoded into the batch that is growing and a future is given back.
The writer's task takes the whole batch, writes it in one transaction on the writer's
thread, and resolves the futures in order. What is decided meanwhile grows into the next
batch: group commit. A batch with decisions goes at once; results alone gather for
`GATHER_S`.

When the disk does not let us (full, read-only, locked by somebody), the batch is kept and
tried again with growing pauses, and `degraded` is true. Alerting goes on from memory then:
futures resolve as soon as it is known that their batch cannot be written now, `health`
says why, and everything kept is written, in order, once it can be. Memory stays bounded:
decisions are kept by their newest value, and of results the oldest are given up.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from daemon.core.effects import Effect, Observed, StartProbe
from daemon.core.model import Instant, Millis
from daemon.core.plan import Plan
from daemon.core.snapshot import Snapshot
from daemon.notify.outbox import DeliveryState, Outbox, Pending
from daemon.store import care
from daemon.store.batch import Batch
from daemon.store.codec import result_row
from daemon.store.connect import Lock
from daemon.store.errors import StoreUnusable, unusable
from daemon.store.health import StoreHealth, size_on_disk
from daemon.store.history import History
from daemon.store.needs import samples_since, windowed_metrics
from daemon.store.opening import open_database
from daemon.store.prune import Retention
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


class Store:
    """One open database. Make it with `Store.open`; end it with `close`."""

    def __init__(self, path: Path, lock: Lock, writer: Writer, ids: dict[str, int]) -> None:
        self.path = path
        self.history = History(path)
        self._lock = lock
        self._writer = writer
        self._ids = ids
        self._newest_id = max(ids.values(), default=0)
        self._metrics: frozenset[str] | None = None
        self._batch = Batch()
        self._waiting: list[asyncio.Future[None]] = []
        self._now: Instant = 0
        self._upkeep_at: Instant = 0
        self._problem: str | None = None
        self._commit_s = 0.0
        self._shed = 0
        self._refused = 0
        self._closing = False
        self._busy_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._end = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, "tocsin-store")
        self._task = self._loop.create_task(self._run(), name="store")

    @classmethod
    async def open(cls, path: Path, retention: Retention | None = None) -> Store:
        """Open the database, which is made where there is none, and migrate it.

        Raises:
            StoreLocked: Another daemon has it; its pid is in the error.
            StoreTooNew, StoreForeign: It is not for this program, and was not touched.
            StoreUnusable: It cannot be created, read or migrated.
        """
        lock, writer, ids = await asyncio.to_thread(open_database, path, retention or Retention())
        store = cls(path, lock, writer, ids)
        try:
            await store.history.open()
        except sqlite3.Error as error:
            await store.close()
            raise unusable(path, error) from error
        return store

    @property
    def outbox(self) -> Outbox:
        """The dispatcher's durable queue: `pending` and `update` of this store."""
        return self

    @property
    def degraded(self) -> bool:
        """Whether what was decided cannot be written now and is only in memory."""
        return self._problem is not None

    @property
    def problem(self) -> str | None:
        """What keeps it from writing, in words; None while it can."""
        return self._problem

    @property
    def alive(self) -> bool:
        """Whether the writer is at work; a writer that keeps trying is."""
        hung = self._busy_since is not None and self._loop.time() - self._busy_since > STUCK_S
        return not self._task.done() and not hung

    def retain(self, retention: Retention) -> None:
        """From now on keep measurements for this long."""
        self._writer.pruner.retention = retention

    def follow(self, plan: Plan) -> None:
        """From now on keep the metrics that this plan's rules look back on, and no others.

        `restore` does it for its plan; a reload must. Until then all metrics are kept.
        """
        self._metrics = windowed_metrics(plan)

    def submit(self, effects: Sequence[Effect], at: Instant) -> asyncio.Future[None]:
        """Take in what the engine wants at `at`.

        The future resolves when all of it is on disk, in one transaction; in the order of
        the calls. While the store is `degraded` it resolves at once: go on from memory.

        Raises:
            StoreUnusable: The store is closed.
        """
        if self._closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        self._now = max(self._now, at)
        future: asyncio.Future[None] = self._loop.create_future()
        if not self._encode(effects):
            future.set_result(None)
            if self._now >= self._upkeep_at:
                self._wake.set()
            return future
        self._queued(future)
        return future

    def note(self, effects: Sequence[Effect], at: Instant) -> None:
        """As `submit` for effects that decide nothing (`PLAIN`): nobody waits for results,
        so there is no future to make; they are written with the next batch.

        Raises:
            StoreUnusable: The store is closed.
        """
        if self._closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        self._now = max(self._now, at)
        if self._encode(effects):
            self._gather()
        elif self._now >= self._upkeep_at:
            self._wake.set()

    def _encode(self, effects: Sequence[Effect]) -> bool:
        """Add the effects to the batch; whether there was anything to write."""
        found = False
        for effect in effects:
            if isinstance(effect, StartProbe):
                continue
            found = True
            try:
                if isinstance(effect, Observed):
                    self._observe(effect)
                else:
                    self._batch.decide(effect)
            except (TypeError, ValueError, OverflowError, KeyError, msgspec.MsgspecError) as error:
                self._refused += 1
                _log.error("an effect cannot be stored (%s): %.200r", error, effect)
        return found

    def _observe(self, effect: Observed) -> None:
        result = effect.result
        check_id = self._ids.get(result.check)
        if check_id is None:
            self._newest_id += 1
            check_id = self._ids[result.check] = self._newest_id
            self._batch.names.append((check_id, result.check))
        self._batch.results.append(result_row(check_id, result, self._metrics))

    def _queued(self, future: asyncio.Future[None]) -> None:
        """Have `future` resolved when the batch is written, or at once if it cannot be."""
        if self._problem is not None:
            future.set_result(None)
        else:
            self._waiting.append(future)
        self._gather()

    def _gather(self) -> None:
        """Have the batch written: at once if it holds a decision, else with some company."""
        if self._problem is not None:
            self._shed_results()
            self._wake.set()
        elif self._batch.decisive or len(self._batch.results) >= GATHER_ROWS:
            self._wake.set()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER_S, self._wake.set)

    async def update(
        self, key: str, state: DeliveryState, attempts: int, next_at: Instant | None, detail: str
    ) -> None:
        """Write how far a delivery got; returns as the future of `submit` resolves."""
        if self._closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        sent_at = self._now if state == "sent" else None
        self._batch.delivery(key, (state, attempts, next_at, sent_at, detail, key))
        future: asyncio.Future[None] = self._loop.create_future()
        self._queued(future)
        await future

    async def restore(
        self, plan: Plan, now: Instant, since: Mapping[str, Instant] | None = None
    ) -> Snapshot:
        """What an engine with this plan goes on from.

        Args:
            since: For each check, from when on its results are wanted as samples; by
                default as far back as the plan's rules look.

        Raises:
            StoreUnusable: The database cannot be read.
        """
        self.follow(plan)
        wanted = samples_since(plan, now) if since is None else since
        return await self._ask(partial(self._writer.snapshot, plan, now, wanted))

    async def pending(self) -> list[Pending]:
        """The deliveries that are not settled, the oldest decision first.

        Raises:
            StoreUnusable: The database cannot be read.
        """
        return await self._ask(self._writer.pending)

    def health(self) -> StoreHealth:
        """How the store does, now."""
        return StoreHealth(
            ok=self._problem is None and self.alive,
            problem=self._problem,
            queued=self._batch.size,
            last_commit_ms=self._commit_s * 1000,
            bytes=size_on_disk(self.path),
            shed=self._shed,
            refused=self._refused + self._writer.refused,
        )

    async def backup(self, target: Path) -> None:
        """Copy the database into a new file.

        Raises:
            TargetExists: There is something at `target`.
            StoreError: It cannot be written.
        """
        await asyncio.to_thread(care.backup, self.path, target)

    async def verify(self) -> list[str]:
        """What is wrong with the database, in words; empty if all is well."""
        return await asyncio.to_thread(care.verify, self.path)

    async def prune(self) -> int:
        """Remove what is older than the retention now; how many rows that were.

        Raises:
            StoreUnusable: The database cannot be written.
        """
        before = await self._ask(partial(self._writer.begin_pruning, self._now))
        while await self._ask(partial(self._writer.upkeep, self._now)):
            pass
        return self._writer.pruner.removed - before

    async def close(self) -> None:
        """Write what is left, close the file and give up the lock.

        Raises:
            StoreError: The rest could not be written; it is lost with the process.
        """
        if self._closing:
            return
        self._closing = True
        self._end.set()
        self._wake.set()
        await self._task
        await self.history.close()
        await self._loop.run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)
        self._lock.release()
        if self._batch:
            raise StoreUnusable(
                f"{self.path}: {self._batch.size} rows could not be written: {self._problem}"
            )

    async def _ask(self, work: Callable[[], _T]) -> _T:
        """As `_call`, with the database's troubles as `StoreUnusable`."""
        try:
            return await self._call(work)
        except (sqlite3.Error, ValueError) as error:  # a record's decoder raises ValueErrors
            raise unusable(self.path, error) from error

    async def _call(self, work: Callable[[], _T]) -> _T:
        """Do something on the writer's thread, after what it does now."""
        self._busy_since = self._loop.time()
        try:
            return await self._loop.run_in_executor(self._thread, work)
        finally:
            self._busy_since = None

    async def _run(self) -> None:
        """The writer's task: a batch at a time until closed and empty."""
        failures = 0
        while not self._closing or (self._batch and failures == 0):
            if failures:
                await self._pause(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
            elif not self._closing:
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
        if not self._batch:
            return True
        batch, waiting = self._portion(), self._waiting
        self._waiting = []
        began = self._loop.time()
        try:
            await self._call(partial(self._writer.write, batch))
        except Exception as error:  # noqa: BLE001  # whatever it is, what was decided is kept
            self._failed(batch, waiting, error)
            return False
        self._commit_s = self._loop.time() - began
        if self._problem is not None:
            _log.warning("the database can be written again; nothing decided was lost")
            self._problem = None
        _resolve(waiting)
        if self._batch.results:
            self._gather()
        return True

    def _portion(self) -> Batch:
        """What to write next. After an outage decisions go first, and results in pieces: there
        may be room for those where there is none for all."""
        batch, self._batch = self._batch, Batch()
        if self._problem is not None or len(batch.results) > GATHER_ROWS:
            most = 0 if batch.decisive else GATHER_ROWS
            self._batch.results = batch.results[most:]
            batch.results = batch.results[:most]
        return batch

    def _failed(self, batch: Batch, waiting: list[asyncio.Future[None]], error: Exception) -> None:
        """Keep the batch for another try, and let those go on who wait for it."""
        if self._problem is None:
            _log.error("%s: cannot be written (%s); going on from memory", self.path, error)
        self._problem = str(error)
        batch.absorb(self._batch)
        self._batch = batch
        self._shed_results()
        _resolve(waiting)
        _resolve(self._waiting)
        self._waiting = []

    def _shed_results(self) -> None:
        surplus = len(self._batch.results) - MOST_RESULTS
        if surplus > 0:
            del self._batch.results[:surplus]
            self._shed += surplus

    async def _keep_up(self) -> None:
        """Housekeeping in small steps, when it is due and while nothing waits to be written."""
        try:
            while self._now >= self._upkeep_at and not self._wake.is_set() and not self._closing:
                if not await self._call(partial(self._writer.upkeep, self._now)):
                    self._upkeep_at = self._now + UPKEEP_EVERY
        except Exception as error:  # noqa: BLE001  # it is tried again; writing matters more
            self._upkeep_at = self._now + UPKEEP_EVERY
            _log.warning("%s: housekeeping failed, to be tried again: %s", self.path, error)


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
