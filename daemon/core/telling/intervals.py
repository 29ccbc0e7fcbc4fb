"""Time intervals: the hours in which a route is mute, or the only ones in which it tells.

Theory. An interval is a list of alternatives; one that matches is a match. An alternative names
hours of a day, weekdays, days of the month, months and years; each that it names must match, by
the clock on the wall of its zone. `clockwork` says what becomes of hours that come twice or
never: each alternative is at most a few spans of every day, from when the clock first shows the
beginning to when it first shows the end, so that none begins or ends twice.

`Timetable` keeps what matches now, with a deadline at the next change: nothing is polled. It
stands beside the desk, which looks at the incidents again when something changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from heapq import merge
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.deadlines import Deadlines
from daemon.core.model import DAY, Instant, Mute, MuteKind
from daemon.core.oncall.clockwork import days_in, local_at, reached
from daemon.core.plan import HoursPlan, IntervalPlan
from daemon.core.record import record

HORIZON_DAYS: Final = 400
"""How far the next change is looked for; one that lies beyond is looked for again then."""

Span = tuple[Instant, Instant]


@record(frozen=True, slots=True)
class Phase:
    """Whether an interval matches, and until when that stays so.

    Attributes:
        until: When it changes; None if not within the time that was looked through.
        look_at: When to ask again.
    """

    matches: bool
    until: Instant | None
    look_at: Instant


def phase(plan: IntervalPlan, now: Instant) -> Phase:
    """What the interval is at this moment."""
    far = now + HORIZON_DAYS * DAY
    found: Span | None = None
    for low, high in merge(*(_spans(hours, now, far) for hours in plan.any_of)):
        if found is None:
            found = low, high
        elif low > found[1] or found[0] > now:
            break
        else:
            found = found[0], max(found[1], high)
    if found is None:
        return Phase(matches=False, until=None, look_at=far)
    change = found[1] if found[0] <= now else found[0]
    return Phase(found[0] <= now, None if change >= far else change, change)


def _spans(hours: HoursPlan, now: Instant, far: Instant) -> Iterator[Span]:
    """The spans of an alternative that end after `now`, in order, cut at `far`."""
    zone = ZoneInfo(hours.timezone)
    day = local_at(now, zone).date() - timedelta(days=1)
    last = local_at(far, zone).date()
    while day <= last:
        for low, high in _of_day(hours, day, zone):
            if low < high and high > now and low < far:
                yield low, min(high, far)
        day += timedelta(days=1)


def _of_day(hours: HoursPlan, day: date, zone: ZoneInfo) -> Iterator[Span]:
    if _takes(hours, day):
        midnight = datetime.combine(day, time())
        for start, end in hours.times:
            low = reached(midnight + timedelta(minutes=start), zone)
            yield low, reached(midnight + timedelta(minutes=end), zone)


def _takes(hours: HoursPlan, day: date) -> bool:
    """Whether every field that the alternative has matches this day."""
    return (
        (not hours.weekdays or day.weekday() in hours.weekdays)
        and (not hours.months or day.month in hours.months)
        and _is_within(hours.years, day.year)
        and _is_of_month(hours.days_of_month, day)
    )


def _is_within(ranges: tuple[tuple[int, int], ...], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _is_of_month(ranges: tuple[tuple[int, int], ...], day: date) -> bool:
    if not ranges:
        return True
    length = days_in(day.year, day.month)
    counted = ((_day(first, length), _day(last, length)) for first, last in ranges)
    return any(first <= day.day <= last for first, last in counted)


def _day(number: int, length: int) -> int:
    """A day of a month of this length; -1 is its last."""
    return number if number > 0 else length + 1 + number


class Timetable:
    """Which intervals match, and when that changes."""

    def __init__(self, plans: Mapping[str, IntervalPlan]) -> None:
        """Nothing is known to match before the first `tick`, which is due at once."""
        self._plans = plans
        self._phases: dict[str, Phase] = {}
        self._deadlines = Deadlines()
        for name in plans:
            self._deadlines.set(name, 0)

    def next_deadline(self) -> Instant | None:
        """When the next interval begins or ends."""
        return self._deadlines.next()

    def tick(self, now: Instant) -> bool:
        """Look at what is due; returns whether anything was."""
        due = [name for name, _ in self._deadlines.take_due(now)]
        for name in due:
            self._phases[name] = phase(self._plans[name], now)
            self._deadlines.set(name, self._phases[name].look_at)
        return bool(due)

    def mutes(self, mute: Iterable[str], active: Iterable[str]) -> tuple[Mute, ...]:
        """Why a route with these mute and active intervals tells nothing now. Intervals that the
        configuration has no more count for nothing."""
        phases = self._phases
        found = [
            Mute(MuteKind.TIME, name, f"muted in the time interval {name}", phases[name].until)
            for name in mute
            if name in phases and phases[name].matches
        ]
        only = [name for name in active if name in phases]
        if only and not any(phases[name].matches for name in only):
            names = ", ".join(only)
            begins = min((p.until for p in map(phases.get, only) if p and p.until), default=None)
            reason = f"told only in the time interval {' or '.join(only)}"
            found.append(Mute(MuteKind.TIME, names, reason, begins))
        return tuple(found)
