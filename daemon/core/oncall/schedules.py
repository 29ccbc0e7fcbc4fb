"""Who is on call: rotations, restrictions, overrides, and the gaps they leave.

Theory. A schedule has *layers*. A layer is a rotation: its persons take shifts in turn, each
`length` hours, days, weeks or months long by the clock on the wall of the schedule's zone, so a
hand-over at nine stays at nine when the clocks change (`clockwork` says what becomes of a time
that comes twice or never). *Restrictions* keep a layer to hours of days; outside of them it has
nobody. Of the layers that have somebody the last in the configuration counts. A calendar from
outside lies above the layers: they have the times that it leaves. *Overrides* lie
above all layers: one puts its persons in place of whoever there is, or, with `replaces`, in
place of one person only, wherever that one would have been on call (a swap is two of those).
Above those lie the overrides that operators made at run time, which can swap two at once.

What is left uncovered is a gap and is shown as one: a schedule answers with nobody rather than
with somebody who does not know of it. Everything is a function of the schedule and the time, so
the past can be asked like the future.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.model import DAY, Instant, Millis, Override
from daemon.core.oncall.clockwork import local_at, months_later, reached
from daemon.core.plan import CalendarPiece, LayerPlan, Restriction, Rotation, SchedulePlan
from daemon.core.record import record

_UNITS: Final = {
    Rotation.HOURLY: timedelta(hours=1),
    Rotation.DAILY: timedelta(days=1),
    Rotation.WEEKLY: timedelta(weeks=1),
}
_DAY: Final = timedelta(days=1)
_HORIZONS: Final[tuple[Millis, ...]] = (2 * DAY, 32 * DAY, 370 * DAY)
"""How far ahead the next hand-over is looked for, one after the other."""


@record(frozen=True, slots=True)
class Shift:
    """A stretch of time with the same persons on call.

    Attributes:
        start, end: In milliseconds since the epoch; `end` is not part of it.
        persons: Their names; empty in a gap.
    """

    start: Instant
    end: Instant
    persons: tuple[str, ...]


def on_call(schedule: SchedulePlan, at: Instant) -> tuple[str, ...]:
    """The names of those on call at an instant; empty if nobody is."""
    zone = ZoneInfo(schedule.timezone)
    persons = _of_calendar(schedule, at)
    for layer in reversed(() if persons else schedule.layers):
        person = _of_layer(layer, zone, at)
        if person is not None:
            persons = (person,)
            break
    for override in schedule.overrides:
        if reached(override.start, zone) <= at < reached(override.end, zone):
            persons = _replaced(persons, override.persons, override.replaces)
    for made in schedule.made:
        if made.start <= at < made.end:
            persons = _stood_in(persons, made)
    return tuple(dict.fromkeys(persons))


def following(schedule: SchedulePlan, now: Instant) -> Shift | None:
    """The shift or gap after the present one; None if there is none within a year."""
    for horizon in _HORIZONS:
        ahead = shifts(schedule, now, now + horizon)
        next(ahead, None)
        if (coming := next(ahead, None)) is not None:
            return coming
    return None


def shifts(schedule: SchedulePlan, start: Instant, end: Instant) -> Iterator[Shift]:
    """Who is on call from `start` to before `end`: shifts and gaps that follow each other
    without a break, each different from the one before."""
    began = looked = start
    persons = on_call(schedule, start)
    for at in _changes(schedule, start, end):
        if at >= end:
            break
        if at <= looked:
            continue
        looked, others = at, on_call(schedule, at)
        if others != persons:
            yield Shift(began, at, persons)
            began, persons = at, others
    if began < end:
        yield Shift(began, end, persons)


def _stood_in(persons: tuple[str, ...], made: Override) -> tuple[str, ...]:
    """Who is on call by an override made at run time; a swap exchanges the two."""
    if not made.swap:
        return _replaced(persons, made.persons, made.replaces)
    first, second = made.persons
    other = {first: second, second: first}
    return tuple(other.get(person, person) for person in persons)


def _replaced(
    persons: tuple[str, ...], others: tuple[str, ...], replaces: str | None
) -> tuple[str, ...]:
    if replaces is None:
        return others
    return tuple(
        name for person in persons for name in (others if person == replaces else (person,))
    )


def flattened(pieces: Iterable[CalendarPiece]) -> tuple[CalendarPiece, ...]:
    """The pieces in order, cut where they overlap: there all of their persons are on call."""
    found = [piece for piece in pieces if piece.start < piece.end]
    coming = deque(sorted(found, key=lambda piece: (piece.start, piece.end, piece.persons)))
    going = deque(sorted(found, key=lambda piece: piece.end))
    edges = sorted({at for piece in found for at in (piece.start, piece.end)})
    flat: list[CalendarPiece] = []
    running: dict[str, int] = {}  # in how many of the pieces that run a person is
    for start, end in pairwise(edges):
        while coming and coming[0].start <= start:
            for name in coming.popleft().persons:
                running[name] = running.get(name, 0) + 1
        while going[0].end <= start:
            for name in going.popleft().persons:
                running[name] -= 1
                if not running[name]:
                    del running[name]
        persons = tuple(running)
        if flat and flat[-1].end == start and flat[-1].persons == persons:
            flat[-1] = CalendarPiece(flat[-1].start, end, persons)
        elif persons:
            flat.append(CalendarPiece(start, end, persons))
    return tuple(flat)


def _of_calendar(schedule: SchedulePlan, at: Instant) -> tuple[str, ...]:
    place = bisect_right(schedule.calendar, at, key=_starts) - 1
    if place < 0 or schedule.calendar[place].end <= at:
        return ()
    return schedule.calendar[place].persons


def _calendar_edges(schedule: SchedulePlan, start: Instant, end: Instant) -> Iterator[Instant]:
    """When pieces of the calendar begin and end around [start, end)."""
    place = max(0, bisect_right(schedule.calendar, start, key=_starts) - 1)
    for piece in islice(schedule.calendar, place, None):
        if piece.start >= end:
            return
        yield piece.start
        yield piece.end


def _starts(piece: CalendarPiece) -> Instant:
    return piece.start


def _of_layer(layer: LayerPlan, zone: ZoneInfo, at: Instant) -> str | None:
    if layer.until is not None and at >= reached(layer.until, zone):
        return None
    if layer.restrictions and not any(_within(one, zone, at) for one in layer.restrictions):
        return None
    number = _turn(layer, zone, at)
    return None if number is None else layer.persons[number % len(layer.persons)]


def _turn(layer: LayerPlan, zone: ZoneInfo, at: Instant) -> int | None:
    """The number of the shift that is under way, from 0; None before the first."""
    number = _guess(layer, local_at(at, zone)) + 1
    while number >= 0 and reached(_begins(layer, number), zone) > at:
        number -= 1
    while number >= 0 and reached(_begins(layer, number + 1), zone) <= at:
        number += 1
    return number if number >= 0 else None


def _guess(layer: LayerPlan, local: datetime) -> int:
    """About which shift it is, from the clock alone: wrong by one or two at a change."""
    if layer.rotation is Rotation.MONTHLY:
        months = (local.year - layer.start.year) * 12 + local.month - layer.start.month
        return months // layer.length
    return (local - layer.start) // (_UNITS[layer.rotation] * layer.length)


def _begins(layer: LayerPlan, number: int) -> datetime:
    """The local time at which the shift of this number begins."""
    if layer.rotation is Rotation.MONTHLY:
        return months_later(layer.start, number * layer.length)
    return layer.start + _UNITS[layer.rotation] * (layer.length * number)


def _within(restriction: Restriction, zone: ZoneInfo, at: Instant) -> bool:
    today = _midnight(local_at(at, zone))
    return any(start <= at < end for start, end in _hours(restriction, zone, (today - _DAY, today)))


def _hours(
    restriction: Restriction, zone: ZoneInfo, days: tuple[datetime, ...]
) -> Iterator[tuple[Instant, Instant]]:
    """The restriction's hours that begin on these days."""
    for day in days:
        if day.weekday() in restriction.days:
            start = day + timedelta(minutes=restriction.start_minute)
            end = day + timedelta(minutes=restriction.end_minute)
            end = end if end > start else end + _DAY
            yield reached(start, zone), reached(end, zone)


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _changes(schedule: SchedulePlan, start: Instant, end: Instant) -> Iterator[Instant]:
    """Every instant around [start, end) at which somebody else may be on call, in order; found
    only as far as they are looked at, for there may be very many."""
    zone = ZoneInfo(schedule.timezone)
    edges = [reached(at, zone) for one in schedule.overrides for at in (one.start, one.end)]
    edges += [at for made in schedule.made for at in (made.start, made.end)]
    edges += [reached(layer.until, zone) for layer in schedule.layers if layer.until is not None]
    return heapq.merge(
        sorted(edges),
        _calendar_edges(schedule, start, end),
        *(_hand_overs(layer, zone, start, end) for layer in schedule.layers),
        *(
            _edges(restriction, zone, start, end)
            for layer in schedule.layers
            for restriction in layer.restrictions
        ),
    )


def _hand_overs(
    layer: LayerPlan, zone: ZoneInfo, start: Instant, end: Instant
) -> Iterator[Instant]:
    """When the layer's persons take turns; one alone only begins."""
    if layer.until is not None:
        end = min(end, reached(layer.until, zone))
    turn = _turn(layer, zone, start)
    number = 0 if turn is None else turn + 1
    is_alone = len(set(layer.persons)) == 1
    while not (is_alone and number) and (at := reached(_begins(layer, number), zone)) < end:
        yield at
        number += 1


def _edges(
    restriction: Restriction, zone: ZoneInfo, start: Instant, end: Instant
) -> Iterator[Instant]:
    day, last = _midnight(local_at(start, zone)) - _DAY, local_at(end, zone)
    while day <= last:
        for began, ended in _hours(restriction, zone, (day,)):
            yield began
            yield ended
        day += _DAY
