"""Who is on call: shifts by the clock on the wall, restrictions, overrides, gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.model import DAY, HOUR, MINUTE, Instant, Override
from daemon.core.oncall.schedules import Shift, flattened, on_call, shifts
from daemon.core.plan import (
    CalendarPiece,
    LayerPlan,
    OverridePlan,
    Restriction,
    Rotation,
    SchedulePlan,
)
from tests.core.oncall_oracle import by_minute, utc

WORKDAYS = frozenset(range(5))
CHANGES = {
    "Europe/Berlin": ("2026-03-28T00:00", "2026-10-24T00:00"),
    "America/New_York": ("2026-03-07T05:00", "2026-10-31T05:00"),
    "Australia/Lord_Howe": ("2026-04-03T00:00", "2026-10-02T00:00"),
    "Asia/Kathmandu": ("2026-06-01T00:00",),
}
"""Times in UTC from one to two days before the clocks of a zone change."""


def ms(text: str) -> Instant:
    return round(utc(text).timestamp() * 1000)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def weekly(*persons: str, start: str = "2026-01-05T09:00", **more: object) -> LayerPlan:
    return LayerPlan(Rotation.WEEKLY, 1, local(start), persons, **more)  # type: ignore[arg-type]


def schedule(
    *layers: LayerPlan, zone: str = "Europe/Berlin", overrides: tuple[OverridePlan, ...] = ()
) -> SchedulePlan:
    return SchedulePlan("primary", zone, layers, overrides)


START = ms("2025-12-01T00:00")


def test_persons_take_turns_and_before_the_first_shift_there_is_nobody() -> None:
    one = schedule(weekly("ana", "ben", "cai"))
    assert on_call(one, ms("2026-01-05T07:59")) == ()
    assert on_call(one, ms("2026-01-05T08:00")) == ("ana",)
    assert on_call(one, ms("2026-01-12T07:59")) == ("ana",)
    assert on_call(one, ms("2026-01-12T08:00")) == ("ben",)
    assert on_call(one, ms("2026-01-26T08:00")) == ("ana",)


def test_a_hand_over_at_nine_stays_at_nine_when_the_clocks_change() -> None:
    one = schedule(weekly("ana", "ben"))
    changes = [shift.start for shift in shifts(one, ms("2026-03-20T00:00"), ms("2026-04-10T00:00"))]
    assert changes[1:] == [ms("2026-03-23T08:00"), ms("2026-03-30T07:00"), ms("2026-04-06T07:00")]


def test_a_hand_over_in_the_hour_that_comes_twice_happens_once() -> None:
    one = schedule(LayerPlan(Rotation.DAILY, 1, local("2026-10-20T02:30"), ("ana", "ben")))
    found = list(shifts(one, ms("2026-10-24T12:00"), ms("2026-10-26T12:00")))
    assert [shift.start for shift in found[1:]] == [ms("2026-10-25T00:30"), ms("2026-10-26T01:30")]


def test_a_hand_over_in_the_hour_that_never_comes_is_at_the_change() -> None:
    one = schedule(LayerPlan(Rotation.DAILY, 1, local("2026-03-20T02:30"), ("ana", "ben")))
    found = list(shifts(one, ms("2026-03-28T12:00"), ms("2026-03-29T12:00")))
    assert [shift.start for shift in found[1:]] == [ms("2026-03-29T01:00")]


def test_of_a_short_month_the_last_day_hands_over() -> None:
    one = schedule(LayerPlan(Rotation.MONTHLY, 1, local("2026-01-31T00:00"), ("ana", "ben")))
    found = list(shifts(one, ms("2026-02-01T00:00"), ms("2026-06-15T00:00")))
    days = ["2026-02-27T23:00", "2026-03-30T22:00", "2026-04-29T22:00", "2026-05-30T22:00"]
    assert [shift.start for shift in found[1:]] == [ms(day) for day in days]


def test_the_last_layer_that_has_somebody_counts() -> None:
    office = Restriction(WORKDAYS, 9 * 60, 17 * 60)
    one = schedule(weekly("ana"), weekly("ben", restrictions=(office,)))
    assert on_call(one, ms("2026-01-14T12:00")) == ("ben",)
    assert on_call(one, ms("2026-01-14T20:00")) == ("ana",)
    assert on_call(one, ms("2026-01-17T12:00")) == ("ana",)


def test_hours_may_end_on_the_next_day() -> None:
    nights = Restriction(frozenset({4}), 22 * 60, 6 * 60)
    one = schedule(weekly("ana", restrictions=(nights,)), zone="UTC")
    found = list(shifts(one, ms("2026-01-16T00:00"), ms("2026-01-18T00:00")))
    assert found == [
        Shift(ms("2026-01-16T00:00"), ms("2026-01-16T22:00"), ()),
        Shift(ms("2026-01-16T22:00"), ms("2026-01-17T06:00"), ("ana",)),
        Shift(ms("2026-01-17T06:00"), ms("2026-01-18T00:00"), ()),
    ]


def test_an_override_replaces_everybody_or_one() -> None:
    all_ = OverridePlan(local("2026-01-06T10:00"), local("2026-01-06T12:00"), ("cai", "dan"))
    swap = OverridePlan(local("2026-01-07T00:00"), local("2026-01-14T00:00"), ("cai",), "ben")
    one = schedule(weekly("ana", "ben"), zone="UTC", overrides=(all_, swap))
    assert on_call(one, ms("2026-01-06T09:59")) == ("ana",)
    assert on_call(one, ms("2026-01-06T10:00")) == ("cai", "dan")
    assert on_call(one, ms("2026-01-06T12:00")) == ("ana",)
    assert on_call(one, ms("2026-01-08T12:00")) == ("ana",)
    assert on_call(one, ms("2026-01-13T12:00")) == ("cai",)
    assert on_call(one, ms("2026-01-14T00:00")) == ("ben",)


def test_nobody_may_be_put_in_somebodys_place() -> None:
    off = OverridePlan(local("2026-12-24T00:00"), local("2026-12-27T00:00"), ())
    one = schedule(weekly("ana"), zone="UTC", overrides=(off,))
    assert on_call(one, ms("2026-12-25T00:00")) == ()


def test_a_layer_ends_when_it_says() -> None:
    one = schedule(weekly("ana", until=local("2026-02-01T00:00")), zone="UTC")
    assert on_call(one, ms("2026-01-31T23:59")) == ("ana",)
    assert on_call(one, ms("2026-02-01T00:00")) == ()


def test_an_empty_schedule_is_one_gap() -> None:
    assert list(shifts(schedule(), 5, 9)) == [Shift(5, 9, ())]
    assert list(shifts(schedule(), 9, 9)) == []


BEYOND = 10**15
"""No calendar reaches this far: whoever looked there would fail."""


@pytest.mark.parametrize("rotation", list(Rotation))
def test_hand_overs_are_worked_out_no_further_than_somebody_looks(rotation: Rotation) -> None:
    turns = LayerPlan(rotation, 1, local("1970-01-01T00:00"), ("ana", "ben"))
    ahead = shifts(schedule(turns, weekly("cai", start="2199-01-01T00:00")), START, BEYOND)
    first, second = next(ahead), next(ahead)
    assert first.start == START
    assert (first.end, {*first.persons, *second.persons}) == (second.start, {"ana", "ben"})


@pytest.mark.parametrize("rotation", list(Rotation))
def test_somebody_alone_and_a_layer_that_is_over_hand_over_to_nobody(rotation: Rotation) -> None:
    begin, until = local("2026-01-01T00:00"), local("2026-03-01T00:00")
    alone = schedule(LayerPlan(rotation, 1, begin, ("ana", "ana")), zone="UTC")
    since, over = ms("2026-01-01T00:00"), ms("2026-03-01T00:00")
    assert list(shifts(alone, START, BEYOND)) == [
        Shift(START, since, ()), Shift(since, BEYOND, ("ana",)),
    ]  # fmt: skip
    ended = LayerPlan(rotation, 1, begin, ("ana", "ben"), until)
    found = list(shifts(schedule(ended, zone="UTC"), START, BEYOND))
    assert (found[0].end, found[-1]) == (since, Shift(over, BEYOND, ()))
    assert all(shift.persons for shift in found[1:-1])


names = st.lists(st.sampled_from(["ana", "ben", "cai"]), min_size=1, max_size=3).map(tuple)
minutes = st.integers(0, 47).map(lambda half_hours: half_hours * 30)
restrictions = st.builds(
    Restriction,
    st.frozensets(st.integers(0, 6), min_size=1),
    minutes,
    minutes.map(lambda at: at + 30),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[SchedulePlan, datetime]:
    """A schedule, and a time before a change of its zone's clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    begin = utc(draw(st.sampled_from(CHANGES[zone])))
    day = begin.replace(tzinfo=None)
    times = st.integers(-10 * 48, 6 * 48).map(lambda n: day + timedelta(minutes=30 * n))
    layers = st.builds(
        LayerPlan,
        st.sampled_from(list(Rotation)),
        st.integers(1, 3),
        times,
        names,
        st.one_of(st.none(), times),
        st.lists(restrictions, max_size=2).map(tuple),
    )
    spans = st.tuples(times, times).filter(lambda span: span[0] < span[1])
    overrides = st.builds(
        lambda span, persons, replaces: OverridePlan(*span, persons, replaces),
        spans,
        st.lists(st.sampled_from(["ana", "dan"]), max_size=2, unique=True).map(tuple),
        st.sampled_from([None, "ana", "ben"]),
    )
    begun = st.integers(-60, 3 * 24 * 60).map(lambda by: _ms(begin + timedelta(minutes=by)))
    at_run_time = st.builds(
        lambda start, lasts, persons, how: Override(
            "o", "s", start, start + lasts * MINUTE, persons, "ana", 0, *how
        ),
        begun,
        st.integers(1, 2 * 24 * 60),
        st.sampled_from([("ana", "dan"), ("ben", "ana")]),
        st.sampled_from([(None, False), ("ana", False), ("ben", False), (None, True)]),
    )
    made = SchedulePlan(
        "s",
        zone,
        tuple(draw(st.lists(layers, max_size=3))),
        tuple(draw(st.lists(overrides, max_size=2))),
        made=tuple(draw(st.lists(at_run_time, max_size=2))),
    )
    return made, begin


