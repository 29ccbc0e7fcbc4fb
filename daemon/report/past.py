"""The timelines of a period: what is written, and what lasts.

The file alone says all. Behind the last piece that is written of a service, an engine is started
on what the file knows of its checks, as a daemon would be, and asked what it makes of it: which
failures are confirmed, and from when on nothing was measured. It decides nothing and is thrown
away. So a report says the same beside a daemon, after it was started anew, and from a backup.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from daemon.core.chronicle import Interval
from daemon.core.effects import Append
from daemon.core.engine import Engine
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.core.sla.timeline import Stretch, Timeline
from daemon.store.reading.spans import stretches_of
from daemon.store.reading.standing import standing


@record(frozen=True, slots=True)
class Past:
    """Services' histories over a span.

    Attributes:
        timelines: By name.
        written: The end of what is written of each that has any; behind it is what lasts.
        confirmed: Up to when each cannot change any more.
    """

    timelines: Mapping[str, Timeline]
    written: Mapping[str, Instant]
    confirmed: Mapping[str, Instant]


def past_of(
    connection: sqlite3.Connection,
    plan: Plan,
    since: Mapping[str, Instant],
    end: Instant,
    now: Instant,
) -> Past:
    """The histories of services up to `end`, as far as that is past.

    Args:
        since: From when on each of them is asked for.
    """
    wanted = list(since)
    written = _written(connection, since, end)
    watched = replace(plan, slas={}, maintenance={})
    known = standing(connection, {name: plan.services[name].checks for name in wanted})
    engine, effects = Engine.restore(watched, known, now)
    found: dict[str, list[Stretch]] = {name: [] for name in wanted}
    for effect in effects:
        piece = effect.entry if isinstance(effect, Append) else None
        if isinstance(piece, Interval) and piece.entity == "service" and piece.name in found:
            found[piece.name].append((piece.start, piece.end, piece.status))
    timelines: dict[str, Timeline] = {}
    for name in wanted:
        timeline = Timeline.of([*written[name], *found[name]])
        _go_on(timeline, engine, name)
        timelines[name] = timeline
    return Past(
        timelines,
        {one.name: one.end for one in known.intervals if one.entity == "service"},
        {name: engine.books.confirmed(name, now) for name in wanted},
    )


def _written(
    connection: sqlite3.Connection, since: Mapping[str, Instant], end: Instant
) -> Mapping[str, Sequence[Stretch]]:
    found: dict[str, Sequence[Stretch]] = {}
    for start in set(since.values()):
        names = [name for name, at in since.items() if at == start]
        found.update(stretches_of(connection, "service", start, end, names))
    return found


def _go_on(timeline: Timeline, engine: Engine, name: str) -> None:
    """Put what lasts behind what is written."""
    lasting = engine.books.timeline(name)
    settled = engine.books.settled(name)
    moments = lasting.changes(-(1 << 62) if settled is None else settled)
    start = settled if settled is not None else next(iter(moments), None)
    for moment in () if start is None else (start, *moments):
        timeline.replace(moment, lasting.at(moment))
