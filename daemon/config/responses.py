"""`[[response]]`: what is done about an incident, by itself or by an operator's key.

The action itself (a program, a webhook, a unit, a Redis command) is described in
`daemon.respond.spec`; here stands when it is due, how often, and what keeps it in check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from checks.spec import Duration
from daemon.config.words import Interval, MatcherText
from daemon.core.labels import MatchOp, parse_matcher
from daemon.core.plan import ResponsePlan, When
from daemon.notify.rate import parse_rate
from daemon.notify.spec.base import RateText
from daemon.respond.spec import ActionSpec

if TYPE_CHECKING:
    from daemon.config.cross import References
    from daemon.config.lines import KeyPath

MINUTE = 60_000
MOST = 1_000
"""The highest count that `max` may have."""


class ResponseSettings(ActionSpec):
    """`[[response]]`: an action on an incident, and when it is due.

    Attributes:
        on: One of the incident's alerts must satisfy every matcher.
        when: What makes it run by itself; `manual` leaves it to operators.
        level: The escalation level that runs it, from 1, for `when = "escalated"`.
        repeat: Run it again so long after its last run while the incident fires on.
        max: How often at most, like "3/h".
        cooldown: Not again so soon after it began.
        confirm: An operator must approve what Tocsin begins by itself. Unless said, only a
            Redis command that may change something asks.
        approve_within: Nobody can approve a run any more after this.
        rerun: Begin a run again that a restart of the daemon interrupted.
        helps_within: So long after a run its incident must be over, or it did not help.
        stop_after: So many runs in a row that did not help stop it; 0 never does.
    """

    enabled: bool = True
    on: Annotated[tuple[MatcherText, ...], Field(min_length=1, max_length=50)]
    when: Literal["firing", "escalated", "acknowledged", "resolved", "manual"] = "firing"
    level: Annotated[int, Field(ge=1, le=50)] | None = None
    repeat: Interval | None = None
    max: RateText | None = None
    cooldown: Duration = 0
    dry_run: bool = False
    confirm: bool | None = None
    approve_within: Interval = 15 * MINUTE
    rerun: bool = False
    helps_within: Interval = 10 * MINUTE
    stop_after: Annotated[int, Field(ge=0, le=100)] = 3

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        if self.when == "escalated" and self.level is None:
            raise ValueError('when = "escalated" needs the level that runs it: level = 2')
        if self.when != "escalated" and self.level is not None:
            raise ValueError('"level" is for when = "escalated" only')
        if self.when != "firing" and self.repeat is not None:
            raise ValueError('"repeat" is for when = "firing" only')
        if self.max is not None and parse_rate(self.max).count > MOST:
            raise ValueError(f'"max" counts {MOST} runs at most')
        return self

    @property
    def asks(self) -> bool:
        """Whether an operator must approve what begins by itself."""
        if self.confirm is None:
            return self.redis is not None and self.redis.writes
        return self.confirm


def response_plan(response: ResponseSettings) -> ResponsePlan:
    """A response as the engine sees it."""
    rate = None if response.max is None else parse_rate(response.max)
    return ResponsePlan(
        name=response.name,
        match=tuple(parse_matcher(text) for text in response.on),
        when=When(response.when),
        action=response.words,
        level=response.level,
        most=None if rate is None else rate.count,
        per=0 if rate is None else rate.per_ms,
        cooldown=response.cooldown,
        repeat=response.repeat,
        dry_run=response.dry_run,
        confirm=response.asks,
        approve_within=response.approve_within,
        rerun=response.rerun,
        helps_within=response.helps_within,
        stop_after=response.stop_after,
    )


def check_responses(refs: References) -> None:
    """What a response names exists, and the level that runs it is one that some policy has."""
    settings = refs.settings
    most = max((len(one.level) for one in settings.policies.values()), default=0)
    for name, response in settings.responses.items():
        path: KeyPath = settings.known("response")[name]
        for position, text in enumerate(response.on):
            matcher = parse_matcher(text)
            named = matcher.name in {"check", "service", "context"} and matcher.value
            if matcher.op is MatchOp.EQUAL and named and matcher.value != "tocsin":
                refs.refer((*path, "on", position), matcher.name, matcher.value)
        if response.level is not None and response.level > most and not refs.document.unread:
            message = f"no policy has a level {response.level}; the longest has {most}"
            refs.document.problem((*path, "level"), message, "lower it, or add a level")
