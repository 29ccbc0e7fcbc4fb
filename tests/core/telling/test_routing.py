"""Which routes an alert takes, and what its groups are called."""

from __future__ import annotations

from daemon.core.plan import RoutePlan
from daemon.core.severity import Severity
from daemon.core.telling.routing import Router
from tests.core.deciding import alert, route


def paths(root: RoutePlan, **labels: str) -> list[str]:
    """The routes an alert with these labels takes, the owner first."""
    routing = Router(root).route(alert(labels=labels))
    return [taken.route.path for taken in (routing.owner, *routing.others)]


def test_the_root_takes_what_no_child_takes() -> None:
    tree = route(route(path="0", match=["team=a"]))
    assert paths(tree, team="b") == [""]


def test_the_first_sibling_that_matches_takes_it_alone() -> None:
    tree = route(route(path="0", match=["team=a"]), route(path="1", match=["team=~.+"]))
    assert paths(tree, team="a") == ["0"]


def test_continue_lets_later_siblings_have_it_too() -> None:
    tree = route(
        route(path="0", match=["team=a"], continue_=True),
        route(path="1", match=["team=b"]),
        route(path="2", match=["team=a"]),
        route(path="3", match=["team=a"]),
    )
    assert paths(tree, team="a") == ["0", "2"]


def test_the_deepest_match_counts_and_a_parent_without_a_matching_child_is_it() -> None:
    tree = route(route(route(path="0.0", match=["env=prod"]), path="0", match=["team=a"]))
    assert paths(tree, team="a", env="prod") == ["0.0"]
    assert paths(tree, team="a", env="test") == ["0"]


def test_the_first_route_with_a_policy_owns_and_the_others_notify() -> None:
    tree = route(
        route(path="0", continue_=True),
        route(path="1", policy="p", continue_=True),
        route(path="2", policy="q"),
    )
    assert paths(tree, team="a") == ["1", "0", "2"]


def test_without_any_policy_the_first_route_owns() -> None:
    tree = route(route(path="0", continue_=True), route(path="1"))
    assert paths(tree, team="a") == ["0", "1"]


def test_matchers_see_the_effective_severity() -> None:
    tree = route(route(path="0", match=["severity=emergency"]))
    router = Router(tree)
    promoted = alert(severity=Severity.MEDIUM, effective=Severity.EMERGENCY)
    assert router.route(promoted).owner.route.path == "0"


def test_a_group_is_named_by_its_route_and_its_labels() -> None:
    tree = route(route(path="0", match=["team=a"], group_by=("service", "env")))
    taken = Router(tree).route(alert(labels={"team": "a", "service": "shop"})).owner
    assert taken.group_key(alert(labels={"service": 'a "b"'})) == (
        '{}/{team="a"}:{service="a \\"b\\""}'
    )


def test_three_dots_group_by_every_label() -> None:
    tree = route(group_by=("...",))
    taken = Router(tree).route(alert()).owner
    assert taken.labels_of(alert()) == alert().labels


def test_no_group_by_makes_one_group_for_the_route() -> None:
    taken = Router(route(group_by=())).route(alert()).owner
    assert taken.group_key(alert("a")) == taken.group_key(alert("b")) == "{}:{}"


def test_siblings_with_the_same_matchers_do_not_share_groups() -> None:
    tree = route(
        route(path="0", match=["team=a"], continue_=True), route(path="1", match=["team=a"])
    )
    routing = Router(tree).route(alert(labels={"team": "a"}))
    assert routing.owner.key != routing.others[0].key


def test_the_wait_is_the_routes_or_follows_from_severity() -> None:
    own = Router(route(group_wait=7)).route(alert()).owner
    default = Router(route(group_wait=None)).route(alert()).owner
    assert own.wait(alert()) == 7
    assert default.wait(alert(effective=Severity.EMERGENCY)) == 0
    assert default.wait(alert(effective=Severity.HIGH)) == 30_000
    assert default.wait(alert(effective=Severity.INFO)) == 60_000
