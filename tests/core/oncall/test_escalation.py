"""Escalation: what is due when, through pauses, lateness, rounds and hurry."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import MINUTE, Escalation, Level
from daemon.core.oncall import escalation as policy
from daemon.core.oncall.escalation import Step, StepKind
from daemon.core.plan import PolicyPlan
from tests.core.deciding import START

LEVELS = (Level(0, ("a",)), Level(5 * MINUTE, ("b",)), Level(15 * MINUTE, ("c",)))


def begun(
    levels: tuple[Level, ...] = LEVELS,
    rounds: int = 0,
    then: tuple[str, ...] = (),
    wait: int = 0,
) -> Escalation:
    plan = PolicyPlan("p", levels, rounds, then, round_every=7 * MINUTE)
    return policy.begun(plan, START, START + wait)


def run(steps: Escalation, until: int) -> tuple[Escalation, list[tuple[int, Step]]]:
    """Run everything on its time; returns each step and when it ran, after the start."""
    ran = []
    while steps.next_at is not None and steps.next_at <= START + until:
        at = steps.next_at
        steps, step = policy.stepped(steps, at)
        assert step is not None
        ran.append((at - START, step))
    return steps, ran


def times(ran: list[tuple[int, Step]]) -> list[tuple[float, str]]:
    return [(at / MINUTE, step.targets[0] if step.targets else "-") for at, step in ran]


def test_each_level_runs_once_on_its_time_and_then_it_is_spent() -> None:
    steps, ran = run(begun(), 60 * MINUTE)
    assert times(ran) == [(0, "a"), (5, "b"), (15, "c")]
    assert steps.spent
    assert steps.next_at is None


def test_no_level_runs_before_the_group_has_waited() -> None:
    _, ran = run(begun(wait=7 * MINUTE), 60 * MINUTE)
    assert times(ran) == [(7, "a"), (7, "b"), (15, "c")]


def test_a_graver_alert_makes_the_first_level_wait_less_never_more() -> None:
    steps = begun(wait=MINUTE)
    sooner = policy.hastened(steps, START)
    assert (sooner.next_at, sooner.not_before) == (START, START)
    assert policy.hastened(steps, START + 2 * MINUTE) == steps


def test_a_pause_moves_what_is_to_come_by_its_length() -> None:
    steps, _ = run(begun(), 0)
    steps = policy.paused(steps, START + 2 * MINUTE)
    assert steps.next_at is None
    assert policy.stepped(steps, START + 99 * MINUTE) == (steps, None)
    steps = policy.resumed(steps, START + 10 * MINUTE)
    assert steps.next_at == START + 13 * MINUTE
    _, ran = run(steps, 60 * MINUTE)
    assert times(ran) == [(13, "b"), (23, "c")]


def test_a_pause_moves_a_repeat_too() -> None:
    steps, _ = run(begun((Level(0, ("a",), repeat=5 * MINUTE),)), 0)
    steps = policy.resumed(policy.paused(steps, START + MINUTE), START + 3 * MINUTE)
    assert steps.next_at == START + 7 * MINUTE


def test_pausing_twice_or_resuming_what_runs_changes_nothing() -> None:
    steps = policy.paused(begun(), START + 5)
    assert policy.paused(steps, START + 9) == steps
    assert policy.resumed(begun(), START + 9) == begun()


def test_restarting_begins_with_the_first_level_now() -> None:
    steps, _ = run(begun(), 60 * MINUTE)
    steps = policy.restarted(steps, START + 60 * MINUTE)
    assert (steps.level, steps.spent) == (-1, False)
    assert steps.next_at == START + 60 * MINUTE


def test_restarting_forgets_all_that_was_run() -> None:
    steps, _ = run(begun(rounds=1), 25 * MINUTE)
    assert (steps.round, steps.level) == (1, 0)
    again = policy.restarted(steps, START + MINUTE)
    assert again == replace(begun(rounds=1), started_at=START + MINUTE, next_at=START + MINUTE)


def test_restarting_at_rest_stays_at_rest() -> None:
    steps = policy.restarted(policy.paused(begun(), START + 5), START + 9)
    assert (steps.paused_at, steps.next_at) == (START + 9, None)
    assert policy.resumed(steps, START + 20).next_at == START + 20


def test_a_level_repeats_until_the_next_one_is_due() -> None:
    levels = (Level(0, ("a",), repeat=2 * MINUTE), Level(5 * MINUTE, ("b",)))
    _, ran = run(begun(levels), 60 * MINUTE)
    assert times(ran) == [(0, "a"), (2, "a"), (4, "a"), (5, "b")]
    assert [step.kind for _, step in ran[:2]] == [StepKind.LEVEL, StepKind.REPEAT]


def test_a_level_that_is_due_together_with_a_repeat_takes_its_place() -> None:
    levels = (Level(0, ("a",), repeat=5 * MINUTE), Level(5 * MINUTE, ("b",)))
    assert times(run(begun(levels), 60 * MINUTE)[1]) == [(0, "a"), (5, "b")]


def test_a_repeat_of_no_length_is_none() -> None:
    steps, ran = run(begun((Level(0, ("a",), repeat=0),)), 10 * MINUTE)
    assert times(ran) == [(0, "a")]
    assert steps.spent


def test_a_last_level_repeats_until_the_last_resort_and_no_longer() -> None:
    steps, ran = run(begun((Level(0, ("a",), repeat=3 * MINUTE),), then=("z",)), 60 * MINUTE)
    assert times(ran) == [(0, "a"), (3, "a"), (6, "a"), (7, "z")]
    assert (steps.spent, steps.next_at) == (True, None)


def test_a_last_level_with_a_repeat_goes_on_until_somebody_acts() -> None:
    steps, ran = run(begun((Level(0, ("a",), repeat=MINUTE),)), 10 * MINUTE)
    assert len(ran) == 11
    assert not steps.spent


def test_the_policy_starts_over_and_then_turns_to_the_last_resort() -> None:
    steps, ran = run(begun(rounds=1, then=("z",)), 99 * MINUTE)
    assert times(ran) == [
        (0, "a"), (5, "b"), (15, "c"), (22, "-"), (22, "a"), (27, "b"), (37, "c"), (44, "z"),
    ]  # fmt: skip
    assert (steps.round, steps.spent) == (1, True)
    assert ran[-1][1] == Step(StepKind.THEN, 2, ("z",))


def test_a_policy_starts_over_as_often_as_it_was_asked_to() -> None:
    steps, ran = run(begun((Level(0, ("a",)),), rounds=2), 99 * MINUTE)
    assert times(ran) == [(0, "a"), (7, "-"), (7, "a"), (14, "-"), (14, "a")]
    assert (steps.round, steps.spent) == (2, True)


def test_every_round_waits_for_its_first_level_as_the_first_one_did() -> None:
    late = (Level(2 * MINUTE, ("a",)), Level(5 * MINUTE, ("b",)))
    _, ran = run(begun(late, rounds=1), 99 * MINUTE)
    assert times(ran) == [(2, "a"), (5, "b"), (12, "-"), (14, "a"), (17, "b")]
    assert ran[2][1] == Step(StepKind.ROUND, -1, ())


def test_overdue_levels_run_once_each_in_order_and_nothing_piles_up() -> None:
    levels = (*LEVELS[:2], Level(15 * MINUTE, ("c",), repeat=MINUTE))
    steps, now, ran = begun(levels, rounds=3), START + 600 * MINUTE, []
    while (answer := policy.stepped(steps, now))[1] is not None:
        steps = answer[0]
        ran.append(answer[1].targets[0])
    assert ran == ["a", "b", "c"]
    assert steps.next_at == now + MINUTE


def test_hurrying_runs_the_next_level_and_the_rest_keep_their_distances() -> None:
    steps, _ = run(begun(), 0)
    steps, (step,) = policy.hurried(steps, START + MINUTE)
    assert step.targets == ("b",)
    assert steps.next_at == START + 11 * MINUTE


def test_hurrying_does_not_wait_for_the_group() -> None:
    steps, (step,) = policy.hurried(begun(wait=MINUTE), START + 1)
    assert step.level == 0
    assert steps.next_at == START + 1 + 5 * MINUTE
    steps, _ = policy.hurried(begun(wait=10 * MINUTE), START + 1)
    assert steps.next_at == START + 1 + 5 * MINUTE
    assert policy.hastened(steps, START) == steps


def test_hurrying_into_a_new_round_keeps_its_levels_distances() -> None:
    late = (Level(2 * MINUTE, ("a",)), Level(5 * MINUTE, ("b",)))
    steps, _ = run(begun(late, rounds=1), 5 * MINUTE)
    steps, (_, first) = policy.hurried(steps, START + 6 * MINUTE)
    assert first.targets == ("a",)
    assert steps.next_at == START + 9 * MINUTE


def test_hurrying_after_the_last_resort_runs_nothing() -> None:
    steps, _ = run(begun(then=("z",)), 99 * MINUTE)
    assert policy.hurried(steps, START + 100 * MINUTE)[1] == ()


def test_hurrying_over_the_end_starts_over_and_later_finds_nothing_left() -> None:
    steps, _ = run(begun(rounds=1), 15 * MINUTE)
    steps, (over, first) = policy.hurried(steps, START + 16 * MINUTE)
    assert (over.kind, first.targets, steps.round) == (StepKind.ROUND, ("a",), 1)
    for _ in range(2):
        steps, ran = policy.hurried(steps, START + 17 * MINUTE)
        assert ran
    assert policy.hurried(steps, START + 18 * MINUTE)[1] == ()


def test_a_policy_without_levels_turns_to_its_last_resort() -> None:
    _, ran = run(begun((), rounds=2, then=("z",)), 60 * MINUTE)
    assert times(ran) == [(7, "z")]
    assert begun(()).spent
    assert policy.restarted(begun(()), START + 1).spent
    assert not policy.restarted(begun((), then=("z",)), START + 1).spent


def test_the_last_resort_does_not_come_before_the_group_has_waited_either() -> None:
    _, ran = run(begun((), then=("z",), wait=9 * MINUTE), 60 * MINUTE)
    assert times(ran) == [(9, "z")]


spans = st.integers(0, 20 * MINUTE)


@given(st.lists(st.tuples(spans, st.sampled_from(["step", "pause", "resume"])), max_size=20))
def test_no_level_runs_early_twice_or_out_of_order(moves: list[tuple[int, str]]) -> None:
    """Against the definition: a level runs once the running time reaches its `after`."""
    steps, now, ran, running, resting = begun(), START, [], 0, False
    for span, what in moves:
        now += span
        running += 0 if resting else span
        if what == "pause":
            steps, resting = policy.paused(steps, now), True
        elif what == "resume":
            steps, resting = policy.resumed(steps, now), False
        while (answer := policy.stepped(steps, now))[1] is not None:
            steps = answer[0]
            ran.append(answer[1].level)
        if not resting and len(ran) < len(LEVELS):
            assert ran == [i for i, level in enumerate(LEVELS) if level.after <= running]
    assert ran == sorted(set(ran))


def test_after_a_level_that_reaches_nobody_the_next_is_due_at_once_and_the_rest_keep_distance() -> (
    None
):
    steps, step = policy.stepped(begun(), START)
    assert step is not None
    steps = policy.passed_on(steps, START)
    assert steps.next_at == START
    steps, step = policy.stepped(steps, START)
    assert step is not None
    assert step.targets == ("b",)
    assert steps.next_at == START + 10 * MINUTE


def test_after_the_last_level_that_reaches_nobody_then_is_due_at_once_but_a_round_is_not() -> None:
    def after_the_last(steps: Escalation) -> Escalation:
        steps, ran = run(steps, 15 * MINUTE)
        assert len(ran) == len(LEVELS)
        return policy.passed_on(steps, START + 15 * MINUTE)

    assert after_the_last(begun(then=("x",))).next_at == START + 15 * MINUTE
    assert after_the_last(begun(then=("x",), rounds=1)).next_at == START + 22 * MINUTE
    assert after_the_last(begun()).spent


def test_a_level_that_is_due_already_is_left_as_it_is() -> None:
    steps, _ = run(begun(wait=MINUTE), MINUTE)
    for late in (0, MINUTE):
        assert policy.passed_on(steps, START + 5 * MINUTE + late) == steps


def test_what_comes_is_said_in_words() -> None:
    levels = (Level(0, ("a",), repeat=3 * MINUTE), Level(5 * MINUTE, ("b",), repeat=4 * MINUTE))
    steps = begun(levels, 2, ("x",))
    words = [policy.coming(steps)]
    while steps.next_at is not None:
        steps, _ = policy.stepped(steps, steps.next_at)
        words.append(policy.coming(steps))
    one_round = ["level 1", "level 1 again", "level 2", "level 2 again"]
    rounds = [*one_round, "round 2", *one_round, "round 3", *one_round]
    assert words == [*rounds, "last resort", None]


OTHER = PolicyPlan(
    "q", (Level(0, ("d",)), Level(2 * MINUTE, ("e",)), Level(8 * MINUTE, ("f",))), 1, ("g",), MINUTE
)


def test_another_policy_goes_on_from_the_level_where_the_old_one_stood() -> None:
    steps, _ = run(begun(), MINUTE)
    taken = policy.succeeded(steps, OTHER)
    assert (taken.policy, taken.level, taken.rounds, taken.then) == ("q", 0, 1, ("g",))
    assert taken.round_every == MINUTE
    _, ran = run(taken, 10 * MINUTE)
    assert times(ran) == [(2, "e"), (8, "f"), (9, "-"), (9, "d")]


def test_a_shorter_policy_stands_at_its_last_level() -> None:
    steps, _ = run(begun(), 6 * MINUTE)
    taken = policy.succeeded(steps, replace(OTHER, levels=OTHER.levels[:1], rounds=0, then=()))
    assert (taken.level, taken.spent, taken.next_at) == (0, True, None)


def test_what_was_spent_goes_on_only_with_more_levels() -> None:
    spent, _ = run(begun(then=("z",)), 60 * MINUTE)
    assert policy.succeeded(spent, OTHER).spent
    longer = replace(OTHER, levels=(*OTHER.levels, Level(90 * MINUTE, ("h",))))
    assert policy.succeeded(spent, longer).next_at == START + 90 * MINUTE


def test_what_was_not_spent_goes_on_with_what_comes_after_the_last_level() -> None:
    waiting, _ = run(begun(then=("z",)), 15 * MINUTE)
    taken = policy.succeeded(waiting, OTHER)
    assert (taken.spent, taken.level, taken.next_at) == (False, 2, START + 9 * MINUTE)


def test_another_policy_stays_at_rest() -> None:
    steps, _ = run(begun(), MINUTE)
    resting = policy.succeeded(policy.paused(steps, START + MINUTE), OTHER)
    assert resting.next_at is None
    assert policy.resumed(resting, START + 3 * MINUTE).next_at == START + 4 * MINUTE


def test_whom_it_may_still_tell_are_those_ahead_of_it() -> None:
    steps = begun((LEVELS[0], replace(LEVELS[1], repeat=MINUTE)), then=("z",))
    assert policy.ahead(steps) == ("a", "b", "z")
    after_first, _ = run(steps, 0)
    assert policy.ahead(after_first) == ("b", "z")
    after_second, _ = run(steps, 5 * MINUTE)
    assert policy.ahead(after_second) == ("b", "z")
    again, _ = run(begun(rounds=1), 15 * MINUTE)
    assert policy.ahead(again) == ("a", "b", "c")
    over, _ = run(begun(then=("z",)), 60 * MINUTE)
    assert policy.ahead(over) == ()
