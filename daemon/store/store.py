"""The store: the engine's durable mirror, and its history.

The way of a turn's effects: the service calls `submit` with them right after
`Engine.handle`; they are encoded into the batch that is growing and a future is given back,
which resolves when `commits` had the batch written, in one transaction on the writer's thread.

When the disk does not let us (full, read-only, locked by somebody), `degraded` is true and
alerting goes on from memory: futures resolve as soon as it is known that their batch cannot be
written now, `health` says why, and everything kept is written, in order, once it can be.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from checks.result import Result
from daemon.core.effects import Effect, Observed, StartProbe
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.snapshot import Snapshot
from daemon.notify.outbox import DeliveryState, Outbox, Pending
from daemon.store.batch import UNENCODABLE, Batch
from daemon.store.commits import Commits
from daemon.store.connect import Lock
from daemon.store.errors import StoreUnusable, unusable
from daemon.store.health import StoreHealth, size_on_disk
from daemon.store.needs import samples_since, windowed_metrics
from daemon.store.opening import open_database
from daemon.store.place import Place
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.history import History
from daemon.store.result_codec import result_row
from daemon.store.upkeep import care
from daemon.store.upkeep.erasing import Erasure
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer

_log = logging.getLogger("tocsin.store")
_T = TypeVar("_T")


class Store:
    """One open database. Make it with `Store.open`; end it with `close`."""

    def __init__(self, path: Path, lock: Lock, writer: Writer, ids: dict[str, int]) -> None:
        self.path = path
        self.history = History(path)
        self.analysis = Analysis(path)
        self._lock = lock
        self._writer = writer
        self._commits = Commits(path, writer)
        self._place = Place(path)
        self._watching: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._ids = ids
        self._newest_id = max(ids.values(), default=0)
        self._metrics: frozenset[str] | None = None
        self._refused = 0

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
            store._place = await asyncio.to_thread(Place, path)  # now there is a log
        except sqlite3.Error as error:
            await store.close()
            raise unusable(path, error) from error
        store._watching = store._loop.create_task(store._place.watch(), name="store place")
        return store

    @property
    def outbox(self) -> Outbox:
        """The dispatcher's durable queue: `pending` and `update` of this store."""
        return self

    @property
    def degraded(self) -> bool:
        """Whether what was decided cannot be written now and is only in memory."""
        return self._commits.problem is not None

    @property
    def problem(self) -> str | None:
        """What keeps it from writing, in words; None while it can."""
        return self._commits.problem

    @property
    def misplaced(self) -> str | None:
        """What happened to the file that is open, in words; None while its path leads to it."""
        return self._place.problem

    @property
    def alive(self) -> bool:
        """Whether the writer is at work; a writer that keeps trying is."""
        return self._commits.alive

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
        commits = self._commits
        if commits.closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        commits.now = max(commits.now, at)
        future: asyncio.Future[None] = self._loop.create_future()
        if not self._encode(effects):
            future.set_result(None)
            commits.rouse()
            return future
        commits.queued(future)
        return future

    def note(self, results: Sequence[Result], at: Instant) -> None:
        """Take in results of a turn that decides nothing: nobody waits for them, so there is no
        future to make; they are written with the next batch.

        Raises:
            StoreUnusable: The store is closed.
        """
        commits = self._commits
        if commits.closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        commits.now = max(commits.now, at)
        for result in results:
            self._take(result, commits.batch)
        if results:
            commits.gather()
        else:
            commits.rouse()

    def _encode(self, effects: Sequence[Effect]) -> bool:
        """Add the effects to the batch; whether there was anything to write."""
        found, batch = False, self._commits.batch
        for effect in effects:
            if type(effect) is StartProbe:
                continue
            found = True
            if type(effect) is Observed:
                self._take(effect.result, batch)
                continue
            try:
                batch.decide(effect)
            except UNENCODABLE as error:
                self._refuse(effect, error)
        return found

    def _take(self, result: Result, batch: Batch) -> None:
        check_id = self._ids.get(result.check)
        if check_id is None:
            self._newest_id += 1
            check_id = self._ids[result.check] = self._newest_id
            batch.names.append((check_id, result.check))
        try:
            batch.results.append(result_row(check_id, result, self._metrics))
        except UNENCODABLE as error:
            self._refuse(result, error)

    def _refuse(self, value: object, error: Exception) -> None:
        self._refused += 1
        _log.error("it cannot be stored (%s): %.200r", error, value)

    async def update(
        self, key: str, state: DeliveryState, attempts: int, next_at: Instant | None, detail: str
    ) -> None:
        """Write how far a delivery got; returns as the future of `submit` resolves."""
        if self._commits.closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        sent_at = self._commits.now if state == "sent" else None
        self._commits.batch.delivery(key, (state, attempts, next_at, sent_at, detail, key))
        future: asyncio.Future[None] = self._loop.create_future()
        self._commits.queued(future)
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

    def remember(self, channel: str, key: str, text: str) -> None:
        """Write a channel's note with the next transaction; an empty text takes it away.

        Raises:
            StoreUnusable: The store is closed.
        """
        if self._commits.closing:
            raise StoreUnusable(f"{self.path}: the database is closed")
        self._commits.batch.remember(channel, key, self._commits.now, text)
        self._commits.gather()

    async def notes(self) -> list[tuple[str, str, str]]:
        """What channels remember: channel, key and text, the oldest first.

        Raises:
            StoreUnusable: The database cannot be read.
        """
        return await self._ask(self._writer.notes)

    def health(self) -> StoreHealth:
        """How the store does, now."""
        return StoreHealth(
            ok=self._commits.problem is None and self.misplaced is None and self.alive,
            problem=self._commits.problem or self.misplaced,
            queued=self._commits.batch.size,
            last_commit_ms=self._commits.commit_s * 1000,
            bytes=size_on_disk(self.path),
            shed=self._commits.shed,
            refused=self._refused + self._writer.refused,
        )

    async def backup(self, target: Path) -> None:
        """Copy the database into a new file: the one that is open, whatever became of its name.

        Raises:
            TargetExists: There is something at `target`.
            StoreError: It cannot be written.
        """
        self._place.spare(target)
        await asyncio.to_thread(care.make_target, target)
        copy = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
        try:
            await self.history.copy_into(copy)
        except sqlite3.Error as error:
            raise care.spoilt(target, error) from None
        finally:
            copy.close()
        await asyncio.to_thread(care.finish_copy, target)

    async def verify(self) -> list[str]:
        """What is wrong with the database, in words; empty if all is well."""
        return await asyncio.to_thread(care.verify, self.path)

    async def prune(self) -> int:
        """Remove what is older than the retention now; how many rows that were.

        Raises:
            StoreUnusable: The database cannot be written.
        """
        before = await self._ask(partial(self._writer.begin_pruning, self._commits.now))
        while await self._ask(partial(self._writer.upkeep, self._commits.now)):
            pass
        return self._writer.pruner.removed - before

    async def clean_up(self, before: Instant) -> None:
        """Remove incidents and alerts that were over before this, a little at a time.

        Raises:
            StoreUnusable: The database cannot be written.
        """
        while await self._ask(partial(self._writer.remove_past, before)):
            pass

    async def begin_forgetting(self, erasure: Erasure) -> None:
        """From now on this person is to be forgotten, also over a kill.

        Raises:
            StoreUnusable: The database cannot be written.
        """
        await self._ask(partial(self._writer.begin_forgetting, erasure))

    async def forget(self, erasure: Erasure) -> int:
        """Replace the person in all that is stored, a little at a time; in how many rows.

        Raises:
            StoreUnusable: The database cannot be written; the next start goes on with it.
        """
        steps, rows = self._writer.forgetting(erasure), 0
        while (some := await self._ask(partial(self._writer.forget_some, steps))) is not None:
            rows += some
        return rows

    async def close(self) -> None:
        """Write what is left, close the file and give up the lock.

        Raises:
            StoreError: The rest could not be written; it is lost with the process.
        """
        if self._commits.closing:
            return
        if self._watching is not None:
            self._watching.cancel()
        await self._commits.finish()
        await self.history.close()
        await self.analysis.close()
        await self._commits.close()
        self._lock.release()
        left, problem = self._commits.batch, self._commits.problem
        if left:
            raise StoreUnusable(f"{self.path}: {left.size} rows could not be written: {problem}")

    async def _ask(self, work: Callable[[], _T]) -> _T:
        """As `Commits.call`, with the database's troubles as `StoreUnusable`."""
        try:
            return await self._commits.call(work)
        except (sqlite3.Error, ValueError) as error:  # a record's decoder raises ValueErrors
            raise unusable(self.path, error) from error
