"""How an objective's budget went, how fast it burns, and what a longer outage would make of it.

Asked for one objective at a time, when somebody looks at it; the figures beside it are those
of `daemon.core.sla.availability`, and this is counted from the same timeline at the same costs, so
that the last point of the course is the budget that is left. Each point costs some searches in
the timeline's sums, so a year of flapping takes no longer than a quiet one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from operator import mul
from typing import Final

from daemon.core.model import Instant, Millis
from daemon.core.plan import BurnPlan, SlaPlan
from daemon.core.record import record
from daemon.core.sla.availability import credit_of, look_at, merge_spans
from daemon.core.sla.burning import exceeds, usual
from daemon.core.sla.failing import Costs, Span
from daemon.core.sla.showing import value_of
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.values import SlaFigures

STEPS: Final = 240
"""The elapsed period is drawn in so many steps."""


@record(frozen=True, slots=True)
class Point:
    """What was left of the budget at a moment; negative when overspent, rounded down."""

    at: Instant
    left_ms: Millis


@record(frozen=True, slots=True)
class Burning:
    """How fast the budget burns over a long and a short window; None where nothing counted.

    Attributes:
        alerts: Whether the objective has an alert of this window.
        exceeded: Whether both rates are at least the window's.
    """

    window: BurnPlan
    long_rate: Fraction | None
    short_rate: Fraction | None
    alerts: bool

    @property
    def exceeded(self) -> bool:
        """Whether both rates are at least the window's."""
        rates = (self.long_rate, self.short_rate)
        return all(rate is not None and exceeds(rate, self.window) for rate in rates)


@record(frozen=True, slots=True)
class Trial:
    """How the period would end with so much more down time, and no other.

    Attributes:
        value: Percent as it is shown; None while nothing can be counted.
    """

    more_ms: Millis
    left_ms: Millis
    availability: Fraction | None
    value: Decimal | None
    met: bool | None
    credit_percent: Decimal


@record(frozen=True, slots=True)
class Course:
    """An objective's period until now.

    Attributes:
        points: From the period's start to now, at equal steps.
    """

    figures: SlaFigures
    points: tuple[Point, ...]
    burning: tuple[Burning, ...]
    trial: Trial


def course(
    plan: SlaPlan,
    timeline: Timeline,
    made: SlaFigures,
    planned: Sequence[Span],
    reach: Instant,
    more_ms: Millis = 0,
) -> Course:
    """What the timeline says of the way to these figures.

    Args:
        planned: Spans that count for nothing, from `reach` to the period's end.
        reach: The oldest moment that the timeline knows.
        more_ms: Down time to try on top.
    """
    away = [*planned, *((one.start, one.end) for one in made.exclusions)]
    costs, start, until = Costs.of(plan), made.start, made.now
    countable = _countable(made, costs, away)
    budget = (1 - Fraction(plan.target) / 100) * countable
    totals = (made.up_ms, made.degraded_ms, made.unknown_ms, made.down_ms)
    return Course(
        figures=made,
        points=tuple(_points(timeline, merge_spans(away, start, until), costs, budget, made)),
        burning=tuple(_burning(plan, timeline, until, away, reach)),
        trial=_trial(plan, countable, budget, costs.spent(totals) + more_ms, more_ms),
    )


def _countable(made: SlaFigures, costs: Costs, away: Iterable[Span]) -> Millis:
    """How much of the whole period counts, if all that is to come is measured."""
    gone = sum(high - low for low, high in merge_spans(away, made.start, made.end))
    uncounted = made.unknown_ms if costs.unknown is None else 0
    return made.end - made.start - gone - uncounted


def _points(
    timeline: Timeline, away: Sequence[Span], costs: Costs, budget: Fraction, made: SlaFigures
) -> Iterable[Point]:
    """What was left at each step; excluded time costs nothing."""
    start, until, costs = made.start, made.now, costs.finer(budget)
    unit, prices = costs.unit, costs.prices

    def spent(low: Instant, high: Instant) -> int:
        return sum(map(mul, prices, timeline.totals(low, high)))

    left, before, at = int(budget * unit), start, 0
    for mark in sorted({start + (until - start) * step // STEPS for step in range(STEPS + 1)}):
        left -= spent(before, mark)
        while at < len(away) and away[at][0] < mark:
            left += spent(max(away[at][0], before), min(away[at][1], mark))
            if away[at][1] > mark:
                break
            at += 1
        yield Point(mark, left // unit)
        before = mark


def _burning(
    plan: SlaPlan, timeline: Timeline, now: Instant, away: Sequence[Span], reach: Instant
) -> Iterable[Burning]:
    """Over the windows that the objective alerts on; without any, the usual ones, as far as the
    timeline goes back."""
    known = [window for window in usual(plan.period) if now - window.long >= reach]
    windows = plan.burns or tuple(known)
    look = look_at(replace(plan, burns=windows), timeline, now, away)
    for window, (long, short) in zip(windows, look.rates, strict=True):
        yield Burning(window, long, short, alerts=bool(plan.burns))


def _trial(
    plan: SlaPlan, countable: Millis, budget: Fraction, spent: Fraction, more_ms: Millis
) -> Trial:
    share = max(Fraction(0), 1 - spent / countable) if countable > 0 else None
    return Trial(
        more_ms=more_ms,
        left_ms=floor(budget - spent),
        availability=share,
        value=None if share is None else value_of(share, plan.target),
        met=None if share is None else share * 100 >= Fraction(plan.target),
        credit_percent=credit_of(plan, share),
    )
