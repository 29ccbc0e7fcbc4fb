"""How fast a budget burns, and which speed is an alarm.

Theory (the SRE workbook's multi-window, multi-burn-rate alerts). A burn rate of 1 spends the
budget exactly by the period's end. A fast burn is seen in a short time, a slow one only over
a long one, so there are several windows, each with the share of the budget that may be gone
before somebody is told. Over 30 days these are:

    rate   long   short   of the budget
    14.4   1 h    5 min   2 %
    6      6 h    30 min  5 %
    3      1 d    2 h     10 %
    1      3 d    6 h     10 %

Other periods keep the rates and stretch the windows in proportion, so that the same share of
the budget is gone. The short window, a twelfth of the long one, ends the alarm soon after the
burning has ended. No rate above 1 / (1 - target) can be reached: then everything fails.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from daemon.core.model import DAY, HOUR, MINUTE, Instant, Millis
from daemon.core.plan import BurnPlan, SlaPlan
from daemon.core.severity import Severity
from daemon.core.sla.periods import period_at

WINDOW: Final = HOUR
"""The burn rate that is shown looks back this far."""

_LENGTHS: Final = {"month": 30 * DAY, "quarter": 91 * DAY, "year": 365 * DAY}
"""How long a calendar period counts as, for its windows."""

_USUAL: Final = (
    BurnPlan(Decimal("14.4"), HOUR, 5 * MINUTE, Severity.CRITICAL),
    BurnPlan(Decimal(6), 6 * HOUR, 30 * MINUTE, Severity.CRITICAL),
    BurnPlan(Decimal(3), DAY, 2 * HOUR, Severity.MEDIUM),
    BurnPlan(Decimal(1), 3 * DAY, 6 * HOUR, Severity.MEDIUM),
)
_USUAL_PERIOD: Final = 30 * DAY
_LEAST_SHORT: Final = MINUTE


def longest(period: str | Millis) -> Millis:
    """How long a period is, near enough for windows over it."""
    return period if isinstance(period, int) else _LENGTHS[period]


def usual(period: str | Millis) -> tuple[BurnPlan, ...]:
    """The usual windows, stretched to this period."""
    length = longest(period)
    return tuple(
        BurnPlan(
            one.rate,
            one.long * length // _USUAL_PERIOD,
            max(_LEAST_SHORT, one.short * length // _USUAL_PERIOD),
            one.severity,
        )
        for one in _USUAL
    )


def reachable(target: Decimal) -> Decimal:
    """The burn rate while everything fails; no higher one can be."""
    return 1 / (1 - target / 100)


def reach(plan: SlaPlan, now: Instant) -> Instant:
    """The oldest moment that this objective asks about."""
    start, _ = period_at(plan.period, plan.timezone, now)
    windows = (burn.long for burn in plan.burns)
    return min(start, now - max(WINDOW, *windows, WINDOW))


def exceeds(rate: Fraction, burn: BurnPlan) -> bool:
    """Whether a burn rate is at least that of the alarm."""
    return rate >= Fraction(burn.rate)
