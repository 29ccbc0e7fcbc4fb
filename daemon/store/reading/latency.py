"""Counts and latencies of checks over a span, with percentiles, from rollups alone.

Closed hours answer from whole days and the hours at both ends, so that the same span gives the
same figures for as long as its hours are kept, whatever became of minutes and single results.
An hour counts where it begins: a span's ends are best at full hours (UTC). Hours that are not
closed yet, the present one above all, answer from their minutes.

A percentile is off by at most `RELATIVE_ERROR` (1 %) of the true one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from daemon.core.model import HOUR, MINUTE, Instant
from daemon.store.rollups.measured import COLUMNS, Measured

_CLOSED: Final = """
    SELECT check_id, {columns} FROM json_each(:units) AS one CROSS JOIN json_each(:ids) AS named
    CROSS JOIN rollup_{unit} ON {unit} = one.value AND check_id = named.value"""
_MINUTES: Final = f"""
    SELECT check_id, {COLUMNS} FROM json_each(:ids) AS named
    CROSS JOIN rollup_minute ON check_id = named.value AND minute >= :low AND minute < :high"""  # noqa: S608  # constants of this file


def measured(
    connection: sqlite3.Connection, checks: Iterable[str], start: Instant, end: Instant
) -> Mapping[str, Measured]:
    """What the runs of each check in [start, end) found; a check that is not known has none."""
    names = list(checks)
    ids = _ids(connection, names)
    rows: dict[int, list[Sequence[Any]]] = {check_id: [] for check_id in ids.values()}
    for check_id, *row in _rows(connection, list(rows), start, end):
        rows[check_id].append(row)
    found = {name: Measured() for name in names}
    for name, check_id in ids.items():
        found[name].take_all(rows[check_id])
    return found


def measured_by_day(
    connection: sqlite3.Connection, check: str, first_day: int, days: int
) -> Sequence[Measured]:
    """What each of these days (UTC) found, those that are over; the others found nothing."""
    found = [Measured() for _ in range(days)]
    for check_id in _ids(connection, [check]).values():
        for day, *row in connection.execute(
            f"SELECT day, {COLUMNS} FROM json_each(?) AS one"  # noqa: S608  # words of this file
            " CROSS JOIN rollup_day ON day = one.value AND check_id = ?",
            (_json(range(first_day, first_day + days)), check_id),
        ):
            found[day - first_day].take(row)
    return found


def _rows(
    connection: sqlite3.Connection, ids: Sequence[int], start: Instant, end: Instant
) -> Iterator[Sequence[Any]]:
    """The rollups whose sum is [start, end), each moment in one of them."""
    marks = dict(
        connection.execute("SELECT key, value FROM meta WHERE key LIKE '%\\_to' ESCAPE '\\'")
    )
    closed_hour, closed_day = int(marks.get("hours_to", 0)), int(marks.get("days_to", 0))
    low, high = -(-start // HOUR), -(-end // HOUR)
    closed = min(high, closed_hour)
    first, last = -(-low // 24), min(closed // 24, closed_day)
    if first < last:
        hours = [*range(low, first * 24), *range(last * 24, closed)]
        yield from _closed(connection, "day", range(first, last), ids)
    else:
        hours = list(range(low, closed))
    yield from _closed(connection, "hour", hours, ids)
    minutes = {"low": max(low, closed) * HOUR // MINUTE, "high": -(-end // MINUTE)}
    if minutes["low"] < minutes["high"]:
        yield from connection.execute(_MINUTES, {"ids": _json(ids), **minutes})


def _closed(
    connection: sqlite3.Connection, unit: str, units: Sequence[int], ids: Sequence[int]
) -> Iterator[Sequence[Any]]:
    if units:
        query = _CLOSED.format(unit=unit, columns=COLUMNS)
        yield from connection.execute(query, {"units": _json(units), "ids": _json(ids)})


def _ids(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT name, check_name.id FROM json_each(?) AS wanted"
        " CROSS JOIN check_name ON name = wanted.value",
        (_json(names),),
    )
    return dict(rows.fetchall())


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()
