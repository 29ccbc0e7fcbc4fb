"""`[time_interval.NAME]`: hours that routes are mute in, or tell only in.

The types of days, months and years stand here; names in routes are checked when all sections
are seen together (`check_intervals`), and `interval_plan` makes what the core understands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from checks.spec import Strict
from daemon.config.oncall import Days, TimeOfDay
from daemon.config.words import Zone
from daemon.core.plan import HoursPlan, IntervalPlan

if TYPE_CHECKING:
    from daemon.config.cross import References
    from daemon.config.duty import RouteSettings
    from daemon.config.lines import KeyPath

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAY_RANGE: Final = re.compile(r"(-?\d{1,2})(?:-(-?\d{1,2}))?", re.ASCII)
_YEAR_RANGE: Final = re.compile(r"(\d{4})(?:-(\d{4}))?", re.ASCII)
_LONGEST_MONTH: Final = 31
_MINUTES_A_DAY: Final = 1_440
_SHORT: Final = 3
"""Letters of a month's name that are enough."""

Range = tuple[int, int]


def _texts(value: object, form: str) -> list[str]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be a list like {form}")
    return [str(one) for one in value]


def _days_of_month(value: object) -> tuple[Range, ...]:
    form = '["1-5", "-3--1"]; -1 is the last day'
    return tuple(_day_range(text, form) for text in _texts(value, form))


def _day_range(text: str, form: str) -> Range:
    found = _DAY_RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" names no days of a month; write them like {form}')
    first = int(found[1])
    last = first if found[2] is None else int(found[2])
    if not all(1 <= abs(day) <= _LONGEST_MONTH for day in (first, last)):
        raise ValueError(f'"{text}": days go from 1 to 31, and from -31 to -1')
    if (first < 0 < last) or (first * last > 0 and last < first):
        raise ValueError(f'"{text}" ends before it begins')
    return first, last


def _months(value: object) -> tuple[int, ...]:
    found: set[int] = set()
    for text in _texts(value, '["1-3", "december"]'):
        first, dash, last = text.lower().partition("-")
        begin, end = _month(first), _month(last if dash else first)
        found |= {(begin - 1 + step) % 12 + 1 for step in range((end - begin) % 12 + 1)}
    return tuple(sorted(found))


def _month(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= len(_MONTHS):
        return int(text)
    known = [n for n, name in enumerate(_MONTHS, 1) if text in {name, name[:_SHORT]}]
    if not known:
        raise ValueError(f'"{text}" is no month; write 1 to 12, or names like "december"')
    return known[0]


def _years(value: object) -> tuple[Range, ...]:
    found = []
    for text in _texts(value, '["2026-2028"]'):
        match = _YEAR_RANGE.fullmatch(text)
        if match is None:
            raise ValueError(f'"{text}" names no years; write them like "2026" or "2026-2028"')
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if last < first:
            raise ValueError(f'"{text}" ends before it begins')
        found.append((first, last))
    return tuple(found)


def _written(ranges: tuple[Range, ...]) -> list[str]:
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def _list_schema(*examples: str) -> WithJsonSchema:
    items = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return WithJsonSchema({"type": "array", "items": items, "examples": [list(examples)]})


DaysOfMonth = Annotated[
    tuple[Range, ...],
    BeforeValidator(_days_of_month),
    PlainSerializer(_written),
    _list_schema("1-5", "-3--1"),
]
Months = Annotated[
    tuple[int, ...],
    BeforeValidator(_months),
    PlainSerializer(lambda months: [_MONTHS[month - 1] for month in months]),
    _list_schema("1-3", "december"),
]
Years = Annotated[
    tuple[Range, ...], BeforeValidator(_years), PlainSerializer(_written), _list_schema("2026-2028")
]


class TimesSettings(Strict):
    """An entry of `times`: from a time of day to before another."""

    from_: Annotated[TimeOfDay, Field(alias="from", lt=_MINUTES_A_DAY)] = 0
    to: TimeOfDay = _MINUTES_A_DAY

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to <= self.from_:
            hint = 'for a night write two, up to "24:00" and from "00:00"'
            raise ValueError(f"to must come after from; {hint}")
        return self


class HoursSettings(Strict):
    """Hours of days: what is given must all match.

    Attributes:
        timezone: Whose clock counts; None for that of the section or `[daemon] timezone`.
    """

    times: tuple[TimesSettings, ...] = ()
    weekdays: Days = ()
    days_of_month: DaysOfMonth = ()
    months: Months = ()
    years: Years = ()
    timezone: Zone | None = None

    @property
    def says_when(self) -> bool:
        """Whether it names any time."""
        fields = (self.times, self.weekdays, self.days_of_month, self.months, self.years)
        return any(map(bool, fields))


class AlternativeSettings(HoursSettings):
    """An entry of a time interval's `any`."""

    @model_validator(mode="after")
    def _names_some_time(self) -> Self:
        if not self.says_when:
            raise ValueError("names no time; give times, weekdays, days_of_month, months or years")
        return self


class TimeIntervalSettings(HoursSettings):
    """`[time_interval.NAME]`: hours that routes name.

    Attributes:
        any_: Alternatives, each with keys of its own: one that matches is enough.
    """

    any_: Annotated[tuple[AlternativeSettings, ...], Field(alias="any", max_length=50)] = ()

    @model_validator(mode="after")
    def _names_some_time(self) -> Self:
        if not (self.says_when or self.any_):
            raise ValueError("names no time; give times, weekdays, days_of_month, months or years")
        if self.says_when and self.any_:
            raise ValueError("give either any or times and days of its own, not both")
        return self


def check_intervals(refs: References, path: KeyPath, route: RouteSettings) -> None:
    """Every time interval that this route names exists."""
    named = {
        "mute_time_intervals": route.mute_time_intervals,
        "active_time_intervals": route.active_time_intervals,
    }
    for key, names in named.items():
        for position, name in enumerate(names or ()):
            refs.refer((*path, key, position), "time_interval", name)


def interval_plan(name: str, one: TimeIntervalSettings, timezone: str) -> IntervalPlan:
    """The interval as the core sees it.

    Args:
        timezone: That of the daemon, for an interval without one.
    """
    zone = one.timezone or timezone
    return IntervalPlan(name, tuple(_hours(hours, zone) for hours in one.any_ or (one,)))


def _hours(hours: HoursSettings, timezone: str) -> HoursPlan:
    times = tuple(sorted((one.from_, one.to) for one in hours.times))
    return HoursPlan(
        timezone=hours.timezone or timezone,
        times=times or ((0, _MINUTES_A_DAY),),
        weekdays=frozenset(hours.weekdays),
        days_of_month=hours.days_of_month,
        months=frozenset(hours.months),
        years=hours.years,
    )
