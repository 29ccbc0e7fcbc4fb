"""Telling: nobody twice in a turn, who is told by the policy, and who of the end."""

from __future__ import annotations

from daemon.core.chronicle import EntryKind
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import PolicyPlan
from daemon.core.severity import Severity
from tests.core.deciding import Stand, condition, plan, route, said

SLACK = PolicyPlan("primary", (Level(0, ("channel:slack",)), Level(MINUTE, ("channel:slack",))))


def test_who_is_told_by_the_route_is_not_told_by_the_policy_in_the_same_turn() -> None:
    stand = Stand(plan(policies={"primary": SLACK}))
    assert said(stand.see(condition())) == [("slack", "firing")]
    assert said(stand.wait(MINUTE)) == [("slack", "escalated")]


def test_levels_that_are_overdue_together_tell_each_recipient_once() -> None:
    stand = Stand(plan(policies={"primary": SLACK}, route=route(channels=(), policy="primary")))
    stand.see(condition())
    assert len(stand.jump(HOUR)) == 1


def test_a_repeat_of_a_level_says_that_it_is_one() -> None:
    policy = PolicyPlan("primary", (Level(0, ("person:ben",), repeat=MINUTE),))
    stand = Stand(plan(policies={"primary": policy}, route=route(channels=(), policy="primary")))
    stand.see(condition())
    told = stand.wait(2 * MINUTE)
    assert said(told) == [("ben via mail", "repeated")] * 2
    assert told[0].reason == "again level 1"


def test_a_channel_that_wants_no_resolutions_is_spared_them() -> None:
    stand = Stand(plan(route=route(channels=("slack", "quiet"))))
    stand.see(condition())
    assert said(stand.see(condition(holds=False))) == [("slack", "resolved")]


def test_targets_that_are_gone_are_named_in_the_timeline() -> None:
    policy = PolicyPlan("primary", (Level(0, ("person:zoe", "channel:mail")),))
    stand = Stand(plan(policies={"primary": policy}))
    stand.see(condition())
    texts = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert texts == ["level 1: mail (not reachable: person:zoe)"]


def test_who_was_paged_mildly_is_paged_urgently_when_it_turns_grave() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    assert said(stand.see(condition(severity=Severity.LOW))) == [("ana via mail", "firing")]
    told = said(stand.see(condition(severity=Severity.EMERGENCY)))
    assert told == [("ana via sms", "updated"), ("ana via mail", "updated")]


def test_a_notice_shows_the_incident_as_it_was_when_it_was_decided() -> None:
    stand = Stand()
    notice = stand.see(condition())[0]
    assert notice.incident.firing == stand.incident.firing
    assert notice.incident.sequence == 1
    assert [alert.key for alert in notice.alerts] == list(stand.incident.firing)


def test_nothing_is_repeated_while_nobody_can_tell_whether_it_still_fires() -> None:
    policy = PolicyPlan("primary", (Level(0, ("channel:mail",), repeat=MINUTE),))
    root = route(policy="primary", repeat_interval=5 * MINUTE)
    stand = Stand(plan(policies={"primary": policy}, route=root))
    stand.see(condition())
    stand.see(condition(holds=None))
    assert stand.wait(HOUR) == []
    told = stand.see(condition()) + stand.wait(MINUTE)
    assert set(said(told)) == {("slack", "repeated"), ("mail", "repeated")}
