"""Maintenance: when windows are, whom they mute, and what they take out of an SLA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.chronicle import EntryKind
from daemon.core.events import PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Instant, Mute, MuteKind
from daemon.core.muting.maintenance import (
    HORIZON,
    Calendar,
    Maintenance,
    Window,
    last_window,
    occurrences,
    window_at,
)
from daemon.core.plan import MaintenancePlan, Plan, ServicePlan, SlaPlan
from daemon.core.sla.availability import Span, merge_spans
from daemon.core.sla.books import Books
from daemon.core.turn import Fact, Turn
from tests.core import availability_oracle
from tests.core.deciding import ANA, START, Stand, condition, plan, route, said
from tests.core.maintenance_oracle import by_minute
from tests.core.oncall.test_schedules import CHANGES, local, ms
from tests.core.oncall_oracle import utc
from tests.core.sla.test_availability import assert_agrees

SUNDAYS = MaintenancePlan(
    "weekly", "Europe/Berlin", services=("shop",), excludes=("shop",), cron="0 3 * * SUN",
    duration=HOUR, reason="kernel updates",
)  # fmt: skip


def weekly(**more: object) -> MaintenancePlan:
    return replace(SUNDAYS, **more)  # type: ignore[arg-type]  # fields by name


def once(start: str, end: str, **more: object) -> MaintenancePlan:
    return weekly(name="once", cron=None, duration=0, start=local(start), end=local(end), **more)


# -- when ------------------------------------------------------------------------------


def test_a_window_that_recurs_stays_at_its_hour_when_the_clocks_change() -> None:
    found = [low for low, _ in occurrences(SUNDAYS, ms("2026-10-12T00:00"), ms("2026-11-03T00:00"))]
    assert found == [ms("2026-10-18T01:00"), ms("2026-10-25T02:00"), ms("2026-11-01T02:00")]


def test_a_window_in_the_hour_that_comes_twice_begins_once_and_lasts_its_time() -> None:
    nights = weekly(cron="30 2 * * *")
    found = list(occurrences(nights, ms("2026-10-24T12:00"), ms("2026-10-26T12:00")))
    assert found == [
        (ms("2026-10-25T00:30"), ms("2026-10-25T01:30")),
        (ms("2026-10-26T01:30"), ms("2026-10-26T02:30")),
    ]


def test_a_window_in_the_hour_that_never_comes_begins_at_the_change() -> None:
    found = list(
        occurrences(weekly(cron="30 2 * * *"), ms("2026-03-28T12:00"), ms("2026-03-29T12:00"))
    )
    assert found == [(ms("2026-03-29T01:00"), ms("2026-03-29T02:00"))]


def test_what_comes_once_is_by_the_clock_too() -> None:
    one = once("2026-10-25T01:30", "2026-10-25T04:00")
    window = Window(ms("2026-10-24T23:30"), ms("2026-10-25T03:00"))
    assert last_window(one) == window
    assert window_at(one, ms("2026-01-01T00:00")) == window
    assert window_at(one, ms("2026-10-25T02:59")) == window
    assert window_at(one, ms("2026-10-25T03:00")) is None
    assert last_window(SUNDAYS) is None


def test_a_window_in_an_hour_that_never_comes_is_none() -> None:
    gone = once("2026-03-29T02:10", "2026-03-29T02:50")
    assert list(occurrences(gone, 0, ms("2027-01-01T00:00"))) == []
    assert window_at(gone, 0) is None


def test_an_occurrence_shares_time_with_a_span_only_if_it_lies_in_it_for_a_moment() -> None:
    low, high = ms("2026-11-01T02:00"), ms("2026-11-01T03:00")
    for one in (SUNDAYS, once("2026-11-01T03:00", "2026-11-01T04:00")):
        assert list(occurrences(one, low - HOUR, low)) == []
        assert list(occurrences(one, low - HOUR, low + 1)) == [(low, high)]
        assert list(occurrences(one, high - 1, high + HOUR)) == [(low, high)]
        assert list(occurrences(one, high, high + HOUR)) == []


def test_the_window_at_a_time_covers_it_or_is_the_next() -> None:
    first = Window(ms("2026-11-01T02:00"), ms("2026-11-01T03:00"))
    assert window_at(SUNDAYS, ms("2026-10-30T00:00")) == first
    assert window_at(SUNDAYS, ms("2026-11-01T02:00")) == first
    assert window_at(SUNDAYS, ms("2026-11-01T03:00") - 1) == first
    assert window_at(SUNDAYS, ms("2026-11-01T03:00")) == Window(
        ms("2026-11-08T02:00"), ms("2026-11-08T03:00")
    )


def test_occurrences_that_touch_or_overlap_are_one_window() -> None:
    nights = weekly(timezone="UTC", cron="0 0,2,4,9 * * *", duration=2 * HOUR)
    night = Window(ms("2026-11-01T00:00"), ms("2026-11-01T06:00"))
    assert window_at(nights, ms("2026-11-01T00:00")) == night
    assert window_at(nights, ms("2026-11-01T05:59")) == night
    assert window_at(nights, ms("2026-11-01T06:00")) == Window(
        ms("2026-11-01T09:00"), ms("2026-11-01T11:00")
    )


def test_windows_without_a_break_have_no_end_before_it_can_be_seen() -> None:
    always = weekly(timezone="UTC", cron="0 0 * * *", duration=DAY)
    at = ms("2026-06-15T12:00")
    window = window_at(always, at)
    assert window is not None
    assert window.end is None
    assert at - HORIZON - DAY <= window.start < at
    december = weekly(timezone="UTC", cron="0 0 * 12 *", duration=DAY)
    whole = Window(ms("2026-12-01T00:00"), ms("2027-01-01T00:00"))
    assert window_at(december, at) == whole
    assert window_at(december, ms("2026-12-20T00:00")) == whole
    hours = window_at(weekly(cron="0 * * * *"), ms("2026-10-24T12:00"))
    assert hours is not None
    assert hours.end == ms("2026-10-25T01:00")  # where the clock shows two o'clock again


@st.composite
def plans(draw: st.DrawFn, zone: str, begin: datetime) -> MaintenancePlan:
    """A window around a change of its zone's clocks."""
    day = begin.replace(tzinfo=None)
    times = st.integers(-24, 6 * 24).map(lambda n: day + timedelta(minutes=30 * n))
    if draw(st.booleans()):
        start, end = sorted(draw(st.lists(times, min_size=2, max_size=2, unique=True)))
        return weekly(timezone=zone, cron=None, duration=0, start=start, end=end)
    minute = draw(st.sampled_from([0, 30, 59]))
    hour = draw(st.sampled_from(["*", "*/2", "*/5", "0", "1", "2", "3", "1,2", "23"]))
    days = draw(st.sampled_from(["*", "SUN", "SAT"]))
    lasts = draw(st.sampled_from([1, 30, 60, 61, 120, 600, 1_440])) * MINUTE
    return weekly(timezone=zone, cron=f"{minute} {hour} * * {days}", duration=lasts)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[MaintenancePlan, datetime]:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    begin = utc(draw(st.sampled_from(CHANGES[zone])))
    return draw(plans(zone, begin)), begin


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(worlds())
def test_a_watcher_of_the_clock_finds_the_same_windows_every_minute(
    world: tuple[MaintenancePlan, datetime],
) -> None:
    one, begin = world
    watched = list(by_minute(one, begin, 4 * 24 * 60))
    told = Maintenance({one.name: one})
    calendar = Calendar({one.name: one})
    start, end = ms_of(watched[1_440][0]), ms_of(watched[-1][0]) + MINUTE
    spans = calendar.excluded("shop", start, end)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    for moment, active in watched[1_440:]:  # a day to see what had begun before
        at = ms_of(moment)
        told.tick(at)
        assert bool(told.active) == active, moment
        assert any(low <= at < high for low, high in spans) == active, moment
        due = told.next_deadline()
        assert due is None or due > at
        if at % HOUR == 0:
            assert_window(one, at, active)


