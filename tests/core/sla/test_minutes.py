"""Objectives that count runs: a minute is bad by the share of its runs that were."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Observed
from daemon.core.model import DAY, HOUR, MINUTE, SECOND
from daemon.core.plan import (
    BurnPlan,
    MetricFunction,
    MetricPlan,
    Plan,
    ServicePlan,
    SlaKind,
    SlaPlan,
)
from daemon.core.severity import Severity
from daemon.core.sla.books import Books
from daemon.core.sla.burning import usual
from daemon.core.sla.minutes import GRACE, is_bad
from daemon.core.turn import Condition, Turn

START = 1_793_487_600_000
FAST = SlaPlan("fast", "shop", Decimal(90), DAY, kind=SlaKind.LATENCY, under=300)
SURE = SlaPlan("sure", "shop", Decimal("99.9"), 30 * DAY, kind=SlaKind.ERROR_RATE)


class World:
    """Books that take in results, and write what a store would have."""

    def __init__(self, *slas: SlaPlan) -> None:
        self.plan = Plan(
            services={"shop": ServicePlan("shop", ("web", "api"))},
            slas={sla.name: sla for sla in slas},
        )
        self.books = Books(self.plan)
        self.written: dict[tuple[str, int], Interval] = {}
        self.conditions: list[Condition] = []

    def turn(self, at: int, *results: Result) -> None:
        turn = Turn(START + at, effects=[Observed(one) for one in results])
        self.books.take(turn)
        self.books.settle(turn)
        self.conditions += turn.conditions
        for effect in turn.effects:
            if isinstance(effect, Append) and isinstance(effect.entry, Interval):
                self.written[effect.entry.name, effect.entry.start] = effect.entry

    def run(self, at: int, latency_ms: float | None = 5.0, status: Status = Status.UP) -> None:
        """A run that begins then and ends a second later."""
        self.turn(at + SECOND, Result("web", START + at, status, latency_ms))

    def down_ms(self, name: str, at: int) -> tuple[int, int, int]:
        figures = self.books.sla(name, START + at)
        return figures.up_ms, figures.down_ms, figures.unknown_ms


@pytest.mark.parametrize(
    ("status", "latency_ms", "slow", "failed"),
    [
        (Status.UP, 300.0, False, False),
        (Status.UP, 300.1, True, False),
        (Status.DEGRADED, 900.0, True, False),
        (Status.UP, None, None, False),
        (Status.DOWN, 900.0, None, True),
        (Status.UNKNOWN, 900.0, None, None),
    ],
)
def test_what_a_run_says_of_a_promise(
    status: Status, latency_ms: float | None, slow: bool | None, failed: bool | None
) -> None:
    result = Result("web", START, status, latency_ms)
    assert (is_bad(FAST, result), is_bad(SURE, result)) == (slow, failed)


def test_a_minute_is_bad_by_its_share_of_bad_runs_rounded_up() -> None:
    world = World(FAST)
    for second in (0, 20, 40):
        world.run(second * SECOND, 900.0 if second == 20 else 5.0)
    for second in range(60, 120, 10):
        world.run(second * SECOND)
    world.turn(3 * MINUTE + GRACE)
    assert world.down_ms("fast", 3 * MINUTE) == (100_000, 20_000, DAY - 2 * MINUTE)
    seven = World(FAST)
    for run in range(7):
        seven.run(run * SECOND, 900.0 if run == 0 else 5.0)
    seven.turn(2 * MINUTE)
    assert seven.down_ms("fast", MINUTE)[1] == 8_572  # 60,000 / 7 = 8,571.4


def test_runs_of_a_fast_retry_weigh_no_more_than_their_minute() -> None:
    world = World(SURE)
    world.run(0)
    for second in range(60, 120):
        world.run(second * SECOND, None, Status.DOWN)
    world.run(2 * MINUTE)
    world.turn(4 * MINUTE)
    assert world.down_ms("sure", 3 * MINUTE)[:2] == (2 * MINUTE, MINUTE)


def test_a_run_that_ends_late_counts_in_the_oldest_minute_that_is_open() -> None:
    world = World(SURE)
    world.run(10 * SECOND)
    world.run(70 * SECOND)
    world.turn(2 * MINUTE + SECOND, Result("api", START + 30 * SECOND, Status.DOWN))
    world.turn(4 * MINUTE)
    assert world.down_ms("sure", 3 * MINUTE)[:2] == (90_000, 30_000)


def test_what_was_written_is_what_a_restart_knows() -> None:
    world, rng = World(FAST, SURE), random.Random(7)  # noqa: S311  # runs, not a secret
    for step in range(0, 3 * HOUR // SECOND, 10):
        if 1_000 < step < 1_400:
            continue
        status = rng.choices(list(Status), (8, 1, 1, 1))[0]
        world.run(step * SECOND, rng.choice((5.0, 400.0)), status)
    world.turn(3 * HOUR + 2 * MINUTE)
    again = Books(world.plan)
    kept = sorted(world.written.values(), key=lambda one: (one.end, one.start))
    again.restore(kept, {}, START + 3 * HOUR)
    for name in ("fast", "sure"):
        before = world.books.sla(name, START + 3 * HOUR)
        assert again.sla(name, START + 3 * HOUR) == before
        assert 0 < before.down_ms < before.up_ms
        assert before.reliability.outages == ()


def test_random_runs_agree_with_a_count_by_minutes() -> None:
    rng = random.Random(3)  # noqa: S311  # runs, not a secret
    world, counted = World(SURE), defaultdict[int, list[bool]](list)
    for _ in range(500):
        at = rng.randrange(2 * HOUR)
        counted[at // MINUTE].append(rng.random() < 0.2)
    for minute in sorted(counted):
        for bad in counted[minute]:
            world.run(minute * MINUTE, 5.0, Status.DOWN if bad else Status.UP)
    world.turn(3 * HOUR)
    down = sum(-(-sum(runs) * MINUTE // len(runs)) for runs in counted.values())
    up = len(counted) * MINUTE - down
    assert world.down_ms("sure", 2 * HOUR)[:2] == (up, down)


def test_failing_runs_burn_the_budget_and_alert() -> None:
    world = World(replace(SURE, burns=usual(30 * DAY)))
    for step in range(0, 30 * MINUTE, 10 * SECOND):
        status = Status.DOWN if step >= 20 * MINUTE else Status.UP
        world.run(step, 5.0, status)
    world.turn(33 * MINUTE)
    assert next(c.holds for c in world.conditions if c.holds is not False) is True


def test_another_definition_counts_from_now_and_the_past_stays() -> None:
    world = World(FAST)
    world.run(0, 200.0)
    world.turn(3 * MINUTE)
    stricter = replace(FAST, under=100)
    world.books.replan(replace(world.plan, slas={"fast": stricter}), Turn(START + 3 * MINUTE))
    world.run(3 * MINUTE, 200.0)
    world.turn(6 * MINUTE)
    assert world.down_ms("fast", 5 * MINUTE)[:2] == (MINUTE, MINUTE)


def test_a_burn_alert_waits_for_as_many_runs_as_it_asks_for() -> None:
    few = BurnPlan(Decimal(2), HOUR, 5 * MINUTE, Severity.HIGH, min_events=40)
    world = World(replace(SURE, burns=(few,)))
    for step in range(0, 10 * MINUTE, 10 * SECOND):
        world.run(step, 5.0, Status.DOWN)
        held = any(c.holds for c in world.conditions)
        assert not held or step >= 39 * 10 * SECOND
    world.turn(12 * MINUTE)
    assert world.conditions[-1].holds is True


def test_after_a_restart_an_alert_that_asks_for_runs_is_left_as_it_is() -> None:
    few = BurnPlan(Decimal(2), HOUR, 5 * MINUTE, Severity.HIGH, min_events=40)
    world = World(replace(SURE, burns=(few,)))
    for step in range(0, 10 * MINUTE, 10 * SECOND):
        world.run(step, 5.0, Status.DOWN)
    again = Books(world.plan)
    again.restore(sorted(world.written.values(), key=lambda one: one.end), {}, START + 10 * MINUTE)
    turn = Turn(START + 10 * MINUTE)
    again.take(turn)
    assert turn.conditions == []


def metric_of(function: MetricFunction, **more: Any) -> SlaPlan:
    metric = MetricPlan("queue", function, 5 * MINUTE, **more)
    return SlaPlan("queue", "shop", Decimal(90), DAY, kind=SlaKind.METRIC, metric=metric)


@pytest.mark.parametrize(
    ("plan", "good"),
    [
        (metric_of(MetricFunction.AVG, at_most=4.0), True),
        (metric_of(MetricFunction.AVG, at_most=3.9), False),
        (metric_of(MetricFunction.AVG, at_least=4.1), False),
        (metric_of(MetricFunction.PERCENTILE, percentile=75, at_most=3.0), True),
        (metric_of(MetricFunction.PERCENTILE, percentile=76, at_most=3.0), False),
        (metric_of(MetricFunction.COUNT, at_least=4.0), True),
        (metric_of(MetricFunction.COUNT, at_least=5.0), False),
        (metric_of(MetricFunction.RATIO, of="size", at_most=0.4), True),
        (metric_of(MetricFunction.RATIO, of="size", at_most=0.39), False),
        (metric_of(MetricFunction.RATIO, of="nothing", at_most=1.0), None),
    ],
)
def test_a_window_is_good_or_bad_by_what_its_function_makes_of_it(
    plan: SlaPlan, good: bool | None
) -> None:
    world = World(plan)
    for step, value in enumerate((1.0, 2.0, 3.0, 10.0)):
        metrics = {"queue": value, "size": 10.0, "nothing": 0.0}
        at = step * MINUTE
        world.turn(at + SECOND, Result("web", START + at, Status.UP, 5.0, metrics=metrics))
    world.turn(
        4 * MINUTE, Result("web", START + 4 * MINUTE, Status.UNKNOWN, metrics={"queue": 9.0})
    )
    world.turn(5 * MINUTE + GRACE)
    up, down, unknown = world.down_ms("queue", 5 * MINUTE)
    known = {True: (5 * MINUTE, 0), False: (0, 5 * MINUTE), None: (0, 0)}[good]
    assert (up, down) == known
    assert unknown == DAY - up - down
