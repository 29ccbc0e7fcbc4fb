"""The desk: how incidents begin, end, are left by what is gone and are forgotten."""

from __future__ import annotations

from daemon.core.chronicle import EntryKind
from daemon.core.events import Resolve
from daemon.core.incidents.casebook import KEEP
from daemon.core.model import MINUTE, SECOND, IncidentState, Kin
from tests.core.deciding import ANA, START, Stand, condition, plan, route, said, short


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


def test_what_fails_again_after_it_was_resolved_by_hand_while_flapping_is_told() -> None:
    stand = Stand()
    stand.see(condition(flapping=True))
    stand.do(Resolve(stand.incident.key, ANA))
    stand.wait(MINUTE)
    stand.see(condition(holds=False, flapping=True))
    stand.wait(MINUTE)
    assert ("slack", "firing") in said(stand.see(condition(flapping=True)))


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
    assert {kind for kind, _ in stand.mirror.records} <= {Kin}
    assert stand.decider.next_deadline() is None


def test_an_alert_that_resolved_is_remembered_while_its_incident_goes_on() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("api"))
    stand.see(condition("api", False))
    stand.wait(5 * KEEP)
    assert stand.alert("api") is not None
    stand.see(condition("web", False))
    assert stand.alert("api") is None
