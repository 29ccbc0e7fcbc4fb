"""How checks make a service's status, and how a service's timeline makes its SLA's figures.

The first is asked by the observatory for every result and by the books for every moment of
the past, so that status and availability can never disagree. The second is the arithmetic
behind every SLA shown: integers and fractions, never a float, so that the figures add up to
the period exactly and no rounding carries a value across its target.
`docs/semantics/sla.md` holds the definitions and an example by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Final

from checks.result import Status
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.periods import period_at
from daemon.core.plan import SlaPlan
from daemon.core.timeline import Piece, Timeline, Totals

Span = tuple[Instant, Instant]
"""[start, end) in milliseconds since the epoch."""

PLACES: Final = 10_000
"""A value is shown in steps of 1/10,000 of a percent."""

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


@dataclass(frozen=True, slots=True)
class Violation:
    """An interval in which the service failed with its budget spent; `end` None: still does."""

    start: Instant
    end: Instant | None


@dataclass(frozen=True, slots=True)
class SlaFigures:
    """An SLA so far in the period around `now`.

    Attributes:
        start, end: The whole period; `end` is after `now` for a calendar period.
        up_ms, degraded_ms, unknown_ms, down_ms, excluded_ms: Where the elapsed time went;
            they add up to `now - start` exactly.
        availability: Exact share of the measured time that was good; None if none was measured.
        value: The same in percent as it is shown: rounded down to four places, but not below
            a target that was reached.
        met: Whether the availability is at least the target; None if nothing was measured.
        coverage: Exact share of the elapsed time, in percent, that is not unknown; 0 before
            any time has elapsed.
        budget_total_ms: How much down time the whole period allows.
        budget_left_ms: What is left of it, rounded down; negative exactly when overspent.
        burn_rate: How many times faster than evenly the budget was spent in the last hour.
    """

    name: str
    service: str
    target: Decimal
    start: Instant
    end: Instant
    now: Instant
    up_ms: Millis
    degraded_ms: Millis
    unknown_ms: Millis
    down_ms: Millis
    excluded_ms: Millis
    availability: Fraction | None
    value: Decimal | None
    met: bool | None
    coverage: Fraction
    budget_total_ms: Millis
    budget_left_ms: Millis
    burn_rate: Fraction
    violations: tuple[Violation, ...]


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


def _counted(timeline: Timeline, start: Instant, end: Instant, excluded: Sequence[Span]) -> Totals:
    """Time in each status in [start, end) without the excluded spans, which lie within it."""
    up, degraded, unknown, down = timeline.totals(start, end)
    for low, high in excluded:
        gone = timeline.totals(low, high)
        up, degraded = up - gone[0], degraded - gone[1]
        unknown, down = unknown - gone[2], down - gone[3]
    return (up, degraded, unknown, down)


def _costs(status: Status, weight: Fraction) -> Fraction:
    """What a millisecond of this status takes of the budget."""
    if status is Status.DOWN:
        return Fraction(1)
    return 1 - weight if status is Status.DEGRADED else Fraction(0)


def _spent(totals: Totals, weight: Fraction) -> Fraction:
    """Budget spent in these totals: down counts whole, degraded by what it lacks of up."""
    return totals[Status.DOWN] + (1 - weight) * totals[Status.DEGRADED]


def _shown(availability: Fraction, target: Decimal) -> Decimal:
    """Percent rounded down to four places, but not to below a target that was reached.

    A target may have more places than are shown; then the target itself is the truer bound.
    """
    value = Decimal(floor(availability * 100 * PLACES)) / PLACES
    return max(value, target) if availability * 100 >= Fraction(target) else value


def _burn_rate(
    plan: SlaPlan, timeline: Timeline, period: Span, now: Instant, excluded: Sequence[Span]
) -> Fraction:
    """Error ratio of the measured part of the last hour over the ratio that the target allows.

    A target of 100 % allows none; it is taken to allow one millisecond a period.
    """
    since = now - BURN_WINDOW
    totals = _counted(timeline, since, now, merge_spans(excluded, since, now))
    measured = sum(totals) - totals[Status.UNKNOWN]
    if not measured:
        return Fraction(0)
    ratio = _spent(totals, Fraction(plan.degraded_weight)) / measured
    return ratio / max(1 - Fraction(plan.target) / 100, Fraction(1, period[1] - period[0]))


def _bad_pieces(
    timeline: Timeline, start: Instant, now: Instant, excluded: Sequence[Span], weight: Fraction
) -> Iterator[tuple[Piece, Fraction]]:
    """The pieces outside the excluded spans that spend budget, and what a millisecond costs."""
    bounds = [start, *(bound for span in excluded for bound in span), now]
    for low, high in list(pairwise(bounds))[::2]:
        for piece in timeline.pieces(low, high):
            if cost := _costs(piece.status, weight):
                yield piece, cost


def _violations(
    bad: Iterable[tuple[Piece, Fraction]], budget: Fraction, lasting: Instant | None
) -> tuple[Violation, ...]:
    """From the millisecond that overspends the budget on, every time that spends more.

    What ends at `lasting` has not ended.
    """
    found: list[Violation] = []
    for piece, cost in bad:
        free = floor(budget / cost)
        budget -= (piece.end - piece.start) * cost
        if budget >= 0:
            continue
        start, end = piece.start + free, piece.end if piece.end != lasting else None
        budget = Fraction(0)
        if found and found[-1].end == start:
            found[-1] = Violation(found[-1].start, end)
        else:
            found.append(Violation(start, end))
    return tuple(found)


def figures(
    plan: SlaPlan, timeline: Timeline, now: Instant, excluded: Sequence[Span] = ()
) -> SlaFigures:
    """What the timeline makes of the SLA at `now`.

    Args:
        excluded: Spans that count for nothing (planned maintenance); they may overlap, and
            those of the period that are still to come lessen its budget.
    """
    period = start, end = period_at(plan.period, plan.timezone, now)
    away = merge_spans(excluded, start, now)
    totals = _counted(timeline, start, now, away)
    weight, target = Fraction(plan.degraded_weight), Fraction(plan.target) / 100
    measured = sum(totals) - totals[Status.UNKNOWN]
    spent = _spent(totals, weight)
    availability = 1 - spent / measured if measured else None
    counting = end - start - _length(merge_spans(excluded, start, end)) - totals[Status.UNKNOWN]
    budget = (1 - target) * counting
    elapsed = now - start
    lasting = now if _costs(timeline.at(now), weight) else None
    return SlaFigures(
        name=plan.name,
        service=plan.service,
        target=plan.target,
        start=start,
        end=end,
        now=now,
        up_ms=totals[Status.UP],
        degraded_ms=totals[Status.DEGRADED],
        unknown_ms=totals[Status.UNKNOWN],
        down_ms=totals[Status.DOWN],
        excluded_ms=_length(away),
        availability=availability,
        value=None if availability is None else _shown(availability, plan.target),
        met=None if availability is None else availability >= target,
        coverage=Fraction(100 * (elapsed - totals[Status.UNKNOWN]), elapsed or 1),
        budget_total_ms=floor(budget),
        budget_left_ms=floor(budget - spent),
        burn_rate=_burn_rate(plan, timeline, period, now, excluded),
        violations=_violations(_bad_pieces(timeline, start, now, away, weight), budget, lasting),
    )
