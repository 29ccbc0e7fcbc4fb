"""The auditor finds steps that are late or were, from the incidents' records alone."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.effects import Save
from daemon.core.model import MINUTE, SECOND, Escalation, Incident, IncidentState, Later, Level
from daemon.service.auditor import EVERY, LATE, SHOWN_FOR, Auditor
from tests.store.samples import NOW, an_incident

STEPS = Escalation("duty", (Level(0, ("person:ana",)),), next_at=NOW)
WAITS = an_incident(escalation=STEPS)
RAN = replace(WAITS, escalation=replace(STEPS, next_at=None, stepped_at=NOW))


def looked(auditor: Auditor, incident: Incident, after: int) -> str | None:
    return auditor.problem({incident.key: incident}, NOW + after)


def test_a_step_that_is_not_run_is_found() -> None:
    auditor = Auditor([])
    assert looked(auditor, WAITS, LATE) is None
    words = "the next step of incident inc-1 is 45s late"
    assert looked(auditor, WAITS, LATE + EVERY) == words
    assert looked(auditor, RAN, LATE + 2 * EVERY) is None


def test_a_step_that_was_run_late_is_a_problem_for_a_while() -> None:
    auditor = Auditor([WAITS])
    at = NOW + 5 * MINUTE
    done = replace(RAN, escalation=replace(STEPS, next_at=None, stepped_at=at))
    auditor.take([Save(done)], at)
    assert looked(auditor, done, 5 * MINUTE) == "the next step of incident inc-1 was run 5m late"
    assert looked(auditor, done, 5 * MINUTE + SHOWN_FOR) is None


def test_a_step_in_time_and_one_that_was_called_off_are_none() -> None:
    auditor = Auditor([WAITS])
    auditor.take([Save(RAN)], NOW + SECOND)
    taken = replace(
        WAITS, state=IncidentState.ACKNOWLEDGED, escalation=replace(STEPS, next_at=None)
    )
    other = Auditor([WAITS])
    other.take([Save(taken)], NOW + LATE + SECOND)
    assert looked(auditor, RAN, MINUTE) is None
    assert looked(other, taken, MINUTE) is None


def test_a_contact_that_waits_counts_as_a_step() -> None:
    later = Later("ana", "sms", "person:ana", MINUTE, NOW, MINUTE)
    one = an_incident(contacts=(later,))
    assert "is 1m late" in (looked(Auditor([]), one, MINUTE) or "")


def test_of_many_the_latest_is_named() -> None:
    other = replace(WAITS, key="inc-2", escalation=replace(STEPS, next_at=NOW - MINUTE))
    found = Auditor([]).problem({"inc-1": WAITS, "inc-2": other}, NOW + MINUTE)
    assert found == "the next step of incident inc-2 is 2m late; 1 more are"
