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
from daemon.core.sla.timeline import Stretch

_TOUCHING: Final = """
    SELECT wanted.key, start_at, end_at, status FROM json_each(:names) AS wanted
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

_STATUSES: Final = tuple(sorted(Status))


def names_with_intervals(connection: sqlite3.Connection, entity: str) -> Sequence[str]:
    """The checks or services (`entity`) that have any piece of history, in order."""
    return [name for (name,) in connection.execute(_NAMES, {"entity": entity})]


def stretches_of(
    connection: sqlite3.Connection,
    entity: str,
    start: Instant,
    end: Instant,
    names: Iterable[str],
) -> Mapping[str, Sequence[Stretch]]:
    """The final pieces that touch [start, end), by name, in order of time; not cut to the
    period. A name without any is there, with none.

    Args:
        entity: `service`, `check`, or `sla`.
    """
    wanted = list(names)
    found: list[list[Stretch]] = [[] for _ in wanted]
    asked = {
        "names": msgspec.json.encode(wanted).decode(),
        "entity": entity,
        "start": start,
        "end": end,
    }
    for which, low, high, status in connection.execute(_TOUCHING, asked).fetchall():
        found[which].append((low, high, _STATUSES[status]))
    return dict(zip(wanted, found, strict=True))


def intervals_of(
    connection: sqlite3.Connection,
    entity: str,
    start: Instant,
    end: Instant,
    names: Iterable[str] | None = None,
) -> Mapping[str, Sequence[Interval]]:
    """As `stretches_of`, as values of the chronicle.

    Args:
        names: Which; None for all that have a history.
    """
    wanted = names_with_intervals(connection, entity) if names is None else names
    return {
        name: [Interval(entity, name, *one) for one in pieces]
        for name, pieces in stretches_of(connection, entity, start, end, wanted).items()
    }