def _ms(moment: datetime) -> Instant:
    return round(moment.timestamp() * 1000)


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(worlds())
def test_a_watcher_of_the_clock_finds_the_same_persons_every_minute(
    world: tuple[SchedulePlan, datetime],
) -> None:
    one, begin = world
    start, count = round(begin.timestamp() * 1000), 3 * 24 * 60
    told = list(shifts(one, start, start + 3 * DAY))
    assert [shift.start for shift in told[1:]] == [shift.end for shift in told[:-1]]
    assert (told[0].start, told[-1].end) == (start, start + 3 * DAY)
    assert all(a.persons != b.persons for a, b in pairwise(told))
    told.reverse()
    for moment, persons in by_minute(one, begin, count):
        at = round(moment.timestamp() * 1000)
        while told[-1].end <= at:
            told.pop()
        assert told[-1].persons == persons, moment
        if at % HOUR in {0, HOUR // 2}:
            assert on_call(one, at) == persons, moment


@pytest.mark.parametrize("rotation", list(Rotation))
def test_a_year_of_shifts_has_no_gap_and_every_person_in_turn(rotation: Rotation) -> None:
    one = schedule(LayerPlan(rotation, 1, local("2025-12-01T08:00"), ("ana", "ben", "cai")))
    found = list(shifts(one, ms("2026-01-01T00:00"), ms("2027-01-01T00:00")))
    order = {("ana",): ("ben",), ("ben",): ("cai",), ("cai",): ("ana",)}
    follows = [(a.persons, b.persons) for a, b in pairwise(found)]
    skipped = [pair for pair in follows if order[pair[0]] != pair[1]]
    # the hour that never comes is nobody's turn; that which comes twice is one turn
    assert len(skipped) == (1 if rotation is Rotation.HOURLY else 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["ana", "ben", "cem"])),
        max_size=12,
    )
)
def test_pieces_of_a_calendar_that_overlap_have_all_of_their_persons(
    spans: list[tuple[int, int, str]],
) -> None:
    pieces = [CalendarPiece(start, end, (name,)) for start, end, name in spans]
    flat = flattened(pieces)
    assert all(one.end <= other.start for one, other in pairwise(flat))
    for at in range(21):
        wanted = {piece.persons[0] for piece in pieces if piece.start <= at < piece.end}
        got = [piece.persons for piece in flat if piece.start <= at < piece.end]
        assert {name for persons in got for name in persons} == wanted
        assert len(got) == bool(wanted)
