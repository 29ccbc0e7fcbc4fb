"""The casebook: versions, deadlines, and who was told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.effects import Drop, Save
from daemon.core.incidents import casebook
from daemon.core.incidents.casebook import KEEP, MOST, Casebook
from daemon.core.model import Alert, Group, Incident, IncidentState, Told
from daemon.core.severity import Severity
from daemon.core.turn import Turn
from tests.core.deciding import START, Stand, alert, condition, plan

INCIDENT = Incident(
    "i", "g", IncidentState.TRIGGERED, Severity.HIGH, "t", "s", START, firing=("a",)
)
GROUP = Group("g", "0", {}, "i", True, ("a",), START, None)


def told(channel: str, recipient: str = "") -> Told:
    return Told(channel, recipient, START, ("a",), Severity.HIGH)


def book(alerts: dict[str, Alert] | None = None) -> Casebook:
    return Casebook(alerts or {})


def test_every_change_of_an_incident_has_a_greater_version() -> None:
    kept, turn = book(), Turn(START)
    first = kept.put(INCIDENT, turn)
    second = kept.put(replace(first, title="other"), turn)
    assert (first.version, second.version) == (1, 2)
    assert turn.effects == [Save(first), Save(second)]


def test_the_same_value_again_is_no_change() -> None:
    kept, turn = book(), Turn(START)
    kept.put(INCIDENT, Turn(START))
    assert kept.put(INCIDENT, turn).version == 1
    kept.put_group(GROUP, Turn(START))
    kept.put_group(GROUP, turn)
    assert turn.effects == []


def test_the_soonest_of_an_incidents_times_is_its_deadline() -> None:
    kept = book()
    kept.put(replace(INCIDENT, ack_until=START + 9), Turn(START))
    assert kept.next_deadline() == START + 9
    assert kept.due_incident(START + 8) is None
    assert kept.due_incident(START + 9) is not None


def test_a_resolved_incident_is_due_to_be_dropped() -> None:
    kept, turn = book(), Turn(START)
    over = kept.put(replace(INCIDENT, resolved_at=START), Turn(START))
    assert kept.next_deadline() == START + KEEP
    kept.drop(over, turn)
    assert turn.effects == [Drop(Incident, "i")]
    assert kept.next_deadline() is None


def test_of_resolved_incidents_the_newest_are_kept_over_a_restart_too() -> None:
    kept = book()
    for number in range(MOST):
        over = replace(INCIDENT, key=f"i{number}", resolved_at=START + number)
        kept.put(over, Turn(START + number))
    now = START + MOST
    assert kept.due_incident(now) is None
    kept.put(replace(INCIDENT, key="new", resolved_at=now), Turn(now))
    dropped = kept.due_incident(now)
    assert dropped is not None
    assert dropped.key == "i0"
    assert kept.due_incident(now) is None
    again = book()
    again.restore(reversed(kept.incidents.values()), [])
    assert [one.key for one in iter(lambda: again.due_incident(now), None)] == ["i0"]


def test_a_group_is_due_when_it_is_to_look() -> None:
    kept = book()
    kept.put_group(replace(GROUP, flush_at=START + 5), Turn(START))
    assert kept.next_deadline() == START + 5
    assert kept.due_group(START + 5) is not None
    assert kept.next_deadline() is None


def test_closing_ends_all_groups_of_an_incident_and_no_others() -> None:
    kept, turn = book(), Turn(START)
    for key, incident in (("g", "i"), ("h", "i"), ("x", "other")):
        kept.put_group(replace(GROUP, key=key, incident=incident, flush_at=START), Turn(START))
    kept.close(INCIDENT, turn)
    assert list(kept.groups) == ["x"]
    assert turn.effects == [Drop(Group, "g"), Drop(Group, "h")]


def test_groups_come_owner_first_then_by_age_whatever_order_they_were_restored_in() -> None:
    old = replace(GROUP, key="b", owner=False, opened_at=START)
    new = replace(GROUP, key="a", owner=False, opened_at=START + 1)
    for order in ([new, old, GROUP], [GROUP, old, new]):
        kept = book()
        kept.restore([INCIDENT], order)
        assert [group.key for group in kept.groups_of(INCIDENT)] == ["g", "b", "a"]


def test_everybody_who_was_told_is_listed_once() -> None:
    kept = book()
    kept.put_group(replace(GROUP, told=(told("slack"),)), Turn(START))
    incident = replace(INCIDENT, told=(told("slack"), told("mail", "ana")))
    found = [(t.channel, t.recipient) for t in kept.told(incident)]
    assert found == [("slack", ""), ("mail", "ana")]


def test_only_its_own_firing_alerts_keep_an_incident_going() -> None:
    mine = alert("a", incident="i")
    kept = book({"a": mine})
    assert kept.firing(INCIDENT) == [mine]
    for other in (replace(mine, incident="x"), replace(mine, dismissed=True)):
        assert book({"a": other}).firing(INCIDENT) == []
    assert book().firing(INCIDENT) == []


def test_what_was_let_go_before_there_was_room_for_its_step_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(casebook, "MOST", 1)
    names = [f"web{number}" for number in range(8)]
    stand = Stand(plan(checks=dict.fromkeys(names, plan().checks["web"])))
    stand.see(*(condition(name, labels={"service": name}) for name in names))
    stand.now = min(one.escalation.next_at or 0 for one in stand.incidents if one.escalation)
    full = Turn(stand.now, room=7)
    stand.decider.decide(full)
    assert full.is_full
    stand.mirror.apply(full.effects)
    stand.see(*(condition(name, holds=False, labels={"service": name}) for name in names))
    assert [one.state for one in stand.incidents] == [IncidentState.RESOLVED]
