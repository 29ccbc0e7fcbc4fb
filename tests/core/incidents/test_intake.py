"""The intake: which incident, which groups and which policy an alert comes to."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import EntryKind
from daemon.core.events import Resolve, Unacknowledge
from daemon.core.model import HOUR, MINUTE, SECOND, Level
from daemon.core.plan import AckPlan, PolicyPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, Stand, ack, condition, plan, route, said

LOW = {"severity": Severity.LOW}


def low_and_grave() -> Stand:
    """A stand whose incidents of low severity have a milder policy than the grave ones."""
    grave = route(path="0", match=["severity=critical"], channels=(), policy="primary")
    mild = PolicyPlan("mild", (Level(0, ("channel:mail",)), Level(HOUR, ("channel:mail",))))
    tree = route(grave, channels=(), policy="mild")
    return Stand(plan(route=tree, policies={**plan().policies, "mild": mild}))


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


def test_a_graver_alert_takes_the_routes_it_now_matches_and_their_policy() -> None:
    tree = route(route(path="0", match=["severity=critical"], channels=("mail",), policy="primary"))
    stand = Stand(plan(route=tree))
    assert said(stand.see(condition(severity=Severity.MEDIUM))) == [("slack", "firing")]
    assert stand.incident.escalation is None
    told = said(stand.see(condition(severity=Severity.CRITICAL)))
    assert ("mail", "firing") in told
    assert ("ana via sms", "firing") in told
    assert len(stand.incidents) == 1


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


def test_what_gets_graver_after_it_was_resolved_by_hand_is_a_new_incident() -> None:
    stand = Stand()
    stand.see(condition(severity=Severity.MEDIUM))
    stand.do(Resolve(stand.incident.key, ANA, "known"))
    stand.wait(MINUTE)
    told = said(stand.see(condition(severity=Severity.EMERGENCY)))
    assert ("slack", "firing") in told
    assert len(stand.incidents) == 2
    assert stand.incident.severity is Severity.EMERGENCY


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
