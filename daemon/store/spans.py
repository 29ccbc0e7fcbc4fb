"""State intervals over a period, for reports: of one service or of all, in one go.

The store holds pieces that are final. What lasts now, and what ended so lately that it may still
change, is the engine's (`Books.timeline`): whoever reports a period that is not over adds it
behind the last piece given here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import Instant

_TOUCHING: Final = """
    SELECT wanted.value, start_at, end_at, status FROM json_each(:names) AS wanted
    CROSS JOIN interval ON entity = :entity AND name = wanted.value AND end_at > :start
    AND start_at < :end AND start_at >= coalesce((SELECT max(before.start_at)
        FROM interval AS before WHERE before.entity = :entity AND before.name = wanted.value
        AND before.start_at <= :start), :start)"""
"""Pieces of one name never overlap: the first that touches is the last that began before, and
the others follow it in the table itself."""

_NAMES: Final = """
    WITH RECURSIVE one (name) AS (
        SELECT min(name) FROM interval WHERE entity = :entity UNION ALL
        SELECT (SELECT min(name) FROM interval WHERE entity = :entity AND name > one.name)
        FROM one WHERE one.name IS NOT NULL)
    SELECT name FROM one WHERE name IS NOT NULL"""
"""A seek for each name, not a look at each piece."""

_STATUSES: Final = {int(status): status for status in Status}


def names_with_intervals(connection: sqlite3.Connection, entity: str) -> Sequence[str]:
    """The checks or services (`entity`) that have any piece of history, in order."""
    return [name for (name,) in connection.execute(_NAMES, {"entity": entity})]


def intervals_of(
    connection: sqlite3.Connection,
    entity: str,
    start: Instant,
    end: Instant,
    names: Iterable[str] | None = None,
) -> Mapping[str, Sequence[Interval]]:
    """The final pieces that touch [start, end), by name, in order of time; not cut to the
    period. A name without any is there, with none.

    Args:
        entity: `service` or `check`.
        names: Which; None for all that have a history.
    """
    wanted = names_with_intervals(connection, entity) if names is None else list(names)
    found: dict[str, list[Interval]] = {name: [] for name in wanted}
    rows = connection.execute(
        _TOUCHING,
        {
            "names": msgspec.json.encode(wanted).decode(),
            "entity": entity,
            "start": start,
            "end": end,
        },
    )
    for name, low, high, status in rows.fetchall():
        found[name].append(Interval(entity, name, low, high, _STATUSES[status]))
    return found
