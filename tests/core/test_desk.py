"""The desk: how incidents begin, grow, reopen, rest and end."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.casebook import KEEP
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.events import Acknowledge, PutSilence, Resolve, Unacknowledge
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, IncidentState, Level, Promotion
from daemon.core.plan import AckPlan, PolicyPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, START, Stand, condition, plan, route, said, short

LOW = {"severity": Severity.LOW}


def ack(stand: Stand, **more: object) -> None:
    stand.do(replace(Acknowledge(stand.incident.key, ANA), **more))  # type: ignore[arg-type]  # fields by name


def test_an_incident_is_visible_at_once_and_told_when_its_group_has_waited() -> None:
    stand = Stand(plan(route=route(group_wait=30 * SECOND, policy="primary")))
    assert stand.see(condition()) == []
    assert stand.incident.title == "shop is down"
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.next_at == START + 30 * SECOND
    told = stand.wait(30 * SECOND)
    assert said(told) == [
        ("slack", "firing"),
        ("ana via sms", "firing"),
        ("ana via mail", "firing"),
    ]
    assert {notice.at for notice in told} == {START + 30 * SECOND}


def test_an_outage_that_ends_within_the_wait_is_told_to_nobody() -> None:
    stand = Stand(plan(route=route(group_wait=30 * SECOND, policy="primary")))
    stand.see(condition())
    stand.wait(10 * SECOND)
    assert stand.see(condition(holds=False)) == []
    assert stand.wait(60 * MINUTE) == []
    assert stand.incident.state is IncidentState.RESOLVED


def test_the_default_wait_follows_severity_and_shrinks_when_something_graver_joins() -> None:
    stand = Stand(plan(route=route(group_wait=None, policy="primary")))
    stand.see(condition("web", **LOW))
    assert stand.decider.next_deadline() == START + 60 * SECOND
    stand.wait(5 * SECOND)
    assert ("slack", "firing") in said(stand.see(condition("api")))


def test_alerts_of_one_service_share_an_incident_and_new_ones_are_told_on_the_next_tick() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition("web"))
    stand.wait(10 * SECOND)
    assert stand.see(condition("api")) == []
    told = stand.wait(50 * SECOND)
    assert said(told) == [("slack", "updated")]
    assert told[0].reason == "new alerts added"
    assert len(stand.incidents) == 1
    assert stand.incident.summary == "web is down (and 1 more alert)"


def test_alerts_of_different_services_do_not() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("db", labels={"service": "orders"}))
    assert [incident.service for incident in stand.incidents] == ["shop", "orders"]


def test_one_of_several_that_resolves_is_told_on_the_tick_and_the_last_at_once() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("api"))
    stand.wait(10 * SECOND)
    assert stand.see(condition("api", False)) == []
    told = stand.wait(50 * SECOND)
    assert [(n.reason, short(n.type)) for n in told] == [("some alerts resolved", "updated")]
    last = stand.see(condition("web", False))
    assert {(n.reason, n.type) for n in last} == {("all alerts resolved", NoticeType.RESOLVED)}
    assert stand.decider.book.groups == {}


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


def test_a_graver_alert_takes_the_routes_it_now_matches_and_their_policy() -> None:
    tree = route(route(path="0", match=["severity=critical"], channels=("mail",), policy="primary"))
    stand = Stand(plan(route=tree))
    assert said(stand.see(condition(severity=Severity.MEDIUM))) == [("slack", "firing")]
    assert stand.incident.escalation is None
    told = said(stand.see(condition(severity=Severity.CRITICAL)))
    assert ("mail", "firing") in told
    assert ("ana via sms", "firing") in told
    assert len(stand.incidents) == 1


def low_and_grave() -> Stand:
    """A stand whose incidents of low severity have a milder policy than the grave ones."""
    grave = route(path="0", match=["severity=critical"], channels=(), policy="primary")
    mild = PolicyPlan("mild", (Level(0, ("channel:mail",)), Level(HOUR, ("channel:mail",))))
    tree = route(grave, channels=(), policy="mild")
    return Stand(plan(route=tree, policies={**plan().policies, "mild": mild}))


def test_an_alert_that_gets_graver_brings_the_policy_of_the_route_it_comes_to() -> None:
    stand = low_and_grave()
    stand.see(condition(severity=Severity.LOW))
    stand.wait(MINUTE)
    told = said(stand.see(condition(severity=Severity.CRITICAL)))
    assert ("ana via sms", "firing") in told
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.policy == "primary"
    texts = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert "policy primary takes the place of mild" in texts
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_an_alert_that_gets_less_grave_or_is_not_the_gravest_brings_no_policy() -> None:
    stand = low_and_grave()
    stand.see(condition("web", severity=Severity.LOW), condition("api", severity=Severity.LOW))
    stand.see(condition("web", severity=Severity.CRITICAL))
    stand.wait(5 * MINUTE)
    stand.see(condition("api", severity=Severity.MEDIUM))
    stand.see(condition("api", severity=Severity.CRITICAL))
    assert stand.incident.escalation is not None
    assert (stand.incident.escalation.policy, stand.incident.escalation.level) == ("primary", 1)
    stand.see(condition("web", severity=Severity.LOW))
    assert stand.incident.escalation.policy == "primary"


def test_a_policy_that_takes_anothers_place_rests_while_somebody_has_the_incident() -> None:
    stand = low_and_grave()
    stand.reload(replace(stand.plan, ack=AckPlan(reopen_on_severity=False)))
    stand.see(condition(severity=Severity.LOW))
    ack(stand)
    assert stand.wait(MINUTE) == []
    assert ("ana via sms", "firing") not in said(stand.see(condition(severity=Severity.CRITICAL)))
    told = said(stand.do(Unacknowledge(stand.incident.key, ANA)))
    assert ("ana via sms", "firing") in told


def test_a_repeat_comes_when_the_interval_is_over_and_not_while_somebody_has_it() -> None:
    stand = Stand(plan(route=route(repeat_interval=10 * MINUTE)))
    stand.see(condition())
    assert said(stand.wait(10 * MINUTE)) == [("slack", "repeated")]
    ack(stand)
    assert stand.wait(60 * MINUTE) == []


def test_a_route_that_only_notifies_tells_its_channels_and_runs_no_policy() -> None:
    tree = route(
        route(path="0", channels=("slack",), policy="primary", group_wait=0, continue_=True),
        route(path="1", channels=("quiet",), group_wait=0, group_by=("...",)),
    )
    stand = Stand(plan(route=tree))
    told = stand.see(condition("web"), condition("api"))
    assert sorted(n.channel for n in told if not n.recipient) == ["quiet", "quiet", "slack"]
    assert [len(n.alerts) for n in told if n.channel == "quiet"] == [1, 1]
    groups = stand.decider.book.groups
    assert sorted(group.owner for group in groups.values()) == [False, False, True]
    assert {group.incident for group in groups.values()} == {stand.incident.key}


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


def test_an_acknowledgement_that_expires_starts_the_policy_over() -> None:
    stand = Stand()
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    assert stand.wait(10 * MINUTE - 1) == []
    told = stand.wait(1)
    assert stand.incident.state is IncidentState.TRIGGERED
    assert said(told) == [
        ("slack", "repeated"),
        ("ana via sms", "escalated"),
        ("ana via mail", "escalated"),
    ]
    assert EntryKind.ACK_EXPIRED in stand.kinds()


def test_an_acknowledgement_that_expired_while_nobody_looked_lost_its_policy_no_time() -> None:
    stand = Stand()
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    told = stand.restart(after=26 * MINUTE)
    assert [n.level for n in told if n.type is NoticeType.ESCALATED] == [0, 0, 1]
    steps = stand.incident.escalation
    assert steps is not None
    assert steps.level == 2, "which told slack, as the end of the acknowledgement did"


def test_without_a_policy_the_channels_are_told_at_once_that_nobody_has_it_any_more() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    told = stand.wait(10 * MINUTE)
    assert said(told) == [("slack", "repeated")]
    assert told[0].reason == "nobody has it any more"
    assert stand.wait(10 * MINUTE) == []


def test_what_expired_while_it_was_muted_is_told_when_it_is_not() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    matchers = (parse_matcher("check=web"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + 20 * MINUTE, "works"))
    assert stand.wait(20 * MINUTE - 1) == []
    assert said(stand.wait(1)) == [("slack", "repeated")]


def test_an_alert_that_reopens_is_told_without_waiting_for_the_tick() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition("web"))
    ack(stand)
    stand.wait(SECOND)
    assert said(stand.see(condition("api"))) == [("slack", "updated")]


def test_levels_escalate_on_time_and_the_end_is_noted() -> None:
    stand = Stand()
    stand.see(condition())
    told = [(n.at - START, n.channel, short(n.type), n.level) for n in stand.wait(60 * MINUTE)]
    assert told == [
        (5 * MINUTE, "mail", "escalated", 1),
        (15 * MINUTE, "slack", "escalated", 2),
    ]
    assert stand.kinds()[-1] is EntryKind.QUEUED or EntryKind.SPENT in stand.kinds()
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.spent


def test_whom_the_policy_called_is_told_at_once_of_an_alert_that_joins() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    stand.see(condition("web"))
    stand.wait(5 * MINUTE)
    told = stand.see(condition("api"))
    assert said(told) == [
        ("ana via sms", "updated"),
        ("ana via mail", "updated"),
        ("ben via mail", "updated"),
    ]
    assert {n.reason for n in told} == {"new alerts added"}
    stand.see(condition("api", False))
    assert ("ana via sms", "updated") in said(stand.see(condition("api")))
    assert stand.see(condition("api")) == []


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


def test_what_was_due_while_nobody_looked_is_done_once_in_order() -> None:
    stand = Stand()
    stand.see(condition())
    told = stand.restart(after=16 * MINUTE)
    assert [(n.channel, n.level) for n in told] == [("mail", 1), ("slack", 2)]
    assert stand.restart() == []


def test_what_still_fires_after_being_resolved_by_hand_is_new_only_when_it_fires_anew() -> None:
    stand = Stand()
    stand.see(condition())
    told = stand.do(Resolve(stand.incident.key, ANA, "false alarm"))
    assert {short(n.type) for n in told} == {"resolved"}
    assert told[0].reason == "resolved by ana; false alarm"
    assert stand.see(condition()) == []
    assert stand.wait(60 * MINUTE) == []
    stand.see(condition(holds=False))
    assert ("slack", "firing") in said(stand.see(condition()))
    assert len(stand.incidents) == 2


def test_what_gets_graver_after_it_was_resolved_by_hand_is_a_new_incident() -> None:
    stand = Stand()
    stand.see(condition(severity=Severity.MEDIUM))
    stand.do(Resolve(stand.incident.key, ANA, "known"))
    stand.wait(MINUTE)
    told = said(stand.see(condition(severity=Severity.EMERGENCY)))
    assert ("slack", "firing") in told
    assert len(stand.incidents) == 2
    assert stand.incident.severity is Severity.EMERGENCY


def test_what_fails_again_after_it_was_resolved_by_hand_while_flapping_is_told() -> None:
    stand = Stand()
    stand.see(condition(flapping=True))
    stand.do(Resolve(stand.incident.key, ANA))
    stand.wait(MINUTE)
    stand.see(condition(holds=False, flapping=True))
    stand.wait(MINUTE)
    assert ("slack", "firing") in said(stand.see(condition(flapping=True)))


def test_an_alert_that_fires_while_a_dismissed_one_still_does_opens_an_incident_of_its_own() -> (
    None
):
    stand = Stand()
    stand.see(condition("web"))
    stand.do(Resolve(stand.incident.key, ANA))
    stand.wait(SECOND)
    stand.see(condition("api"))
    assert len(stand.incidents) == 2
    assert len(stand.incident.firing) == 1


def test_an_end_and_a_beginning_in_one_turn_keep_the_incident() -> None:
    stand = Stand()
    stand.see(condition())
    assert stand.see(condition(holds=False), condition()) == []
    assert len(stand.incidents) == 1
    assert stand.incident.state is IncidentState.TRIGGERED


def test_a_blip_within_one_turn_is_no_incident() -> None:
    stand = Stand()
    assert stand.see(condition(), condition(holds=False)) == []
    assert stand.incidents == []


def test_an_incident_that_ends_and_begins_in_one_millisecond_is_two() -> None:
    stand = Stand()
    for _ in range(3):
        stand.see(condition())
        stand.see(condition(holds=False))
    assert len({incident.key for incident in stand.incidents}) == 3


def test_a_reload_keeps_the_routes_and_the_policy_of_what_has_begun() -> None:
    stand = Stand()
    stand.see(condition())
    stand.reload(plan(route=route(channels=("mail",)), policies={}))
    told = said(stand.wait(5 * MINUTE))
    assert told == [("ben via mail", "escalated")]
    assert ("slack", "resolved") in said(stand.see(condition(holds=False)))


def test_a_check_that_leaves_the_configuration_resolves_its_alert() -> None:
    stand = Stand()
    stand.see(condition())
    told = stand.reload(plan(checks={}))
    assert ("slack", "resolved") in said(told)


def test_a_channel_that_is_gone_is_noted_and_nobody_else_suffers() -> None:
    stand = Stand()
    stand.see(condition())
    gone = {name: spec for name, spec in plan().channels.items() if name != "sms"}
    stand.reload(plan(channels=gone))
    told = said(stand.see(condition(holds=False)))
    assert told == [("slack", "resolved"), ("ana via mail", "resolved")]
    assert EntryKind.UNDELIVERED in stand.kinds()


def test_resolved_incidents_and_their_alerts_are_forgotten_in_time() -> None:
    stand = Stand()
    stand.see(condition())
    stand.see(condition(holds=False))
    stand.wait(KEEP)
    assert stand.incidents == []
    assert stand.alert() is None
    assert stand.mirror.records == {}
    assert stand.decider.next_deadline() is None


def test_an_alert_that_resolved_is_remembered_while_its_incident_goes_on() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("api"))
    stand.see(condition("api", False))
    stand.wait(5 * KEEP)
    assert stand.alert("api") is not None
    stand.see(condition("web", False))
    assert stand.alert("api") is None
