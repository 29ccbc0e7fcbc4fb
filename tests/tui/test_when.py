"""Moments in words: what an operator may write, and how the screen names it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.estate import DAY, HOUR, MINUTE, NOW
from tui.drawing.when import ago_words, parse_moment, past_words

SHOWN = NOW - 4 * HOUR


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2h ago", "Sat 21 Nov 08:11:05"),
        ("1h30m", "Sat 21 Nov 08:41:05"),
        ("-10m", "Sat 21 Nov 06:01:05"),
        ("+1h", "Sat 21 Nov 07:11:05"),
        ("9:15", "Sat 21 Nov 09:15:00"),
        ("14:30", "Fri 20 Nov 14:30:00"),
        ("yesterday 03:00", "Fri 20 Nov 03:00:00"),
        ("yesterday", "Fri 20 Nov 00:00:00"),
        ("Tue 14:00", "Tue 17 Nov 14:00:00"),
        ("saturday 23:00", "Sat 14 Nov 23:00:00"),
        ("2026-11-03", "Tue 3 Nov 00:00:00"),
        ("2026-11-03 14:00", "Tue 3 Nov 14:00:00"),
        ("2026-11-03T14:00:00Z", "Tue 3 Nov 14:00:00"),
        ("2026-11-03t14:00:00.250+02:00", "Tue 3 Nov 12:00:00"),
        ("3 Dec 12:00", "Wed 3 Dec 2025 12:00:00"),
        ("3 november 2025 1:00", "Mon 3 Nov 2025 01:00:00"),
        ("now", "Sat 21 Nov 10:11:05"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, means: str) -> None:
    """A time of day alone is the newest one that is over."""
    assert past_words(parse_moment(text, NOW, SHOWN, dt.UTC), NOW, dt.UTC) == means


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write 14:30"),
        ("tomorrow", "'tomorrow' is no time; write 14:30"),
        ("25:00", "no such time of day"),
        ("31 nov", "is no time"),
        ("2027-01-01", "lies ahead"),
        ("now+1h", "is no time"),
        ("+9h", "lies ahead"),
        ("60y ago", "no duration"),
        ("9" * 400 + "d ago", "hundred years"),
        ("1969-12-31", "before 1970"),
        ("0001-01-01", "nobody watched|before 1970|anybody watched"),
    ],
)
def test_what_is_no_moment_of_the_past_is_refused_with_its_mend(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_moment(text, NOW, SHOWN, dt.UTC)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 360 * DAY // 1000), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_what_the_screen_shows_can_be_written(ago_s: int, name: str) -> None:
    """A moment read off the screen leads back to it; in the hour that comes twice, to the first."""
    zone, at = ZoneInfo(name), NOW - NOW % 1000 - ago_s * 1000
    read = parse_moment(past_words(at, NOW, zone), NOW, NOW, zone)
    assert at - read in (0, HOUR)


def test_how_long_ago_is_told_ever_more_roughly() -> None:
    told = [ago_words(NOW - ms, NOW) for ms in (0, 12 * MINUTE, 3 * HOUR + 20 * MINUTE, 18 * DAY)]
    assert told == ["0s ago", "12m ago", "3h20m ago", "18d ago"]
