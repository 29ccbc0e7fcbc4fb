"""Pruning: what is older than the retention goes, a little at a time.

A pass walks over the checks and then over what is kept by time, and deletes the oldest rows of
each in transactions of a bounded size, until its step's time is over, and goes on in the next
step. So the writer is never held up, however much there is to delete. How many measurements go in
one transaction follows from how long the one before took: on a slow or busy disk these are few. The
newest result of a check stays, whatever its age: a restart goes on from it. Space that becomes free
is used again by what comes.

Nothing is removed that hours or days are still to be made of: the writer folds first.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from daemon.core.model import DAY, HOUR, MINUTE, Instant, Millis
from daemon.core.record import record
from daemon.store.upkeep.expiry import OF_INCIDENT, past

STEP_ROWS: Final = 500
"""A transaction deletes no more rows of a table than this."""
LEAST_ROWS: Final = 50
STEADY_S: Final = 0.004
"""After a transaction of measurements that took longer, the next is half as large; after one that
took less than a quarter of this, twice as large."""
STEP_INCIDENTS: Final = 20
"""An incident takes its timeline, its deliveries and its responses' runs with it."""
STEP_S: Final = 0.01
"""A step begins no further transaction after this long."""
EVERY: Final[Millis] = 10 * MINUTE
"""A pass begins this long after the one before."""

_EXPIRED_RESULTS: Final = """DELETE FROM result WHERE check_id = :id AND at < min(
    :before, (SELECT max(at) FROM result WHERE check_id = :id), coalesce(
    (SELECT at FROM result WHERE check_id = :id ORDER BY at LIMIT 1 OFFSET :rows), :before))"""
_EXPIRED_MINUTES: Final = """DELETE FROM rollup_minute WHERE check_id = :id AND minute < min(
    :before, coalesce(
    (SELECT minute FROM rollup_minute WHERE check_id = :id ORDER BY minute
    LIMIT 1 OFFSET :rows), :before))"""
_EXPIRED_ROLLUPS: Final = """DELETE FROM rollup_{unit} WHERE {unit} < min(:before, coalesce(
    (SELECT {unit} + 1 FROM rollup_{unit} ORDER BY {unit}, check_id LIMIT 1), :before))
    AND check_id < coalesce((SELECT check_id FROM rollup_{unit}
        WHERE {unit} = (SELECT min({unit}) FROM rollup_{unit})
        ORDER BY check_id LIMIT 1 OFFSET :rows), 1 << 60)"""
"""The oldest hour's or day's rows, `:rows` of them."""
_EXPIRED_INCIDENTS: Final = """SELECT key FROM incident WHERE fired_at < :before
    AND resolved_at < :before AND NOT live LIMIT :rows"""
_EXPIRED_ALERTS: Final = """DELETE FROM alert_history WHERE rowid IN (
    SELECT rowid FROM alert_history WHERE fired_at < :before AND resolved_at < :before
    LIMIT :rows)"""
_EXPIRED_AUDIT: Final = """DELETE FROM audit WHERE at < :before AND id IN (
    SELECT id FROM audit ORDER BY id LIMIT :rows)"""


@record(frozen=True, slots=True)
class Retention:
    """How long what is kept; None: for ever. State intervals and services' days always are.

    Attributes:
        raw: Single results.
        minutes, hours, days: Their rollups.
        incidents: Incidents that are over, with all that belongs to them, alerts that are over,
            and what operators planned, muted or took back (`daemon.store.upkeep.expiry`).
        audit: What operators did.
        reports: Reports that are kept.
    """

    raw: Millis = 7 * DAY
    minutes: Millis = 2 * DAY
    hours: Millis = 400 * DAY
    days: Millis | None = None
    incidents: Millis | None = None
    audit: Millis | None = None
    reports: Millis | None = None


Deletion = Callable[[sqlite3.Connection, Instant], int]
"""Deletes some expired rows of one kind; how many. 0: there are no more."""


