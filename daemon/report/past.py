"""The timelines of a period: what is written, and what lasts.

The file alone says all. Behind the last piece that is written of a service, an engine is started
on what the file knows of its checks, as a daemon would be, and asked what it makes of it: which
failures are confirmed, and from when on nothing was measured. It decides nothing and is thrown
away. So a report says the same beside a daemon, after it was started anew, and from a backup.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append
from daemon.core.engine import Engine
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.timeline import Timeline
from daemon.report.periods import Span
from daemon.store.spans import intervals_of
from daemon.store.standing import standing


@dataclass(frozen=True, slots=True)
class Past:
    """Services' histories over a span.

    Attributes:
        timelines: By name.
        confirmed: Up to when each cannot change any more.
    """

    timelines: Mapping[str, Timeline]
    confirmed: Mapping[str, Instant]


def past_of(
    connection: sqlite3.Connection, plan: Plan, names: Iterable[str], span: Span, now: Instant
) -> Past:
    """The histories of these services over the span, as far as it is past."""
    wanted = list(names)
    written = intervals_of(connection, "service", *span, wanted)
    watched = replace(plan, slas={}, maintenance={})
    known = standing(connection, {name: plan.services[name].checks for name in wanted})
    engine, effects = Engine.restore(watched, known, now)
    found: dict[str, list[Interval]] = {name: [] for name in wanted}
    for effect in effects:
        piece = effect.entry if isinstance(effect, Append) else None
        if isinstance(piece, Interval) and piece.entity == "service" and piece.name in found:
            found[piece.name].append(piece)
    timelines: dict[str, Timeline] = {}
    for name in wanted:
        timeline = timeline_of([*written[name], *found[name]])
        _go_on(timeline, engine, name)
        timelines[name] = timeline
    return Past(timelines, {name: engine.books.confirmed(name, now) for name in wanted})


def timeline_of(pieces: Iterable[Interval]) -> Timeline:
    """The timeline of these pieces; between them nothing is known."""
    timeline, end = Timeline(), None
    for piece in pieces:
        if end is not None and piece.start > end:
            timeline.replace(end, Status.UNKNOWN)
        timeline.replace(piece.start, piece.status)
        end = piece.end
    if end is not None:
        timeline.replace(end, Status.UNKNOWN)
    return timeline


def _go_on(timeline: Timeline, engine: Engine, name: str) -> None:
    """Put what lasts behind what is written."""
    lasting = engine.books.timeline(name)
    settled = engine.books.settled(name)
    moments = lasting.changes(-(1 << 62) if settled is None else settled)
    start = settled if settled is not None else next(iter(moments), None)
    for moment in () if start is None else (start, *moments):
        timeline.replace(moment, lasting.at(moment))
