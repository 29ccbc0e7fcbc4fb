"""The one connection that writes, on a thread of its own.

`write` puts a batch into one transaction. A batch with decisions is synced to the disk
before `write` returns (`synchronous = FULL`); one of results alone is left to the next
checkpoint (`NORMAL`), where a power cut may cost the last moments' measurements but never
the file. Between batches `upkeep` does the housekeeping in small steps: rollups by the minute,
what is folded from them, pruning.

A row that the database refuses for what it is (not for the state of the disk) must not keep
all others out: the batch is then written again row by row without it, and it is reported.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Final

from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.snapshot import Snapshot
from daemon.notify.outbox import Pending
from daemon.store.batch import Batch, Statements
from daemon.store.codec import decode_notice
from daemon.store.restore import read_snapshot
from daemon.store.rollups.fold import fold
from daemon.store.rollups.minutes import NOTE_LATE, Rollups
from daemon.store.schema.channels import FORGET, RECALL
from daemon.store.upkeep import forget
from daemon.store.upkeep.erasing import Erasure
from daemon.store.upkeep.prune import Pruner, Retention, remove_past

_log = logging.getLogger("tocsin.store")

_REFUSED: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    ValueError,
    TypeError,
)
"""What says that a row is at fault: its values cannot be bound or break a constraint."""


ROWS_A_STEP: Final = 256
"""So many rows are written by one statement at most, with far fewer parameters than
SQLite takes (32,766)."""

_VALUES: Final = re.compile(r"VALUES (\([?, ]+\))")
_KEY: Final = " WHERE key = ?"


@cache
def many_rows(statement: str, count: int) -> str | None:
    """The statement that does with so many rows what this one does with one: inserts their
    values, or deletes or changes what has their keys. None if it is of another kind, or has a
    value of its own among the parameters."""
    found = _VALUES.search(statement)
    if found is not None:
        values = ", ".join([found[1]] * count)
        return f"{statement[: found.start(1)]}{values}{statement[found.end(1) :]}"
    if statement.endswith(_KEY) and statement.count("?") == 1:
        return f"{statement.removesuffix('= ?')}IN ({', '.join('?' * count)})"
    return None


def steps_of(count: int) -> Iterator[tuple[int, int]]:
    """Where each step begins and ends that so many rows are written in: steps of
    `ROWS_A_STEP`, then of ever smaller powers of two, so that few lengths serve for all."""
    start, size = 0, ROWS_A_STEP
    while start < count:
        while size > count - start:
            size //= 2
        yield start, start + size
        start += size


class Writer:
    """Owns the writing connection; only its thread may call it, one call at a time."""

    def __init__(self, connection: sqlite3.Connection, retention: Retention) -> None:
        self._connection = connection
        self._synchronous = ""
        self.rollups = Rollups()
        self.pruner = Pruner(retention)
        self.refused = 0
        self._overwrote = False

    def write(self, batch: Batch) -> None:
        """Write the batch in one transaction; it is durable, as far as its kind asks.

        Raises:
            sqlite3.Error: The disk or the file does not let us; nothing of it was written.
        """
        self.refused += batch.encode()
        self._sync("FULL" if batch.decisive else "NORMAL")
        try:
            self._transact(batch, careful=False)
        except _REFUSED as error:
            _log.warning("a row is refused (%s); writing its batch row by row", error)
            self._transact(batch, careful=True)
        self.rollups.add(batch.results)

    def _sync(self, mode: str) -> None:
        if mode != self._synchronous:
            self._connection.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _transact(self, batch: Batch, *, careful: bool) -> None:
        connection, late = self._connection, self.rollups.late(batch.results)
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(NOTE_LATE, late)
            for statements in batch.statements():
                if careful:
                    self._one_by_one(statements)
                else:
                    self._together(statements)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _together(self, statements: Statements) -> None:
        """Run a statement with all its rows, many rows a step.

        The interpreter's lock is let go during a step, and taken again after it; while the
        loop is busy, that waits for the loop's next pause (5 ms). With a step for each
        row a storm's rows would be written only when the storm is over.
        """
        statement, rows = statements
        for start, end in steps_of(len(rows)):
            wide = many_rows(statement, end - start)
            if wide is None:
                self._connection.executemany(statement, rows[start:])
                return
            self._connection.execute(wide, tuple(chain.from_iterable(rows[start:end])))

    def _one_by_one(self, statements: Statements) -> None:
        statement, rows = statements
        for row in rows:
            try:
                self._connection.execute(statement, row)
            except _REFUSED as error:
                self.refused += 1
                table = statement.split(" (")[0].rsplit(" ", 1)[-1]
                _log.error("a row of %s was not stored (%s): %.200r", table, error, row[:2])

    def recover(self) -> None:
        """Have the rollups made that the last run did not store."""
        self.rollups.recover(self._connection)

    def upkeep(self, now: Instant) -> bool:
        """A step of housekeeping, of some milliseconds; whether there is more to do.

        Raises:
            sqlite3.Error: It could not be done now; nothing is lost by that.
        """
        self._sync("NORMAL")
        keep = self.pruner.retention
        return (
            self.rollups.store(self._connection, now, now - keep.raw)
            or fold(self._connection, self.rollups.rolled_to, keep, now)
            or self.pruner.step(self._connection, now)
        )

    def begin_pruning(self, now: Instant) -> int:
        """Let a pass of pruning begin, which `upkeep` carries on; rows removed so far."""
        self.pruner.begin(self._connection, now)
        return self.pruner.removed

    def remove_past(self, before: Instant) -> bool:
        """A step of removing incidents and alerts that were over before this; whether there
        may be more to do.

        Raises:
            sqlite3.Error: It could not be done now.
        """
        return remove_past(self._connection, before)

    def begin_forgetting(self, erasure: Erasure) -> None:
        """Note on disk that this person is forgotten from now on; `forget_some` carries it on.

        Raises:
            sqlite3.Error: It could not be done now.
        """
        self._sync("FULL")
        forget.begin(self._connection, erasure)
        self._overwrote = forget.overwriting(self._connection, on=True)

    def forget_some(self, steps: Iterator[int]) -> int | None:
        """A step of `forget.steps`, in a transaction; in how many rows, None after the last. What
        a power cut takes back is done again at the next start.

        Raises:
            sqlite3.Error: It could not be done now.
        """
        self._sync("NORMAL")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            rows = next(steps, None)
            if rows is None:
                self._connection.execute("COMMIT")
                forget.end(self._connection)
                forget.overwriting(self._connection, on=self._overwrote)
                return None
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return rows

    def forgetting(self, erasure: Erasure) -> Iterator[int]:
        """The steps for `forget_some`."""
        return forget.steps(self._connection, erasure)

    def pending(self) -> list[Pending]:
        """The deliveries that are not settled, the oldest decision first."""
        rows = self._connection.execute(
            "SELECT record, attempts, coalesce(next_at, created_at) FROM delivery"
            " WHERE state IN ('queued', 'sending') ORDER BY created_at, rowid"
        )
        return [Pending(decode_notice(record), tried, due) for record, tried, due in rows]

    def notes(self) -> list[tuple[str, str, str]]:
        """What channels remember: channel, key and text, the oldest first."""
        self._connection.execute(FORGET)
        return [(str(a), str(b), str(c)) for a, b, c in self._connection.execute(RECALL)]

    def snapshot(self, plan: Plan, now: Instant, samples_since: Mapping[str, Instant]) -> Snapshot:
        """What the engine goes on from; see `daemon.store.restore`."""
        return read_snapshot(self._connection, plan, now, samples_since)

    def close(self) -> None:
        """Merge the write-ahead log and close."""
        self._connection.close()