def rows_after(rows: int, took_s: float) -> int:
    """How many rows the next transaction takes, after one of so many that took so long."""
    if took_s > STEADY_S:
        return max(LEAST_ROWS, rows // 2)
    return min(STEP_ROWS, rows * 2) if took_s < STEADY_S / 4 else rows


class Pruner:
    """Deletes what has expired. Lives on the writer's thread.

    Attributes:
        removed: How many rows it deleted so far.
    """

    def __init__(self, retention: Retention) -> None:
        self.retention = retention
        self.removed = 0
        self._rows = STEP_ROWS
        self._left: deque[Deletion] = deque()
        self._next_pass: Instant = 0

    def begin(self, connection: sqlite3.Connection, now: Instant) -> None:
        """Begin a pass; `step` carries it on."""
        checks = [row[0] for row in connection.execute("SELECT id FROM check_name")]
        self._left = deque(partial(self._measurements, check_id) for check_id in checks)
        self._left.extend(self._by_time())
        self._next_pass = now + EVERY

    def _by_time(self) -> Iterator[Deletion]:
        keep = self.retention
        yield partial(_rollups, "hour", HOUR, keep.hours)
        if keep.days is not None:
            yield partial(_rollups, "day", DAY, keep.days)
        if keep.incidents is not None:
            yield partial(_incidents, keep.incidents)
            yield partial(_rows, _EXPIRED_ALERTS, keep.incidents)
        yield from past(keep.incidents, keep.reports)
        if keep.audit is not None:
            yield partial(_rows, _EXPIRED_AUDIT, keep.audit)

    def step(self, connection: sqlite3.Connection, now: Instant) -> bool:
        """Go on with the pass, or begin one that is due; whether there is more to do.

        Raises:
            sqlite3.Error: The disk or the file does not let us; what was deleted is deleted.
        """
        if not self._left:
            if now < self._next_pass:
                return False
            self.begin(connection, now)
        until = time.monotonic() + STEP_S
        while self._left and time.monotonic() < until:
            gone = self._left[0](connection, now)
            self.removed += gone
            if not gone:
                self._left.popleft()
        return bool(self._left)

    def _measurements(self, check_id: int, connection: sqlite3.Connection, now: Instant) -> int:
        """Of one check."""
        gone = self._some(connection, _EXPIRED_RESULTS, check_id, now - self.retention.raw)
        before = (now - self.retention.minutes) // MINUTE
        return gone + self._some(connection, _EXPIRED_MINUTES, check_id, before)

    def _some(self, connection: sqlite3.Connection, query: str, check_id: int, before: int) -> int:
        began_s = time.monotonic()
        values = {"id": check_id, "rows": self._rows, "before": before}
        gone = connection.execute(query, values).rowcount
        self._rows = rows_after(self._rows, time.monotonic() - began_s)
        return gone


def _rollups(
    unit: str, unit_ms: Millis, keep: Millis, connection: sqlite3.Connection, now: Instant
) -> int:
    values = {"before": (now - keep) // unit_ms, "rows": STEP_ROWS}
    return connection.execute(_EXPIRED_ROLLUPS.format(unit=unit), values).rowcount


def _rows(query: str, keep: Millis, connection: sqlite3.Connection, now: Instant) -> int:
    return connection.execute(query, {"before": now - keep, "rows": STEP_ROWS}).rowcount


def remove_past(connection: sqlite3.Connection, before: Instant) -> bool:
    """Remove some incidents and alerts that were over before this; whether there may be more.

    Raises:
        sqlite3.Error: The disk or the file does not let us; what was deleted is deleted.
    """
    until = time.monotonic() + STEP_S
    while time.monotonic() < until:
        if not (_incidents(0, connection, before) or _rows(_EXPIRED_ALERTS, 0, connection, before)):
            return False
    return True


def _incidents(keep: Millis, connection: sqlite3.Connection, now: Instant) -> int:
    """Incidents with all that belongs to them, in one transaction."""
    values = {"before": now - keep, "rows": STEP_INCIDENTS}
    keys = connection.execute(_EXPIRED_INCIDENTS, values).fetchall()
    if not keys:
        return 0
    gone = 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        for query in OF_INCIDENT:
            gone += connection.executemany(query, keys).rowcount
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return gone