def assert_window(one: MaintenancePlan, at: Instant, active: bool) -> None:
    window = window_at(one, at)
    assert (window is not None and window.start <= at) == active
    if window is not None and window.end is not None:
        assert window.start < window.end
        assert window.end > at


def ms_of(moment: datetime) -> Instant:
    return round(moment.timestamp() * 1000)


# -- whom it mutes ---------------------------------------------------------------------

AT_NINE = weekly(name="patching", timezone="UTC", cron="0 9 * * *")
"""The stand's clock begins at eight."""
NOW = once("2027-01-15T07:00", "2027-01-15T09:00", timezone="UTC")


def stand(*windows: MaintenancePlan, **more: object) -> Stand:
    return Stand(plan(maintenance={one.name: one for one in windows}, **more))


def mutes(one: Stand) -> tuple[Mute, ...]:
    alert = one.alert()
    assert alert is not None
    return alert.muted


def test_an_alert_in_a_window_fires_visibly_and_tells_nobody_until_it_ends() -> None:
    one = stand(NOW)
    assert one.see(condition()) == []
    mute = Mute(MuteKind.MAINTENANCE, "once", "maintenance once: kernel updates", START + HOUR)
    assert mutes(one) == one.incident.muted == (mute,)
    assert one.incident.escalation is not None
    assert one.incident.escalation.next_at is None
    assert one.wait(HOUR - 1) == []
    told = one.wait(1)
    assert said(told)[:2] == [("slack", "firing"), ("ana via sms", "firing")]
    assert one.kinds()[:3] == [EntryKind.FIRED, EntryKind.MUTED, EntryKind.UNMUTED]
    assert mutes(one) == ()


