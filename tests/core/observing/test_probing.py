"""Which run starts when: the schedule joined with the checks' records."""

from __future__ import annotations

from checks.result import Result, Status
from daemon.core.effects import StartProbe
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import decide
from daemon.core.observing.probing import BATCH, STEP, Probing
from daemon.core.turn import Turn
from tests.core.watching import T0, beat, check, plan


def probing(*checks: str) -> tuple[Estate, Probing]:
    estate = Estate(plan(*(check(name) for name in checks), beat("job")))
    made = Probing(estate)
    made.watch_all(Turn(T0))
    return estate, made


def started(turn: Turn) -> list[str]:
    return [effect.check for effect in turn.effects if isinstance(effect, StartProbe)]


def test_heartbeats_are_not_probed() -> None:
    _, made = probing("web")
    turn = Turn(T0)
    made.start(("web", "job", "gone"), turn)
    assert started(turn) == ["web"]


def test_many_that_are_to_run_at_once_do_so_one_after_the_other() -> None:
    names = [f"c{i}" for i in range(BATCH + 3)]
    _, made = probing(*names)
    turn = Turn(T0)
    made.start(names, turn)
    assert started(turn) == names[:BATCH]
    assert [made.due(name) for name in names[BATCH:]] == [T0 + STEP * i for i in (1, 2, 3)]


def test_a_run_that_is_within_its_timeout_is_not_given_up() -> None:
    estate, made = probing("web")
    estate.last["web"] = Result("web", T0, Status.UP)
    made.expect("web")
    turn = Turn(T0 + 19_000)
    made.start(("web",), turn)
    assert list(made.take_overdue(Turn(T0 + 25_999))) == []
    (state,) = made.take_overdue(Turn(T0 + 26_000))
    assert (state.cause, state.measured) == ("its probe does not come back", True)
    assert made.run_of("web") is None
    assert made.due("web") is not None


def test_after_a_gap_what_was_not_due_keeps_its_slot() -> None:
    estate, made = probing("web")
    estate.checks["web"] = decide(estate.checks["web"], Status.UP, T0)
    estate.last["web"] = Result("web", T0, Status.UP)
    made.arrange("web", made.watches["web"], T0, T0 + 5)
    due = made.due("web")
    assert due is not None
    assert list(made.missed(Turn(due - 1), 1)) == []
    assert made.due("web") == due


def test_a_clock_that_jumped_back_does_not_postpone_a_run() -> None:
    estate, made = probing("web")
    estate.last["web"] = Result("web", T0, Status.UP)
    back = T0 - 86_400_000
    assert list(made.missed(Turn(back), 1)) == []
    due = made.due("web")
    assert due is not None
    assert back <= due < back + 5_000
