"""How many runs burn alerts may count when the daemon starts: read back from rollups and results.

A burn alert may ask for a number of runs in its long window (`min_events`), and the engine counts
them as they come. After a restart the count goes on from here: by the minute as far back as minutes
are kept, by the hour before that, and result by result where no minute is stored yet. Only the
checks of objectives that ask are looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.model import HOUR, MINUTE, Instant
from daemon.core.plan import Plan
from daemon.core.sla.runs import RunCount, asking

_HOUR_OF_MINUTES: Final = HOUR // MINUTE
_IDS: Final = """
    SELECT name, check_name.id FROM json_each(?) AS wanted
    CROSS JOIN check_name ON name = wanted.value"""
_HOURS: Final = """
    SELECT hour, up + degraded + down FROM json_each(?) AS wanted
    CROSS JOIN rollup_hour ON hour = wanted.value AND check_id = ?"""
_MINUTES: Final = """
    SELECT minute, up + degraded + down FROM rollup_minute WHERE check_id = ? AND minute >= ?
    ORDER BY minute"""
_RESULTS: Final = f"""
    SELECT at / {MINUTE}, count(*) FROM result
    WHERE check_id = ? AND at >= ? AND status <> {Status.UNKNOWN.value} GROUP BY 1"""  # noqa: S608  # constants of the program


def read_run_counts(connection: sqlite3.Connection, plan: Plan, now: Instant) -> list[RunCount]:
    """The runs of the checks that burn alerts ask about, in no order.

    Raises:
        sqlite3.Error: The database cannot be read.
    """
    since = {check: now - longest for check, longest in asking(plan).items()}
    ids = connection.execute(_IDS, (_json(list(since)),)).fetchall()
    return [one for name, id_ in ids for one in _of(connection, name, id_, since[name])]


def _of(
    connection: sqlite3.Connection, name: str, check_id: int, since: Instant
) -> Iterator[RunCount]:
    minutes = connection.execute(_MINUTES, (check_id, since // MINUTE)).fetchall()
    yield from (RunCount(name, minute, count) for minute, count in minutes)
    seen_to = (minutes[-1][0] + 1) * MINUTE if minutes else since
    results = connection.execute(_RESULTS, (check_id, seen_to))
    yield from (RunCount(name, minute, count) for minute, count in results)
    if minutes:
        hours = range(since // HOUR + 1, minutes[0][0] // _HOUR_OF_MINUTES)
        known = connection.execute(_HOURS, (_json(list(hours)), check_id))
        yield from (RunCount(name, hour * _HOUR_OF_MINUTES, count) for hour, count in known)


def _json(wanted: object) -> str:
    return msgspec.json.encode(wanted).decode()
