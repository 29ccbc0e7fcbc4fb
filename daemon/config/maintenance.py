"""`[[maintenance]]`: planned work, when it comes and what it is about.

Names of services are checked when all sections are seen together (`check_maintenance`), and
`maintenance_plan` makes what the core understands: also which services' SLAs leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from checks.spec import Duration, Name, Strict
from daemon.config.oncall import LocalTime
from daemon.config.words import Line, MatcherText, Zone
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, MINUTE
from daemon.core.muting.maintenance import fully_matched
from daemon.core.muting.recurring import checked_cron, checked_rrule
from daemon.core.plan import CheckPlan, MaintenancePlan, ServicePlan

if TYPE_CHECKING:
    from daemon.config.cross import References

Cron = Annotated[
    str, AfterValidator(checked_cron), Field(json_schema_extra={"examples": ["0 3 * * SUN"]})
]
"""Five fields as in crontab(5); once an hour at most."""


class MaintenanceSettings(Strict):
    """`[[maintenance]]`: planned time in which alerts are muted and which no SLA counts.

    Attributes:
        services: Whose alerts are muted.
        match: Or which alerts are: those that all of these matchers match.
        recur: When it begins, again and again; it lasts for `duration`.
        rrule: Or on which days, from `start` on and at its time of day; for `duration`.
        start, end: Or from when to when, once.
        timezone: Whose clock counts; None for `[daemon] timezone`.
        reason: Why, in words.
    """

    name: Name
    services: tuple[Name, ...] = ()
    match: tuple[MatcherText, ...] = ()
    recur: Cron | None = None
    rrule: Annotated[str, Field(examples=["FREQ=MONTHLY;BYDAY=-1SU"])] | None = None
    duration: Annotated[Duration, Field(ge=MINUTE, le=31 * DAY)] | None = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    timezone: Zone | None = None
    reason: Line = ""

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if bool(self.services) == bool(self.match):
            raise ValueError("give either services or match: whose alerts it mutes")
        if self.match and all(parse_matcher(text).matches_empty for text in self.match):
            raise ValueError("match would mute everything; name a label with a value")
        return self

    @model_validator(mode="after")
    def _comes_some_time(self) -> Self:
        once = (self.start, self.end)
        if self.rrule is not None:
            return self._comes_by_rule(self.rrule)
        if (self.recur is None) == (once == (None, None)):
            raise ValueError(
                "give either recur with duration, rrule with start and duration, or start with end"
            )
        if self.recur is not None and self.duration is None:
            raise ValueError('recur needs a duration, like "1h"')
        if self.recur is None and self.duration is not None:
            raise ValueError("duration belongs to recur; what comes once has an end")
        if self.start is None or self.end is None:
            if self.recur is None:
                raise ValueError("start and end belong together")
        elif self.end <= self.start:
            raise ValueError("end must come after start")
        return self

    def _comes_by_rule(self, rrule: str) -> Self:
        if self.recur is not None:
            raise ValueError("give either recur or rrule, not both")
        if self.start is None or self.duration is None:
            raise ValueError('rrule needs start, the first time, and a duration, like "1h"')
        if self.end is not None:
            raise ValueError("what recurs has a duration; UNTIL= or COUNT= in rrule ends it")
        checked_rrule(rrule, self.start)
        return self


def check_maintenance(refs: References) -> None:
    """Every service that a window names exists."""
    for name, one in refs.settings.maintenance.items():
        path = refs.settings.known("maintenance")[name]
        for position, service in enumerate(one.services):
            refs.refer((*path, "services", position), "service", service)


def maintenance_plan(
    one: MaintenanceSettings,
    timezone: str,
    services: Mapping[str, ServicePlan],
    checks: Mapping[str, CheckPlan],
) -> MaintenancePlan:
    """The window as the core sees it.

    Args:
        timezone: That of the daemon, for a window without one.
    """
    match = tuple(map(parse_matcher, one.match))
    of = {name: service.checks for name, service in services.items()}
    carried = {name: check.labels for name, check in checks.items()}
    return MaintenancePlan(
        name=one.name,
        timezone=one.timezone or timezone,
        services=one.services,
        match=match,
        excludes=one.services or tuple(fully_matched(match, of, carried)),
        cron=one.recur,
        rrule=one.rrule,
        duration=one.duration or 0,
        start=one.start,
        end=one.end,
        reason=one.reason,
    )
