"""The sections of the configuration that say who is told what, and what was promised.

Routes, policies, persons, inhibitions and SLAs; see `daemon.config.sections` for the rest.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from checks.spec import Duration, Name, Strict
from daemon.config.words import Interval, LabelName, MatcherText, Target, Weight, Zone

MINUTE = 60_000
HOUR = 60 * MINUTE
NO_POLICY: Final = "none"
"""A route's `policy = "none"` ends the inheritance of its parent's policy."""


class RouteSettings(Strict):
    """`[[route]]` and, below it, `[[route.route]]`: a node of the routing tree.

    A key that is left out is inherited from the parent, except `match` and `continue`.
    """

    match: tuple[MatcherText, ...] = ()
    channels: tuple[Name, ...] | None = None
    policy: Name | None = None
    group_by: tuple[LabelName, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Interval | None = None
    repeat_interval: Interval | None = None
    mute_time_intervals: tuple[Name, ...] | None = None
    active_time_intervals: tuple[Name, ...] | None = None
    suppress: Duration | None = None
    continue_: Annotated[bool, Field(alias="continue")] = False
    route: tuple[RouteSettings, ...] = ()


class LevelSettings(Strict):
    """`[[policy.NAME.level]]`: who is told after how long, and how often again."""

    after: Duration
    notify: Annotated[tuple[Target, ...], Field(min_length=1)]
    repeat: Interval | None = None


class PolicySettings(Strict):
    """`[policy.NAME]`: an escalation policy.

    Attributes:
        rounds: How many times it starts over after the last level.
        round_every: How long after the last level it starts over, or turns to `then`.
        then: Who is told at the very end.
    """

    level: Annotated[tuple[LevelSettings, ...], Field(min_length=1, max_length=50)]
    rounds: Annotated[int, Field(ge=0, le=100)] = 0
    round_every: Interval = 5 * MINUTE
    then: tuple[Target, ...] = ()


class ContactSettings(Strict):
    """A person's `contact`: channels for urgent incidents (critical and worse) and others."""

    high: tuple[Name, ...] = ()
    low: tuple[Name, ...] = ()


class PersonSettings(Strict):
    """`[person.NAME]`: somebody who is told. Every further key is a channel's name, its
    value the person's address there: `mail = "ana@example.org"`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow", frozen=True, hide_input_in_errors=True
    )
    __pydantic_extra__: dict[str, Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        init=False
    )

    contact: ContactSettings

    @property
    def addresses(self) -> dict[str, str]:
        """The person's address on each channel, by the channel's name."""
        return dict(self.__pydantic_extra__)


class InhibitSettings(Strict):
    """`[[inhibit]]`: a firing alert that matches `source` mutes those that match `target`
    and have equal values of the `equal` labels."""

    source: Annotated[tuple[MatcherText, ...], Field(min_length=1)]
    target: Annotated[tuple[MatcherText, ...], Field(min_length=1)]
    equal: tuple[LabelName, ...] = ()


_DAYS: Final = re.compile(r"([1-9]\d{0,3})d")


def _period(value: object) -> object:
    if isinstance(value, str) and (
        value in {"month", "quarter", "year"}
        or ((days := _DAYS.fullmatch(value)) and int(days[1]) <= 3_660)
    ):
        return value
    raise ValueError(f'{value!r} is no period; use "month", "quarter", "year" or days like "30d"')


def _availability(kind: object) -> Any:
    if isinstance(kind, str) and kind in {"latency", "error_rate"}:
        raise ValueError(f'"{kind}" is not supported in this version; only "availability" is')
    return kind


def _below_all(target: Decimal) -> Decimal:
    if not 0 < target < 100:
        raise ValueError("must lie between 0 and 100, both excluded; 99.9 is usual")
    return target


class SlaSettings(Strict):
    """`[[sla]]`: an availability objective of a service.

    Attributes:
        target: Percent, exactly as written.
        period: A calendar `month`, `quarter` or `year`, or the last days, `30d`.
        timezone: Whose calendar; None for `[daemon] timezone`.
        degraded: What a degraded moment counts as.
    """

    name: Name
    service: Name
    kind: Annotated[Literal["availability"], BeforeValidator(_availability)] = "availability"
    target: Annotated[Decimal, AfterValidator(_below_all), WithJsonSchema({"type": "number"})]
    period: Annotated[str, BeforeValidator(_period)] = "month"
    timezone: Zone | None = None
    degraded: Weight = Decimal(1)
