"""Incidents as they stood when the day ended, whatever became of them since.

Who acknowledged or resolved one on the next day had not done it on this one. What a record does not
keep apart (its severity, how far its policy got) is told as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

from daemon.api.schema.base import SeverityWord
from daemon.api.schema.daily import DayAnswers, DayIncident
from daemon.api.times import stamp, stamp_or_none
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.plan import SeverityPlan
from daemon.core.record import record
from daemon.core.severity import Severity
from daemon.report.daily.question import DayQuestion
from daemon.store.reading.day import Stood

SEVERITIES: Final[Mapping[str, Severity]] = {one.word: one for one in Severity}
_CENT: Final = Decimal("0.01")
_NO_TARGETS: Final = SeverityPlan()


@record(frozen=True, slots=True)
class Seen:
    """An incident at the end of the day.

    Attributes:
        fired_on: Whether it fired on the day.
        taken_at, ended_at: None where that was not by then.
        targets: By when incidents as grave are to be answered.
        down_ms: For how long its service was down because of it, until then.
    """

    stood: Stood
    until: Instant
    fired_on: bool
    taken_at: Instant | None
    ended_at: Instant | None
    targets: SeverityPlan
    down_ms: Millis

    @property
    def to_acknowledge_ms(self) -> Millis | None:
        """From firing to whoever took it; a clock that was set back counts as no time."""
        return None if self.taken_at is None else max(0, self.taken_at - self.stood.fired_at)

    @property
    def to_resolve_ms(self) -> Millis | None:
        """From firing to its end, likewise."""
        return None if self.ended_at is None else max(0, self.ended_at - self.stood.fired_at)

    @property
    def is_late_to_acknowledge(self) -> bool:
        """Whether nobody took it in time; what is muted, and what nobody can take, has time."""
        ends = [at for at in (self.taken_at, self.ended_at) if at is not None]
        asks = self.stood.facts.acknowledgeable
        return asks and self._is_late(self.targets.mtta, min(ends, default=None))

    @property
    def is_late_to_resolve(self) -> bool:
        """Whether it was not over in time."""
        return self._is_late(self.targets.mttr, self.ended_at)

    def _is_late(self, target: Millis | None, at: Instant | None) -> bool:
        facts = self.stood.facts
        if target is None or not facts.is_timed or (at is None and facts.muted):
            return False
        began = max(self.stood.fired_at, facts.unmuted_at or 0)
        return (self.until if at is None else at) - began > target

    @property
    def lost(self) -> Decimal | None:
        """Money lost until then; None without revenue."""
        per_hour = self.stood.facts.revenue_per_hour
        return None if per_hour is None else per_hour * self.down_ms / HOUR


def seen(
    question: DayQuestion, found: Iterable[Stood], down: Mapping[str, Sequence[tuple[int, int]]]
) -> list[Seen]:
    """The incidents that belong to the question.

    Args:
        down: When each service was down, for those whose own count has gone on since.
    """
    start, until = question.day.span[0], question.until
    severities = question.plan.severities
    return [
        Seen(
            stood=one,
            until=until,
            fired_on=one.fired_at >= start,
            taken_at=_within(one.taken_at, until),
            ended_at=_within(one.resolved_at, until),
            targets=severities.get(SEVERITIES[one.severity], _NO_TARGETS),
            down_ms=_down_ms(one, until, down.get(one.service or "", ())),
        )
        for one in found
        if question.covers(one.service)
    ]


def answers(found: Iterable[Seen], target: Millis | None, what: str) -> DayAnswers:
    """How fast these were acknowledged (`ack`) or resolved (`fix`)."""
    mine = list(found)
    if what == "ack":
        spans = [one.to_acknowledge_ms for one in mine]
        late = sum(one.is_late_to_acknowledge for one in mine)
    else:
        spans = [one.to_resolve_ms for one in mine]
        late = sum(one.is_late_to_resolve for one in mine)
    known = [span for span in spans if span is not None]
    mean = -(-sum(known) // len(known)) if known else None
    return DayAnswers(count=len(known), mean_ms=mean, target_ms=target, late=late)


def worst_first(found: Iterable[Seen]) -> list[Seen]:
    """Those that were open in front, then the gravest, the dearest, and the longest."""
    return sorted(
        found,
        key=lambda one: (
            one.ended_at is not None,
            -SEVERITIES[one.stood.severity],
            -(one.lost or 0),
            one.stood.fired_at - (one.until if one.ended_at is None else one.ended_at),
            one.stood.fired_at,
            one.stood.key,
        ),
    )


def incident_view(one: Seen, takers: Mapping[str, str]) -> DayIncident:
    """The incident as the report shows it."""
    stood, steps = one.stood, one.stood.facts.escalation
    by = takers.get(stood.key) or stood.acknowledged_by
    late = [("ack", one.is_late_to_acknowledge), ("fix", one.is_late_to_resolve)]
    return DayIncident(
        id=stood.key,
        title=stood.title,
        severity=word_of(stood.severity),
        service=stood.service,
        fired_at=stamp(stood.fired_at),
        acknowledged_at=stamp_or_none(one.taken_at),
        acknowledged_by=None if one.taken_at is None else by,
        resolved_at=stamp_or_none(one.ended_at),
        to_acknowledge_ms=one.to_acknowledge_ms,
        to_resolve_ms=one.to_resolve_ms,
        late=[word for word, is_late in late if is_late],  # type: ignore[misc]  # the literal's words, as above
        policy=None if steps is None else steps.policy,
        level=0 if steps is None else steps.level + 1,
        lost=money(one.lost),
        currency=stood.facts.currency if one.lost is not None else None,
    )


def word_of(severity: str) -> SeverityWord:
    """The severity as the API's word."""
    return SEVERITIES[severity].word  # type: ignore[return-value]  # they are the literal's words


def money(amount: Decimal | None) -> str | None:
    """In whole cents, rounded down."""
    return None if amount is None else f"{amount.quantize(_CENT, ROUND_DOWN):f}"


def _within(at: Instant | None, until: Instant) -> Instant | None:
    return at if at is not None and at < until else None


def _down_ms(one: Stood, until: Instant, down: Sequence[tuple[int, int]]) -> Millis:
    """Confirmed down time until then; by the service's own history where the incident has counted
    on since."""
    facts = one.facts
    if facts.down_until is not None and facts.down_until > until:
        low = one.fired_at
        return sum(max(0, min(end, until) - max(start, low)) for start, end in down)
    open_ms = 0 if facts.down_since is None else max(0, until - facts.down_since)
    return facts.down_ms + open_ms
