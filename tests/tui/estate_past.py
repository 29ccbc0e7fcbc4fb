"""What the made-up estate answers when it is asked: how budgets went, what was in the past."""

from __future__ import annotations

from daemon.api.schema import BudgetPoint, BurnWindowView, SlaCourseView, SlaView, WhatIf
from daemon.api.times import stamp
from tests.tui.estate import DAY, HOUR, MINUTE, NOW

STEPS = 120


def course(sla: SlaView, more_ms: int = 0) -> SlaCourseView:
    """Half of what is spent went a week ago, the rest in the last hours."""
    start = NOW - 20 * DAY
    total, left = sla.budget.total_ms, sla.budget.left_ms
    half = (total + left) // 2
    points = []
    for step in range(STEPS + 1):
        at = start + (NOW - start) * step // STEPS
        value = total if at < NOW - 6 * DAY else half if at < NOW - HOUR else left
        points.append(BudgetPoint(at=stamp(at), left_ms=value))
    after = left - more_ms
    shown = f"{100 - 0.1 * (total - after) / total:.2f}"
    return SlaCourseView(
        name=sla.name, period=sla.period, until=stamp(NOW), total_ms=total, points=points,
        windows=windows(sla.burn_rate),
        what_if=WhatIf(more_ms=more_ms, left_ms=after, value=float(shown), shown=shown,
                       met=after >= 0, credit_percent=0.0 if after >= 0 else 10.0),
    )  # fmt: skip


def windows(rate: float) -> list[BurnWindowView]:
    """Of the usual alerts, as they are when a budget burns so fast for an hour."""
    rows = (
        (14.4, HOUR, 5 * MINUTE, rate, rate * 2), (6.0, 6 * HOUR, 30 * MINUTE, rate / 2, rate),
        (3.0, DAY, 2 * HOUR, rate / 3, rate / 2), (1.0, 3 * DAY, 6 * HOUR, rate / 8, None),
    )  # fmt: skip
    return [
        BurnWindowView(
            long_ms=long, short_ms=short, rate=limit, severity="critical", long_rate=over,
            short_rate=lately, alerts=True,
            exceeded=over >= limit and lately is not None and lately >= limit,
        )
        for limit, long, short, over, lately in rows
    ]  # fmt: skip
