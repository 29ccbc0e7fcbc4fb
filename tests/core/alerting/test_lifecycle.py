"""The life of an alert: every pair of a state and a happening, and what each move does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.alerting.lifecycle import TABLE, Happening, moved, ripe_at
from daemon.core.model import MINUTE, SECOND, Alert, AlertState, Mute, MuteKind, Promotion
from daemon.core.severity import Severity
from daemon.core.turn import Condition
from tests.core.deciding import START, condition

NOW = START + SECOND
FIRING, PENDING, RESOLVED = AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED


def holds(alert: Alert | None = None, at: int = NOW, **more: object) -> Alert | None:
    return _stated(alert, Happening.HOLDS, at, condition(**more))


def away(alert: Alert | None, at: int = NOW, **more: object) -> Alert | None:
    return _stated(alert, Happening.AWAY, at, condition(holds=False, **more))


def unsure(alert: Alert | None, at: int = NOW, **more: object) -> Alert | None:
    return _stated(alert, Happening.UNSURE, at, condition(holds=None, **more))


def _stated(alert: Alert | None, what: Happening, at: int, told: Condition) -> Alert | None:
    return moved(alert, what, at, ("key", told))


def due(alert: Alert, at: int) -> Alert | None:
    return moved(alert, Happening.DUE, at, None)


def firing(**more: object) -> Alert:
    alert = holds(**more)
    assert alert is not None
    assert alert.state is FIRING
    return alert


def pending(span: int = MINUTE) -> Alert:
    alert = holds(for_=span, since=NOW)
    assert alert is not None
    assert alert.state is PENDING
    return alert


def test_every_pair_of_a_state_and_a_happening_has_its_row() -> None:
    assert set(TABLE) == {(s, h) for s in (None, *AlertState) for h in Happening}


@pytest.mark.parametrize("happening", [h for h in Happening if h is not Happening.HOLDS])
def test_an_absent_alert_begins_only_when_its_condition_holds(happening: Happening) -> None:
    assert moved(None, happening, NOW, ("key", condition(holds=False))) is None


def test_without_for_it_fires_at_once() -> None:
    alert = firing()
    assert (alert.fired_at, alert.pending_at, alert.occurrence) == (NOW, START, 1)
    assert "severity" not in alert.labels
    assert alert.matchable["severity"] == "critical"


def test_with_for_it_is_pending_and_fires_when_that_is_over() -> None:
    alert = pending()
    assert alert.fired_at is None
    fired = due(alert, NOW + MINUTE)
    assert fired is not None
    assert (fired.state, fired.fired_at) == (FIRING, NOW + MINUTE)


def test_for_counts_from_when_the_condition_began_to_hold() -> None:
    alert = holds(for_=MINUTE, since=START, at=START + MINUTE)
    assert alert is not None
    assert alert.state is FIRING


def test_a_pending_alert_whose_condition_goes_away_is_forgotten() -> None:
    assert away(pending()) is None
    assert moved(pending(), Happening.LEFT, NOW, None) is None


def test_a_pending_alert_does_not_fire_while_nobody_knows_nor_does_that_time_count() -> None:
    doubted = unsure(pending(), since=NOW + 20 * SECOND)
    assert doubted is not None
    assert (doubted.state, doubted.holds) == (PENDING, None)
    known = holds(doubted, at=NOW + 10 * MINUTE, for_=MINUTE)
    assert known is not None
    assert known.state is PENDING
    ripe = NOW + 10 * MINUTE + 40 * SECOND
    assert ripe_at(known) == ripe
    fired = due(known, ripe)
    assert fired is not None
    assert fired.state is FIRING


def test_it_resolves_when_the_condition_goes_away() -> None:
    alert = away(replace(firing(), muted=(Mute(MuteKind.SILENCE, "x", "y"),)), at=NOW + 5)
    assert alert is not None
    assert (alert.state, alert.resolved_at, alert.muted) == (RESOLVED, NOW + 5, ())
    assert alert.severity is Severity.CRITICAL


def test_keep_for_holds_it_firing_and_a_return_of_the_condition_starts_that_over() -> None:
    kept = away(firing(), keep_for=MINUTE)
    assert kept is not None
    assert (kept.state, kept.clears_at) == (FIRING, NOW + MINUTE)
    again = away(kept, at=NOW + 5, keep_for=MINUTE)
    assert again is not None
    assert again.clears_at == NOW + MINUTE
    back = holds(kept, keep_for=MINUTE)
    assert back is not None
    assert back.clears_at is None
    over = due(kept, NOW + MINUTE)
    assert over is not None
    assert over.state is RESOLVED


def test_a_firing_alert_stays_as_it_is_while_nobody_knows() -> None:
    kept = away(firing(down=True), keep_for=MINUTE)
    doubted = unsure(kept, unreachable="db")
    assert doubted is not None
    assert (doubted.state, doubted.holds, doubted.clears_at) == (FIRING, None, None)
    assert doubted.terms.unreachable == "db"
    assert not doubted.terms.down
    assert doubted.terms.keep_for == MINUTE


def test_without_auto_resolve_it_waits_for_an_operator() -> None:
    stuck = away(firing(), auto_resolve=False)
    assert stuck is not None
    assert (stuck.state, stuck.holds, stuck.clears_at) == (FIRING, False, None)
    done = moved(stuck, Happening.BY_HAND, NOW + 9, None)
    assert done is not None
    assert (done.state, done.resolved_at) == (RESOLVED, NOW + 9)


def test_resolved_by_hand_while_it_holds_it_resolves_as_soon_as_it_does_not() -> None:
    dismissed = moved(firing(), Happening.BY_HAND, NOW, None)
    assert dismissed is not None
    assert (dismissed.state, dismissed.dismissed) == (FIRING, True)
    over = away(dismissed, auto_resolve=False, keep_for=MINUTE)
    assert over is not None
    assert over.state is RESOLVED


def test_what_was_resolved_by_hand_resolves_also_while_its_check_flaps() -> None:
    over = away(moved(firing(flapping=True), Happening.BY_HAND, NOW, None), flapping=True)
    assert over is not None
    assert over.state is RESOLVED


def test_what_was_resolved_by_hand_fires_anew_when_it_gets_graver() -> None:
    mild = moved(firing(severity=Severity.MEDIUM), Happening.BY_HAND, NOW, None)
    assert holds(mild, at=NOW + 1, severity=Severity.MEDIUM) == mild
    grave = holds(mild, at=NOW + MINUTE, severity=Severity.EMERGENCY)
    assert grave is not None
    assert (grave.dismissed, grave.occurrence) == (False, 2)
    assert (grave.fired_at, grave.incident) == (NOW + MINUTE, None)


def test_what_was_resolved_by_hand_fires_anew_when_age_makes_it_graver_and_stays_so() -> None:
    promote = (Promotion(MINUTE, Severity.CRITICAL),)
    mild = moved(firing(severity=Severity.LOW, promote=promote), Happening.BY_HAND, NOW, None)
    assert mild is not None
    aged = due(mild, NOW + MINUTE)
    assert aged is not None
    assert (aged.dismissed, aged.effective) == (False, Severity.CRITICAL)
    later = holds(aged, at=NOW + 2 * MINUTE, severity=Severity.LOW, promote=promote)
    assert later is not None
    assert later.effective is Severity.CRITICAL


def test_flapping_holds_a_checks_alert_firing_until_it_ends() -> None:
    held = away(firing(), flapping=True)
    assert held is not None
    assert (held.state, held.holds) == (FIRING, False)
    over = away(held)
    assert over is not None
    assert over.state is RESOLVED


def test_a_rules_alert_does_not_follow_the_flapping_of_its_check() -> None:
    alert = firing(source="rule:slow:web")
    over = away(alert, source="rule:slow:web", flapping=True)
    assert over is not None
    assert over.state is RESOLVED


def test_cooldown_keeps_it_quiet_and_then_it_fires_anew_if_it_still_holds() -> None:
    quiet = away(firing(), cooldown=10 * MINUTE)
    assert quiet is not None
    assert quiet.quiet_until == NOW + 10 * MINUTE
    waiting = holds(quiet, at=NOW + MINUTE, cooldown=10 * MINUTE, since=NOW + MINUTE)
    assert waiting is not None
    assert (waiting.state, waiting.holds) == (RESOLVED, True)
    fired = due(waiting, NOW + 10 * MINUTE)
    assert fired is not None
    assert (fired.state, fired.occurrence, fired.pending_at) == (FIRING, 2, NOW + MINUTE)
    gone = away(waiting, at=NOW + 2 * MINUTE)
    assert gone is not None
    assert due(gone, NOW + 10 * MINUTE) is None


def test_a_resolved_alert_begins_again_with_a_clean_slate() -> None:
    over = away(replace(firing(), incident="i", dismissed=True))
    again = holds(over, at=NOW + MINUTE)
    assert again is not None
    assert (again.state, again.fired_at, again.resolved_at) == (FIRING, NOW + MINUTE, None)
    assert (again.incident, again.dismissed, again.occurrence) == (None, False, 2)


def test_a_resolved_alert_that_does_not_hold_is_forgotten_when_due() -> None:
    over = away(firing())
    assert over is not None
    assert due(over, NOW + MINUTE) is None


def test_what_left_the_configuration_resolves() -> None:
    over = moved(firing(auto_resolve=False), Happening.LEFT, NOW, None)
    assert over is not None
    assert (over.state, over.holds) == (RESOLVED, False)


def test_age_raises_the_effective_severity_and_never_the_identity() -> None:
    steps = (Promotion(MINUTE, Severity.HIGH), Promotion(5 * MINUTE, Severity.EMERGENCY))
    alert = firing(severity=Severity.LOW, promote=steps)
    assert alert.effective is Severity.LOW
    older = due(alert, NOW + MINUTE)
    assert older is not None
    assert (older.effective, older.severity, older.key) == (Severity.HIGH, Severity.LOW, "key")
    oldest = due(older, NOW + 5 * MINUTE)
    assert oldest is not None
    assert oldest.effective is Severity.EMERGENCY


def test_promotion_never_lowers_a_severity() -> None:
    alert = firing(severity=Severity.EMERGENCY, promote=(Promotion(0, Severity.LOW),))
    assert alert.effective is Severity.EMERGENCY


def test_a_condition_that_turns_milder_or_graver_is_followed() -> None:
    milder = holds(firing(), severity=Severity.MEDIUM)
    assert milder is not None
    assert milder.effective is Severity.MEDIUM
    steps = (Promotion(MINUTE, Severity.HIGH),)
    promoted = holds(milder, at=NOW + MINUTE, severity=Severity.MEDIUM, promote=steps)
    assert promoted is not None
    assert promoted.effective is Severity.HIGH


@pytest.mark.parametrize("state", list(AlertState))
def test_a_condition_that_says_the_same_again_changes_nothing(state: AlertState) -> None:
    alert = {PENDING: pending(), FIRING: firing(), RESOLVED: away(firing())}[state]
    assert alert is not None
    if state is RESOLVED:
        assert away(alert, at=NOW + 5) == alert
    else:
        span = MINUTE if state is PENDING else 0
        since = NOW if state is PENDING else START
        assert holds(alert, at=NOW + 5, for_=span, since=since) == alert


def test_an_alert_that_fires_on_over_a_restart_began_before_it_fired() -> None:
    fired = holds(since=START)
    assert fired is not None
    after = unsure(fired, at=NOW + MINUTE, since=NOW + MINUTE)
    assert after is not None
    back = holds(after, at=NOW + 3 * MINUTE, since=NOW + 2 * MINUTE)
    assert back is not None
    assert (back.state, back.pending_at, back.fired_at) == (FIRING, START, NOW)
