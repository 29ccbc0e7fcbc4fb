"""Rules over results: when they hold, when they cannot be told, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Fault, Result, Status
from daemon.core.labels import parse_matcher
from daemon.core.model import CheckState
from daemon.core.plan import CheckPlan, Plan, RulePlan
from daemon.core.ruling.rules import Rules, reach
from daemon.core.severity import Severity
from daemon.core.turn import Condition, Turn
from tests.core.watching import T0, check

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def rule(when: str, **changes: Any) -> RulePlan:
    values: dict[str, Any] = {"name": "slow", "select": (parse_matcher('check="web"'),)}
    return RulePlan(when=when, **(values | changes))


def a_plan(*rules: RulePlan, checks: tuple[CheckPlan, ...] = (check("web"), check("db"))) -> Plan:
    return Plan(checks={c.name: c for c in checks}, rules={r.name: r for r in rules})


def run(seconds: float, status: Status = UP, name: str = "web", **metrics: Any) -> Result:
    latency = metrics.pop("latency_ms", 5.0)
    at = T0 + round(seconds * 1000)
    return Result(name, at, status, latency, "words", None, metrics=metrics)


class Desk:
    """Rules with a clock: each call is a turn, and answers its conditions."""

    def __init__(self, *rules: RulePlan, states: dict[str, CheckState] | None = None) -> None:
        self.rules = Rules(a_plan(*rules), states, T0)
        self.tick(0)

    def take(self, result: Result) -> list[Condition]:
        turn = Turn(result.at)
        self.rules.result(result, turn)
        return turn.conditions

    def tick(self, seconds: float) -> list[Condition]:
        turn = Turn(T0 + round(seconds * 1000))
        self.rules.tick(turn)
        return turn.conditions

    def replan(self, seconds: float, *rules: RulePlan) -> list[Condition]:
        turn = Turn(T0 + round(seconds * 1000))
        self.rules.replan(a_plan(*rules), turn)
        return turn.conditions


def told(conditions: list[Condition]) -> list[bool | None]:
    return [condition.holds for condition in conditions]


def test_a_condition_carries_what_the_rule_and_its_check_say() -> None:
    desk = Desk(
        rule(
            "latency_ms > 100.0",
            for_=60_000,
            keep_for=5_000,
            cooldown=9_000,
            auto_resolve=False,
            acknowledgeable=False,
            severity=Severity.HIGH,
            labels={"category": "performance"},
            annotations={"summary": "{{ latency_ms }} ms, load {{load1}}, {{ nothing }}"},
        )
    )
    (condition,) = desk.take(run(1, latency_ms=150.5, load1=2))
    assert condition == Condition(
        source="rule:slow:web",
        name="slow",
        labels={"check": "web", "category": "performance", "alertname": "slow"},
        severity=Severity.HIGH,
        holds=True,
        since=T0 + 1_000,
        annotations={"summary": "150.5 ms, load 2, ?"},
        for_=60_000,
        keep_for=5_000,
        cooldown=9_000,
        auto_resolve=False,
        acknowledgeable=False,
    )


def test_it_is_said_again_only_when_it_changes() -> None:
    desk = Desk(rule("latency_ms > 100.0"))
    answers = [told(desk.take(run(s, latency_ms=v))) for s, v in enumerate([5, 5, 150, 160, 5, 5])]
    assert answers == [[False], [], [True], [], [False], []]


def test_an_annotation_that_changes_is_said_while_it_holds() -> None:
    desk = Desk(rule("latency_ms > 100.0", annotations={"now": "{{ latency_ms }}"}))
    answers = [told(desk.take(run(s, latency_ms=v))) for s, v in enumerate([150, 160, 160, 5, 6])]
    assert answers == [[True], [True], [], [False], []]


def test_since_is_when_it_began_to_hold() -> None:
    desk = Desk(rule("latency_ms > 100.0", annotations={"now": "{{ latency_ms }}"}))
    desk.take(run(1, latency_ms=150))
    assert desk.take(run(9, latency_ms=170))[0].since == T0 + 1_000


def test_rules_see_only_the_checks_they_select() -> None:
    desk = Desk(rule("latency_ms > 100.0"))
    assert desk.take(run(1, name="db", latency_ms=500)) == []


def test_a_rule_may_select_by_kind() -> None:
    desk = Desk(rule("latency_ms > 100.0", select=(parse_matcher('kind="http"'),)))
    assert desk.take(run(1, name="db", latency_ms=500))[0].source == "rule:slow:db"


def test_clear_when_gives_hysteresis() -> None:
    desk = Desk(rule("latency_ms > 150.0", clear_when="latency_ms < 120.0"))
    values = [100, 151, 130, 149, 119, 130, 151]
    answers = [told(desk.take(run(s, latency_ms=v))) for s, v in enumerate(values)]
    assert answers == [[False], [True], [], [], [False], [], [True]]


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(5, 15), st.integers(1, 8))
def test_hysteresis_equals_two_thresholds(values: list[int], high: int, gap: int) -> None:
    low = high - gap
    desk = Desk(rule(f"latency_ms > {high}.0", clear_when=f"latency_ms < {low}.0"))
    holding, last = False, None
    for second, value in enumerate(values):
        holding = value >= low if holding else value > high
        last = next(iter(told(desk.take(run(second, latency_ms=value)))), last)
        assert last is holding


def test_a_window_needs_two_samples() -> None:
    desk = Desk(rule("avg('cpu','1m') > 90.0"))
    answers = [told(desk.take(run(s, cpu=v))) for s, v in ((0, 99), (10, 99), (20, 1))]
    assert answers == [[], [True], [False]]


def test_a_metric_that_was_never_seen_fires_nothing() -> None:
    desk = Desk(rule("avg('cpu','1m') > 90.0 || load1 > 5.0"))
    assert desk.take(run(1)) == []
    assert told(desk.take(run(2, load1=9.0))) == [True]


def test_booleans_and_integers_are_samples_too() -> None:
    desk = Desk(rule("avg('ok','1m') < 0.6 && max('jobs','1m') >= 3.0"))
    answers = [told(desk.take(run(s, ok=bool(s % 2), jobs=s))) for s in range(5)]
    assert answers[-1] == []
    assert [holds for answer in answers for holds in answer] == [False, True]


def test_the_error_rate_is_the_share_of_measured_runs_that_were_down() -> None:
    desk = Desk(rule("error_rate('1m') > 0.4"))
    statuses = [UP, DOWN, UNKNOWN, UP, DEGRADED, DOWN, DOWN]
    answers = [told(desk.take(run(s, status))) for s, status in enumerate(statuses)]
    assert answers == [[], [True], [], [False], [], [], [True]]


def test_samples_of_unknown_runs_stay_out_of_the_windows() -> None:
    desk = Desk(rule("count('latency_ms','1m') >= 2.0"))
    desk.take(run(1))
    assert desk.take(run(2, UNKNOWN)) == []
    assert told(desk.take(run(3))) == [True]


@pytest.mark.parametrize(
    "state",
    [
        CheckState("web", status=UNKNOWN, measured=True, cause="no driver"),
        CheckState("web", status=UNKNOWN, unreachable="db"),
    ],
)
def test_rules_of_a_check_that_cannot_be_told_cannot_be_told(state: CheckState) -> None:
    states = {"web": CheckState("web", status=UP, measured=True)}
    desk = Desk(rule("latency_ms > 100.0"), states=states)
    desk.take(run(1, latency_ms=150))
    states["web"] = state
    (condition,) = desk.take(run(2, latency_ms=5))
    assert (condition.holds, condition.unreachable) == (None, state.unreachable)
    states["web"] = CheckState("web", status=UP, measured=True)
    assert told(desk.take(run(3, latency_ms=5))) == [False]


def test_absence_is_noticed_by_the_clock() -> None:
    desk = Desk(rule("absent('5m')"))
    assert told(desk.take(run(10))) == [False]
    assert desk.rules.next_deadline() == T0 + 310_000
    assert desk.tick(309) == []
    assert told(desk.tick(310)) == [True]
    assert desk.rules.next_deadline() is None
    assert told(desk.take(run(400))) == [False]
    assert desk.rules.next_deadline() == T0 + 700_000


def test_a_check_that_was_never_measured_is_absent_too_also_while_it_is_unknown() -> None:
    desk = Desk(rule("absent('5m')"), states={"web": CheckState("web")})
    assert desk.rules.next_deadline() == T0 + 300_000
    assert told(desk.tick(300)) == [True]


def test_a_gap_makes_nobody_absent() -> None:
    desk = Desk(rule("absent('5m')"))
    desk.take(run(10))
    desk.rules.gap(Turn(T0 + 3_600_000))
    assert desk.tick(3_600) == []
    assert told(desk.tick(3_900)) == [True]


def test_ago_compares_with_the_past() -> None:
    one = rule("avg('latency_ms','2m') > 2.0 * ago('1h','avg','latency_ms','10m')")
    desk = Desk(one)
    answers = []
    for second in range(0, 7_200, 10):
        answers += told(desk.take(run(second, latency_ms=10 if second < 5_000 else 25)))
    assert answers == [False, True]
    assert reach(a_plan(one)) == {"web": 3_600_000 + 600_000}


def test_windows_survive_a_restart_from_stored_results() -> None:
    one = rule("avg('latency_ms','1m') > 100.0", clear_when="avg('latency_ms','1m') < 50.0")
    desk, results = Desk(one), [run(s, latency_ms=v) for s, v in enumerate([120, 120, 30, 60])]
    for result in results:
        desk.take(result)
    other = Desk(one)
    other.rules.restore(results, T0 + 4_000, {"rule:slow:web": T0 + 1_000})
    again = run(5, latency_ms=30)
    assert told(other.take(again)) == [True]
    assert desk.take(again) == []
    assert other.take(run(6, latency_ms=1)) == desk.take(run(6, latency_ms=1)) == []
    final = run(200, latency_ms=1)
    for second in (199, 199.5):
        assert other.take(run(second, latency_ms=1)) == desk.take(run(second, latency_ms=1))
    assert other.take(final) == desk.take(final)


def test_a_restart_makes_nobody_absent_either() -> None:
    desk = Desk(rule("absent('5m')"))
    desk.rules.restore([run(0)], T0 + 3_600_000)
    assert desk.rules.next_deadline() == T0 + 3_900_000


def test_a_reload_keeps_windows_and_standing_of_what_did_not_change() -> None:
    one, two = rule("avg('cpu','1m') > 90.0"), rule("latency_ms > 1.0", name="other")
    desk = Desk(one)
    desk.take(run(1, cpu=99))
    desk.take(run(2, cpu=99))
    assert desk.replan(3, one, two) == []
    answers = desk.take(run(4, cpu=99))
    assert [(c.name, c.holds) for c in answers] == [("other", True)]


def test_a_changed_rule_takes_over_the_samples() -> None:
    desk = Desk(rule("avg('cpu','1m') > 90.0"))
    desk.take(run(1, cpu=60))
    desk.take(run(2, cpu=60))
    desk.replan(3, rule("avg('cpu','1m') > 50.0"))
    assert told(desk.take(run(4, cpu=60))) == [True]


def test_a_rule_that_is_gone_ends_its_condition() -> None:
    desk = Desk(rule("latency_ms > 1.0"))
    desk.take(run(1))
    assert told(desk.replan(2)) == [False]
    assert desk.replan(3) == []


def test_changed_labels_end_the_old_condition() -> None:
    desk = Desk(rule("latency_ms > 1.0"))
    desk.take(run(1))
    (ended,) = desk.replan(2, rule("latency_ms > 1.0", labels={"team": "a"}))
    assert (ended.holds, "team" in ended.labels) == (False, False)
    (begun,) = desk.take(run(3))
    assert (begun.holds, begun.labels["team"]) == (True, "a")


def test_the_status_is_a_word_and_the_fault_another() -> None:
    desk = Desk(rule("status == 'down' && fault == 'timeout' && message.contains('late')"))
    late = Result("web", T0 + 1, DOWN, None, "too late", Fault.TIMEOUT)
    assert told(desk.take(late)) == [True]


def test_a_result_that_is_older_than_the_newest_does_not_turn_time_back() -> None:
    desk = Desk(rule("count('latency_ms','1m') >= 3.0"))
    desk.take(run(100))
    desk.take(run(30))
    assert told(desk.take(run(101))) == [True]


def a_desk_in_doubt(seconds: float, **changes: Any) -> tuple[Desk, dict[str, CheckState]]:
    """A rule that held from the first second on, and a check that can be told."""
    states = {"web": CheckState("web", status=UP, measured=True)}
    desk = Desk(rule("latency_ms > 100.0", **changes), states=states)
    desk.take(run(1, latency_ms=150))
    desk.take(run(seconds, latency_ms=150))
    return desk, states


def changed(desk: Desk, seconds: float) -> list[Condition]:
    turn = Turn(T0 + round(seconds * 1000))
    desk.rules.changed("web", turn)
    return turn.conditions


@pytest.mark.parametrize("unreachable", [None, "db"])
def test_a_rule_cannot_be_told_from_when_its_check_cannot_without_a_result(
    unreachable: str | None,
) -> None:
    desk, states = a_desk_in_doubt(9)
    assert changed(desk, 10) == []
    since = T0 + 20_000
    states["web"] = CheckState("web", status=UNKNOWN, since=since, unreachable=unreachable)
    (condition,) = changed(desk, 3_600)
    assert (condition.holds, condition.since) == (None, since)
    assert changed(desk, 3_601) == []
    states["web"] = CheckState("web", status=UP, measured=True)
    (condition,) = desk.take(run(3_602, latency_ms=150))
    assert (condition.holds, condition.since) == (True, T0 + 3_602_000)


def test_a_rule_that_held_before_a_restart_cannot_be_told_after_a_gap() -> None:
    desk, states = a_desk_in_doubt(9)
    desk.rules.restore([run(9)], T0 + 3_600_000, {"rule:slow:web": T0 + 1_000})
    states["web"] = CheckState("web", status=UNKNOWN, since=T0 + 19_000)
    (condition,) = changed(desk, 3_600)
    assert (condition.holds, condition.since) == (None, T0 + 19_000)


def test_what_could_not_be_told_before_a_restart_cannot_since_the_same_time_after_it() -> None:
    desk, states = a_desk_in_doubt(9)
    source = "rule:slow:web"
    desk.rules.restore([run(9)], T0 + 3_600_000, {source: T0 + 19_000}, {source})
    states["web"] = CheckState("web", status=UNKNOWN, since=T0 + 19_000)
    assert changed(desk, 3_600) == []
    states["web"] = CheckState("web", status=UP, measured=True)
    (condition,) = desk.take(run(3_602, latency_ms=150))
    assert (condition.holds, condition.since) == (True, T0 + 3_602_000)


def test_a_rule_that_a_reload_changed_is_in_doubt_while_its_check_cannot_be_told() -> None:
    desk, states = a_desk_in_doubt(9)
    states["web"] = CheckState("web", status=UNKNOWN, since=T0 + 9_500)
    again = desk.replan(10, rule("latency_ms > 90.0"))
    assert told(again) == [None]
