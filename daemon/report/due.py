"""When a report that is made by itself is due, and what is asked for it.

It is due at a time of day of its own zone's clock, on the first day after its period; what that
clock never shows is due when it shows anything later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from daemon.api.schema.daily import AnyReport
from daemon.core.model import Instant
from daemon.core.oncall.clockwork import local_at, reached
from daemon.core.plan import Plan
from daemon.report.daily.day import day_of
from daemon.report.daily.question import ask_day
from daemon.report.daily.view import make_daily
from daemon.report.periods import Period, period_before
from daemon.report.question import ask
from daemon.report.schedule import ReportKind, ReportPlan
from daemon.report.view import make


def due_period(plan: ReportPlan, now: Instant) -> Period:
    """The last period whose report is due by now."""
    period = period_before(plan.every, plan.timezone, now)
    start, end = period.bounds()
    if now < _due_at(plan, end):
        period = period_before(plan.every, plan.timezone, start)
    if plan.kind is ReportKind.ALERTS:
        return replace(period, label=day_of(period.bounds()[0], plan.timezone).label)
    return period


def question_of(
    plan: ReportPlan, period: Period, known: Plan, now: Instant
) -> Callable[[sqlite3.Connection], AnyReport]:
    """What is to be asked for the report of this period, in a process of its own.

    Args:
        known: The configuration.

    Raises:
        NoSuchScope: It has not what the report is about.
    """
    if plan.kind is ReportKind.ALERTS:
        day = day_of(period.bounds()[0], plan.timezone)
        about = ask_day(known, day, now, plan.service, plan.organization)
        return partial(make_daily, question=about)
    return partial(make, question=ask(known, period, now, None, plan.service, plan.organization))


def is_ready(plan: ReportPlan, view: AnyReport) -> bool:
    """Whether it can go out: of SLAs once nothing can change it; of alerts at its time, for an
    outage that goes on leaves its last hours open for a day."""
    return view.final or plan.kind is ReportKind.ALERTS


def _due_at(plan: ReportPlan, end: Instant) -> Instant:
    zone = ZoneInfo(plan.timezone)
    midnight = local_at(end, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return reached(midnight + timedelta(minutes=plan.at_minute), zone)