def test_a_window_begins_by_itself_and_what_was_told_before_is_not_told_again() -> None:
    quiet = stand(AT_NINE, route=route())
    assert said(quiet.see(condition())) == [("slack", "firing")]
    assert quiet.wait(HOUR) == []
    assert mutes(quiet)[0].until == START + 2 * HOUR
    assert quiet.wait(2 * HOUR) == []
    assert mutes(quiet) == ()


def test_whoever_was_told_hears_of_the_end_during_the_window() -> None:
    one = stand(AT_NINE)
    one.see(condition())
    one.wait(HOUR + MINUTE)
    assert ("slack", "resolved") in said(one.see(condition(holds=False)))


def test_what_comes_and_goes_within_a_window_is_told_to_nobody() -> None:
    one = stand(NOW)
    assert one.see(condition()) == []
    assert one.see(condition(holds=False)) == []
    assert one.wait(2 * HOUR) == []


def test_a_window_that_began_while_nobody_looked_holds_before_anybody_is_told() -> None:
    slow = route(policy="primary", group_wait=30 * MINUTE)
    one = stand(AT_NINE, route=slow)
    one.wait(45 * MINUTE)
    assert one.see(condition()) == []
    assert one.restart(after=20 * MINUTE) == []
    assert mutes(one)[0].by == "patching"
    assert ("slack", "firing") in said(one.wait(HOUR))


def test_a_window_that_was_missed_as_a_whole_mutes_nothing() -> None:
    one = stand(AT_NINE)
    one.jump(3 * HOUR)
    assert said(one.see(condition()))[0] == ("slack", "firing")


def test_a_reload_brings_windows_and_takes_them_away_at_once() -> None:
    one = stand(route=route(policy="primary", group_wait=MINUTE))
    assert one.see(condition()) == []
    assert one.reload(replace(one.plan, maintenance={"once": NOW})) == []
    assert mutes(one)
    assert one.wait(10 * MINUTE) == []
    assert ("slack", "firing") in said(one.reload(replace(one.plan, maintenance={})))
    assert mutes(one) == ()


def test_only_the_alerts_it_is_about_are_muted() -> None:
    one = stand(replace(NOW, services=("orders",)))
    assert one.see(condition()) != []
    assert one.see(condition("db", labels={"service": "orders"})) == []


def test_matchers_see_the_alert_with_its_severity() -> None:
    matchers = (parse_matcher("check=web"), parse_matcher("severity=critical"))
    one = stand(replace(NOW, services=(), match=matchers))
    assert one.see(condition()) == []
    assert one.see(condition("api", labels={"service": "mail"})) != []


def test_an_alert_is_muted_until_the_last_of_its_windows_ends() -> None:
    longer = replace(NOW, name="longer", end=local("2027-01-15T10:00"), reason="")
    one = stand(NOW, longer)
    one.do(PutSilence(ANA, (parse_matcher("check=web"),), None, START + MINUTE, "works"))
    one.see(condition())
    assert [(mute.kind, mute.by) for mute in mutes(one)[1:]] == [
        (MuteKind.MAINTENANCE, "once"), (MuteKind.MAINTENANCE, "longer"),
    ]  # fmt: skip
    assert mutes(one)[0].kind is MuteKind.SILENCE
    assert one.wait(HOUR) == []
    assert [mute.reason for mute in mutes(one)] == ["maintenance longer"]
    assert one.wait(HOUR) != []


