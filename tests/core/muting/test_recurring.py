"""When planned work begins by a recurrence rule, by the clock on the wall."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.model import DAY, HOUR, Instant
from daemon.core.muting.maintenance import Calendar, Window, last_window, occurrences, window_at
from daemon.core.muting.recurring import checked_rrule
from daemon.core.plan import MaintenancePlan
from tests.core.oncall.test_schedules import local, ms

MONTHLY = MaintenancePlan(
    "monthly", "Europe/Berlin", services=("shop",), excludes=("shop",),
    rrule="FREQ=MONTHLY;BYDAY=-1SU", start=local("2026-01-25T03:00"), duration=2 * HOUR,
)  # fmt: skip


def begins(plan: MaintenancePlan, start: str, end: str) -> list[Instant]:
    return [low for low, _ in occurrences(plan, ms(start), ms(end))]


def test_the_last_sunday_of_each_month_at_three_by_the_clock_of_the_zone() -> None:
    found = begins(MONTHLY, "2026-01-01T00:00", "2026-05-01T00:00")
    assert found == [
        ms("2026-01-25T02:00"), ms("2026-02-22T02:00"), ms("2026-03-29T01:00"),
        ms("2026-04-26T01:00"),
    ]  # fmt: skip


def test_it_begins_no_sooner_than_its_start_and_ends_with_its_count() -> None:
    twice = replace(MONTHLY, rrule="FREQ=WEEKLY;COUNT=2")
    found = begins(twice, "2025-01-01T00:00", "2027-01-01T00:00")
    assert found == [ms("2026-01-25T02:00"), ms("2026-02-01T02:00")]
    assert window_at(twice, ms("2026-03-01T00:00")) is None
    until = replace(MONTHLY, rrule="FREQ=WEEKLY;UNTIL=20260201T030000")
    assert begins(until, "2025-01-01T00:00", "2027-01-01T00:00") == found


def test_the_window_that_is_active_or_comes_next_is_found() -> None:
    low = ms("2026-03-29T01:00")
    for at in (ms("2026-03-01T00:00"), low, low + 2 * HOUR - 1):
        assert window_at(MONTHLY, at) == Window(low, low + 2 * HOUR)
    assert last_window(MONTHLY) is None


def test_occurrences_that_touch_are_one_window() -> None:
    daily = replace(MONTHLY, rrule="FREQ=DAILY;COUNT=5", duration=DAY, timezone="UTC")
    start = ms("2026-01-25T03:00")
    assert window_at(daily, start + 2 * DAY + HOUR) == Window(start, start + 5 * DAY)


def test_slas_leave_it_out() -> None:
    calendar = Calendar({"monthly": MONTHLY})
    spans = calendar.excluded("shop", ms("2026-02-01T00:00"), ms("2026-03-01T00:00"))
    assert spans == [(ms("2026-02-22T02:00"), ms("2026-02-22T04:00"))]


@pytest.mark.parametrize(
    "wrong",
    ["", "FREQ=HOURLY", "FREQ=DAILY\nFREQ=WEEKLY", "DTSTART:20260101",
     "FREQ=DAILY;UNTIL=20260201T030000Z", "FREQ=DAILY;" + "BYDAY=MO;" * 50],
)  # fmt: skip
def test_what_is_no_rule_of_days_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="recurrence rule"):
        checked_rrule(wrong, local("2026-01-25T03:00"))


@pytest.mark.parametrize(
    "never",
    ["FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
     "FREQ=YEARLY;BYMONTH=2;UNTIL=20260126T000000"],
)  # fmt: skip
def test_days_that_never_come_are_found_out_without_looking_for_ever(never: str) -> None:
    with pytest.raises(ValueError, match="never comes"):
        checked_rrule(never, local("2026-01-25T03:00"))
