"""What routes hold back: hours in which they are mute, and `suppress`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.errors import NotAllowed
from daemon.core.events import Acknowledge, Escalate, PutSilence, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, IncidentState, Level, MuteKind
from daemon.core.plan import HoursPlan, IntervalPlan, Plan, PolicyPlan, RoutePlan
from daemon.core.severity import Severity
from daemon.core.telling.notices import ALARMING
from tests.core.deciding import ANA, START, Stand, condition, plan, route, said, settled

HOURLY = tuple((60 * hour, 60 * hour + 20) for hour in range(24))
"""The stand begins at an hour's beginning: 20 minutes of each are an interval."""
NAMED = {
    "now": IntervalPlan("now", (HoursPlan("UTC", HOURLY),)),
    "later": IntervalPlan("later", (HoursPlan("UTC", tuple((a + 30, b + 30) for a, b in HOURLY)),)),
}
LATER = START + 20 * MINUTE


def held(*routes: RoutePlan, **more: Any) -> Plan:
    return plan(route=route(*routes, **more), intervals=NAMED)


def branch(path: str, *match: str, **more: Any) -> RoutePlan:
    base = route(match=match, path=path, channels=(), continue_=True)
    return replace(base, **more)


def test_the_stand_begins_with_an_hour() -> None:
    assert START % HOUR == 0


def test_a_mute_route_tells_nothing_and_its_policy_rests_until_the_interval_ends() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
    assert stand.see(condition(severity=Severity.EMERGENCY)) == []
    (mute,) = stand.incident.muted
    assert (mute.kind, mute.by, mute.until) == (MuteKind.TIME, "now", LATER)
    assert mute.reason == "muted in the time interval now"
    assert stand.kinds() == [EntryKind.FIRED, EntryKind.MUTED]
    assert stand.wait(20 * MINUTE - 1) == []
    assert said(stand.wait(1)) == [
        ("slack", "firing"), ("ana via sms", "firing"), ("ana via mail", "firing"),
    ]  # fmt: skip
    assert stand.incident.muted == ()
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_a_route_with_active_hours_is_mute_outside_them() -> None:
    stand = Stand(held(policy="primary", active_time_intervals=("later",)))
    assert stand.see(condition()) == []
    (mute,) = stand.incident.muted
    assert (mute.by, mute.until) == ("later", START + 30 * MINUTE)
    assert said(stand.wait(30 * MINUTE))[0] == ("slack", "firing")
    assert said(stand.wait(20 * MINUTE)) != []
    assert stand.incident.muted
    assert stand.wait(30 * MINUTE) == []


def test_nothing_is_told_of_what_is_over_before_the_interval_is() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
    stand.see(condition())
    stand.wait(10 * MINUTE)
    assert stand.see(condition(holds=False)) == []
    assert stand.incident.state is IncidentState.RESOLVED
    assert stand.wait(HOUR) == []


def test_who_was_told_before_hears_of_the_end_while_the_route_is_mute() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("later",)))
    assert len(stand.see(condition())) == 3
    stand.wait(40 * MINUTE)
    assert stand.incident.muted
    told = said(stand.see(condition(holds=False)))
    assert ("slack", "resolved") in told
    assert ("ana via sms", "resolved") in told


def test_the_policy_goes_on_with_the_time_that_was_left() -> None:
    policies = {
        "primary": PolicyPlan(
            "primary", (Level(0, ("person:ana",)), Level(40 * MINUTE, ("person:ben",)))
        )
    }
    spec = replace(
        held(policy="primary", mute_time_intervals=("later",), channels=()), policies=policies
    )
    stand = Stand(spec)
    assert len(stand.see(condition())) == 2
    assert stand.wait(59 * MINUTE) == []
    assert said(stand.wait(MINUTE)) == [("ben via mail", "escalated")]


def test_a_mute_route_holds_back_its_own_groups_only() -> None:
    spec = held(
        branch("0", policy="primary", channels=("mail",), mute_time_intervals=("now",)),
        branch("1", channels=("sms",)),
    )
    stand = Stand(spec)
    assert said(stand.see(condition())) == [("sms", "firing")]
    assert stand.incident.muted == ()
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.next_at is None
    assert said(stand.wait(20 * MINUTE)) == [
        ("mail", "firing"), ("ana via sms", "firing"), ("ana via mail", "firing"),
    ]  # fmt: skip
    assert stand.kinds().count(EntryKind.MUTED) == 0


