"""Time intervals: what matches when, and when that changes."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.model import DAY, HOUR, MINUTE, Instant, Mute, MuteKind
from daemon.core.oncall.clockwork import days_in
from daemon.core.plan import HoursPlan, IntervalPlan
from daemon.core.telling.intervals import HORIZON_DAYS, Phase, Timetable, phase
from tests.core.oncall.test_schedules import CHANGES
from tests.core.oncall_oracle import Wall, utc

WORKDAYS = frozenset(range(5))
OFFICE = HoursPlan("Europe/Berlin", times=((540, 1_020),), weekdays=WORKDAYS)


def ms(text: str) -> Instant:
    return round(utc(text).timestamp() * 1000)


def interval(*any_of: HoursPlan, name: str = "i") -> IntervalPlan:
    return IntervalPlan(name, any_of)


def until(plan: IntervalPlan, text: str) -> tuple[bool, Instant | None]:
    found = phase(plan, ms(text))
    return found.matches, found.until


def test_hours_begin_at_their_start_and_are_over_at_their_end() -> None:
    office = interval(OFFICE)
    assert until(office, "2026-01-05T07:59") == (False, ms("2026-01-05T08:00"))
    assert until(office, "2026-01-05T08:00") == (True, ms("2026-01-05T16:00"))
    assert until(office, "2026-01-05T15:59") == (True, ms("2026-01-05T16:00"))
    assert until(office, "2026-01-09T16:00") == (False, ms("2026-01-12T08:00"))


def test_hours_that_touch_over_midnight_are_one() -> None:
    nights = interval(HoursPlan("UTC", times=((0, 360), (1_320, 1_440))))
    assert until(nights, "2026-01-05T23:00") == (True, ms("2026-01-06T06:00"))
    assert until(nights, "2026-01-05T06:00") == (False, ms("2026-01-05T22:00"))


def test_nine_stays_nine_when_the_clocks_change() -> None:
    daily = interval(HoursPlan("Europe/Berlin", times=((540, 600),)))
    assert until(daily, "2026-03-28T12:00") == (False, ms("2026-03-29T07:00"))
    assert until(daily, "2026-10-24T12:00") == (False, ms("2026-10-25T08:00"))


def test_hours_that_come_twice_are_one_and_those_that_never_come_are_none() -> None:
    early = interval(HoursPlan("Europe/Berlin", times=((150, 180),)))
    assert until(early, "2026-10-25T00:30") == (True, ms("2026-10-25T02:00"))
    assert until(early, "2026-03-28T12:00") == (False, ms("2026-03-30T00:30"))


def test_negative_days_count_from_the_month_s_end() -> None:
    last = interval(HoursPlan("UTC", days_of_month=((-3, -1),)))
    assert until(last, "2026-02-01T00:00") == (False, ms("2026-02-26T00:00"))
    assert until(last, "2028-02-26T23:59") == (False, ms("2028-02-27T00:00"))
    assert until(last, "2026-04-28T00:00") == (True, ms("2026-05-01T00:00"))


def test_a_range_of_days_is_cut_to_a_short_month() -> None:
    rest = interval(HoursPlan("UTC", days_of_month=((28, 31),)))
    assert until(rest, "2026-02-28T12:00") == (True, ms("2026-03-01T00:00"))
    whole = interval(HoursPlan("UTC", days_of_month=((-31, -1),), months=frozenset({2})))
    assert until(whole, "2026-02-10T00:00") == (True, ms("2026-03-01T00:00"))


def test_every_field_must_match_and_one_alternative_is_enough() -> None:
    both = interval(
        HoursPlan("UTC", weekdays=frozenset({5}), months=frozenset({12}), years=((2026, 2026),)),
        HoursPlan("UTC", times=((0, 60),), days_of_month=((24, 24),)),
    )
    assert until(both, "2026-12-05T12:00") == (True, ms("2026-12-06T00:00"))
    assert until(both, "2026-12-24T00:30") == (True, ms("2026-12-24T01:00"))
    assert until(both, "2027-12-04T12:00") == (False, ms("2027-12-24T00:00"))


def test_what_changes_in_years_is_looked_for_again_and_what_never_does_has_no_end() -> None:
    leap = interval(HoursPlan("UTC", days_of_month=((29, 29),), months=frozenset({2})))
    now = ms("2026-01-01T00:00")
    assert phase(leap, now) == Phase(matches=False, until=None, look_at=now + HORIZON_DAYS * DAY)
    assert until(leap, "2027-06-01T00:00") == (False, ms("2028-02-29T00:00"))
    always = interval(HoursPlan("UTC"))
    assert phase(always, now) == Phase(matches=True, until=None, look_at=now + HORIZON_DAYS * DAY)


def test_a_timetable_says_why_a_route_is_mute_and_until_when() -> None:
    nights = interval(HoursPlan("UTC", times=((0, 360), (1_320, 1_440))), name="nights")
    table = Timetable({"office": interval(OFFICE, name="office"), "nights": nights})
    now = ms("2026-01-05T05:00")
    assert table.next_deadline() == 0
    assert table.tick(now)
    assert not table.tick(now)
    assert table.next_deadline() == ms("2026-01-05T06:00")
    muted = Mute(MuteKind.TIME, "nights", "muted in the time interval nights", now + HOUR)
    outside = Mute(
        MuteKind.TIME, "office", "told only in the time interval office", ms("2026-01-05T08:00")
    )
    assert table.mutes(("nights",), ("office",)) == (muted, outside)
    assert table.mutes((), ()) == ()
    assert table.mutes(("gone",), ("gone",)) == ()
    assert table.tick(ms("2026-01-05T08:00"))
    assert table.mutes(("nights",), ("office", "nights")) == ()


def matches(hours: HoursPlan, wall: Wall) -> bool:
    """The documentation's words, of what the clock on the wall shows."""
    shown: datetime = wall.farthest
    length, minute = days_in(shown.year, shown.month), shown.hour * 60 + shown.minute
    days = [
        (first if first > 0 else length + first + 1, last if last > 0 else length + last + 1)
        for first, last in hours.days_of_month
    ]
    return (
        any(start <= minute < end for start, end in hours.times)
        and (not hours.weekdays or shown.weekday() in hours.weekdays)
        and (not days or any(first <= shown.day <= last for first, last in days))
        and (not hours.months or shown.month in hours.months)
        and (not hours.years or any(first <= shown.year <= last for first, last in hours.years))
    )