def test_windows_are_named_in_the_configuration_s_order_whichever_began_first() -> None:
    told = Maintenance({"patching": AT_NINE, "once": replace(NOW, end=local("2027-01-16T00:00"))})
    assert told.tick(START)
    assert told.tick(START + HOUR)
    assert list(told.active) == ["patching", "once"]


def test_an_end_that_could_not_be_seen_is_told_of_when_it_can() -> None:
    one = stand(weekly(timezone="UTC", cron="0 0 * 1,2 *", duration=DAY))
    one.see(condition())
    assert mutes(one)[0].until is None
    one.wait(20 * DAY)
    assert mutes(one)[0].until == ms("2027-03-01T00:00")
    assert one.wait(24 * DAY) == []
    assert ("slack", "firing") in said(one.wait(DAY))


def test_the_engine_waits_for_nothing_but_the_next_change() -> None:
    told = Maintenance({"patching": AT_NINE})
    assert told.next_deadline() == 0
    assert not told.tick(START)
    assert told.next_deadline() == START + HOUR
    assert told.tick(START + HOUR)
    assert told.next_deadline() == START + 2 * HOUR
    assert not told.tick(START + 2 * HOUR - 1)
    assert told.tick(START + 2 * HOUR)
    assert told.next_deadline() == START + 25 * HOUR


# -- what it takes out of an SLA -------------------------------------------------------


def books(windows: dict[str, MaintenancePlan], *facts: Fact, **sla: object) -> Books:
    one = SlaPlan("sla", "shop", Decimal(90), 3 * DAY, degraded_weight=Decimal("0.5"))
    made = Books(
        Plan(
            services={"shop": ServicePlan("shop", ("web",))},
            slas={"sla": replace(one, **sla)},  # type: ignore[arg-type]  # fields by name
            maintenance=windows,
        )
    )
    turn = Turn(max(fact.start for fact in facts))
    turn.facts.extend(facts)
    made.take(turn)
    return made


changes = st.lists(st.tuples(st.integers(0, 5_700), st.sampled_from(list(Status))), max_size=6)


