"""The sections of the configuration that say who is on call: teams and schedules.

The types of local times and days stand here too. Names of persons are checked when all
sections are seen together (`check_duty`), and `team_plan`, `schedule_plan` make what the core
understands.
"""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime, time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

from checks.durations import format_duration, parse_duration
from checks.spec import Duration, Name, Secret, Strict
from daemon.config.problems import did_you_mean
from daemon.config.words import Zone
from daemon.core.model import DAY, MINUTE
from daemon.core.plan import (
    LayerPlan,
    OverridePlan,
    Restriction,
    Rotation,
    SchedulePlan,
    TeamPlan,
)

if TYPE_CHECKING:
    from daemon.config.cross import References
    from daemon.config.lines import KeyPath

DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MINUTES_A_DAY: Final = 1_440
_WEB: Final = ("https://", "http://")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


def _local_time(value: object) -> datetime:
    form = 'write it like "2026-01-05T09:00", by the clock of its time zone'
    found = value
    if isinstance(value, str) and "T" in value.upper():
        with contextlib.suppress(ValueError):
            found = datetime.fromisoformat(value)
    if not isinstance(found, datetime):
        raise ValueError(f"{_shown(value)} is no time; {form}")  # noqa: TRY004  # pydantic reports ValueErrors
    if found.tzinfo is not None:
        raise ValueError(f"a time by the clock has no zone of its own; {form}")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return found.replace(microsecond=0)


def _shown(value: object) -> str:
    """As it stands in the file; TOML has days and times of day of its own."""
    return str(value) if isinstance(value, date | time) else repr(value)


def before_midnight(minute: int) -> int:
    """The time of day, if something can begin at it.

    Raises:
        ValueError: It is 24:00.
    """
    if minute >= _MINUTES_A_DAY:
        raise ValueError('"24:00" begins nothing; write "00:00" of the next day')
    return minute


def _minute(value: object) -> int:
    """Minutes since midnight."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError(f'{value!r} is no time of day; write it like "09:00", at most "24:00"')
    hours, _, minutes = value.partition(":")
    return int(hours) * 60 + int(minutes)


def _days(value: object) -> tuple[int, ...]:
    """Days, 0 for Monday, from texts like `MON` and `MON-FRI`."""
    if not isinstance(value, list) or not value:
        raise ValueError('days are a list like ["MON-FRI"] or ["SAT", "SUN"]')
    found: dict[int, None] = {}
    for text in value:
        first, dash, last = str(text).upper().partition("-")
        begin, end = _day(first), _day(last if dash else first)
        count = (end - begin) % len(DAYS) + 1
        found |= dict.fromkeys((begin + step) % len(DAYS) for step in range(count))
    return tuple(sorted(found))


def _day(text: str) -> int:
    if text not in DAYS:
        raise ValueError(f'"{text}" is no day; {did_you_mean(text, DAYS, what="days")}')
    return DAYS.index(text)


LocalTime = Annotated[
    datetime,
    BeforeValidator(_local_time),
    PlainSerializer(lambda at: at.isoformat(timespec="seconds" if at.second else "minutes")),
    WithJsonSchema({"type": "string", "examples": ["2026-01-05T09:00"]}),
]
"""What the clock of a time zone shows that stands beside it, or the daemon's."""

TimeOfDay = Annotated[
    int,
    BeforeValidator(_minute),
    PlainSerializer(lambda minute: f"{minute // 60:02}:{minute % 60:02}"),
    WithJsonSchema({"type": "string", "examples": ["09:00", "24:00"]}),
]
Days = Annotated[
    tuple[int, ...],
    BeforeValidator(_days),
    PlainSerializer(lambda days: [DAYS[day] for day in days]),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string"}, "examples": [["MON-FRI"], ["SAT", "SUN"]]}
    ),
]


def _handoff(value: object) -> object:
    if isinstance(value, bool):
        return 0 if value else None
    return value if value is None else parse_duration(value)


Handoff = Annotated[
    Annotated[int, Field(ge=0, le=7 * DAY)] | None,
    BeforeValidator(_handoff),
    PlainSerializer(lambda ahead: format_duration(ahead) if ahead else ahead == 0),
    WithJsonSchema({"type": ["boolean", "string"], "examples": [True, "30m"]}),
]
"""`true` is as it comes, a length so long ahead."""


def _calendar(ical: SecretStr) -> SecretStr:
    place = ical.get_secret_value()
    if not place or "\0" in place or ("://" in place and not place.startswith(_WEB)):
        raise ValueError("a calendar is a file, or a URL that begins with https:// or http://")
    if any(find_spec(name) is None for name in ("icalendar", "dateutil")):
        raise ValueError(
            "calendars need a module that is not installed: pip install 'tocsin[ical]'"
        )
    return ical


class TeamSettings(Strict):
    """`[team.NAME]`: persons who are told together."""

    members: Annotated[tuple[Name, ...], Field(min_length=1)]


