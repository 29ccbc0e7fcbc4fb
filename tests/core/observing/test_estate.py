"""A change of one check and what it means for the others, without any scheduling."""

from __future__ import annotations

import pytest

from checks.result import Result, Status
from daemon.core.observing.doubt import HOLD_LIMIT, in_doubt, witnesses
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import decide
from daemon.core.plan import Plan, ServicePlan
from daemon.core.turn import Turn
from tests.core.watching import T0, beat, check, plan

UP, UNKNOWN, DOWN = Status.UP, Status.UNKNOWN, Status.DOWN


def settled(estate: Estate, name: str, status: Status, now: int = T0) -> Turn:
    turn = Turn(now)
    estate.change(decide(estate.checks[name], status, now), turn)
    estate.settle(turn)
    return turn


def all_up(a_plan: Plan) -> Estate:
    estate = Estate(a_plan)
    for name in a_plan.checks:
        settled(estate, name, UP)
        estate.last[name] = Result(name, T0, UP)
    return estate


def test_a_chain_of_thousands_is_hidden_and_released_without_recursion() -> None:
    size = 3_000
    chain = [check("c0"), *(check(f"c{i}", parents=((f"c{i - 1}",),)) for i in range(1, size))]
    estate = all_up(plan(*chain))
    settled(estate, "c0", DOWN, T0 + 1)
    assert {estate.checks[f"c{i}"].unreachable for i in range(1, size)} == {"c0"}
    settled(estate, "c0", UP, T0 + 2)
    for i in range(1, size):
        assert estate.released == [f"c{i}"]
        estate.released.clear()
        assert estate.measured(Result(f"c{i}", T0 + 2, UP)) is not None
        settled(estate, f"c{i}", UP, T0 + 2)
    assert {estate.checks[f"c{i}"].unreachable for i in range(1, size)} == {None}
    assert (estate.released, estate.awaited) == ([], {})


def test_a_change_to_the_same_is_no_change() -> None:
    estate = all_up(plan(check("web")))
    assert settled(estate, "web", UP, T0).effects == []


def test_a_check_is_released_only_when_no_group_hides_it() -> None:
    estate = all_up(plan(check("a"), check("b"), check("web", parents=(("a",), ("b",)))))
    settled(estate, "a", DOWN)
    settled(estate, "b", DOWN)
    settled(estate, "a", UP)
    hidden = estate.checks["web"]
    assert (hidden.unreachable, estate.awaited, estate.released) == ("b", {}, [])
    assert estate.measured(Result("web", T0, DOWN)) is None
    settled(estate, "b", UP, T0 + 5)
    assert (estate.awaited, estate.released) == ({"web": T0 + 5}, ["web"])
    assert estate.checks["web"] == hidden
    assert estate.measured(Result("web", T0 + 4, DOWN)) is None
    free = estate.measured(Result("web", T0 + 5, DOWN))
    assert free is not None
    assert (free.unreachable, free.cause) == (None, "not measured since b was down")


def test_services_behind_services_are_unreachable_all_the_way() -> None:
    services = (
        ServicePlan("db", ("db-tcp",)),
        ServicePlan("api", ("api-http",), parents=(("db",),)),
        ServicePlan("shop", ("shop-http",), parents=(("api",),)),
    )
    checks = (
        check("db-tcp", service="db"),
        check("api-http", service="api"),
        check("shop-http", service="shop"),
    )
    estate = all_up(plan(*checks, services=services))
    settled(estate, "db-tcp", DOWN)
    assert [estate.services[s].unreachable for s in ("db", "api", "shop")] == [None, "db", "db"]
    assert estate.checks["shop-http"].unreachable == "db"
    settled(estate, "db-tcp", UP)
    assert [estate.services[s].unreachable for s in ("db", "api", "shop")] == [None, None, None]


def test_a_cycle_that_slipped_through_comes_to_rest() -> None:
    services = (ServicePlan("a", ("x",), parents=(("b",),)), ServicePlan("b", ("y",)))
    around = plan(
        check("x", service="a"), check("y", service="b", parents=(("x",),)), services=services
    )
    estate = all_up(around)
    settled(estate, "y", DOWN)
    assert estate.checks["y"].status in (UNKNOWN, DOWN)


def test_a_failure_is_in_doubt_until_its_parent_was_seen_well() -> None:
    estate = all_up(plan(check("db"), check("web", parents=(("db",),))))
    assert list(witnesses(estate, "web", T0 + 1)) == ["db"]
    assert in_doubt(estate, "web", T0 + 1, T0 + 2)
    estate.last["db"] = Result("db", T0 + 1, UP)
    assert list(witnesses(estate, "web", T0 + 1)) == []
    assert not in_doubt(estate, "web", T0 + 1, T0 + 2)


def test_one_parent_of_a_group_that_was_seen_well_is_enough() -> None:
    estate = all_up(plan(check("a"), check("b"), check("web", parents=(("a", "b"),))))
    estate.last["b"] = Result("b", T0 + 5, UP)
    assert not in_doubt(estate, "web", T0 + 1, T0 + 6)


def test_a_heartbeat_as_parent_is_never_waited_for() -> None:
    estate = all_up(plan(beat("job"), check("web", parents=(("job",),))))
    assert list(witnesses(estate, "web", T0 + 1)) == []
    assert not in_doubt(estate, "web", T0 + 1, T0 + 2)


@pytest.mark.parametrize(
    ("later", "held"), [(HOLD_LIMIT + 2_000, True), (HOLD_LIMIT + 2_001, False)]
)
def test_doubt_ends_after_a_minute_over_the_retries(later: int, held: bool) -> None:
    estate = all_up(plan(check("db"), check("web", parents=(("db",),))))
    assert in_doubt(estate, "web", T0 + 1, T0 + 1 + later) is held
