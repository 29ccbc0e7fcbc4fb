"""Who is on call, told the slow way: minute by minute, from the words of the documentation.

It shares nothing with `daemon.core.oncall.schedules`: the clock on the wall is watched minute by
minute from the schedule's beginning on, and at each minute it is asked which hand-overs it has
passed.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.core.plan import LayerPlan, Restriction, SchedulePlan

MINUTE = timedelta(minutes=1)


class Wall:
    """A clock on the wall, watched since `begin`: the latest time it has ever shown, and how
    many hand-overs of each layer it has passed."""

    def __init__(self, zone: str, begin: datetime) -> None:
        self.zone = ZoneInfo(zone)
        self.now = begin
        self.farthest = self._shown()
        self.hand_overs: dict[LayerPlan, int] = {}

    def _shown(self) -> datetime:
        return self.now.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def tick(self) -> None:
        """A minute goes by."""
        self.now += MINUTE
        self.farthest = max(self.farthest, self._shown())

    def has_passed(self, local: datetime) -> bool:
        """Whether it has shown this time or a later one."""
        return self.farthest >= local


def by_minute(
    schedule: SchedulePlan, begin: datetime, minutes: int
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Each minute from `begin` (UTC) on, and who is on call in it. `begin` must lie at least a
    day away from any change of the clocks before it."""
    wall = Wall(schedule.timezone, begin)
    for _ in range(minutes):
        yield wall.now, shown_by(schedule, wall)
        wall.tick()


def shown_by(schedule: SchedulePlan, wall: Wall) -> tuple[str, ...]:
    """Who is on call at the time that the clock shows; the clock must be of its zone."""
    persons: list[str] = []
    for layer in schedule.layers:
        person = _layer(layer, wall)
        persons = [person] if person else persons
    for override in schedule.overrides:
        if wall.has_passed(override.start) and not wall.has_passed(override.end):
            if override.replaces is None:
                persons = list(override.persons)
            elif override.replaces in persons:
                place = persons.index(override.replaces)
                persons[place : place + 1] = override.persons
    for made in schedule.made:
        at = round(wall.now.timestamp() * 1000)
        if not made.start <= at < made.end:
            continue
        first, last = made.persons[0], made.persons[-1]
        if made.swap:
            persons = [{first: last, last: first}.get(name, name) for name in persons]
        elif made.replaces is None:
            persons = list(made.persons)
        else:
            there = [name != made.replaces for name in persons]
            persons = [
                one
                for name, stays in zip(persons, there, strict=True)
                for one in ((name,) if stays else made.persons)
            ]
    return tuple(sorted(set(persons), key=persons.index))


def _layer(layer: LayerPlan, wall: Wall) -> str | None:
    if layer.until is not None and wall.has_passed(layer.until):
        return None
    if layer.restrictions and not any(_open(one, wall) for one in layer.restrictions):
        return None
    if not wall.has_passed(layer.start):
        return None
    turn = wall.hand_overs.get(layer, 0)  # what was passed once stays so
    while wall.has_passed(_later(layer, turn + 1)):
        turn += 1
    wall.hand_overs[layer] = turn
    return layer.persons[turn % len(layer.persons)]


def _later(layer: LayerPlan, turns: int) -> datetime:
    count = turns * layer.length
    match layer.rotation.value:
        case "hourly":
            return layer.start + timedelta(hours=count)
        case "daily":
            return layer.start + timedelta(days=count)
        case "weekly":
            return layer.start + timedelta(days=7 * count)
    year = layer.start.year + (layer.start.month - 1 + count) // 12
    month = (layer.start.month - 1 + count) % 12 + 1
    day = min(layer.start.day, calendar.monthrange(year, month)[1])
    return layer.start.replace(year=year, month=month, day=day)


def _open(restriction: Restriction, wall: Wall) -> bool:
    first = wall.farthest.date() - timedelta(days=2)
    for days in range(4):
        date = first + timedelta(days=days)
        if date.weekday() not in restriction.days:
            continue
        midnight = datetime(date.year, date.month, date.day)  # noqa: DTZ001  # by the clock
        opens = midnight + timedelta(minutes=restriction.start_minute)
        closes = midnight + timedelta(minutes=restriction.end_minute)
        if closes <= opens:
            closes += timedelta(days=1)
        if wall.has_passed(opens) and not wall.has_passed(closes):
            return True
    return False


def utc(text: str) -> datetime:
    """A time in UTC from ISO 8601 without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
