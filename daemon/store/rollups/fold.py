"""Hours from minutes, days from hours, services' days from their pieces: a little at a time.

When an hour is over, each check gets a note in `rollup_due`, in the transaction that counts the
hour as closed (`meta.hours_to`). A step takes some notes, makes their rows whole from the parts,
and takes the notes away, in one transaction. A part that comes later (a late result, a piece of
history that becomes final) leaves a note again, by a trigger. Rows are never added to, so a
`kill -9` between two steps costs nothing and nothing is counted twice.

An hour that gets a late part after its minutes expired is made anew from its results; where these
are gone as well it stays as it is.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from daemon.core.model import DAY, HOUR, Instant
from daemon.store.reading.trends import by_day
from daemon.store.rollups.measured import COLUMNS, Measured
from daemon.store.upkeep.prune import Retention

STEP_S: Final = 0.01
"""A step makes no further row after this long."""
STEP_ROWS: Final = 64
"""So many rows at most are made by one step."""
STEP_DAYS: Final = 100
"""So many days of a service at most."""

_DUE: Final = """SELECT unit, at, check_id FROM rollup_due WHERE unit IN ('hour', 'day')
    ORDER BY unit DESC, at, check_id LIMIT ?"""
"""Hours before days: a day is made of hours that are."""
_DONE: Final = "DELETE FROM rollup_due WHERE unit = ? AND at = ? AND check_id = ?"
_MARK: Final = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
_NOTE_HOUR: Final = """INSERT OR IGNORE INTO rollup_due SELECT 'hour', :hour, id FROM check_name
    WHERE EXISTS (SELECT 1 FROM rollup_minute WHERE check_id = id
        AND minute >= 60 * :hour AND minute < 60 * (:hour + 1))"""
_NOTE_DAY: Final = """INSERT OR IGNORE INTO rollup_due SELECT DISTINCT 'day', :day, check_id
    FROM rollup_hour WHERE hour >= 24 * :day AND hour < 24 * (:day + 1)"""
_NEXT_MINUTE: Final = """SELECT min((SELECT min(minute) FROM rollup_minute
    WHERE check_id = id AND minute >= ?)) FROM check_name"""
_PIECES: Final = """SELECT start_at, end_at, status FROM interval
    WHERE entity = 'service' AND name = :name AND start_at < :end AND end_at > :start
    AND start_at >= coalesce((SELECT max(start_at) FROM interval
        WHERE entity = 'service' AND name = :name AND start_at <= :start), :start)"""


def fold(
    connection: sqlite3.Connection, rolled_to: int, retention: Retention, now: Instant
) -> bool:
    """A step: make some rows, or close an hour or a day that is over; whether there may be more.

    Args:
        rolled_to: The first minute that may not be stored yet.

    Raises:
        sqlite3.Error: It could not be done now, and is still to be done.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        more = (
            _make_rollups(connection, retention, now)
            or _close_hour(connection, rolled_to)
            or _close_day(connection)
            or _make_service_days(connection)
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return more


def _make_rollups(connection: sqlite3.Connection, retention: Retention, now: Instant) -> bool:
    due = connection.execute(_DUE, (STEP_ROWS,)).fetchall()
    until = time.monotonic() + STEP_S
    for unit, at, check_id in due:
        parts = _of_day if unit == "day" else _of_hour
        _store(connection, unit, at, check_id, parts(connection, check_id, at, retention, now))
        connection.execute(_DONE, (unit, at, check_id))
        if time.monotonic() >= until:
            break
    return bool(due)


def _is_stored(connection: sqlite3.Connection, unit: str, check_id: int, at: int) -> bool:
    query = f"SELECT 1 FROM rollup_{unit} WHERE {unit} = ? AND check_id = ?"  # noqa: S608  # `hour` or `day`
    return connection.execute(query, (at, check_id)).fetchone() is not None


def _of_day(
    connection: sqlite3.Connection, check_id: int, day: int, retention: Retention, now: Instant
) -> Iterable[Sequence[Any]]:
    """A day's hours; none where some of them may be gone and the day is stored already."""
    if day * DAY < now - retention.hours and _is_stored(connection, "day", check_id, day):
        return ()
    return connection.execute(
        f"SELECT {COLUMNS} FROM json_each(?) AS one CROSS JOIN rollup_hour"  # noqa: S608  # constants of this file
        " ON hour = one.value AND check_id = ?",
        (str(list(range(24 * day, 24 * (day + 1)))), check_id),
    )


def _of_hour(
    connection: sqlite3.Connection,
    check_id: int,
    hour: int,
    retention: Retention,
    now: Instant,
) -> Iterable[Sequence[Any]]:
    start, stored = hour * HOUR, _is_stored(connection, "hour", check_id, hour)
    if not stored or start >= now - retention.minutes:
        return connection.execute(
            f"SELECT {COLUMNS} FROM rollup_minute"  # noqa: S608  # constants of this file
            " WHERE check_id = ? AND minute >= ? AND minute < ?",
            (check_id, 60 * hour, 60 * (hour + 1)),
        )
    if start >= now - min(retention.raw, retention.hours):
        return _of_results(connection, check_id, hour)
    return ()


def _of_results(
    connection: sqlite3.Connection, check_id: int, hour: int
) -> Iterator[Sequence[Any]]:
    for status, latency_us in connection.execute(
        "SELECT status, latency_us FROM result WHERE check_id = ? AND at >= ? AND at < ?",
        (check_id, hour * HOUR, (hour + 1) * HOUR),
    ):
        one = Measured()
        one.add(status, latency_us)
        yield one.row()


def _store(
    connection: sqlite3.Connection,
    unit: str,
    at: int,
    check_id: int,
    parts: Iterable[Sequence[Any]],
) -> None:
    """Write the sum of the parts; without any, leave what is there."""
    rows = list(parts)
    if rows:
        whole = Measured()
        whole.take_all(rows)
        connection.execute(
            f"INSERT OR REPLACE INTO rollup_{unit} ({unit}, check_id, {COLUMNS})"  # noqa: S608  # `hour` or `day`
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (at, check_id, *whole.row()),
        )


def _mark(connection: sqlite3.Connection, key: str) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def _close_hour(connection: sqlite3.Connection, rolled_to: int) -> bool:
    """Count the next hour that has any minutes as closed, if all of them are stored."""
    over = rolled_to // 60
    closed = _mark(connection, "hours_to") or 0
    if closed >= over:
        return False
    first = connection.execute(_NEXT_MINUTE, (60 * closed,)).fetchone()[0]
    if first is None or first // 60 >= over:
        connection.execute(_MARK, ("hours_to", str(over)))
        return False
    connection.execute(_NOTE_HOUR, {"hour": first // 60})
    connection.execute(_MARK, ("hours_to", str(first // 60 + 1)))
    return True


def _close_day(connection: sqlite3.Connection) -> bool:
    """The same of the next day that has any hours."""
    over = (_mark(connection, "hours_to") or 0) // 24
    closed = _mark(connection, "days_to") or 0
    if closed >= over:
        return False
    (first,) = connection.execute(
        "SELECT min(hour) FROM rollup_hour WHERE hour >= ?", (24 * closed,)
    ).fetchone()
    if first is None or first // 24 >= over:
        connection.execute(_MARK, ("days_to", str(over)))
        return False
    connection.execute(_NOTE_DAY, {"day": first // 24})
    connection.execute(_MARK, ("days_to", str(first // 24 + 1)))
    return True


def _make_service_days(connection: sqlite3.Connection) -> bool:
    """Make some days of one service anew from its pieces."""
    row = connection.execute("SELECT service, first_day, last_day FROM service_day_due").fetchone()
    if row is None:
        return False
    name, first, last = row
    end = min(last + 1, first + STEP_DAYS)
    sums = [[0] * (end - first) for _ in range(4)]
    span = {"name": name, "start": first * DAY, "end": end * DAY}
    for low, high, status in connection.execute(_PIECES, span):
        line = sums[status]
        low_day, high_day = max(first, low // DAY), min(end, (high - 1) // DAY + 1)
        for index, ms in enumerate(by_day(low, high, low_day, high_day - low_day), low_day - first):
            line[index] += ms
    connection.executemany(
        "INSERT OR REPLACE INTO service_day VALUES (?, ?, ?, ?, ?)",
        [
            (name, first + index, sums[0][index], sums[1][index], sums[3][index])
            for index in range(end - first)
        ],
    )
    connection.execute(
        "DELETE FROM service_day_due WHERE service = ? AND first_day = ? AND last_day = ?", row
    )
    if end <= last:
        connection.execute(
            "INSERT OR IGNORE INTO service_day_due VALUES (?, ?, ?)", (name, end, last)
        )
    return True
