"""What operators do, what they are refused, and what stays on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.decider import Decidable
from daemon.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Escalate,
    PutSilence,
    Resolve,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, IncidentState
from daemon.core.plan import AckPlan
from tests.core.deciding import ANA, BEN, START, Stand, condition, plan, route, said


@pytest.fixture
def stand() -> Stand:
    """A stand with one incident that was told of."""
    made = Stand()
    made.see(condition())
    return made


def refused(stand: Stand, event: Decidable, error: type[Refusal], why: str) -> None:
    """The event is refused, and has changed nothing."""
    before = dict(stand.mirror.records), len(stand.mirror.entries)
    with pytest.raises(error, match=why):
        stand.do(event)
    assert stand.see() == []
    assert (stand.mirror.records, len(stand.mirror.entries)) == before


def actions(stand: Stand) -> list[tuple[str, str]]:
    return [(audit.actor.name, audit.action) for audit in stand.mirror.audits]


def test_acknowledging_stops_the_policy_and_tells_those_who_were_called(stand: Stand) -> None:
    told = stand.do(Acknowledge(stand.incident.key, BEN, "on it"))
    assert said(told) == [
        ("slack", "acknowledged"),
        ("ana via sms", "acknowledged"),
        ("ana via mail", "acknowledged"),
    ]
    assert told[0].reason == "acknowledged by ben: on it"
    assert told[0].incident.acknowledged_by == "ben"
    assert stand.wait(24 * HOUR - 1) == []
    assert actions(stand) == [("ben", "acknowledge")]


def test_acknowledging_before_anybody_was_told_tells_nobody() -> None:
    stand = Stand(plan(route=route(group_wait=MINUTE, policy="primary")))
    stand.see(condition())
    assert stand.do(Acknowledge(stand.incident.key, ANA)) == []
    assert said(stand.wait(MINUTE)) == [("slack", "firing")]


def test_taking_it_again_renews_it_and_says_so_only_when_somebody_else_does(stand: Stand) -> None:
    stand.do(Acknowledge(stand.incident.key, ANA, expires_after=MINUTE))
    assert stand.do(Acknowledge(stand.incident.key, ANA, expires_after=HOUR)) == []
    assert stand.incident.ack_until == START + HOUR
    assert said(stand.do(Acknowledge(stand.incident.key, BEN)))[0] == ("slack", "acknowledged")
    assert (stand.incident.acknowledged_by, stand.incident.ack_until) == ("ben", None)


def test_giving_it_back_lets_the_policy_go_on_with_the_time_that_was_left(stand: Stand) -> None:
    stand.wait(2 * MINUTE)
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.wait(HOUR)
    stand.do(Unacknowledge(stand.incident.key, ANA))
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.next_at == stand.now + 3 * MINUTE
    assert said(stand.wait(3 * MINUTE)) == [("ben via mail", "escalated")]
    assert EntryKind.UNACKNOWLEDGED in stand.kinds()


def test_what_joined_while_somebody_had_it_is_told_when_they_give_it_back() -> None:
    forbids = AckPlan(reopen_on_new_alert=False)
    stand = Stand(plan(route=route(channels=(), policy="primary"), ack=forbids))
    stand.see(condition("web"))
    stand.do(Acknowledge(stand.incident.key, ANA))
    assert stand.see(condition("api")) == []
    told = said(stand.do(Unacknowledge(stand.incident.key, ANA)))
    assert told == [("ana via sms", "updated"), ("ana via mail", "updated")]


def test_giving_back_what_has_no_policy_lets_its_repeats_go_on() -> None:
    stand = Stand(plan(route=route(repeat_interval=10 * MINUTE)))
    stand.see(condition())
    stand.do(Acknowledge(stand.incident.key, ANA))
    assert stand.wait(30 * MINUTE + 1) == []
    assert stand.do(Unacknowledge(stand.incident.key, ANA)) == []
    assert said(stand.wait(MINUTE)) == [("slack", "repeated")]


def test_giving_back_what_had_nobody_left_to_tell_starts_the_policy_over(stand: Stand) -> None:
    stand.wait(HOUR)
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.wait(MINUTE)
    told = said(stand.do(Unacknowledge(stand.incident.key, BEN)))
    assert told == [("ana via sms", "escalated"), ("ana via mail", "escalated")]
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_what_may_not_be_acknowledged_is_not() -> None:
    stand = Stand()
    stand.see(condition(acknowledgeable=False))
    why = "may not be acknowledged"
    refused(stand, Acknowledge(stand.incident.key, ANA), NotAllowed, why)
    assert not stand.incident.acknowledgeable


def test_an_incident_that_changed_since_is_a_conflict(stand: Stand) -> None:
    seen = stand.incident.version
    stand.see(condition("api"))
    for command in (
        Acknowledge(stand.incident.key, ANA, version=seen),
        Resolve(stand.incident.key, ANA, version=seen),
        Escalate(stand.incident.key, ANA, version=seen),
        Unacknowledge(stand.incident.key, ANA, version=seen),
    ):
        refused(stand, command, Conflict, f"you saw {seen}")
    stand.do(Acknowledge(stand.incident.key, ANA, version=stand.incident.version))
    assert stand.incident.state is IncidentState.ACKNOWLEDGED


@pytest.mark.parametrize(
    "command",
    [Acknowledge("x", ANA), Unacknowledge("x", ANA), AddNote("x", ANA, "hm"), Resolve("x", ANA),
     Escalate("x", ANA)],
)  # fmt: skip
def test_an_incident_nobody_knows_is_not_found(stand: Stand, command: Decidable) -> None:
    refused(stand, command, NotFound, "there is no incident 'x'")


def test_a_resolved_incident_takes_notes_and_nothing_else(stand: Stand) -> None:
    key = stand.incident.key
    stand.do(Resolve(key, ANA))
    for command in (
        Acknowledge(key, ANA), Unacknowledge(key, ANA), Resolve(key, ANA), Escalate(key, ANA),
    ):  # fmt: skip
        refused(stand, command, NotAllowed, "already resolved")
    stand.do(AddNote(key, BEN, " it was the cache "))
    assert stand.mirror.entries[-1].text == "it was the cache"


def test_what_makes_no_sense_is_refused(stand: Stand) -> None:
    key = stand.incident.key
    refused(stand, AddNote(key, ANA, "  "), Invalid, "the note is empty")
    refused(stand, AddNote(key, ANA, "x" * 10_001), Invalid, "10001 characters")
    refused(stand, Acknowledge(key, ANA, "x" * 10_001), Invalid, "10001 characters")
    refused(stand, Acknowledge(key, ANA, expires_after=0), Invalid, "must last")
    refused(stand, Resolve(key, ANA, "x" * 10_001), Invalid, "10001 characters")
    refused(stand, Unacknowledge(key, ANA), NotAllowed, "it is not acknowledged")


def test_escalating_runs_the_next_level_and_the_rest_keep_their_distances(stand: Stand) -> None:
    stand.wait(MINUTE)
    assert said(stand.do(Escalate(stand.incident.key, ANA))) == [("ben via mail", "escalated")]
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.next_at == stand.now + 10 * MINUTE
    assert actions(stand) == [("ana", "escalate")]


def test_escalating_what_somebody_took_triggers_it_again(stand: Stand) -> None:
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.wait(HOUR)
    assert said(stand.do(Escalate(stand.incident.key, ANA))) == [("ben via mail", "escalated")]
    assert stand.incident.state is IncidentState.TRIGGERED
    assert EntryKind.REOPENED in stand.kinds()


def test_escalating_without_anybody_left_is_refused(stand: Stand) -> None:
    key = stand.incident.key
    stand.do(Escalate(key, ANA))
    stand.do(Escalate(key, ANA))
    refused(stand, Escalate(key, ANA), NotAllowed, "nobody left")


def test_escalating_what_is_muted_or_has_no_policy_is_refused(stand: Stand) -> None:
    matchers = (parse_matcher("check=web"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + HOUR, "works"))
    refused(stand, Escalate(stand.incident.key, ANA), NotAllowed, "is muted: silenced by ana")
    plain = Stand(plan(route=route()))
    plain.see(condition())
    refused(plain, Escalate(plain.incident.key, ANA), NotAllowed, "no escalation policy")


def test_resolving_by_hand_ends_what_waited_for_it() -> None:
    stand = Stand()
    stand.see(condition(auto_resolve=False))
    stand.see(condition(holds=False, auto_resolve=False))
    assert stand.incident.state is IncidentState.TRIGGERED
    stand.do(Resolve(stand.incident.key, ANA))
    alert = stand.alert()
    assert alert is not None
    assert alert.resolved_at == stand.now
    assert stand.incident.resolved_by == "ana"


def test_every_action_is_audited_with_who_and_from_where(stand: Stand) -> None:
    key = stand.incident.key
    stand.do(Acknowledge(key, ANA, "on it"))
    stand.do(Unacknowledge(key, ANA))
    stand.do(AddNote(key, BEN, "restarted"))
    stand.do(Escalate(key, BEN))
    stand.do(Resolve(key, ANA, "done"))
    assert actions(stand) == [
        ("ana", "acknowledge"), ("ana", "unacknowledge"), ("ben", "note"), ("ben", "escalate"),
        ("ana", "resolve"),
    ]  # fmt: skip
    assert {audit.actor.origin for audit in stand.mirror.audits} == {ANA.origin, BEN.origin}
    assert {audit.subject for audit in stand.mirror.audits} == {key}
    assert replace(stand.mirror.audits[-1]).detail == "done"
