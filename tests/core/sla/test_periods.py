"""Periods follow the calendar of their zone, also where its clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from daemon.core.model import DAY, HOUR, Instant
from daemon.core.sla.periods import period_at


def ms(text: str) -> Instant:
    """An ISO time with its offset as milliseconds since the epoch."""
    return int(datetime.fromisoformat(text).timestamp()) * 1000


@pytest.mark.parametrize(
    ("period", "zone", "now", "start", "end"),
    [
        ("month", "UTC", "2026-11-21T10:00+00:00", "2026-11-01T00:00Z", "2026-12-01T00:00Z"),
        ("month", "UTC", "2026-12-31T23:59+00:00", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("month", "UTC", "2028-02-29T12:00+00:00", "2028-02-01T00:00Z", "2028-03-01T00:00Z"),
        ("quarter", "UTC", "2026-05-02T00:00Z", "2026-04-01T00:00Z", "2026-07-01T00:00Z"),
        ("quarter", "UTC", "2026-12-02T00:00Z", "2026-10-01T00:00Z", "2027-01-01T00:00Z"),
        ("year", "UTC", "2026-05-02T00:00Z", "2026-01-01T00:00Z", "2027-01-01T00:00Z"),
        (
            "month",
            "Europe/Berlin",
            "2026-02-28T23:30Z",
            "2026-03-01T00:00+01:00",
            "2026-04-01T00:00+02:00",
        ),
        (
            "year",
            "America/New_York",
            "2026-01-01T04:59Z",
            "2025-01-01T00:00-05:00",
            "2026-01-01T00:00-05:00",
        ),
    ],
)
def test_a_calendar_period_holds_its_moment(
    period: str, zone: str, now: str, start: str, end: str
) -> None:
    assert period_at(period, zone, ms(now)) == (ms(start), ms(end))


@pytest.mark.parametrize(
    ("now", "length"),
    [
        ("2026-03-15T00:00Z", 31 * DAY - HOUR),
        ("2026-10-15T00:00Z", 31 * DAY + HOUR),
        ("2026-07-15T00:00Z", 31 * DAY),
    ],
)
def test_a_month_in_which_the_clocks_change_is_an_hour_off(now: str, length: int) -> None:
    start, end = period_at("month", "Europe/Berlin", ms(now))
    assert end - start == length


def test_a_period_starts_at_the_change_where_midnight_does_not_exist() -> None:
    """Asuncion put its clocks forward at the midnight that began October 2023."""
    zone = ZoneInfo("America/Asuncion")
    start, _ = period_at("month", "America/Asuncion", ms("2023-10-15T00:00Z"))
    local = datetime.fromtimestamp(start / 1000, zone)
    assert (local.day, local.hour) == (1, 1)
    before = datetime.fromtimestamp(start / 1000 - 1, zone)
    assert (before.month, before.hour) == (9, 23)


def test_a_period_starts_at_the_first_midnight_where_it_comes_twice() -> None:
    """St John's put its clocks back at 00:01 on 1 November 2009, into October again."""
    twice = ms("2009-10-31T23:30-03:30")
    assert datetime.fromtimestamp(twice / 1000, ZoneInfo("America/St_Johns")).month == 10
    first_midnight = ms("2009-11-01T00:00-02:30")
    assert twice > first_midnight
    assert period_at("month", "America/St_Johns", twice)[0] == first_midnight
    assert period_at("month", "America/St_Johns", first_midnight - 1)[1] == first_midnight
    assert period_at("month", "America/St_Johns", first_midnight)[0] == first_midnight


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_periods_change_exactly_when_the_local_month_does(zone: str) -> None:
    moment = datetime(2025, 12, 20, tzinfo=UTC)
    months = set()
    while moment < datetime(2027, 1, 10, tzinfo=UTC):
        now = int(moment.timestamp()) * 1000
        start, end = period_at("month", zone, now)
        local = moment.astimezone(ZoneInfo(zone))
        first = datetime.fromtimestamp(start / 1000, UTC).astimezone(ZoneInfo(zone))
        assert start <= now < end
        assert (first.year, first.month, first.day, first.hour) == (local.year, local.month, 1, 0)
        months.add((start, end))
        moment += timedelta(minutes=45)
    ordered = sorted(months)
    assert all(a[1] == b[0] for a, b in pairwise(ordered))


def test_a_rolling_period_ends_now() -> None:
    assert period_at(30 * DAY, "UTC", 40 * DAY) == (10 * DAY, 40 * DAY)


def test_a_word_or_zone_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        period_at("fortnight", "UTC", 0)
    with pytest.raises(ZoneInfoNotFoundError):
        period_at("month", "Europe/Atlantis", 0)
