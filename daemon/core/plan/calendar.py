"""What goes by the calendar: schedules of who is on call, planned work, time intervals.

Their wall-clock times are in the time zone that each names.
"""

from __future__ import annotations

import enum
from datetime import datetime

from daemon.core.labels import Matcher
from daemon.core.model import Instant, Millis, Override
from daemon.core.record import record


class Rotation(enum.StrEnum):
    """What a layer's shifts are counted in."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@record(frozen=True, slots=True)
class Restriction:
    """Hours of days. Where `end_minute` is not after `start_minute` they end on the next day.

    Attributes:
        days: On which they begin; 0 is Monday.
        start_minute, end_minute: Minutes since midnight by the clock; the end is up to 1,440.
    """

    days: frozenset[int]
    start_minute: int
    end_minute: int


@record(frozen=True, slots=True)
class LayerPlan:
    """A rotation of a schedule. Times are local, without a zone.

    Attributes:
        length: How many hours, days, weeks or months a shift lasts.
        start: When the first shift of the first person begins.
        until: When the layer ends; None for never.
        restrictions: When it is in force; empty for always.
    """

    rotation: Rotation
    length: int
    start: datetime
    persons: tuple[str, ...]
    until: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()


@record(frozen=True, slots=True)
class OverridePlan:
    """From `start` to before `end` (local times) these persons are on call: in place of
    everybody, or of the one that it `replaces`."""

    start: datetime
    end: datetime
    persons: tuple[str, ...]
    replaces: str | None = None


@record(frozen=True, slots=True)
class CalendarPiece:
    """A stretch of time in which a calendar from outside has these persons on call."""

    start: Instant
    end: Instant
    persons: tuple[str, ...]


@record(frozen=True, slots=True)
class SchedulePlan:
    """Who is on call when; see `daemon.core.oncall.schedules`. Of layers the last that has somebody
    counts, overrides count in their order.

    Attributes:
        handoff: How long ahead a change is announced to those who come and go; None for not.
        made: The overrides that operators made at run time, in their order, above all others.
        has_calendar: A calendar from outside says who is on call, above the layers.
        calendar: What it says: pieces in order that do not overlap.
    """

    name: str
    timezone: str
    layers: tuple[LayerPlan, ...] = ()
    overrides: tuple[OverridePlan, ...] = ()
    handoff: Millis | None = None
    made: tuple[Override, ...] = ()
    has_calendar: bool = False
    calendar: tuple[CalendarPiece, ...] = ()


@record(frozen=True, slots=True)
class MaintenancePlan:
    """Planned work; see `daemon.core.muting.maintenance`. It comes as `cron` says, or as `rrule`
    says from `start` on, and lasts for `duration`; or once, from `start` to `end` (local times).

    Attributes:
        services: Whose alerts are muted; empty where `match` says which.
        excludes: Services whose SLAs do not count this time.
    """

    name: str
    timezone: str
    services: tuple[str, ...] = ()
    match: tuple[Matcher, ...] = ()
    excludes: tuple[str, ...] = ()
    cron: str | None = None
    duration: Millis = 0
    start: datetime | None = None
    end: datetime | None = None
    reason: str = ""
    rrule: str | None = None

    @property
    def recurs(self) -> bool:
        """Whether it comes again."""
        return self.cron is not None or self.rrule is not None


@record(frozen=True, slots=True)
class HoursPlan:
    """One alternative of a time interval: every field that is not empty must match.

    Attributes:
        times: Minutes since midnight, from and to before, in order; the end is up to 1,440.
        weekdays: 0 is Monday.
        days_of_month: Ranges, both ends included; negative days count from the month's end.
        years: Ranges, both ends included.
    """

    timezone: str
    times: tuple[tuple[int, int], ...] = ((0, 1_440),)
    weekdays: frozenset[int] = frozenset()
    days_of_month: tuple[tuple[int, int], ...] = ()
    months: frozenset[int] = frozenset()
    years: tuple[tuple[int, int], ...] = ()


@record(frozen=True, slots=True)
class IntervalPlan:
    """See `daemon.core.telling.intervals`. A time interval matches when one of `any_of` does."""

    name: str
    any_of: tuple[HoursPlan, ...]