@settings(max_examples=settings().max_examples // 6, deadline=None)
@given(worlds(), changes)
def test_an_sla_counts_the_minutes_in_which_no_watcher_sees_a_window(
    world: tuple[MaintenancePlan, datetime], flips: list[tuple[int, Status]]
) -> None:
    one, begin = world
    watched = [active for _, active in by_minute(one, begin, 4 * 1_440)]
    truth = availability_oracle.CheckOracle(len(watched) + 1)
    facts = []
    for minute, status in [(0, Status.UP), *sorted(flips)]:
        facts.append(Fact("web", ms_of(begin) + minute * MINUTE, status))
        truth.fact(minute, status)
    found = books({one.name: one}, *facts).sla("sla", ms_of(begin) + 4 * DAY)
    expected = availability_oracle.figures(
        truth.past,
        start=1_440,
        end=5_760,
        now=5_760,
        target=Fraction(9, 10),
        weight=Fraction(1, 2),
        excluded=frozenset(minute for minute, active in enumerate(watched) if active),
        hour=60,
    )
    shown = (found.up_ms, found.degraded_ms, found.unknown_ms, found.down_ms)
    assert found.excluded_ms == expected.excluded * MINUTE
    assert shown == tuple(expected.counts[status] * MINUTE for status in range(4))
    assert found.excluded_ms + sum(shown) == found.now - found.start
    assert (found.availability, found.burn_rate) == (expected.availability, expected.burn_rate)


moments = st.integers(0, 4)
spans_in_seconds = st.lists(
    st.tuples(moments, moments).filter(lambda span: span[0] < span[1]), max_size=3
)


@settings(max_examples=settings().max_examples // 6, deadline=None)
@given(spans_in_seconds, st.lists(st.integers(1, 3_000), max_size=4))
def test_overlapping_windows_give_the_oracles_figures_millisecond_by_millisecond(
    seconds: list[tuple[int, int]], flips: list[int]
) -> None:
    zero = local("1970-01-01T00:00")
    base = once("1970-01-01T00:00", "1970-01-01T00:00", timezone="UTC")
    windows = {
        str(number): replace(
            base,
            name=str(number),
            start=zero + timedelta(seconds=low),
            end=zero + timedelta(seconds=high),
        )
        for number, (low, high) in enumerate(seconds)
    }
    truth, facts = availability_oracle.CheckOracle(3_001), []
    for number, at in enumerate([0, *sorted(flips)]):
        facts.append(Fact("web", at, Status.DOWN if number % 2 else Status.UP))
        truth.fact(at, facts[-1].status)
    expected = availability_oracle.figures(
        truth.past,
        start=1_000,
        end=3_000,
        now=3_000,
        target=Fraction(9, 10),
        weight=Fraction(1, 2),
        excluded=frozenset(ms for low, high in seconds for ms in range(low * 1_000, high * 1_000)),
        hour=HOUR,
    )
    assert_agrees(books(windows, *facts, period=2_000).sla("sla", 3_000), expected)


def test_windows_that_are_still_to_come_lessen_the_budget_of_a_calendar_period() -> None:
    fact = Fact("web", ms("2026-10-31T23:00"), Status.UP)
    november = {"period": "month", "timezone": "Europe/Berlin", "target": Decimal("99.9")}
    kept = books({"weekly": SUNDAYS}, fact, **november)
    early, late = (kept.sla("sla", ms(at)) for at in ("2026-11-02T00:00", "2026-11-21T12:00"))
    assert early.budget_total_ms == late.budget_total_ms == (30 * DAY - 5 * HOUR) // 1_000
    assert (early.excluded_ms, late.excluded_ms) == (HOUR, 3 * HOUR)
    assert kept.sla("sla", ms("2026-12-02T00:00")).excluded_ms == 0


def test_a_service_that_no_window_is_about_loses_no_time() -> None:
    fact = Fact("web", START - 10 * DAY, Status.UP)
    nights = weekly(cron="0 3 * * *")
    assert books({"weekly": nights}, fact).sla("sla", START).excluded_ms == 3 * HOUR
    others = replace(nights, excludes=("orders",))
    assert books({"weekly": others}, fact).sla("sla", START).excluded_ms == 0


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_calendar_gives_the_same_in_whatever_order_it_is_asked(order: tuple[int, ...]) -> None:
    asked = [(START + n * 40 * DAY, START + n * 40 * DAY + 90 * DAY) for n in range(4)]
    calendar = Calendar({"weekly": SUNDAYS})
    for index in order:
        start, end = asked[index]
        assert calendar.excluded("shop", start, end) == list(occurrences(SUNDAYS, start, end))
    assert calendar.excluded("mail", START, START + DAY) == []


def test_of_another_day_the_calendar_works_out_no_more_than_that_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[tuple[Instant, Instant | None]] = []

    def watched(one: MaintenancePlan, start: Instant, end: Instant | None) -> Iterator[Span]:
        looked.append((start, end))
        return occurrences(one, start, end)

    monkeypatch.setattr("daemon.core.muting.maintenance.occurrences", watched)
    often = weekly(cron="30 */3 * * *", duration=5 * HOUR)  # overlaps, and midnight
    calendar, begin = Calendar({"often": often}), START - 365 * DAY
    for day in range(8):
        now = START + day * DAY
        expected = merge_spans(occurrences(often, begin, now + DAY), begin, now + DAY)
        assert merge_spans(calendar.excluded("shop", begin, now), begin, now) == merge_spans(
            expected, begin, now
        )
    assert all(end is not None and end - start <= 2 * DAY for start, end in looked[1:])


def test_a_reload_works_out_only_the_windows_that_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = Calendar({"weekly": SUNDAYS, "nights": weekly(name="nights", cron="0 3 * * *")})
    before.excluded("shop", START - 90 * DAY, START)
    looked: list[str] = []

    def watched(one: MaintenancePlan, start: Instant, end: Instant | None) -> Iterator[Span]:
        looked.append(one.name)
        return occurrences(one, start, end)

    monkeypatch.setattr("daemon.core.muting.maintenance.occurrences", watched)
    plans = {"weekly": weekly(), "nights": weekly(name="nights", cron="0 4 * * *")}
    found = Calendar(plans, before).excluded("shop", START - 90 * DAY, START)
    assert looked == ["nights"]
    assert found == Calendar(plans).excluded("shop", START - 90 * DAY, START)
