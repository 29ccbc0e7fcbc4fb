"""The review: what is graver or new, and whether it reopens what somebody took."""

from __future__ import annotations

from daemon.core.chronicle import EntryKind
from daemon.core.events import PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import MINUTE, SECOND, IncidentState, Level, Promotion
from daemon.core.plan import AckPlan, PolicyPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, PRIMARY, START, Stand, ack, condition, plan, route, said

LOW = {"severity": Severity.LOW}


def test_the_default_wait_follows_severity_and_shrinks_when_something_graver_joins() -> None:
    stand = Stand(plan(route=route(group_wait=None, policy="primary")))
    stand.see(condition("web", **LOW))
    assert stand.decider.next_deadline() == START + 60 * SECOND
    stand.wait(5 * SECOND)
    assert ("slack", "firing") in said(stand.see(condition("api")))


def test_a_rise_of_severity_is_told_at_once() -> None:
    stand = Stand()
    stand.see(condition("web", severity=Severity.HIGH))
    stand.wait(10 * SECOND)
    told = stand.see(condition("web", severity=Severity.EMERGENCY))
    assert sorted((n.channel, n.reason) for n in told) == [
        ("mail", "severity raised"),
        ("slack", "severity raised"),
        ("sms", "severity raised"),
    ]
    assert EntryKind.SEVERITY in stand.kinds()
    assert stand.see(condition("web", severity=Severity.EMERGENCY)) == []


def test_promotion_with_age_is_such_a_rise() -> None:
    stand = Stand()
    steps = (Promotion(2 * MINUTE, Severity.CRITICAL),)
    stand.see(condition(severity=Severity.MEDIUM, promote=steps))
    told = stand.wait(2 * MINUTE)
    assert ("severity raised", START + 2 * MINUTE) in {(n.reason, n.at) for n in told}
    assert stand.incident.severity is Severity.CRITICAL


def test_an_alert_that_joins_reopens_what_was_taken_and_starts_the_policy_over() -> None:
    stand = Stand()
    stand.see(condition("web"))
    ack(stand)
    stand.wait(MINUTE)
    told = stand.see(condition("api"))
    assert stand.incident.state is IncidentState.TRIGGERED
    assert stand.incident.acknowledged_by is None
    assert ("ana via sms", "escalated") in said(told)
    assert EntryKind.REOPENED in stand.kinds()


def test_an_alert_that_comes_back_reopens_nothing() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("api"))
    ack(stand)
    stand.see(condition("api", False))
    stand.see(condition("api"))
    assert stand.incident.state is IncidentState.ACKNOWLEDGED


def test_a_rise_of_severity_reopens_what_was_taken() -> None:
    stand = Stand()
    stand.see(condition(severity=Severity.MEDIUM))
    ack(stand)
    stand.see(condition(severity=Severity.CRITICAL))
    assert stand.incident.state is IncidentState.TRIGGERED
    reopened = [e.text for e in stand.mirror.entries if e.kind is EntryKind.REOPENED]
    assert reopened == ["severity rose to critical"]


def test_the_configuration_may_forbid_reopening() -> None:
    spec = plan(ack=AckPlan(reopen_on_severity=False, reopen_on_new_alert=False))
    stand = Stand(spec)
    stand.see(condition(severity=Severity.MEDIUM))
    ack(stand)
    stand.see(condition("api"))
    assert stand.incident.state is IncidentState.ACKNOWLEDGED


def test_what_may_not_be_acknowledged_reopens_what_was_whatever_the_configuration_says() -> None:
    stand = Stand(plan(ack=AckPlan(reopen_on_severity=False, reopen_on_new_alert=False)))
    stand.see(condition())
    ack(stand)
    told = said(stand.see(condition("api", acknowledgeable=False)))
    assert stand.incident.state is IncidentState.TRIGGERED
    assert ("ana via sms", "escalated") in told


def test_an_alert_that_reopens_is_told_without_waiting_for_the_tick() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition("web"))
    ack(stand)
    stand.wait(SECOND)
    assert said(stand.see(condition("api"))) == [("slack", "updated")]


def test_whom_the_policy_called_is_told_at_once_of_an_alert_that_joins() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    stand.see(condition("web"))
    stand.wait(6 * MINUTE)
    told = stand.see(condition("api"))
    assert said(told) == [
        ("ana via sms", "updated"),
        ("ana via mail", "updated"),
        ("ben via mail", "updated"),
    ]
    assert {n.reason for n in told} == {"new alerts added"}
    stand.see(condition("api", False))
    stand.wait(MINUTE)
    assert ("ana via sms", "updated") in said(stand.see(condition("api")))
    assert stand.see(condition("api")) == []


def test_of_a_storm_whom_the_policy_called_hears_once_in_each_group_interval() -> None:
    names = [f"web{number}" for number in range(50)]
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    told = stand.see(condition("web"))
    for name in names:
        told += stand.see(condition(name)) + stand.wait(SECOND)
    assert said(told) == [("ana via sms", "firing"), ("ana via mail", "firing")]
    told = stand.wait(MINUTE)
    assert said(told) == [("ana via sms", "updated"), ("ana via mail", "updated")]
    assert len(told[0].alerts) == 51
    graver = stand.see(condition("web", severity=Severity.EMERGENCY))
    assert ("ana via sms", "updated") in said(graver)


def test_a_storm_does_not_start_a_spent_policy_over_with_each_alert() -> None:
    once = PolicyPlan("primary", (Level(0, ("person:ana",)),))
    stand = Stand(plan(route=route(channels=(), policy="primary"), policies={"primary": once}))
    told = stand.see(condition("web"))
    for number in range(20):
        told += stand.see(condition(f"web{number}")) + stand.wait(SECOND)
    assert len(told) == 2
    assert ("ana via sms", "updated") in said(stand.wait(MINUTE))


def test_an_alert_that_joins_muted_is_told_when_nothing_mutes_it_any_more() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    stand.see(condition("web"))
    matchers = (parse_matcher("check=api"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + 2 * MINUTE, "works"))
    assert stand.see(condition("api")) == []
    assert ("ana via sms", "updated") in said(stand.wait(2 * MINUTE))


def test_an_alert_that_joins_starts_a_policy_over_that_had_nobody_left_to_tell() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    stand.see(condition("web"))
    stand.wait(60 * MINUTE)
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.spent
    told = said(stand.see(condition("api")))
    assert told.count(("ana via sms", "updated")) == 1
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]
    texts = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert "policy primary starts over: CheckFailing (api) joined" in texts


def test_a_policy_that_a_graver_route_brought_waits_less_too_when_it_gets_graver_still() -> None:
    duty = PolicyPlan("duty", (Level(0, ("person:ben",)),))
    grave = route(
        path="0", match=['severity=~"high|emergency"'], channels=(), policy="duty", group_wait=None
    )
    tree = route(grave, channels=(), policy="primary", group_wait=MINUTE)
    stand = Stand(plan(route=tree, policies={"primary": PRIMARY, "duty": duty}))
    stand.see(condition("web", severity=Severity.LOW))
    stand.wait(SECOND)
    assert stand.see(condition("web", severity=Severity.HIGH)) == []
    stand.wait(SECOND)
    told = stand.see(condition("web", severity=Severity.EMERGENCY))
    assert ("ben via mail", "firing") in said(told)
