"""The bad time of a period, one piece after the other: violations, outages, and their means.

What a millisecond costs of the budget depends on its status alone (`Costs`). A violation is
the bad time after the budget was spent; an outage is down time without a break, whatever the
budget. Both leave excluded time out and end where it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from checks.result import Status
from daemon.core.model import Amendment, Instant, Millis
from daemon.core.plan import SlaPlan, UnknownTime
from daemon.core.sla.values import Handled, Outage, Reliability, Violation
from daemon.core.timeline import Stretch, Timeline, Totals

Span = tuple[Instant, Instant]
"""[start, end) in milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a millisecond takes of the budget: down all of it, degraded what it lacks of up.

    Attributes:
        unknown: None where unknown time is not counted at all.
    """

    degraded: Fraction
    unknown: Fraction | None

    @classmethod
    def of(cls, plan: SlaPlan) -> Costs:
        """As this objective counts."""
        unknown = {UnknownTime.DOWN: Fraction(1), UnknownTime.UP: Fraction(0)}.get(plan.unknown)
        return cls(1 - Fraction(plan.degraded_weight), unknown)

    def at(self, status: Status) -> Fraction:
        """What a millisecond of this status costs."""
        if status is Status.DOWN:
            return Fraction(1)
        if status is Status.UNKNOWN:
            return self.unknown or Fraction(0)
        return self.degraded if status is Status.DEGRADED else Fraction(0)

    def prices(self, other: Fraction) -> tuple[int, tuple[int, ...]]:
        """A unit that splits a millisecond so finely that each cost, and this other amount of
        milliseconds, is a whole number of its parts; and the costs in it, by `Status`."""
        each = [self.at(status) for status in Status]
        unit = lcm(other.denominator, *(cost.denominator for cost in each))
        return unit, tuple(cost.numerator * (unit // cost.denominator) for cost in each)

    def spent(self, totals: Totals) -> Fraction:
        """What these totals cost."""
        lost = (self.unknown or 0) * totals[Status.UNKNOWN]
        return totals[Status.DOWN] + self.degraded * totals[Status.DEGRADED] + lost

    def counted(self, totals: Totals) -> Millis:
        """How much of these totals counts, good or bad."""
        return sum(totals) - (totals[Status.UNKNOWN] if self.unknown is None else 0)


def counted_stretches(
    timeline: Timeline, start: Instant, end: Instant, excluded: Sequence[Span]
) -> list[Stretch]:
    """What the timeline says of [start, end) outside the excluded spans, which are disjoint, in
    order and within it."""
    if not excluded:
        return timeline.stretches(start, end)
    bounds = [start, *(bound for span in excluded for bound in span), end]
    found: list[Stretch] = []
    for low, high in zip(bounds[::2], bounds[1::2], strict=True):
        found += timeline.stretches(low, high)
    return found


def violations(
    stretches: Iterable[Stretch],
    costs: Costs,
    budget: Fraction,
    lasting: Instant | None,
    notes: Sequence[Amendment] = (),
) -> tuple[Violation, ...]:
    """From the millisecond that overspends the budget on, every time that spends more.

    Budget and costs are counted in a unit of which each is a whole number, so exactly.

    Args:
        lasting: What ends here has not ended.
        notes: Each stands with the violations that it shares time with.
    """
    unit, prices = costs.prices(budget)
    left = budget.numerator * (unit // budget.denominator)
    found: list[tuple[Instant, Instant, int]] = []
    for start, end, status in stretches:
        price = prices[status]
        spent = (end - start) * price
        if not spent:
            continue
        if spent <= left:
            left -= spent
            continue
        begin, depth, left = start + left // price, spent - max(left, 0), 0
        if found and found[-1][1] == begin:
            begin, _, before = found.pop()
            depth += before
        found.append((begin, end, depth))
    return tuple(
        Violation(
            low, None if high == lasting else high, -(-over // unit), _about(notes, low, high)
        )
        for low, high, over in found
    )


def _about(notes: Sequence[Amendment], start: Instant, end: Instant) -> tuple[Amendment, ...]:
    return tuple(note for note in notes if note.start < end and note.end > start) if notes else ()


def outages(stretches: Iterable[Stretch], lasting: Instant | None) -> tuple[Outage, ...]:
    """Down time without a break; what ends at `lasting` has not ended."""
    spans: list[Span] = []
    for start, end, status in stretches:
        if status is not Status.DOWN:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return tuple(
        Outage(start, None if end == lasting else end, end - start) for start, end in spans
    )


def reliability(
    found: tuple[Outage, ...], not_down_ms: Millis, handled: Sequence[Handled]
) -> Reliability:
    """The means over a period.

    Args:
        not_down_ms: Counted time that was not down.
    """
    ended = [outage.length_ms for outage in found if outage.end is not None]
    waits = [
        one.acknowledged_at - one.fired_at for one in handled if one.acknowledged_at is not None
    ]
    return Reliability(
        outages=found,
        mtta_ms=_mean_up(waits),
        mttr_ms=_mean_up(ended),
        mtbf_ms=not_down_ms // len(found) if found else None,
    )


def _mean_up(spans: Sequence[Millis]) -> Millis | None:
    """The mean, rounded up."""
    return -(-sum(spans) // len(spans)) if spans else None
