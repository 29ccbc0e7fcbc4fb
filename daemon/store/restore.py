"""Reading back what an engine goes on from.

Everything is found by key: the newest result of a check by a seek to the end of its range,
its samples and intervals by ranges of time. So a start costs what is needed, however long
the history is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from checks.result import Result, Status
from daemon.core.availability import BURN_WINDOW
from daemon.core.chronicle import Interval
from daemon.core.model import Instant, Record
from daemon.core.periods import period_at
from daemon.core.plan import Plan
from daemon.core.snapshot import Snapshot
from daemon.store.codec import TABLES, read_result

_RESULT = "SELECT at, status, latency_us, fault, message, metrics FROM result WHERE check_id = ?"


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
    ids = dict(connection.execute("SELECT name, id FROM check_name").fetchall())
    known = {name: ids[name] for name in plan.checks if name in ids}
    samples = [
        sample
        for name, since in samples_since.items()
        if name in known
        for sample in _samples(connection, name, known[name], since)
    ]
    samples.sort(key=lambda result: result.at)
    return Snapshot(
        records=tuple(_records(connection)),
        last=dict(_newest(connection, known)),
        samples=tuple(samples),
        intervals=tuple(_intervals(connection, plan, now)),
    )


def _records(connection: sqlite3.Connection) -> Iterator[Record]:
    for table in TABLES.values():
        for (record,) in connection.execute(table.select):
            yield table.decode(record)


def _newest(connection: sqlite3.Connection, ids: Mapping[str, int]) -> Iterator[tuple[str, Result]]:
    for name, check_id in ids.items():
        query = f"{_RESULT} ORDER BY at DESC LIMIT 1"
        row = connection.execute(query, (check_id,)).fetchone()
        if row is not None:
            yield name, read_result(name, row)


def _samples(
    connection: sqlite3.Connection, name: str, check_id: int, since: Instant
) -> Iterator[Result]:
    query = f"{_RESULT} AND at >= ? ORDER BY at"
    for row in connection.execute(query, (check_id, since)):
        yield read_result(name, row)


def _intervals(connection: sqlite3.Connection, plan: Plan, now: Instant) -> list[Interval]:
    """The services' as far back as an SLA asks, the checks' since their service's last."""
    since = dict.fromkeys(plan.services, now - BURN_WINDOW)
    for sla in plan.slas.values():
        start, _ = period_at(sla.period, sla.timezone, now)
        since[sla.service] = min(start, since.get(sla.service, start))
    found: list[Interval] = []
    for name, service in plan.services.items():
        own = _ending_after(connection, "service", name, since[name])
        found += own
        settled = own[-1].end if own else since[name]
        for check in service.checks:
            found += _ending_after(connection, "check", check, settled)
    return sorted(found, key=lambda interval: (interval.end, interval.start))


def _ending_after(
    connection: sqlite3.Connection, entity: str, name: str, after: Instant
) -> list[Interval]:
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT start_at, end_at, status FROM interval"
        " WHERE entity = ? AND name = ? AND end_at > ? ORDER BY end_at",
        (entity, name, after),
    ).fetchall()
    return [Interval(entity, name, start, end, Status(status)) for start, end, status in rows]
