"""An outage played through a plan, and the routing tree explained."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.chronicle import Entry, Notice
from daemon.core.labels import match_all, parse_matcher
from daemon.core.model import HOUR, MINUTE, Alert, Level
from daemon.core.plan import MaintenancePlan, Plan, PolicyPlan, RoutePlan, SchedulePlan
from daemon.core.severity import Severity
from daemon.core.telling.routing import Router
from daemon.core.trying.rehearsal import outage, rehearse, visits
from tests.core.deciding import START, plan, route


def played(spec: Plan, span: int = HOUR, severity: Severity | None = None) -> list[str]:
    lines = rehearse(spec, outage(spec, "web", START, severity), START, span)
    return [f"{(line.at - START) // MINUTE} {_words(line)}" for line in lines]


def _words(line: Notice | Entry) -> str:
    if isinstance(line, Entry):
        return line.text
    return f"{line.recipient or line.channel}: {line.reason}"


def test_an_outage_tells_whom_the_engine_would_tell_and_when() -> None:
    assert played(plan(route=route(channels=(), policy="primary"))) == [
        "0 ana: level 1",
        "0 ana: level 1",
        "5 ben: level 2",
        "15 slack: level 3",
        "15 policy primary has nobody left to tell",
    ]


def test_groups_are_told_with_their_waits_and_repeats() -> None:
    spec = plan(route=route(group_wait=2 * MINUTE, repeat_interval=20 * MINUTE))
    assert played(spec) == [
        "2 slack: first notification",
        "22 slack: repeat interval elapsed",
        "42 slack: repeat interval elapsed",
    ]


def test_an_outage_in_a_maintenance_window_is_told_when_it_ends_and_says_so() -> None:
    web = (parse_matcher("check=web"),)
    window = MaintenancePlan("works", "UTC", match=web, cron="30 7 * * *", duration=HOUR)
    spec = plan(route=route(), maintenance={"works": window})
    assert played(spec) == [
        "0 maintenance works",
        "30 nothing mutes it any more",
        "30 slack: first notification",
    ]


def test_a_level_that_nobody_hears_is_said_and_the_next_comes_at_once() -> None:
    policy = PolicyPlan("duty", (Level(0, ("schedule:nights",)), Level(HOUR, ("person:ben",))))
    spec = plan(
        route=route(channels=(), policy="duty"),
        policies={"duty": policy},
        schedules={"nights": SchedulePlan("nights", "UTC")},
    )
    assert played(spec)[:2] == [
        "0 level 1: nobody (not reachable: schedule:nights, where nobody is on call)",
        "0 ben: level 2",
    ]


def test_another_severity_takes_other_routes() -> None:
    tree = route(route(path="0", match=["severity=low"], channels=("mail",)), channels=())
    assert played(plan(route=tree)) == []
    assert played(plan(route=tree), severity=Severity.LOW) == ["0 mail: first notification"]


def test_a_rehearsal_changes_nothing_and_is_the_same_again() -> None:
    spec = plan(route=route(policy="primary"))
    assert played(spec) == played(spec)


matchers = st.lists(
    st.sampled_from(["team=a", "team=b", "env=x", 'env=~"x|y"', "env!=x"]), max_size=2
).map(lambda texts: tuple(parse_matcher(text) for text in texts))
trees = st.recursive(
    st.builds(RoutePlan, st.just("p"), matchers, continue_=st.booleans()),
    lambda inner: st.builds(
        RoutePlan,
        st.just("p"),
        matchers,
        continue_=st.booleans(),
        routes=st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=8,
)


@given(
    st.builds(RoutePlan, st.just(""), routes=st.lists(trees, max_size=3).map(tuple)),
    st.fixed_dictionaries({"team": st.sampled_from("abc"), "env": st.sampled_from("xyz")}),
)
def test_the_walk_that_is_shown_is_the_one_that_routing_takes(
    root: RoutePlan, labels: dict[str, str]
) -> None:
    routing = Router(root).route(Alert("", "", "", labels))
    taken = {id(routing.owner.route), *(id(other.route) for other in routing.others)}
    walked = list(visits(root, labels))
    matched = {id(visit.node) for visit in walked if visit.matches}
    assert taken <= matched
    leaves = {
        id(v.node) for v in walked
        if v.matches and not any(match_all(child.match, labels) for child in v.node.routes)
    }  # fmt: skip
    assert taken == leaves
    for visit in walked:
        assert bool(visit.failing) is (visit.matches is False)
