"""Reading back what an engine goes on from.

Everything is found by key: the newest result of a check by a seek to the end of its range,
its samples and intervals by ranges of time. So a start costs what is needed, however long
the history is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

import msgspec

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.model import Instant, Record
from daemon.core.plan import Plan, SlaKind
from daemon.core.sla.availability import BURN_WINDOW
from daemon.core.sla.burning import reach
from daemon.core.sla.minutes import ENTITY
from daemon.core.snapshot import Snapshot
from daemon.store.codec import TABLES
from daemon.store.reading.run_counts import read_run_counts
from daemon.store.result_codec import read_results

_NEWEST: Final = """
    SELECT name, at, status, latency_us, fault, message, metrics FROM json_each(?) AS wanted
    CROSS JOIN check_name ON name = wanted.value
    CROSS JOIN result ON check_id = check_name.id AND at =
        (SELECT max(at) FROM result WHERE check_id = check_name.id)"""

_SAMPLES: Final = """
    SELECT json_group_array(json_array(
        name, at, status, latency_us, fault, message, CAST(metrics AS TEXT)))
    FROM json_each(?) AS wanted
    CROSS JOIN check_name ON name = wanted.key
    CROSS JOIN result ON check_id = check_name.id AND at >= wanted.value"""
"""All rows in one text: to be given tens of thousands takes longer than to find them."""

_TOGETHER: Final = 100
"""Checks whose samples are read in one text, so that it stays small beside what becomes of it."""

_decode_rows: Final = msgspec.json.Decoder(
    list[tuple[str, int, int, int | None, str | None, str | None, str | None]]
).decode

_ENDED: Final = """
    SELECT name, start_at, end_at, status FROM json_each(?) AS wanted
    CROSS JOIN interval ON entity = ? AND name = wanted.key AND end_at > wanted.value"""
"""One statement for all: five thousand cost their parsing and their way more than their work."""


def read_snapshot(
    connection: sqlite3.Connection,
    plan: Plan,
    now: Instant,
    samples_since: Mapping[str, Instant],
) -> Snapshot:
    """All that the engine needs of what is stored.

    Args:
        samples_since: For each check that rules look back on, from when on its results are
            needed.

    Raises:
        sqlite3.Error: The database cannot be read.
        msgspec.ValidationError: A record in it is not one of this version's.
    """
    wanted = {name: since for name, since in samples_since.items() if name in plan.checks}
    samples = list(_samples(connection, wanted))
    samples.sort(key=attrgetter("at"))
    last = {result.check: result for result in samples}
    last.update(newest_results(connection, [name for name in plan.checks if name not in last]))
    return Snapshot(
        records=tuple(_records(connection)),
        last={name: last[name] for name in plan.checks if name in last},
        samples=tuple(samples),
        intervals=tuple(_intervals(connection, plan, now)),
        runs=tuple(read_run_counts(connection, plan, now)),
    )


def _records(connection: sqlite3.Connection) -> Iterator[Record]:
    for table in TABLES.values():
        for (record,) in connection.execute(table.select):
            yield table.decode(record)


def _samples(connection: sqlite3.Connection, since: Mapping[str, Instant]) -> Iterator[Result]:
    """The results of each check from the time beside its name on."""
    names = list(since)
    for first in range(0, len(names), _TOGETHER):
        wanted = {name: since[name] for name in names[first : first + _TOGETHER]}
        yield from _together(connection, wanted)


def _together(connection: sqlite3.Connection, since: Mapping[str, Instant]) -> Iterator[Result]:
    """The results of some checks, in halves where they are more than SQLite makes one text of: 100
    checks have so many in a week."""
    try:
        (rows,) = connection.execute(_SAMPLES, (_json(since),)).fetchone()
    except sqlite3.DataError:
        if len(since) < 2:
            raise
        pairs, half = list(since.items()), len(since) // 2
        yield from _together(connection, dict(pairs[:half]))
        yield from _together(connection, dict(pairs[half:]))
    else:
        yield from read_results(_decode_rows(rows))


def newest_results(
    connection: sqlite3.Connection, names: Iterable[str]
) -> Iterator[tuple[str, Result]]:
    """Each of these checks' newest result, of those that have any."""
    for result in read_results(connection.execute(_NEWEST, (_json(list(names)),))):
        yield result.check, result


def _intervals(connection: sqlite3.Connection, plan: Plan, now: Instant) -> list[Interval]:
    """The services' and objectives' as far back as an SLA asks, the checks' since their
    service's last."""
    since = dict.fromkeys(plan.services, now - BURN_WINDOW)
    for sla in plan.slas.values():
        start = reach(sla, now)
        for member in sla.members:
            since[member] = min(start, since.get(member, start))
    found = _ended(connection, "service", since)
    settled = since | {interval.name: interval.end for interval in found}
    checks = {
        one: settled[name] for name, service in plan.services.items() for one in service.checks
    }
    found += _ended(connection, "check", checks)
    counting = {
        n: reach(s, now) for n, s in plan.slas.items() if s.kind is not SlaKind.AVAILABILITY
    }
    found += _ended(connection, ENTITY, counting)
    return sorted(found, key=lambda interval: (interval.end, interval.start))


def _ended(
    connection: sqlite3.Connection, entity: str, since: Mapping[str, Instant]
) -> list[Interval]:
    """The intervals of these that ended after the time beside each name, by their ends."""
    rows = connection.execute(_ENDED, (_json(since), entity)).fetchall()
    rows.sort(key=lambda row: row[2])
    return [Interval(entity, name, start, end, Status(code)) for name, start, end, code in rows]


def _json(wanted: object) -> str:
    return msgspec.json.encode(wanted).decode()
