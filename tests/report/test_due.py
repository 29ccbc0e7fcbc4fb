"""A report that is made by itself is due at its time of day, by the clock of its zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.report.due import due_period
from daemon.report.schedule import ReportKind, ReportPlan

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def daily(**changes: Any) -> ReportPlan:
    settings: dict[str, Any] = {"kind": ReportKind.ALERTS, "at_minute": 7 * 60}
    return ReportPlan("morning", "day", BERLIN, **settings | changes)


def test_before_its_time_the_last_one_is_that_of_the_day_before() -> None:
    assert due_period(daily(), at("2026-11-21T06:59:59")).label == "2026-11-19"
    assert due_period(daily(), at("2026-11-21T07:00:00")).label == "2026-11-20"
    assert due_period(daily(), at("2026-11-21T23:59:59")).label == "2026-11-20"


@pytest.mark.parametrize(
    ("day", "utc"), [("2026-10-25", "06:00"), ("2026-03-29", "05:00"), ("2026-03-28", "06:00")]
)
def test_its_time_stays_where_it_is_when_the_clocks_change(day: str, utc: str) -> None:
    due = at(f"{day}T{utc}", "UTC")
    found = [due_period(daily(), due + more) for more in (-1, 0)]
    assert found[0].label < found[1].label < day
    start, end = found[1].bounds()
    assert end == at(f"{day}T00:00"), "the day before, whole"
    assert start == at(f"{found[1].label}T00:00")


def test_a_time_that_the_clock_never_shows_comes_at_the_first_moment_after_it() -> None:
    """At two the clock goes to three on 2026-03-29."""
    plan = daily(at_minute=2 * 60 + 30)
    first = at("2026-03-29T01:00", "UTC")
    assert due_period(plan, first - 1).label == "2026-03-27"
    assert due_period(plan, first).label == "2026-03-28"


def test_a_report_of_slas_is_due_with_its_period_or_at_its_time() -> None:
    plan = ReportPlan("monthly", "month", BERLIN)
    assert due_period(plan, at("2026-11-01T00:00")).label == "2026-10"
    later = ReportPlan("monthly", "month", BERLIN, at_minute=8 * 60)
    assert due_period(later, at("2026-11-01T07:59")).label == "2026-09"
    assert due_period(later, at("2026-11-01T08:00")).label == "2026-10"
