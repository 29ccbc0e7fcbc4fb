"""What the made-up estate answers when it is asked: how budgets went, what was in the past."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema import (
    Advice,
    BudgetPoint,
    BurnWindowView,
    DurationsView,
    ExclusionPreview,
    HealthPart,
    HealthView,
    NoiseView,
    SlaCourseView,
    SlaView,
    Standing,
    StatisticsView,
    TopAlertView,
    TrendLine,
    TrendsView,
    WhatIf,
)
from daemon.api.schema.analysis import Band
from daemon.api.schema.base import SeverityWord
from daemon.api.times import stamp
from daemon.core.sla.showing import percent_text
from tests.tui.estate import DAY, HOUR, MINUTE, NOW, ago, services

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


def preview(sla: SlaView) -> ExclusionPreview:
    """All that failed would be out."""
    left = sla.budget.left_ms
    shown = None if sla.value is None else percent_text(sla.value, sla.target)
    return ExclusionPreview(
        before=Standing(value=sla.value, shown=shown, met=sla.met, level=sla.level, left_ms=left,
                        credit_percent=sla.credit_percent),
        after=Standing(value=99.9613, shown="99.96", met=True, level="good",
                       left_ms=left + 15 * MINUTE, credit_percent=0.0),
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


def health() -> list[HealthView]:
    """From critical to excellent; one that was never measured."""
    scores: list[int | None] = [31, 58, 72, None, 88, *[97] * 7]
    return [
        HealthView(
            service=service.name, status=service.status, score=score, band=_band(score),
            limit=49 if service.status == "down" else None, since=ago(7 * DAY), until=ago(0),
            parts=[] if score is None else parts(float(score)),
        )
        for service, score in zip(services(), scores, strict=True)
    ]  # fmt: skip


def _band(score: int | None) -> Band | None:
    if score is None:
        return None
    bounds: list[tuple[int, Band]] = [(95, "excellent"), (85, "good"), (70, "fair"), (50, "poor")]
    return next((word for least, word in bounds if score >= least), "critical")


def parts(score: float) -> list[HealthPart]:
    """What a score is made of; one part cannot be told."""
    return [
        HealthPart(name="status", weight=30, score=0.0, text="down for 4m"),
        HealthPart(name="availability", weight=30, score=score, text="99.61% of 7 days"),
        HealthPart(name="incidents", weight=20, score=60.0, text="1 critical, 3 high"),
        HealthPart(name="latency", weight=10, score=92.0, text="p95 212ms, 198ms before"),
        HealthPart(name="budget", weight=10, score=None, text="it has no SLA"),
    ]


def statistics(service: str | None = None) -> StatisticsView:
    """Busy office hours; nothing at all of the login."""
    total = 0 if service == "login" else 47
    week = [
        (3 if 9 <= hour < 17 else 1 if hour == 3 else 0) * (day < 5) + (day == 6 and hour == 20) * 8
        for day in range(7)
        for hour in range(24)
    ]
    times = DurationsView(
        count=total, average_ms=9 * MINUTE, median_ms=4 * MINUTE, p95_ms=31 * MINUTE,
        least_ms=20_000, greatest_ms=2 * HOUR,
    )  # fmt: skip
    return StatisticsView(
        since=ago(7 * DAY), until=ago(0), timezone="Europe/Berlin", total=total, open=4,
        acknowledged=1, resolved=42, escalated=6,
        by_severity={"emergency": 2, "critical": 9, "high": 20, "low": 16, "medium": 0, "info": 0},
        by_service={"checkout": 21, "orders-db": 14, "search": 9, "": 3},
        by_hour_of_week=week if total else [0] * 168, to_acknowledge=times, to_resolve=times,
    )  # fmt: skip


def trends(unit: Literal["hour", "day"], days: int, service: str | None = None) -> TrendsView:
    """Down time on every third day, one of them long."""
    steps, length = (25, HOUR) if unit == "hour" else (days + 1, DAY)
    down = [0 if service == "login" or at % 3 else (at + 1) * MINUTE for at in range(steps)]
    line = TrendLine(
        service=service, span_ms=[length] * steps, up_ms=[length - ms for ms in down],
        degraded_ms=[0] * steps, down_ms=down, unknown_ms=[0] * steps,
        availability=[100.0 - 100 * ms / length for ms in down],
        incidents=[0 if service == "login" else at % 4 for at in range(steps)],
    )  # fmt: skip
    starts = [stamp(NOW - NOW % length - (steps - 1 - at) * length) for at in range(steps)]
    return TrendsView(unit=unit, starts=starts, services=1 if service else 12, total=line)


def top() -> list[TopAlertView]:
    """What fires most."""
    rows: list[tuple[str, str, SeverityWord, int]] = [
        ("CheckDown", "checkout", "critical", 21), ("OrdersSlow", "orders-db", "high", 14),
        ("HeartbeatLate", "mailer", "medium", 3),
    ]  # fmt: skip
    return [
        TopAlertView(
            name=name, source=f"check:{service}-http", service=service, severity=severity,
            count=count, open=1, firing_ms=count * 7 * MINUTE, longest_ms=31 * MINUTE,
            shortest_ms=9_000, escalated=count // 7, unacknowledged=count // 2, short=2, again=1,
        )
        for name, service, severity, count in rows
    ]  # fmt: skip


def noise() -> list[NoiseView]:
    """What to tune, of the noisiest."""
    advice = Advice(
        why="short", count=11, share=0.79, table="[[rule]] orders-slow", key="for",
        text="11 of 14 were over within a minute: let it hold longer before it fires",
    )  # fmt: skip
    return [NoiseView(alert=top()[1], noise=0.79, advice=[advice])]