def test_what_joins_or_gets_graver_while_the_route_is_mute_is_told_after() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("later",)))
    stand.see(condition(severity=Severity.HIGH))
    stand.wait(35 * MINUTE)
    assert stand.see(condition(severity=Severity.EMERGENCY), condition("db")) == []
    told = stand.wait(20 * MINUTE)
    assert ("slack", "updated") in said(told)
    assert ("ben via mail", "updated") in said(told)
    keys = {alert.key for notice in told for alert in notice.alerts}
    assert len(keys) == 2


def test_a_restart_in_the_interval_changes_nothing() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
    stand.see(condition())
    before = stand.incident
    assert stand.restart(MINUTE) == []
    assert stand.incident == before
    stand.see(condition())
    assert len(stand.wait(19 * MINUTE)) == 3


def test_an_interval_that_ended_while_nobody_looked_is_over_and_paused_by_its_length() -> None:
    """The second level is due five minutes after the 20 of the interval."""
    first = [("slack", "firing"), ("ana via sms", "firing"), ("ana via mail", "firing")]
    for minutes, told in ((24, first), (25, [*first, ("ben via mail", "escalated")])):
        stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
        stand.see(condition())
        assert said(stand.restart(minutes * MINUTE)) == told


def test_a_reload_that_takes_the_interval_away_lets_the_route_tell() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
    stand.see(condition())
    assert len(stand.reload(replace(stand.plan, intervals={}))) == 3
    assert stand.incident.muted == ()


def test_an_operator_cannot_escalate_what_is_muted_by_time() -> None:
    stand = Stand(held(policy="primary", mute_time_intervals=("now",)))
    stand.see(condition())
    with pytest.raises(NotAllowed, match="muted in the time interval now"):
        stand.do(Escalate(stand.incident.key, ANA))


def test_an_operator_who_escalates_by_hand_is_obeyed_where_another_route_tells() -> None:
    spec = held(
        branch("0", policy="primary", mute_time_intervals=("now",)), branch("1", channels=("sms",))
    )
    stand = Stand(spec)
    stand.see(condition())
    told = stand.do(Escalate(stand.incident.key, ANA))
    assert said(told) == [("ana via sms", "firing"), ("ana via mail", "firing")]
    assert all(len(notice.alerts) == 1 for notice in told)
    assert stand.wait(15 * MINUTE) == []


def test_a_page_that_failed_does_not_fall_back_to_a_channel_of_a_mute_route() -> None:
    spec = held(
        branch("0", policy="primary", channels=("slack",), mute_time_intervals=("later",)),
        branch("1", channels=("sms",)),
    )
    stand = Stand(spec)
    page = next(n for n in stand.see(condition()) if n.channel == "slack")
    stand.wait(40 * MINUTE)
    told = stand.do(settled(page))
    assert [notice for notice in told if notice.incident.key == page.incident.key] == []
    assert ("slack", "firing") in said(stand.wait(10 * MINUTE))


def test_a_policy_that_a_graver_route_brought_has_that_route_s_hours() -> None:
    spec = replace(
        held(
            branch("0", "severity=low", policy="primary", mute_time_intervals=("now",)),
            branch("1", "severity=critical", policy="urgent"),
        ),
        policies={**plan().policies, "urgent": PolicyPlan("urgent", (Level(0, ("person:ben",)),))},
    )
    stand = Stand(spec)
    assert stand.see(condition(severity=Severity.LOW)) == []
    assert said(stand.see(condition(severity=Severity.CRITICAL))) == [("ben via mail", "firing")]
    assert stand.incident.muted == ()


def test_an_alert_is_told_once_it_has_fired_for_so_long() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    assert stand.see(condition()) == []
    (mute,) = stand.incident.muted
    assert (mute.kind, mute.until) == (MuteKind.SUPPRESSION, START + 5 * MINUTE)
    assert stand.wait(5 * MINUTE - 1) == []
    assert len(stand.wait(1)) == 3
    assert stand.incident.muted == ()
    assert stand.wait(5 * MINUTE - 1) == []
    assert said(stand.wait(1)) == [("ben via mail", "escalated")]


