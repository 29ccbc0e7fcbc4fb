"""When the desk reviews what was touched, and that storms cost no more than they must."""

from __future__ import annotations

from daemon.core.chronicle import EntryKind
from daemon.core.events import Acknowledge, ExpireSilence, PutSilence
from daemon.core.incidents import reviews
from daemon.core.incidents.reviews import LARGE, Reviews
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, IncidentState
from daemon.core.turn import ROOM
from tests.core.deciding import ANA, START, Stand, condition, plan, route

MANY = 3 * LARGE


def storm(checks: int, *, holds: bool = True, since: int = START) -> list[object]:
    return [condition(f"c{i:05}", holds=holds, since=since) for i in range(checks)]


def in_one_incident(checks: int) -> Stand:
    """So many checks of one service down, one after the other."""
    stand = Stand(plan(route=route(policy="primary", group_wait=0)))
    for one in storm(checks):
        stand.see(one)  # type: ignore[arg-type]  # a condition
    return stand


def test_a_small_incident_is_reviewed_in_the_turn_that_touches_it() -> None:
    waiting = Reviews()
    waiting.reviewed("i", LARGE, START)
    waiting.touch("i", LARGE, START)
    assert waiting.waits
    taken = waiting.take_ready(START)
    assert taken is not None
    assert taken[0] == "i"
    assert waiting.take_ready(START) is None


def test_a_large_one_rests_after_a_review_and_is_reviewed_once_for_what_came_meanwhile() -> None:
    waiting = Reviews()
    waiting.reviewed("i", 10 * LARGE, START)
    waiting.touch("i", 10 * LARGE, START + 1).shown["a"] = None
    waiting.touch("i", 10 * LARGE, START + 2).shown["b"] = None
    assert not waiting.waits
    due = waiting.next_deadline()
    assert due is not None
    assert START + 2 < due <= START + reviews.LONGEST_REST
    assert waiting.take_ready(due - 1) is None
    taken = waiting.take_ready(due)
    assert taken is not None
    assert list(taken[1].shown) == ["a", "b"]


def test_what_is_over_is_forgotten() -> None:
    waiting = Reviews()
    waiting.reviewed("i", 10 * LARGE, START)
    waiting.touch("i", 10 * LARGE, START)
    waiting.forget("i")
    assert waiting.next_deadline() is None
    assert not waiting.is_touched("i")


def test_alerts_that_join_a_large_incident_are_all_in_it_within_a_second() -> None:
    stand = in_one_incident(MANY)
    stand.wait(SECOND)
    assert len(stand.incidents) == 1
    assert len(stand.incident.alerts) == len(stand.incident.firing) == MANY
    stand.wait(MINUTE)
    assert stand.incident.summary.endswith(f"(and {MANY - 1} more alerts)")
    assert stand.kinds().count(EntryKind.JOINED) == MANY - 1
    (group,) = stand.decider.book.groups.values()
    assert len(group.alerts) == MANY
    assert all(len(told.firing) == MANY for told in stand.incident.told)


def test_a_large_incident_is_not_reviewed_by_every_alert_that_joins_it() -> None:
    stand = in_one_incident(MANY)
    assert stand.incident.version < 2 * MANY
    before = stand.incident.version
    for one in storm(MANY, holds=False):
        stand.see(one)  # type: ignore[arg-type]  # a condition
    stand.wait(SECOND)
    assert stand.incident.state is IncidentState.RESOLVED
    assert stand.incident.version - before < MANY


def test_an_operator_who_takes_a_resting_incident_takes_all_that_it_is() -> None:
    stand = in_one_incident(MANY)
    assert len(stand.incident.alerts) < MANY
    stand.do(Acknowledge(stand.incident.key, ANA))
    assert len(stand.incident.alerts) == MANY
    stand.wait(SECOND)
    assert stand.incident.state is IncidentState.ACKNOWLEDGED


def test_a_restart_takes_in_what_rested() -> None:
    stand = in_one_incident(MANY)
    assert len(stand.incident.firing) < MANY
    stand.restart()
    stand.wait(0)
    assert len(stand.incident.firing) == MANY
    assert stand.kinds().count(EntryKind.JOINED) == MANY - 1
    (group,) = stand.decider.book.groups.values()
    assert len(group.alerts) == MANY


def test_a_silence_over_everything_is_worked_off_in_slices_that_call_nobody_in_between() -> None:
    stand = Stand(plan(route=route(group_by=("check",))))
    stand.see(*storm(ROOM))  # type: ignore[arg-type]  # conditions
    stand.wait(0)
    stand.wait(SECOND)
    assert len(stand.incidents) == ROOM
    everything = (parse_matcher("alertname=~.+"),)
    stand.do(PutSilence(ANA, everything, None, stand.now + HOUR, ""))
    assert sum(bool(one.muted) for one in stand.decider.alerts.records.values()) > 0
    assert not all(one.muted for one in stand.incidents)
    assert stand.decider.next_deadline() == stand.now
    assert stand.wait(0) == []
    assert all(one.muted for one in stand.incidents)
    (silence,) = stand.decider.muting.silences.records
    assert stand.do(ExpireSilence(silence, ANA)) == []
    stand.wait(0)
    assert not any(one.muted for one in stand.incidents)
    assert stand.decider.next_deadline() != stand.now
