"""What operators do, what they are refused, and what stays on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    Decidable,
    Escalate,
    PutSilence,
    Resolve,
    Snooze,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, IncidentState
from daemon.core.plan import AckPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, BEN, CHANNELS, START, Stand, condition, plan, route, said


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


def test_snoozing_is_acknowledging_until_a_time_and_says_so(stand: Stand) -> None:
    told = stand.do(Snooze(stand.incident.key, BEN, HOUR, "after lunch"))
    until = "2027-01-15 09:00:00 UTC"
    assert {notice.reason for notice in told} == {f"snoozed by ben until {until}: after lunch"}
    assert {kind for _, kind in said(told)} == {"acknowledged"}
    assert stand.incident.state is IncidentState.ACKNOWLEDGED
    assert (stand.incident.acknowledged_by, stand.incident.ack_until) == ("ben", START + HOUR)
    line, audit = stand.mirror.entries[-2], stand.mirror.audits[-1]
    assert (line.kind, line.actor, line.text) == (
        EntryKind.SNOOZED, BEN, f"until {until}; after lunch",
    )  # fmt: skip
    assert (audit.action, audit.detail) == ("snooze", line.text)


def test_a_snooze_ends_as_an_acknowledgement_does_that_expires() -> None:
    ends = []
    for command in (Snooze("", BEN, HOUR), Acknowledge("", BEN, expires_after=HOUR)):
        stand = Stand()
        stand.see(condition())
        stand.do(replace(command, incident=stand.incident.key))
        assert stand.wait(HOUR - 1) == []
        ends.append((said(stand.wait(1)), stand.incident, stand.kinds()[-4:]))
    snoozed, expired = ends
    assert snoozed == expired
    assert snoozed[1].state is IncidentState.TRIGGERED
    assert ("ana via sms", "escalated") in snoozed[0]


def test_who_is_assigned_is_told_and_the_policy_goes_on(stand: Stand) -> None:
    told = stand.do(Assign(stand.incident.key, ANA, "ben", "you know the cache"))
    assert said(told) == [("ben via mail", "updated")]
    assert told[0].reason == "assigned to you by ana: you know the cache"
    assert told[0].incident.assigned_to == "ben"
    assert (stand.incident.state, stand.incident.assigned_to) == (IncidentState.TRIGGERED, "ben")
    line = next(e for e in stand.mirror.entries if e.kind is EntryKind.ASSIGNED)
    assert (line.actor, line.text) == (ANA, "to ben; you know the cache")
    assert actions(stand) == [("ana", "assign")]
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_who_is_assigned_is_told_over_the_contacts_for_its_severity() -> None:
    stand = Stand(plan(route=route(channels=())))
    stand.see(condition(severity=Severity.MEDIUM))
    told = stand.do(Assign(stand.incident.key, BEN, "ana"))
    assert said(told) == [("ana via mail", "updated")]


def test_who_was_assigned_hears_of_the_end(stand: Stand) -> None:
    stand.do(Assign(stand.incident.key, ANA, "ben"))
    assert ("ben via mail", "acknowledged") in said(stand.do(Acknowledge(stand.incident.key, ANA)))
    assert ("ben via mail", "resolved") in said(stand.see(condition(holds=False)))
    assert stand.incident.assigned_to == "ben"


@pytest.mark.parametrize("state", [IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED])
def test_who_assigns_it_to_themselves_or_anew_tells_nobody(
    stand: Stand, state: IncidentState
) -> None:
    if state is IncidentState.ACKNOWLEDGED:
        stand.do(Acknowledge(stand.incident.key, ANA))
    assert stand.do(Assign(stand.incident.key, BEN, "ben")) == []
    assert stand.do(Assign(stand.incident.key, ANA, "ben", "still you")) == []
    assert stand.incident.state is state
    assert stand.mirror.entries[-1].text == "to ben; still you"


def test_an_assignment_is_handed_on_and_taken_away(stand: Stand) -> None:
    key = stand.incident.key
    refused(stand, Assign(key, ANA, None), NotAllowed, "is assigned to nobody")
    stand.do(Assign(key, ANA, "ben"))
    assert said(stand.do(Assign(key, BEN, "ana"))) == [
        ("ana via sms", "updated"), ("ana via mail", "updated"),
    ]  # fmt: skip
    assert stand.mirror.audits[-1].detail == "to ana; ben had it"
    assert stand.do(Assign(key, BEN, None, "a mistake")) == []
    assert stand.incident.assigned_to is None
    assert stand.mirror.entries[-1].kind is EntryKind.UNASSIGNED
    assert stand.mirror.audits[-1].detail == "was assigned to ana; a mistake"
    assert actions(stand)[-1] == ("ben", "unassign")


def test_nobody_is_told_of_an_assignment_while_it_is_muted(stand: Stand) -> None:
    stand.do(PutSilence(ANA, (parse_matcher("check=web"),), None, stand.now + HOUR, "works"))
    assert stand.do(Assign(stand.incident.key, ANA, "ben")) == []
    assert stand.mirror.entries[-1].text == "to ben; ben is not told while it is muted"


def test_an_assignment_that_reaches_nobody_says_so() -> None:
    stand = Stand(plan(channels={"sms": CHANNELS["sms"]}, route=route(channels=("sms",))))
    stand.see(condition())
    assert stand.do(Assign(stand.incident.key, ANA, "ben")) == []
    last = stand.mirror.entries[-1]
    assert last.kind is EntryKind.UNDELIVERED
    assert last.text == "assigned to you by ana: person:ben is not reachable"
    assert stand.incident.assigned_to == "ben"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Anna", "no person 'Anna'; did you mean ana\\?$"),
        ("zoe", "no person 'zoe'$"),
        ("", "no person ''$"),
    ],
)
def test_only_persons_of_the_configuration_are_assigned_to(
    stand: Stand, name: str, words: str
) -> None:
    refused(stand, Assign(stand.incident.key, ANA, name), Invalid, words)


def test_what_may_not_be_acknowledged_is_not() -> None:
    stand = Stand()
    stand.see(condition(acknowledgeable=False))
    why = "may not be acknowledged"
    refused(stand, Acknowledge(stand.incident.key, ANA), NotAllowed, why)
    refused(stand, Snooze(stand.incident.key, ANA, HOUR), NotAllowed, why)
    assert not stand.incident.acknowledgeable


def test_an_incident_that_changed_since_is_a_conflict(stand: Stand) -> None:
    seen = stand.incident.version
    stand.see(condition("api"))
    for command in (
        Acknowledge(stand.incident.key, ANA, version=seen),
        Resolve(stand.incident.key, ANA, version=seen),
        Escalate(stand.incident.key, ANA, version=seen),
        Unacknowledge(stand.incident.key, ANA, version=seen),
        Snooze(stand.incident.key, ANA, HOUR, version=seen),
        Assign(stand.incident.key, ANA, "ben", version=seen),
    ):
        refused(stand, command, Conflict, f"you saw {seen}")
    stand.do(Acknowledge(stand.incident.key, ANA, version=stand.incident.version))
    assert stand.incident.state is IncidentState.ACKNOWLEDGED


@pytest.mark.parametrize(
    "command",
    [Acknowledge("x", ANA), Unacknowledge("x", ANA), AddNote("x", ANA, "hm"), Resolve("x", ANA),
     Escalate("x", ANA), Snooze("x", ANA, HOUR), Assign("x", ANA, "ben")],
)  # fmt: skip
def test_an_incident_nobody_knows_is_not_found(stand: Stand, command: Decidable) -> None:
    refused(stand, command, NotFound, "there is no incident 'x'")


def test_a_resolved_incident_takes_notes_and_nothing_else(stand: Stand) -> None:
    key = stand.incident.key
    stand.do(Resolve(key, ANA))
    for command in (
        Acknowledge(key, ANA), Unacknowledge(key, ANA), Resolve(key, ANA), Escalate(key, ANA),
        Snooze(key, ANA, HOUR), Assign(key, ANA, "ben"), Assign(key, ANA, None),
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
    refused(stand, Snooze(key, ANA, HOUR, "x" * 10_001), Invalid, "10001 characters")
    refused(stand, Snooze(key, ANA, 0), Invalid, "a snooze must last")
    refused(stand, Assign(key, ANA, "ben", "x" * 10_001), Invalid, "10001 characters")
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
