"""Figures about the past as the API shows them: pure functions from values to shapes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from checks.result import Status
from daemon.analysis.escalations import Pattern, Patterns
from daemon.analysis.health import Health
from daemon.analysis.noise import Noise
from daemon.api import schema
from daemon.api.times import stamp
from daemon.api.views import status_word
from daemon.core.alerting.sources import service_of
from daemon.core.model import Instant, Millis
from daemon.core.plan import Plan
from daemon.store.reading.alerts import AlertTotals
from daemon.store.reading.incidents import Durations, IncidentStatistics


def durations_view(found: Durations) -> schema.DurationsView:
    """What a number of durations says."""
    return schema.DurationsView(
        count=found.count,
        average_ms=found.average,
        median_ms=found.median,
        p95_ms=found.p95,
        least_ms=found.least,
        greatest_ms=found.greatest,
    )


def statistics_view(found: IncidentStatistics) -> schema.StatisticsView:
    """What happened in a span."""
    return schema.StatisticsView(
        since=stamp(found.start),
        until=stamp(found.end),
        timezone=found.zone,
        total=found.total,
        open=found.open,
        acknowledged=found.acknowledged,
        resolved=found.resolved,
        escalated=found.escalated,
        by_severity=dict(found.by_severity),
        by_service=dict(found.by_service),
        by_hour_of_week=list(found.by_hour_of_week),
        to_acknowledge=durations_view(found.to_acknowledge),
        to_resolve=durations_view(found.to_resolve),
    )


def top_view(found: AlertTotals, plan: Plan) -> schema.TopAlertView:
    """What the alerts of one name and source did."""
    return schema.TopAlertView(
        name=found.name,
        source=found.source,
        service=service_of(found.source, plan),
        severity=found.worst,  # type: ignore[arg-type]  # the store keeps the literal's words
        count=found.count,
        open=found.open,
        firing_ms=found.firing_ms,
        longest_ms=found.longest_ms,
        shortest_ms=found.shortest_ms,
        escalated=found.escalated,
        unacknowledged=found.unacknowledged,
        short=found.short,
        again=found.again,
    )


def noise_view(found: Noise, plan: Plan) -> schema.NoiseView:
    """An alert that is noise, and what mends it."""
    return schema.NoiseView(
        alert=top_view(found.totals, plan),
        noise=_share(found.noise),
        advice=[
            schema.Advice(
                why=one.why.value,
                count=one.count,
                share=_share(one.share),
                table=one.table,
                key=one.key,
                text=one.text,
            )
            for one in found.advice
        ],
    )


def _share(share: Fraction) -> float:
    return round(float(share), 4)


def pattern_view(found: Pattern) -> schema.EscalationPattern:
    """What became of the incidents of a policy or a service."""
    return schema.EscalationPattern(
        name=found.name,
        total=found.total,
        escalated=found.escalated,
        answered=found.answered,
        share=_share(found.share),
        deepest=list(found.deepest),
        to_acknowledge=durations_view(found.to_acknowledge),
    )


def escalations_view(
    found: Patterns, since: Instant, until: Instant, zone: str
) -> schema.EscalationsView:
    """How incidents escalated."""
    return schema.EscalationsView(
        since=stamp(since),
        until=stamp(until),
        timezone=zone,
        total=found.total,
        escalated=found.escalated,
        policies=list(map(pattern_view, found.policies)),
        services=list(map(pattern_view, found.services)),
        by_hour_of_week=list(found.by_hour_of_week),
    )


def health_view(
    service: str, status: Status, health: Health, since: Instant, until: Instant
) -> schema.HealthView:
    """A service's health."""
    return schema.HealthView(
        service=service,
        status=status_word(status),
        score=health.score,
        band=None if health.band is None else health.band.value,
        parts=[
            schema.HealthPart(
                name=part.name,  # type: ignore[arg-type]  # the parts have the literal's names
                weight=part.weight,
                score=None if part.score is None else int(part.score * 10) / 10,
                text=part.text,
            )
            for part in health.parts
        ],
        limit=health.limit,
        since=stamp(since),
        until=stamp(until),
    )


class Line(Protocol):
    """How long something was what in each step."""

    @property
    def span_ms(self) -> Sequence[Millis]: ...
    @property
    def up_ms(self) -> Sequence[Millis]: ...
    @property
    def degraded_ms(self) -> Sequence[Millis]: ...
    @property
    def down_ms(self) -> Sequence[Millis]: ...
    @property
    def services(self) -> int: ...


def line_view(service: str | None, line: Line, incidents: Sequence[int]) -> schema.TrendLine:
    """A line of a trend; its four times add up to its span."""
    steps = list(zip(line.up_ms, line.degraded_ms, line.down_ms, strict=True))
    spans = [span * line.services for span in line.span_ms]
    known = list(map(sum, steps))
    return schema.TrendLine(
        service=service,
        span_ms=spans,
        up_ms=list(line.up_ms),
        degraded_ms=list(line.degraded_ms),
        down_ms=list(line.down_ms),
        unknown_ms=[max(0, span - ms) for span, ms in zip(spans, known, strict=True)],
        availability=[
            (up + degraded) * 1_000_000 // ms / 10_000 if ms else None
            for (up, degraded, _), ms in zip(steps, known, strict=True)
        ],
        incidents=list(incidents),
    )
