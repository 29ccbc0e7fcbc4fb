"""By when an incident is to be answered, as its severity and its service's context say."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.incidents import promptness
from daemon.core.model import HOUR, MINUTE, Incident, IncidentState, Mute, MuteKind, StatusUpdate
from daemon.core.plan import AckPlan, Plan, ServicePlan, SeverityPlan
from daemon.core.severity import Severity
from tests.core.deciding import START

PLAN = Plan(
    severities={
        Severity.CRITICAL: SeverityPlan(mtta=5 * MINUTE, mttr=HOUR, update_every=30 * MINUTE)
    },
    services={"shop": ServicePlan("shop", (), update_every=10 * MINUTE)},
    ack=AckPlan(remind_every=20 * MINUTE),
)
OPEN = Incident(
    "id", "{}:{}", IncidentState.TRIGGERED, Severity.CRITICAL, "shop is down", "", START
)
TAKEN = replace(
    OPEN,
    state=IncidentState.ACKNOWLEDGED,
    acknowledged_at=START + MINUTE,
    first_acknowledged_at=START + MINUTE,
)
MUTED = replace(OPEN, muted=(Mute(MuteKind.SILENCE, "s", "works"),))


def test_the_clocks_run_from_when_it_fired_or_ceased_to_be_muted() -> None:
    assert promptness.ack_due(OPEN, PLAN) == START + 5 * MINUTE
    assert promptness.fix_due(OPEN, PLAN) == START + HOUR
    again = replace(OPEN, unmuted_at=START + HOUR)
    assert promptness.ack_due(again, PLAN) == START + HOUR + 5 * MINUTE
    assert promptness.ack_due(replace(OPEN, severity=Severity.LOW), PLAN) is None
    assert promptness.ack_due(MUTED, PLAN) is None


def test_nothing_is_late_that_is_taken_or_muted_or_over_or_may_not_be_taken() -> None:
    assert promptness.late_at("ack", OPEN, PLAN) == START + 5 * MINUTE
    assert promptness.late_at("ack", TAKEN, PLAN) is None
    assert promptness.late_at("fix", TAKEN, PLAN) == START + HOUR
    assert promptness.late_at("fix", MUTED, PLAN) is None
    assert promptness.late_at("ack", replace(OPEN, acknowledgeable=False), PLAN) is None
    over = replace(OPEN, state=IncidentState.RESOLVED, resolved_at=START + HOUR)
    assert promptness.late_at("fix", over, PLAN) is None


def test_a_plan_that_asks_for_nothing_is_known_to() -> None:
    assert not promptness.asks(Plan())
    for part in ("severities", "services", "ack"):
        assert promptness.asks(replace(Plan(), **{part: getattr(PLAN, part)}))


def test_what_says_that_another_is_late_or_is_a_test_is_held_against_no_time() -> None:
    for untimed in (replace(OPEN, is_timed=False), replace(OPEN, is_test=True)):
        assert promptness.prompted_at(untimed, PLAN) is None


def test_updates_are_due_by_the_context_and_else_by_the_severity() -> None:
    assert promptness.update_due(OPEN, PLAN) == START + 30 * MINUTE
    shop = replace(OPEN, service="shop")
    assert promptness.update_due(shop, PLAN) == START + 10 * MINUTE
    told = replace(shop, status_update=StatusUpdate("so far", "ana", START + 7 * MINUTE))
    assert promptness.update_due(told, PLAN) == START + 17 * MINUTE
    assert promptness.update_due(replace(told, muted=MUTED.muted), PLAN) is None


def test_what_the_last_update_promised_counts_more_than_any_interval() -> None:
    promised = StatusUpdate("so far", "ana", START, START + 2 * HOUR)
    assert promptness.update_due(replace(OPEN, status_update=promised), PLAN) == START + 2 * HOUR
    assert promptness.update_due(replace(OPEN, status_update=promised), Plan()) == START + 2 * HOUR


def test_who_was_reminded_of_an_update_is_reminded_again_after_its_interval() -> None:
    due = START + 30 * MINUTE
    assert promptness.update_reminder_at(OPEN, PLAN) == due
    reminded = replace(OPEN, update_reminded_at=due)
    assert promptness.update_reminder_at(reminded, PLAN) == due + 30 * MINUTE
    told = StatusUpdate("so far", "ana", START, due)
    assert (
        promptness.update_reminder_at(replace(reminded, status_update=told), Plan())
        == due + promptness.REMIND_AGAIN
    )


def test_whoever_took_it_is_reminded_again_and_again_while_it_is_open() -> None:
    assert promptness.ack_reminder_at(OPEN, PLAN) is None
    assert promptness.ack_reminder_at(TAKEN, Plan()) is None
    assert promptness.ack_reminder_at(TAKEN, PLAN) == START + 21 * MINUTE
    reminded = replace(TAKEN, ack_reminded_at=START + 21 * MINUTE)
    assert promptness.ack_reminder_at(reminded, PLAN) == START + 41 * MINUTE


def test_an_alert_of_lateness_that_is_true_no_more_is_to_be_ended_at_once() -> None:
    late = replace(TAKEN, late=("ack",))
    assert promptness.prompted_at(late, PLAN) == START
    over = replace(late, state=IncidentState.RESOLVED, resolved_at=START + HOUR)
    assert promptness.prompted_at(over, PLAN) == START + HOUR
    assert promptness.prompted_at(replace(over, late=()), PLAN) is None
