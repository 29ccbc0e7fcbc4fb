"""Rollups by the minute, made from results as they are stored.

The writer hands over the result rows that a transaction made durable; a minute's figures
grow in memory and are stored when the minute has closed. They are always stored whole,
never added to what is there, so nothing is counted twice: after a crash the minutes since
a little before the last one stored are made anew from the results themselves, and so is a
minute whose row was stored already when a late result comes (a note of it in `rollup_due` is
written with the result).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from daemon.core.model import MINUTE, SECOND, Instant
from daemon.store.result_codec import ResultRow
from daemon.store.rollups.measured import COLUMNS, Measured

GRACE: Final = 30 * SECOND
"""A minute is closed this long after its end: runs that began in it have mostly ended."""

REMAKE: Final = 10
"""After a restart this many minutes before the last stored one are made anew: results that
came later than that were stored with their minute, or their minute was made anew then."""

CHUNK: Final = 500
"""Minutes stored in one transaction, so that none holds the writer up."""

_UPSERT: Final = (
    f"INSERT OR REPLACE INTO rollup_minute (check_id, minute, {COLUMNS})"  # noqa: S608  # names from this package
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
NOTE_LATE: Final = "INSERT OR IGNORE INTO rollup_due (check_id, at, unit) VALUES (?, ?, 'minute')"
"""A minute that is stored gets a late result; written with that."""
_NOTED: Final = "SELECT at, check_id FROM rollup_due WHERE unit = 'minute'"
_REMADE: Final = "DELETE FROM rollup_due WHERE unit = 'minute' AND check_id = ? AND at = ?"
_WATERMARK: Final = "INSERT OR REPLACE INTO meta (key, value) VALUES ('rolled_to', ?)"

Key = tuple[int, int]
"""check_id, and the minute: milliseconds since the epoch / 60,000."""


class Rollups:
    """The minutes that are not stored yet. Lives on the writer's thread."""

    def __init__(self) -> None:
        self._open: dict[Key, Measured] = {}
        self._late: set[Key] = set()
        self._unread: dict[int, None] = {}
        self._rolled_to = 0

    @property
    def waiting(self) -> int:
        """How many minutes are in memory."""
        return len(self._open) + len(self._late)

    @property
    def rolled_to(self) -> int:
        """The first minute that may not be stored yet."""
        return self._rolled_to

    def recover(self, connection: sqlite3.Connection) -> None:
        """Take up where the last run stopped: the results that no stored minute holds are to be
        read, some checks in each step of `store`, so that a start does not wait for it."""
        row = connection.execute("SELECT value FROM meta WHERE key = 'rolled_to'").fetchone()
        self._rolled_to = max(0, int(row[0]) - REMAKE) if row is not None else 0
        known = connection.execute("SELECT id FROM check_name").fetchall()
        self._unread = {check_id: None for (check_id,) in known}
        self._late = {(check_id, minute) for minute, check_id in connection.execute(_NOTED)}

    def _read_some(self, connection: sqlite3.Connection) -> None:
        for check_id in list(islice(self._unread, CHUNK // 10)):
            rows = connection.execute(
                "SELECT at, status, latency_us FROM result WHERE check_id = ? AND at >= ?",
                (check_id, self._rolled_to * MINUTE),
            ).fetchall()
            for at, status, latency_us in rows:
                self._minute(check_id, at // MINUTE).add(status, latency_us)
            del self._unread[check_id]

    def _minute(self, check_id: int, minute: int) -> Measured:
        key = (check_id, minute)
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = Measured()
        return found

    def add(self, rows: Iterable[ResultRow]) -> None:
        """These results are stored now."""
        rolled_to = self._rolled_to
        for check_id, at, status, latency_us, *_ in rows:
            minute = at // MINUTE
            if minute < rolled_to:
                self._late.add((check_id, minute))
            elif check_id not in self._unread:  # else they are read with what came before
                self._minute(check_id, minute).add(status, latency_us)

    def late(self, rows: Iterable[ResultRow]) -> set[Key]:
        """The minutes of these that are stored already."""
        before = self._rolled_to * MINUTE
        return {(row[0], row[1] // MINUTE) for row in rows if row[1] < before}

    def store(
        self, connection: sqlite3.Connection, now: Instant, results_since: Instant = 0
    ) -> bool:
        """Store some of the minutes that have closed; whether there may be more.

        Args:
            results_since: Results before this may be gone: what comes late to a minute before
                it is not counted, since that minute cannot be made anew.

        Raises:
            sqlite3.Error: They could not be stored and stay in memory.
        """
        if self._unread:
            self._read_some(connection)
            return True
        closed_to = (now - GRACE) // MINUTE
        if closed_to <= self._rolled_to and not self._late:
            return False
        due = [key for key in self._open if key[1] < closed_to][:CHUNK]
        late = list(self._late)[: CHUNK - len(due)]
        if not due and not late:
            self._rolled_to = max(self._rolled_to, closed_to)
            return False
        rows = [(*key, *self._open[key].row()) for key in due]
        whole = [key for key in late if key[1] * MINUTE >= results_since]
        rows += [(*key, *_remade(connection, key).row()) for key in whole]
        more = len(due) + len(late) == CHUNK
        self._write(connection, rows, late, self._rolled_to if more else closed_to)
        for key in due:
            del self._open[key]
        self._late.difference_update(late)
        if not more:
            self._rolled_to = max(self._rolled_to, closed_to)
        return more

    @staticmethod
    def _write(
        connection: sqlite3.Connection,
        rows: Sequence[tuple[object, ...]],
        late: Sequence[Key],
        rolled_to: int,
    ) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(_UPSERT, rows)
            connection.executemany(_REMADE, late)
            connection.execute(_WATERMARK, (str(rolled_to),))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _remade(connection: sqlite3.Connection, key: Key) -> Measured:
    """A minute made anew from its results."""
    minute, start = Measured(), key[1] * MINUTE
    for status, latency_us in connection.execute(
        "SELECT status, latency_us FROM result WHERE check_id = ? AND at >= ? AND at < ?",
        (key[0], start, start + MINUTE),
    ):
        minute.add(status, latency_us)
    return minute
