"""The collection of alerts: by source, by deadline, and what it forgets."""

from __future__ import annotations

from daemon.core.alerting.alerts import KEEP, Alerts, fires
from daemon.core.effects import Drop, Save
from daemon.core.labels import fingerprint
from daemon.core.model import MINUTE, Alert, AlertState, Promotion
from daemon.core.severity import Severity
from daemon.core.turn import Turn
from tests.core.deciding import START, alert, condition


def alerts(*in_use: str) -> Alerts:
    """Alerts beside which the incidents `in_use` are open."""
    return Alerts(lambda incident: incident in in_use)


def test_an_alert_is_known_by_the_fingerprint_of_its_labels() -> None:
    kept, seen = alerts(), condition()
    kept.observe(seen, Turn(START))
    assert list(kept.records) == [fingerprint(seen.labels)]


def test_a_condition_that_does_not_hold_and_never_did_costs_nothing() -> None:
    kept, turn = alerts(), Turn(START)
    kept.observe(condition(holds=False), turn)
    kept.observe(condition(holds=None), turn)
    assert turn.effects == []
    assert not kept.take_changes()


def test_a_condition_that_says_the_same_again_has_no_effect() -> None:
    kept, turn = alerts(), Turn(START + 1)
    kept.observe(condition(), Turn(START))
    kept.take_changes()
    kept.observe(condition(), turn)
    assert turn.effects == []
    assert not kept.take_changes()


def test_changes_tell_what_was_and_what_is_and_are_taken_once() -> None:
    kept = alerts()
    kept.observe(condition(), Turn(START))
    kept.observe(condition(holds=False), Turn(START + 1))
    fired, ended = kept.take_changes()
    assert (fired.before, ended.before) == (None, fired.after)
    assert fires(fired.after)
    assert not fires(ended.after)
    assert not kept.take_changes()


def test_deadlines_come_for_what_is_pending_kept_and_rising() -> None:
    kept = alerts()
    kept.observe(condition("web", for_=MINUTE), Turn(START))
    assert kept.next_deadline() == START + MINUTE
    kept.tick(Turn(START + MINUTE))
    assert kept.next_deadline() is None
    steps = (Promotion(5 * MINUTE, Severity.EMERGENCY),)
    kept.observe(condition("api", promote=steps), Turn(START))
    assert kept.next_deadline() == START + 5 * MINUTE
    kept.observe(condition("web", False, keep_for=MINUTE), Turn(START + 2 * MINUTE))
    assert kept.next_deadline() == START + 3 * MINUTE


def test_other_labels_of_one_source_end_the_alert_with_the_old_ones() -> None:
    kept = alerts()
    kept.observe(condition(), Turn(START))
    old = next(iter(kept.records))
    kept.observe(condition(labels={"env": "x"}), Turn(START + 1))
    assert kept.records[old].state is AlertState.RESOLVED
    assert [a.state for a in kept.records.values()] == [AlertState.RESOLVED, AlertState.FIRING]
    kept.observe(condition(holds=False, labels={"env": "x"}), Turn(START + 2))
    assert {a.state for a in kept.records.values()} == {AlertState.RESOLVED}


def test_a_source_that_left_resolves_its_alert() -> None:
    kept = alerts()
    kept.observe(condition(), Turn(START))
    assert kept.sources() == ["check:web"]
    kept.left("check:web", Turn(START + 1))
    kept.left("check:unknown", Turn(START + 1))
    assert {a.state for a in kept.records.values()} == {AlertState.RESOLVED}


def test_a_resolved_alert_is_dropped_after_a_while_but_not_while_its_incident_is_open() -> None:
    open_incidents = {"i"}
    kept = Alerts(open_incidents.__contains__)
    over = alert(state=AlertState.RESOLVED, resolved_at=START, holds=False, incident="i")
    kept.restore([over])
    assert kept.next_deadline() is None
    open_incidents.clear()
    kept.rearm(over.key)
    assert kept.next_deadline() == START + KEEP
    turn = Turn(START + KEEP)
    kept.tick(turn)
    assert turn.effects == [Drop(Alert, over.key)]
    assert kept.next_deadline() is None


def test_cooldown_is_waited_for_before_an_alert_is_dropped() -> None:
    kept = alerts()
    quiet = START + 3 * KEEP
    kept.restore(
        [alert(state=AlertState.RESOLVED, resolved_at=START, holds=False, quiet_until=quiet)]
    )
    assert kept.next_deadline() == quiet


def test_restored_in_any_order_the_living_alert_of_a_source_is_the_present_one() -> None:
    labels = condition().labels
    living = alert(fingerprint(labels), source="check:web", labels=labels)
    dead = alert("dead", source="check:web", state=AlertState.RESOLVED, holds=False)
    for order in ([living, dead], [dead, living]):
        kept = alerts()
        kept.restore(order)
        kept.observe(condition(holds=False), Turn(START + 1))
        assert kept.records[living.key].state is AlertState.RESOLVED


def test_a_new_value_that_moves_nothing_is_saved() -> None:
    kept, turn = alerts(), Turn(START)
    kept.put(alert(incident="i"), turn)
    assert turn.effects == [Save(alert(incident="i"))]
    assert not kept.take_changes()