half_hours = st.integers(0, 47).map(lambda n: n * 30)
times = st.tuples(half_hours, half_hours).map(lambda pair: (min(pair), max(pair) + 30))
days = st.sampled_from([(1, 5), (-3, -1), (25, -1), (29, 31), (-31, -25), (28, 28), (24, 25)])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[IntervalPlan, datetime]:
    """An interval, and a time before a change of a zone's clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    some = st.builds(
        HoursPlan,
        st.just(zone),
        st.lists(times, min_size=1, max_size=3).map(lambda found: tuple(sorted(found))),
        st.one_of(st.just(frozenset()), st.frozensets(st.integers(0, 6), min_size=3)),
        st.one_of(st.just(()), st.lists(days, min_size=1, max_size=2).map(tuple)),
        st.sampled_from([frozenset(), frozenset({3, 10}), frozenset({4, 6, 11})]),
        st.sampled_from([(), ((2026, 2027),), ((2020, 2025),)]),
    )
    any_of = draw(st.lists(some, min_size=1, max_size=3))
    return interval(*any_of), utc(draw(st.sampled_from(CHANGES[zone])))


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(worlds())
def test_a_watcher_of_the_clock_sees_the_same_changes(world: tuple[IntervalPlan, datetime]) -> None:
    plan, begin = world
    wall = Wall(plan.any_of[0].timezone, begin)
    now = round(begin.timestamp() * 1000)
    found = phase(plan, now)
    for _ in range(3 * 24 * 60):
        if found.until is not None and now >= found.until:
            assert now == found.until
            before, found = found, phase(plan, now)
            assert found.matches is not before.matches
        seen = any(matches(hours, wall) for hours in plan.any_of)
        assert found.matches is seen, wall.farthest
        if now % HOUR == 0:
            assert phase(plan, now) == found or found.until is None
        wall.tick()
        now += MINUTE


@pytest.mark.parametrize("zone", sorted(CHANGES))
def test_a_year_of_changes_alternates(zone: str) -> None:
    plan = interval(HoursPlan(zone, times=((120, 180), (540, 1_020)), weekdays=WORKDAYS))
    now, end, found = ms("2026-01-01T00:00"), ms("2027-01-01T00:00"), 0
    state = phase(plan, now).matches
    while now < end:
        at = phase(plan, now).until
        assert at is not None
        assert at > now
        now, state, found = at, not state, found + 1
        assert phase(plan, now).matches is state
    assert 4 * 255 < found < 4 * 265