def test_what_resolves_before_is_never_told() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    stand.see(condition())
    stand.wait(4 * MINUTE)
    assert stand.see(condition(holds=False)) == []
    stand.wait(30 * SECOND)
    assert stand.see(condition()) == []
    assert stand.wait(5 * MINUTE - 1) == []
    assert len(stand.wait(1)) == 3


@pytest.mark.parametrize(("wait", "suppress"), [(MINUTE, 3 * MINUTE), (3 * MINUTE, MINUTE)])
def test_of_group_wait_and_suppress_the_later_counts(wait: int, suppress: int) -> None:
    stand = Stand(held(policy="primary", group_wait=wait, suppress=suppress))
    stand.see(condition())
    assert stand.wait(3 * MINUTE - 1) == []
    assert len(stand.wait(1)) == 3


def test_each_alert_of_an_incident_waits_for_itself() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    stand.see(condition())
    stand.wait(3 * MINUTE)
    stand.see(condition("db"))
    first = stand.wait(2 * MINUTE)
    assert [len(notice.alerts) for notice in first] == [1, 1, 1]
    second = stand.wait(3 * MINUTE)
    assert ("ana via sms", "updated") in said(second)
    assert {len(notice.alerts) for notice in second} == {2}


def why(stand: Stand, check: str = "web") -> list[tuple[MuteKind, int | None]]:
    """What holds the alert back, and for how many seconds from the beginning."""
    alert = stand.alert(check)
    assert alert is not None
    return [(m.kind, m.until and (m.until - START) // SECOND) for m in alert.held_back]


def test_an_alert_says_itself_why_its_routes_tell_nothing_of_it_yet() -> None:
    stand = Stand(held(suppress=MINUTE))
    stand.see(condition())
    stand.wait(30 * SECOND)
    stand.see(condition("api"))
    assert why(stand) == [(MuteKind.SUPPRESSION, 60)]
    stand.wait(30 * SECOND)
    assert (why(stand), why(stand, "api")) == ([], [(MuteKind.SUPPRESSION, 90)])
    stand.restart()
    assert (why(stand), why(stand, "api")) == ([], [(MuteKind.SUPPRESSION, 90)])
    stand.see(condition("api", holds=False))
    assert why(stand, "api") == []


def test_an_alert_of_a_mute_route_says_so_until_the_hours_are_over_or_another_route_tells() -> None:
    spec = held(
        branch("0", mute_time_intervals=("now",)),
        branch("1", "severity=emergency", channels=("mail",)),
    )
    stand = Stand(spec)
    stand.see(condition("api", severity=Severity.HIGH))
    assert why(stand, "api") == [(MuteKind.TIME, 20 * 60)]
    assert said(stand.see(condition(severity=Severity.EMERGENCY))) == [("mail", "firing")]
    assert (why(stand), why(stand, "api")) == ([], [(MuteKind.TIME, 20 * 60)])
    stand.wait(20 * MINUTE)
    assert why(stand, "api") == []


def test_a_silenced_alert_says_what_else_holds_it_back() -> None:
    stand = Stand(held(suppress=5 * MINUTE))
    stand.do(PutSilence(ANA, (parse_matcher("check=web"),), None, stand.now + MINUTE, "works"))
    stand.see(condition())
    assert why(stand) == [(MuteKind.SUPPRESSION, 300)]


def test_what_was_resolved_by_hand_is_held_back_by_nothing() -> None:
    stand = Stand(held(mute_time_intervals=("now",)))
    stand.see(condition())
    stand.do(Resolve(stand.incident.key, ANA))
    assert why(stand) == []


def test_when_the_older_alert_ends_the_younger_still_waits() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    stand.see(condition())
    stand.wait(4 * MINUTE)
    stand.see(condition("db"), condition(holds=False))
    assert stand.wait(5 * MINUTE - 1) == []
    assert len(stand.wait(1)) == 3


def test_a_young_alert_reopens_what_was_taken_only_when_it_is_old_enough() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    stand.see(condition())
    stand.wait(6 * MINUTE)
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.wait(MINUTE)
    assert stand.see(condition("db")) == []
    assert stand.wait(5 * MINUTE - 1) == []
    assert stand.incident.state is IncidentState.ACKNOWLEDGED
    assert stand.wait(1) != []
    assert stand.incident.state is IncidentState.TRIGGERED


def test_a_restart_keeps_how_long_an_alert_has_fired() -> None:
    stand = Stand(held(policy="primary", suppress=5 * MINUTE))
    stand.see(condition())
    assert stand.restart(2 * MINUTE) == []
    stand.see(condition())
    assert stand.wait(3 * MINUTE - 1) == []
    assert len(stand.wait(1)) == 3


ROUTES = st.builds(
    lambda first, second, span, hours: held(
        branch("0", policy="primary", channels=("mail",), mute_time_intervals=first, suppress=span),
        branch("1", channels=("sms",), active_time_intervals=second, suppress=hours),
    ),
    st.sampled_from([(), ("now",), ("later",), ("now", "later")]),
    st.sampled_from([(), ("now",), ("now", "later")]),
    st.sampled_from([0, 3 * MINUTE, 20 * MINUTE]),
    st.sampled_from([0, 7 * MINUTE]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, SECOND, 4 * MINUTE, 9 * MINUTE, 25 * MINUTE]),
        st.sampled_from(["web", "db", "restart", "wait"]),
        st.sampled_from([Severity.LOW, Severity.CRITICAL, None]),
    ),
    max_size=14,
)


