"""The bad time of a period, one piece after the other: violations, outages, and their means.

What a millisecond costs of the budget depends on its status alone (`Costs`). A violation is
the bad time after the budget was spent; an outage is down time without a break, whatever the
budget. Both leave excluded time out and end where it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from operator import mul

from checks.result import Status
from daemon.core.model import Amendment, Instant, Millis
from daemon.core.plan import SlaPlan, UnknownTime
from daemon.core.record import record
from daemon.core.sla.timeline import Stretch, Timeline, Totals
from daemon.core.sla.values import Outage, Reliability, Violation

Span = tuple[Instant, Instant]
"""[start, end) in milliseconds since the epoch."""


@record(frozen=True, slots=True)
class Costs:
    """What a millisecond takes of the budget: down all of it, degraded what it lacks of up.

    Attributes:
        degraded: In whole parts of a millisecond, as many as `unit` says it has.
        unknown: Whether unknown time costs as down time does; None where it is not counted.
    """

    degraded: int
    unknown: bool | None
    unit: int = 1

    @classmethod
    def of(cls, plan: SlaPlan) -> Costs:
        """As this objective counts."""
        return _costs(plan.degraded_weight, plan.unknown)

    @property
    def prices(self) -> tuple[int, int, int, int]:
        """What a millisecond of each status costs, in parts."""
        return 0, self.degraded, self.unit if self.unknown else 0, self.unit

    def at(self, status: Status) -> int:
        """What a millisecond of this status costs, in parts."""
        return self.prices[status]

    def spent(self, totals: Totals) -> Fraction:
        """What these totals cost."""
        return Fraction(self._parts(totals), self.unit)

    def counted(self, totals: Totals) -> Millis:
        """How much of these totals counts, good or bad."""
        return sum(totals) - (totals[Status.UNKNOWN] if self.unknown is None else 0)

    def share(self, totals: Totals) -> Fraction | None:
        """The share of what counts that was good; None where nothing counts."""
        whole = self.counted(totals) * self.unit
        return Fraction(whole - self._parts(totals), whole) if whole else None

    def finer(self, other: Fraction) -> Costs:
        """The same, with a unit in which this other amount of milliseconds is a whole number."""
        many = lcm(self.unit, other.denominator) // self.unit
        return Costs(self.degraded * many, self.unknown, self.unit * many)

    def _parts(self, totals: Totals) -> int:
        return sum(map(mul, self.prices, totals))


@lru_cache(maxsize=64)
def _costs(degraded_weight: Decimal, unknown: UnknownTime) -> Costs:
    """Remembered: a thousand objectives count in a few ways."""
    lacks = 1 - Fraction(degraded_weight)
    at_all = {UnknownTime.DOWN: True, UnknownTime.UP: False}.get(unknown)
    return Costs(lacks.numerator, at_all, lacks.denominator)


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
    costs = costs.finer(budget)
    unit, prices = costs.unit, costs.prices
    left = max(0, int(budget * unit))
    found: list[tuple[Instant, Instant, int]] = []
    dear = [(start, end, price) for start, end, status in stretches if (price := prices[status])]
    for start, end, price in dear:
        spent = (end - start) * price
        if spent <= left:
            left -= spent
            continue
        begin, depth, left = start + left // price, spent - left, 0
        if found and found[-1][1] == begin:
            begin, _, before = found.pop()
            depth += before
        found.append((begin, end, depth))
    return tuple(
        [
            Violation(
                low,
                None if high == lasting else high,
                -(-over // unit),
                _about(notes, low, high) if notes else (),
            )
            for low, high, over in found
        ]
    )


def _about(notes: Sequence[Amendment], start: Instant, end: Instant) -> tuple[Amendment, ...]:
    return tuple(note for note in notes if note.start < end and note.end > start)


def outages(stretches: Iterable[Stretch], lasting: Instant | None) -> tuple[Outage, ...]:
    """Down time without a break; what ends at `lasting` has not ended."""
    spans: list[Span] = []
    down = Status.DOWN
    for start, end in [(start, end) for start, end, status in stretches if status is down]:
        if spans and spans[-1][1] == start:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return tuple(
        [Outage(start, None if end == lasting else end, end - start) for start, end in spans]
    )


def reliability(found: tuple[Outage, ...], not_down_ms: Millis) -> Reliability:
    """The means over a period.

    Args:
        not_down_ms: Counted time that was not down.
    """
    ended = [outage.length_ms for outage in found if outage.end is not None]
    return Reliability(
        outages=found,
        mttr_ms=_mean_up(ended),
        mtbf_ms=not_down_ms // len(found) if found else None,
    )


def _mean_up(spans: Sequence[Millis]) -> Millis | None:
    """The mean, rounded up."""
    return -(-sum(spans) // len(spans)) if spans else None
