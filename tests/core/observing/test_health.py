"""The table has a row for everything, and the machine does what a plain model does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.model import CheckState
from daemon.core.observing.health import (
    RECORDED,
    TABLE,
    Action,
    ImpossibleStep,
    Phase,
    Verdict,
    decide,
    failing_since,
    phase_of,
    reachable,
    step,
    unmeasured,
)

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN
statuses = st.sampled_from(Status)


def follow(
    verdicts: list[Status], down_after: int = 3, up_after: int = 1, state: CheckState | None = None
) -> CheckState:
    """The record after these runs, one a second."""
    state = state or CheckState("c")
    for second, verdict in enumerate(verdicts):
        state = step(
            state, verdict, second, down_after=down_after, up_after=up_after, message="words"
        ).state
    return state


def test_every_phase_and_verdict_has_a_row() -> None:
    assert set(TABLE) == set(product(Phase, Verdict))


def test_only_an_agreement_with_a_failure_that_is_not_confirmed_is_impossible() -> None:
    impossible = {phase for (phase, verdict), row in TABLE.items() if row is None}
    assert impossible == {Phase.UNMEASURED, Phase.SUSPECT, Phase.UP, Phase.FAILING}
    assert all(verdict is Verdict.SAME for (_, verdict), row in TABLE.items() if row is None)


@pytest.mark.parametrize(
    ("runs", "phase"),
    [([], "unmeasured"), ([DOWN], "suspect"), ([UP], "up"), ([UP, DOWN], "failing")],
)
def test_an_impossible_step_is_a_named_error(
    runs: list[Status], phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = follow(runs)
    monkeypatch.setattr("daemon.core.observing.health._judge", lambda *_: Verdict.SAME)
    with pytest.raises(ImpossibleStep, match=f"^c: same in phase {phase}$"):
        step(state, DOWN, 9, down_after=3, up_after=1)


RECORDS = {
    Phase.UNMEASURED: [],
    Phase.SUSPECT: [DOWN],
    Phase.UP: [UP],
    Phase.FAILING: [UP, DOWN],
    Phase.BAD: [DOWN, DOWN, DOWN],
    Phase.SHIFTING: [DOWN, DOWN, DOWN, DEGRADED],
    Phase.RECOVERING: [DOWN, DOWN, DOWN, UP],
}
"""Runs that lead into each phase."""

RUNS = {
    Verdict.GOOD: (UP, 9, 9),
    Verdict.RECOVERED: (UP, 9, 1),
    Verdict.SAME: (DOWN, 9, 9),
    Verdict.FAILED: (DEGRADED, 9, 9),
    Verdict.CONFIRMED: (DEGRADED, 1, 9),
}
"""A run, and the `down_after` and `up_after` by which it is such a verdict."""


def done_to(before: CheckState, after: CheckState, *, mixed: bool) -> Action:
    """What was done, as it can be seen from outside."""
    confirmed = (before.measured, before.status), (after.measured, after.status)
    if confirmed[0] != confirmed[1]:
        return Action.RISE if after.status is UP else Action.FALL
    if after.hard:
        return Action.KEEP if before.hard else Action.DISCARD
    return Action.COUNT if phase_of(before) is phase_of(after) and not mixed else Action.BEGIN


@pytest.mark.parametrize(("phase", "verdict"), [pair for pair, row in TABLE.items() if row])
def test_each_row_is_followed(phase: Phase, verdict: Verdict) -> None:
    state = follow(RECORDS[phase], up_after=9 if phase is Phase.RECOVERING else 1)
    assert phase_of(state) is phase
    run, down_after, up_after = RUNS[verdict]
    done = step(state, run, 9, down_after=down_after, up_after=up_after)
    assert (phase_of(done.state), done.action) == TABLE[phase, verdict]
    assert done.action is done_to(state, done.state, mixed=False)


@given(st.lists(statuses, max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_the_action_says_what_became_of_the_record(
    verdicts: list[Status], down_after: int, up_after: int
) -> None:
    state = CheckState("c")
    for second, verdict in enumerate(verdicts):
        done = step(state, verdict, second, down_after=down_after, up_after=up_after)
        mixed = done.action is Action.FALL and done.state.status is not verdict
        assert done.action is done_to(state, done.state, mixed=mixed)
        assert (phase_of(done.state) is Phase.SHIFTING) or not mixed
        state = done.state


@pytest.mark.parametrize(
    ("runs", "counted"),
    [
        ([UP], True),
        ([UP, UP], True),
        ([UP, DOWN], False),
        ([UP, DOWN, DOWN], False),
        ([UP, DOWN, UP], True),
        ([UP, DOWN, DOWN, DOWN], True),
        ([UP, DOWN, UNKNOWN, DOWN], True),
    ],
)
def test_a_run_in_doubt_is_not_recorded_for_flapping(runs: list[Status], counted: bool) -> None:
    done = step(follow(runs[:-1]), runs[-1], 9, down_after=3, up_after=1)
    assert (done.action in RECORDED) is counted


@dataclass
class Model:
    """Soft and hard written without a table: keep all disagreeing runs, look at them."""

    down_after: int
    up_after: int
    hard: Status | None = None
    streak: list[tuple[int, Status]] = field(default_factory=list)
    since: int | None = None

    def take(self, at: int, verdict: Status) -> None:
        if verdict is self.hard:
            self.streak = []
            return
        if verdict is UP:
            if self.streak and self.streak[-1][1] is not UP:
                self.streak = []
            self.streak.append((at, verdict))
            first = self.hard is None
            if self.hard is None or len(self.streak) >= self.up_after:
                self.confirm(UP, at if first else self.streak[0][0])
            return
        if self.streak and self.streak[-1][1] is UP:
            self.streak = []
        self.streak.append((at, verdict))
        if len(self.streak) >= self.down_after:
            mildest = min(status for _, status in self.streak)
            self.confirm(mildest, self.streak[0][0])
            if verdict is not mildest:
                self.streak = [(at, verdict)]

    def confirm(self, status: Status, since: int) -> None:
        self.hard, self.since, self.streak = status, since, []


@given(st.lists(statuses, max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_soft_and_hard_equal_a_naive_reference_model(
    verdicts: list[Status], down_after: int, up_after: int
) -> None:
    model, state = Model(down_after, up_after), CheckState("c")
    for at, verdict in enumerate(verdicts):
        model.take(at, verdict)
        state = step(state, verdict, at, down_after=down_after, up_after=up_after).state
        assert state.status is (UNKNOWN if model.hard is None else model.hard)
        assert state.measured is (model.hard is not None)
        assert state.since == model.since
        assert state.hard is (not model.streak)
        assert state.attempts == len(model.streak)
        if model.streak:
            assert (state.soft_since, state.soft_status) == (model.streak[0][0], verdict)


def test_the_first_good_run_makes_a_check_up_at_once() -> None:
    state = follow([UP], up_after=3)
    assert (state.status, state.hard, state.since, state.cause) == (UP, True, 0, None)


def test_a_failure_is_confirmed_by_the_last_of_down_after_runs_and_dated_by_the_first() -> None:
    soft = follow([UP, DOWN, DOWN])
    assert (soft.status, soft.hard, soft.attempts, soft.soft_since) == (UP, False, 2, 1)
    hard = follow([UP, DOWN, DOWN, DOWN])
    assert (hard.status, hard.hard, hard.since) == (DOWN, True, 1)


def test_a_success_in_between_is_a_silent_recovery() -> None:
    state = follow([UP, DOWN, DOWN, UP])
    assert (state.status, state.hard, state.since, state.attempts) == (UP, True, 0, 0)


def test_a_recovery_is_dated_by_its_first_good_run() -> None:
    state = follow([DOWN, DOWN, DOWN, UP, UP, UP], up_after=3)
    assert (state.status, state.since) == (UP, 3)


def test_a_recovery_takes_as_many_good_runs_in_a_row_as_were_asked_for() -> None:
    doubtful = follow([DOWN, DOWN, DOWN, UP, UP], up_after=3)
    assert (doubtful.status, doubtful.hard, doubtful.attempts) == (DOWN, False, 2)
    assert follow([DOWN, DOWN, DOWN, UP, UP, DOWN, UP], up_after=3).attempts == 1


def test_a_silent_recovery_leaves_no_trace_of_the_streak() -> None:
    assert follow([UP, DEGRADED, DOWN, UP]) == follow([UP])
    failing = [DOWN, DOWN, DOWN]
    assert follow([*failing, UP, DOWN], up_after=3) == follow(failing)
    assert follow([*failing, DEGRADED, UNKNOWN, DOWN]) == follow(failing)


def test_a_confirmation_leaves_no_trace_of_the_streak() -> None:
    hidden = CheckState("c", unreachable="db", cause="db is down")
    down = CheckState("c", DOWN, 1, soft_status=DOWN, measured=True, cause=None)
    assert follow([UP, DOWN, DOWN, DOWN], state=hidden) == down
    assert follow([UP, DOWN], down_after=1, state=hidden) == down
    up = CheckState("c", UP, 3, soft_status=UP, measured=True, cause=None)
    assert follow([DOWN, DOWN, DOWN, UP, UP], up_after=2, state=hidden) == up


def test_a_mixed_streak_is_confirmed_as_the_mildest_of_it() -> None:
    state = follow([UP, DOWN, DEGRADED, DOWN])
    assert (state.status, state.since) == (DEGRADED, 1)
    assert (state.hard, state.soft_status, state.attempts) == (False, DOWN, 1)


def test_down_stands_on_runs_in_a_row_that_were_down() -> None:
    assert follow([UP, DEGRADED, DEGRADED, DOWN, DOWN]).status is DEGRADED
    assert follow([UP, DEGRADED, DEGRADED, DOWN, DOWN, DOWN]).status is DOWN


def test_unknown_runs_confirm_unknown_with_their_words_and_never_down() -> None:
    state = follow([UP, UNKNOWN, UNKNOWN, UNKNOWN])
    assert (state.status, state.measured, state.cause) == (UNKNOWN, True, "words")
    assert follow([UP, DOWN, UNKNOWN, DOWN]).status is UNKNOWN


def test_only_an_unknown_status_has_a_cause() -> None:
    assert follow([UP, UNKNOWN], down_after=1).cause == "words"
    assert follow([UP, DOWN], down_after=1).cause is None
    assert follow([UP, DOWN, DOWN]).cause is None
    assert step(follow([UP]), UNKNOWN, 9, down_after=1, up_after=1).state.cause == ""


def test_a_held_failure_is_not_confirmed_and_does_not_count_on() -> None:
    state = follow([UP, DOWN, DOWN])
    held = step(state, DOWN, 3, down_after=3, up_after=1, held=True).state
    again = step(held, DOWN, 4, down_after=3, up_after=1, held=True).state
    assert (held.status, held.attempts, again is held) == (UP, 3, True)
    freed = step(again, DOWN, 5, down_after=3, up_after=1).state
    assert (freed.status, freed.since) == (DOWN, 1)


def test_a_steady_result_makes_no_new_record() -> None:
    for verdict in (UP, DOWN, DEGRADED, UNKNOWN):
        state = follow([verdict] * 3)
        assert step(state, verdict, 9, down_after=3, up_after=1).state is state


def test_losing_sight_voids_the_streak_and_dates_back_to_it() -> None:
    lost = unmeasured(follow([UP, DOWN, DOWN]), 5, "uplink is down")
    assert (lost.status, lost.since, lost.measured, lost.attempts) == (UNKNOWN, 1, False, 0)
    assert lost.cause == "uplink is down"


def test_an_unknown_that_goes_on_keeps_its_beginning() -> None:
    first = unmeasured(follow([UP]), 5, "a gap")
    assert unmeasured(first, 9, "uplink is down").since == 5
    assert unmeasured(CheckState("c"), 5, "a gap").since == 5


def test_a_check_that_nothing_hides_any_more_says_why_it_is_still_unknown() -> None:
    hidden = replace(unmeasured(follow([UP]), 5, "db is down"), unreachable="db")
    seen = reachable(hidden)
    assert seen == replace(hidden, unreachable=None, cause="not measured since db was down")


def test_a_decision_needs_no_confirmation() -> None:
    state = decide(follow([UP, DOWN]), DOWN, 7)
    assert (state.status, state.hard, state.since, failing_since(state)) == (DOWN, True, 7, None)