class RestrictionSettings(Strict):
    """An entry of a layer's `restrict`: hours of days. Where `to` is not after `from` they end
    on the next day."""

    days: Days = tuple(range(7))
    from_: Annotated[TimeOfDay, AfterValidator(before_midnight), Field(alias="from")] = 0
    to: TimeOfDay = _MINUTES_A_DAY


class LayerSettings(Strict):
    """`[[schedule.NAME.layer]]`: persons who take shifts in turn.

    Attributes:
        rotation: What a shift is counted in.
        length: So many hours, days, weeks or months a shift lasts.
        start: When the first shift of the first person begins.
        until: When the layer ends.
        restrict: When the layer is in force; always where it is left out.
    """

    rotation: Rotation
    length: Annotated[int, Field(ge=1, le=9_000)] = 1
    start: LocalTime
    until: LocalTime | None = None
    people: Annotated[tuple[Name, ...], Field(min_length=1)]
    restrict: tuple[RestrictionSettings, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until <= self.start:
            raise ValueError("until must come after start")
        return self


class OverrideSettings(Strict):
    """`[[schedule.NAME.override]]`: other persons for a while.

    Attributes:
        people: Who is on call instead; nobody where it is empty.
        replaces: The one person in whose place they are; everybody where it is left out.
    """

    start: LocalTime
    end: LocalTime
    people: tuple[Name, ...]
    replaces: Name | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must come after start")
        return self


class ScheduleSettings(Strict):
    """`[schedule.NAME]`: who is on call when.

    Attributes:
        timezone: Whose clock counts; None for `[daemon] timezone`.
        layer: Of those that have somebody the last counts.
        handoff: How long ahead a change is announced to those who come and go; None for not.
        ical: A calendar that lies above the layers: a file or a URL.
        ical_every: How often it is read anew.
    """

    timezone: Zone | None = None
    handoff: Handoff = None
    ical: Annotated[Secret, AfterValidator(_calendar)] | None = None
    ical_every: Annotated[Duration, Field(ge=MINUTE, le=DAY)] = 15 * MINUTE
    layer: Annotated[tuple[LayerSettings, ...], Field(max_length=50)] = ()
    override: tuple[OverrideSettings, ...] = ()

    @model_validator(mode="after")
    def _has_somebody(self) -> Self:
        if not self.layer and self.ical is None:
            raise ValueError("it needs a [[schedule.NAME.layer]], or a calendar (ical)")
        return self


def check_duty(refs: References) -> None:
    """Every member of a team and everybody in a schedule is a person."""
    for name, team in refs.settings.teams.items():
        _refer_persons(refs, ("team", name, "members"), team.members)
    for name, schedule in refs.settings.schedules.items():
        path: KeyPath = ("schedule", name)
        for position, layer in enumerate(schedule.layer):
            _refer_persons(refs, (*path, "layer", position, "people"), layer.people)
        for position, override in enumerate(schedule.override):
            place = (*path, "override", position)
            _refer_persons(refs, (*place, "people"), override.people)
            if override.replaces is not None:
                refs.refer((*place, "replaces"), "person", override.replaces)
            if any(_undoes(override, other) for other in schedule.override[:position]):
                message = f"undoes one before it, which puts {override.replaces} in that place"
                hint = "for a swap give each of the two its own shifts"
                refs.document.problem(place, message, hint)


def _undoes(later: OverrideSettings, earlier: OverrideSettings) -> bool:
    """Whether nothing is left of `earlier`: overrides apply one after the other, so two that
    replace each other in the same time are no swap, but leave everything to one person."""
    return (
        earlier.people == (later.replaces,)
        and later.people == (earlier.replaces,)
        and later.start <= earlier.start
        and earlier.end <= later.end
    )


def _refer_persons(refs: References, path: KeyPath, names: tuple[str, ...]) -> None:
    for position, name in enumerate(names):
        refs.refer((*path, position), "person", name)


def team_plan(name: str, team: TeamSettings) -> TeamPlan:
    """The team as the core sees it."""
    return TeamPlan(name, team.members)


def schedule_plan(name: str, schedule: ScheduleSettings, timezone: str) -> SchedulePlan:
    """The schedule as the core sees it.

    Args:
        timezone: That of the daemon, for a schedule without one.
    """
    return SchedulePlan(
        name,
        schedule.timezone or timezone,
        tuple(map(_layer, schedule.layer)),
        tuple(OverridePlan(o.start, o.end, o.people, o.replaces) for o in schedule.override),
        schedule.handoff,
        has_calendar=schedule.ical is not None,
    )


def _layer(layer: LayerSettings) -> LayerPlan:
    return LayerPlan(
        layer.rotation,
        layer.length,
        layer.start,
        layer.people,
        layer.until,
        tuple(Restriction(frozenset(one.days), one.from_, one.to) for one in layer.restrict),
    )
