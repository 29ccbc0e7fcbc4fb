"""The table has a row for everything, and the machine does what a plain model does."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.health import (
    TABLE,
    Action,
    ImpossibleStep,
    Phase,
    Verdict,
    decide,
    failing_since,
    phase_of,
    step,
    unmeasured,
)
from daemon.core.model import CheckState

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


def test_an_impossible_step_is_a_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.core.health._judge", lambda *_: Verdict.SAME)
    with pytest.raises(ImpossibleStep, match="c: same in phase unmeasured"):
        follow([DOWN])


@given(st.lists(statuses, max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_every_step_leads_where_the_table_says(
    verdicts: list[Status], down_after: int, up_after: int
) -> None:
    state = CheckState("c")
    for second, verdict in enumerate(verdicts):
        before = phase_of(state)
        done = step(state, verdict, second, down_after=down_after, up_after=up_after)
        rows = [row for (phase, _), row in TABLE.items() if phase is before and row]
        reached = phase_of(done.state)
        mixed = done.action is Action.FALL and done.state.status is not verdict
        assert (Phase.BAD if mixed else reached, done.action) in rows
        assert not mixed or reached is Phase.SHIFTING
        state = done.state


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


def test_a_decision_needs_no_confirmation() -> None:
    state = decide(follow([UP, DOWN]), DOWN, 7)
    assert (state.status, state.hard, state.since, failing_since(state)) == (DOWN, True, 7, None)
