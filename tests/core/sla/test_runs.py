"""How many runs an objective had lately, over restarts and reloads."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from checks.result import Result, Status
from daemon.core.model import HOUR, MINUTE, SECOND
from daemon.core.plan import BurnPlan, CheckPlan, Plan, ServicePlan, SlaPlan
from daemon.core.severity import Severity
from daemon.core.sla.runs import RunCount, Runs, asking

NOW = 1_800_000_000_000
BURN = BurnPlan(Decimal(10), HOUR, 5 * MINUTE, Severity.HIGH, min_events=50)
SLA = SlaPlan("web-99", "shop", Decimal("99.9"), 24 * HOUR, burns=(BURN,))
PLAN = Plan(
    checks={
        name: CheckPlan(name, "http", "shop", SECOND, SECOND, SECOND, 1, 1, {})
        for name in ("web", "db")
    },
    services={"shop": ServicePlan("shop", ("web", "db"))},
    slas={"web-99": SLA},
)


def counting(plan: Plan = PLAN) -> Runs:
    made = Runs()
    made.replan(plan)
    return made


def observe(runs: Runs, at: int, status: Status = Status.UP, check: str = "web") -> None:
    runs.observe(Result(check, at, status))


def test_runs_that_measured_something_are_counted_in_the_window() -> None:
    runs = counting()
    observe(runs, NOW - 2 * HOUR)
    for offset in (50, 30, 10):
        observe(runs, NOW - offset * MINUTE)
        observe(runs, NOW - offset * MINUTE, Status.UNKNOWN)
        observe(runs, NOW - offset * MINUTE, Status.DOWN, "db")
    assert runs.of(SLA, NOW) == ((6, True),)
    assert runs.of(SLA, NOW + 25 * MINUTE) == ((4, True),)


def test_a_count_that_begins_knows_that_it_does_not_reach_back_so_far() -> None:
    runs = counting()
    observe(runs, NOW)
    assert runs.of(SLA, NOW + HOUR - 1) == ((1, False),)
    assert runs.of(SLA, NOW + HOUR) == ((1, True),)


def test_a_restart_goes_on_from_what_is_stored() -> None:
    runs = counting()
    minute = NOW // MINUTE
    kept = [RunCount("web", minute - 30, 6), RunCount("db", minute - 30, 5)]
    runs.restore([RunCount("web", minute - 1, 3), *kept, RunCount("other", minute, 9)], NOW)
    assert runs.of(SLA, NOW) == ((14, True),)
    observe(runs, NOW + MINUTE)
    assert runs.of(SLA, NOW + MINUTE) == ((15, True),)
    assert runs.of(SLA, NOW + 31 * MINUTE) == ((4, True),)


def test_what_a_reload_brings_or_makes_longer_is_not_known_from_before() -> None:
    runs = counting()
    runs.restore([RunCount("web", (NOW - 30 * MINUTE) // MINUTE, 60)], NOW)
    other = replace(SLA, name="other")
    longer = replace(SLA, burns=(replace(BURN, long=3 * HOUR),))
    runs.replan(replace(PLAN, slas={"web-99": longer, "other": other}))
    observe(runs, NOW)
    assert runs.of(longer, NOW) == ((61, False),)
    assert runs.of(other, NOW) == ((1, False),)
    assert runs.of(other, NOW + HOUR) == ((1, True),)


def test_only_the_checks_of_objectives_that_ask_are_looked_at() -> None:
    assert asking(PLAN) == {"web": HOUR, "db": HOUR}
    quiet = replace(SLA, burns=(replace(BURN, min_events=0),))
    assert asking(replace(PLAN, slas={"web-99": quiet})) == {}