def is_mute(taken: RoutePlan, now: int) -> bool:
    """The words of the documentation, for intervals of the stand."""
    minute = now // MINUTE % 60
    of = {"now": minute < 20, "later": 30 <= minute < 50}
    active = taken.active_time_intervals
    muted = any(of[name] for name in taken.mute_time_intervals)
    return muted or (bool(active) and not any(of[name] for name in active))


class Watcher:
    """Sees to it that what a stand tells is what its routes allow."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.fired: dict[str, int] = {}

    def check(self, before: int) -> None:
        for notice in self.stand.mirror.notices[before:]:
            if notice.type not in ALARMING:
                continue
            brought = 1 if notice.channel == "sms" and not notice.recipient else 0
            taken = self.stand.plan.route.routes[brought]
            assert not is_mute(taken, notice.at), notice
            fired = [a for a in notice.alerts if a.fired_at is not None and a.resolved_at is None]
            assert all(notice.at - (a.fired_at or 0) >= taken.suppress for a in fired), notice

    def wait(self, by: int) -> None:
        goal = self.stand.now + by
        while (due := self.stand.decider.next_deadline()) is not None and due <= goal:
            before = len(self.stand.mirror.notices)
            self.stand.now = max(self.stand.now, due)
            self.stand.see()
            self.check(before)
        self.stand.now = goal


@settings(max_examples=40, deadline=None)
@given(ROUTES, STEPS)
def test_nobody_is_told_too_early_and_all_that_fires_and_its_end_are_told_some_time(
    spec: Plan, steps: list[tuple[int, str, Severity | None]]
) -> None:
    stand = Stand(spec)
    watcher = Watcher(stand)
    for wait, what, grade in steps:
        watcher.wait(wait)
        before = len(stand.mirror.notices)
        if what == "restart":
            stand.restart(MINUTE)
            stand.see(
                *(condition(a.labels["check"]) for a in stand.decider.alerts.records.values())
            )
        elif what != "wait":
            stand.see(condition(what, holds=grade is not None, severity=grade or Severity.LOW))
        watcher.check(before)
    watcher.wait(2 * HOUR)
    for incident in stand.incidents:
        mine = [n for n in stand.mirror.notices if n.incident.key == incident.key]
        if incident.state is not IncidentState.RESOLVED:
            assert {("mail", ""), ("sms", "")} <= {(n.channel, n.recipient) for n in mine}
            assert incident.escalation is not None
            assert incident.escalation.level == 2
    stand.see(condition("web", holds=False), condition("db", holds=False))
    for incident in stand.incidents:
        mine = [n for n in stand.mirror.notices if n.incident.key == incident.key]
        told = {(n.channel, n.recipient) for n in mine if n.type in ALARMING}
        ended = {(n.channel, n.recipient) for n in mine if n.type is NoticeType.RESOLVED}
        assert told == ended
