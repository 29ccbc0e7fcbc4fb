"""What stands behind what, who counts as down, and cycles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.result import Status
from daemon.core.model import CheckState, ServiceState
from daemon.core.observing.dependencies import (
    Dependencies,
    Node,
    counts_as_down,
    find_cycle,
    root_cause,
)
from daemon.core.plan import Plan, ServicePlan
from tests.core.watching import check, plan


def a(name: str) -> Node:
    return Node(False, name)


def test_a_check_has_the_groups_of_its_service_too() -> None:
    shop = ServicePlan("shop", ("web",), parents=(("db", "replica"),))
    graph = Dependencies(
        plan(
            check("web", service="shop", parents=(("host",),)),
            check("host"),
            check("db"),
            check("replica"),
            services=(shop,),
        )
    )
    assert graph.groups("web") == ((a("host"),), (Node(True, "db"), Node(True, "replica")))
    assert graph.service_groups("shop") == ((Node(True, "db"), Node(True, "replica")),)
    assert list(graph.parent_checks("web")) == ["host", "db", "replica"]
    assert graph.child_checks(Node(True, "db")) == ("web",)
    assert graph.child_services("db") == ("shop",)
    assert list(graph.children_of("db")) == ["web"]
    assert list(graph.children_of("host")) == ["web"]


def test_parents_that_the_plan_does_not_have_are_left_out() -> None:
    graph = Dependencies(plan(check("web", parents=(("gone", "db"), ("gone",))), check("db")))
    assert graph.groups("web") == ((a("db"),),)


@pytest.mark.parametrize(
    ("state", "down"),
    [
        (None, False),
        (CheckState("c"), False),
        (CheckState("c", status=Status.DOWN), True),
        (CheckState("c", status=Status.DEGRADED), False),
        (CheckState("c", unreachable="db"), True),
        (ServiceState("s", status=Status.DOWN), True),
        (ServiceState("s", unreachable="db"), True),
    ],
)
def test_down_and_unreachable_count_as_down(
    state: CheckState | ServiceState | None, down: bool
) -> None:
    assert counts_as_down(state) is down


def test_the_root_cause_is_named_not_the_nearest_parent() -> None:
    states = {"db": CheckState("db", unreachable="host")}
    assert root_cause([(a("db"),)], lambda node: states.get(node.name)) == "host"


def test_all_of_a_group_must_be_down() -> None:
    down, well = CheckState("x", status=Status.DOWN), CheckState("x", status=Status.UP)
    group = (a("one"), a("two"))
    assert root_cause([group], {a("one"): down, a("two"): well}.get) is None
    assert root_cause([group], {a("one"): down, a("two"): down}.get) == "one"


def test_no_cycle_in_a_tree_or_a_diamond() -> None:
    diamond = plan(
        check("top"),
        check("left", parents=(("top",),)),
        check("right", parents=(("top",),)),
        check("bottom", parents=(("left",), ("right",))),
    )
    assert find_cycle(diamond) is None
    assert find_cycle(Plan()) is None


def test_a_cycle_of_checks_is_shown_as_a_way_round() -> None:
    around = plan(check("a", parents=(("b",),)), check("b", parents=(("a",),)))
    assert find_cycle(around) == ("check a", "check b", "check a")
    assert find_cycle(plan(check("a", parents=(("a",),)))) == ("check a", "check a")


def test_a_cycle_through_a_service_and_its_checks_is_found() -> None:
    checks = (check("web", service="shop"), check("db", service="store", parents=(("web",),)))
    services = (
        ServicePlan("shop", ("web",), parents=(("store",),)),
        ServicePlan("store", ("db",)),
    )
    found = find_cycle(plan(*checks, services=services))
    assert found is not None
    assert found[0] == found[-1]
    assert set(found) == {"check web", "service store", "check db"}


def test_a_long_chain_is_walked_without_recursion() -> None:
    chain = [check("c0"), *(check(f"c{i}", parents=((f"c{i - 1}",),)) for i in range(1, 3000))]
    assert find_cycle(plan(*chain)) is None
    chain[0] = replace(chain[0], parents=(("c2999",),))
    found = find_cycle(plan(*chain))
    assert found is not None
    assert len(found) == 3001


def test_what_stands_behind_a_check_is_counted_once_however_it_is_reached() -> None:
    graph = Dependencies(
        plan(
            check("db"),
            check("cache", parents=(("db",),)),
            check("web", parents=(("db",), ("cache",))),
            check("shop", parents=(("web",),)),
            check("mail"),
        )
    )
    assert [graph.count_behind(name) for name in ("db", "cache", "shop", "mail")] == [3, 2, 0, 0]
