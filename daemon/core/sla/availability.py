"""How checks make a service's status, and how a service's timeline makes its SLA's figures.

The first is asked by the observatory for every result and by the books for every moment of
the past, so that status and availability can never disagree. The second is the arithmetic
behind every SLA shown: integers and fractions, never a float, so that the figures add up to
the period exactly and no rounding carries a value across its target.
`docs/semantics/sla.md` holds the definitions and an example by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final

from checks.result import Status
from daemon.core.model import HOUR, Amendment, AmendmentKind, Instant, Millis
from daemon.core.plan import SlaKind, SlaPlan
from daemon.core.record import record
from daemon.core.sla.alarms import Look
from daemon.core.sla.failing import (
    Costs,
    Span,
    counted_stretches,
    outages,
    reliability,
    violations,
)
from daemon.core.sla.periods import period_at
from daemon.core.sla.showing import exact, reaches, value_of
from daemon.core.sla.timeline import Timeline, Totals
from daemon.core.sla.values import Level, Reliability, SlaFigures

__all__ = [
    "BURN_WINDOW",
    "Span",
    "burn_rate",
    "credit_of",
    "figures",
    "look_at",
    "merge_spans",
    "service_status",
]

BURN_WINDOW: Final = HOUR
"""The burn rate looks back this far."""


def service_status(statuses: Iterable[Status], quorum: int | None = None) -> Status:
    """A service's status from those of its checks.

    Without a quorum the worst check decides. With a quorum of n the n-th best does: the
    service is up while n checks are up, degraded while n are up or degraded, down when
    fewer than n can be, and unknown in between, where it depends on checks nobody measured.
    (Worst of all is the quorum of all.) A quorum beyond the number of checks asks for all.
    Without checks nothing is known.
    """
    if quorum is None:
        return max(statuses, default=Status.UNKNOWN)
    ranked = sorted(statuses)
    if not ranked:
        return Status.UNKNOWN
    return ranked[min(max(quorum, 1), len(ranked)) - 1]


def merge_spans(spans: Iterable[Span], start: Instant, end: Instant) -> list[Span]:
    """The union of the spans within [start, end): disjoint, not empty, in order."""
    merged: list[Span] = []
    for low, high in sorted((max(low, start), min(high, end)) for low, high in spans):
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _length(spans: Iterable[Span]) -> Millis:
    return sum(high - low for low, high in spans)


def _totals(timeline: Timeline, start: Instant, end: Instant, excluded: Sequence[Span]) -> Totals:
    """Time in each status in [start, end) without the excluded spans, which lie within it."""
    up, degraded, unknown, down = timeline.totals(start, end)
    for low, high in excluded:
        gone = timeline.totals(low, high)
        up, degraded = up - gone[0], degraded - gone[1]
        unknown, down = unknown - gone[2], down - gone[3]
    return (up, degraded, unknown, down)


def burn_rate(
    plan: SlaPlan,
    timeline: Timeline,
    period_ms: Millis,
    window: Span,
    excluded: Iterable[Span],
) -> Fraction:
    """Error ratio of the counted part of the window over the ratio that the target allows; 0
    where nothing is counted.

    A target of 100 % allows none; it is taken to allow one millisecond a period.
    """
    return _burnt(plan, timeline, period_ms, window, excluded) or Fraction(0)


def _burnt(
    plan: SlaPlan,
    timeline: Timeline,
    period_ms: Millis,
    window: Span,
    excluded: Iterable[Span],
) -> Fraction | None:
    """As `burn_rate`; None where nothing is counted."""
    totals = _totals(timeline, *window, merge_spans(excluded, *window))
    share = Costs.of(plan).share(totals)
    return None if share is None else (1 - share) / _allowed(plan, period_ms)


def look_at(plan: SlaPlan, timeline: Timeline, now: Instant, excluded: Sequence[Span]) -> Look:
    """What the timeline says at `now` of the objective's alerts.

    Args:
        excluded: Spans that count for nothing, as far back as it asks; they may overlap.
    """
    start, end = period_at(plan.period, plan.timezone, now)
    costs = Costs.of(plan)
    rates = tuple(
        (
            _burnt(plan, timeline, end - start, (now - burn.long, now), excluded),
            _burnt(plan, timeline, end - start, (now - burn.short, now), excluded),
        )
        for burn in plan.burns
    )
    share = costs.share(_totals(timeline, start, now, merge_spans(excluded, start, now)))
    status = timeline.at(now)
    some_bad = status is Status.UNKNOWN and any(long for long, _ in rates)
    return Look(
        rates=rates,
        level=_level(plan, share),
        share=share,
        worry=costs.at(status) > 0 or some_bad,
    )


def _allowed(plan: SlaPlan, period_ms: Millis) -> Fraction:
    return max(1 - exact(plan.target) / 100, Fraction(1, period_ms))


def _level(plan: SlaPlan, share: Fraction | None) -> Level:
    """Compared exactly, never as shown."""
    if share is None:
        return Level.UNKNOWN
    percent = share * 100
    if not reaches(percent, plan.target):
        return Level.MISSED
    if plan.critical is not None and not reaches(percent, plan.critical):
        return Level.CRITICAL
    if plan.warning is not None and not reaches(percent, plan.warning):
        return Level.WARNING
    return Level.GOOD


def credit_of(plan: SlaPlan, share: Fraction | None) -> Decimal:
    """The lowest tier that the share is below; nothing where nothing was counted."""
    if share is None:
        return Decimal(0)
    percent = share * 100
    under = [tier for tier in plan.credits if not reaches(percent, tier.below)]
    return min(under, key=lambda tier: tier.below).percent if under else Decimal(0)


def _exhausts_at(
    left: Fraction, burning: Fraction, allowed: Fraction, now: Instant, end: Instant
) -> Instant | None:
    """When what is left is spent at this rate, if that is before the period ends. A rolling
    period, which ends now, forgets as it goes: there the answer is the earliest possible."""
    if left <= 0 or burning <= 0:
        return None
    at = now + floor(left / (burning * allowed))
    return at if end == now or at < end else None


@record(frozen=True, slots=True)
class _Away:
    """The excluded time of a period; spans disjoint, in order, cut to what they speak of.

    Attributes:
        planned, elapsed: Until now: planned maintenance alone, and with what was excluded
            afterwards.
        whole_ms: That of the whole period.
    """

    planned: Sequence[Span]
    elapsed: Sequence[Span]
    whole_ms: Millis


def _away(period: Span, now: Instant, planned: Sequence[Span], approved: Sequence[Span]) -> _Away:
    every = [*planned, *approved]
    return _Away(
        planned=merge_spans(planned, period[0], now),
        elapsed=merge_spans(every, period[0], now),
        whole_ms=_length(merge_spans(every, *period)),
    )


def figures(
    plan: SlaPlan,
    timeline: Timeline,
    now: Instant,
    planned: Sequence[Span] = (),
    *,
    amendments: Sequence[Amendment] = (),
    period: Span | None = None,
    listed: bool = True,
) -> SlaFigures:
    """What the timeline makes of the SLA at `now`.

    Args:
        timeline: The service's; of several services, what they are together; of an objective
            that counts runs, its own (`minutes`).
        planned: Spans that count for nothing (planned maintenance); they may overlap, and
            those of the period that are still to come lessen its budget.
        amendments: What operators said of this SLA's past, oldest first: exclusions count as
            planned time does, notes stand with the violations.
        period: Another one than the plan's around `now`: [start, end).
        listed: Violations and outages are wanted too; without them nothing grows with the number
            of the period's pieces.
    """
    start, end = period or period_at(plan.period, plan.timezone, now)
    until = max(start, min(now, end))
    mine = [one for one in amendments if one.start < end and one.end > start]
    exclusions = [one for one in mine if one.kind is AmendmentKind.EXCLUSION]
    approved = [(one.start, one.end) for one in exclusions]
    away = _away((start, end), until, planned, approved)
    costs, target = Costs.of(plan), exact(plan.target) / 100
    totals = _totals(timeline, start, until, away.elapsed)
    share = costs.share(totals)
    unamended = costs.share(_totals(timeline, start, until, away.planned)) if approved else share
    uncounted = sum(totals) - costs.counted(totals)
    budget = (1 - target) * (end - start - away.whole_ms - uncounted)
    left = budget - costs.spent(totals)
    length, elapsed = end - start, until - start
    is_over = now >= end and not (period is None and isinstance(plan.period, int))
    hour = (until - BURN_WINDOW, until)
    burning = burn_rate(plan, timeline, length, hour, [*planned, *approved])
    pieces = counted_stretches(timeline, start, until, away.elapsed) if listed else ()
    open_end = until if now <= end else None
    status = timeline.at(until)
    notes = [one for one in mine if one.kind is AmendmentKind.NOTE]
    mended = Reliability()
    if plan.kind is SlaKind.AVAILABILITY:
        failing = outages(pieces, open_end if status is Status.DOWN else None)
        mended = reliability(failing, costs.counted(totals) - totals[Status.DOWN])
    return SlaFigures(
        name=plan.name,
        service=plan.service,
        target=plan.target,
        start=start,
        end=end,
        now=until,
        up_ms=totals[Status.UP],
        degraded_ms=totals[Status.DEGRADED],
        unknown_ms=totals[Status.UNKNOWN],
        down_ms=totals[Status.DOWN],
        excluded_ms=_length(away.elapsed),
        availability=share,
        value=None if share is None else value_of(share, plan.target),
        met=None if share is None else share >= target,
        coverage=Fraction(100 * (elapsed - totals[Status.UNKNOWN]), elapsed or 1),
        budget_total_ms=floor(budget),
        budget_left_ms=floor(left),
        burn_rate=burning,
        violations=violations(pieces, costs, budget, open_end if costs.at(status) else None, notes),
        services=plan.members,
        planned_ms=_length(away.planned),
        approved_ms=_length(away.elapsed) - _length(away.planned),
        exclusions=tuple(exclusions),
        unamended=unamended,
        unamended_value=None if unamended is None else value_of(unamended, plan.target),
        level=_level(plan, share),
        exhausts_at=None
        if is_over
        else _exhausts_at(left, burning, _allowed(plan, length), until, end),
        credit_percent=credit_of(plan, share),
        reliability=mended,
        kind=plan.kind,
    )
