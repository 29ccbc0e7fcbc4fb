"""The sections of the configuration that say who is told what.

Routes, policies, persons and inhibitions; see `daemon.config.sections` for the rest.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from checks.durations import format_duration
from checks.spec import Duration, Name, Strict
from daemon.config.words import Interval, LabelName, MatcherText, Target

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
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
    require: Annotated[int, Field(ge=1, le=20)] | None = None
    require_within: Interval | None = None
    continue_: Annotated[bool, Field(alias="continue")] = False
    route: tuple[RouteSettings, ...] = ()


class LevelSettings(Strict):
    """`[[policy.NAME.level]]`: who is told after how long, and how often again.

    Attributes:
        only_in: Time intervals; it is told in one of them only.
        min_alerts: So many alerts there must be.
        round_robin: One of those in `notify` is told in turn.
        require: So many must have taken it, within `require_within`; else the next level is told.
    """

    after: Duration
    notify: Annotated[tuple[Target, ...], Field(min_length=1)]
    repeat: Interval | None = None
    only_in: tuple[Name, ...] = ()
    min_alerts: Annotated[int, Field(ge=1, le=1_000)] = 1
    round_robin: bool = False
    require: Annotated[int, Field(ge=0, le=20)] = 0
    require_within: Interval = MINUTE

    @model_validator(mode="after")
    def _requires_no_more_than_are_told(self) -> Self:
        told = 1 if self.round_robin else len(set(self.notify))
        if self.require > told and all(one.startswith("channel:") for one in self.notify):
            raise ValueError(f"require = {self.require} asks for more than the {told} it tells")
        return self


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


class WaySettings(Strict):
    """An entry of a person's `contact`: a channel, and after how long it is used if nobody has
    answered by then."""

    channel: Name
    after: Annotated[Duration, Field(le=DAY)] = 0


def _way(value: object) -> object:
    """A channel's name alone is used at once."""
    return {"channel": value} if isinstance(value, str) else value


def _written_way(way: WaySettings) -> object:
    if not way.after:
        return way.channel
    return {"channel": way.channel, "after": format_duration(way.after)}


Ways = Annotated[
    tuple[Annotated[WaySettings, BeforeValidator(_way)], ...],
    PlainSerializer(lambda ways: [_written_way(way) for way in ways]),
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {
                        "type": "object",
                        "properties": {
                            "channel": {"type": "string", "minLength": 1},
                            "after": {"type": "string", "examples": ["2m"]},
                        },
                        "required": ["channel"],
                        "additionalProperties": False,
                    },
                ]
            },
            "examples": [["push", {"channel": "sms", "after": "2m"}]],
        }
    ),
]


class ContactSettings(Strict):
    """A person's `contact`: channels for urgent incidents (critical and worse) and others."""

    high: Ways = ()
    low: Ways = ()


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
