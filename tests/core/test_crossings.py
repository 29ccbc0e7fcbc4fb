"""Where parts meet: what one does in the middle of what another has begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.core.chronicle import Notice
from daemon.core.errors import NotAllowed
from daemon.core.events import Acknowledge, Assign, FireTest, Merge, Resolve, RunEnded, Split
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Level, RunState
from daemon.core.plan import (
    ChannelPlan,
    Contact,
    PersonPlan,
    PolicyPlan,
    ResponsePlan,
    RoutePlan,
    ServicePlan,
    SeverityPlan,
    When,
)
from daemon.core.severity import Severity
from daemon.core.turn import Condition
from tests.core.deciding import ANA, Stand, ack, condition, plan, route, said, settled, short
from tests.core.incidents.test_desk_oncall import hourly
from tests.core.muting.test_correlate import correlating, fails
from tests.core.responding.test_responses import begun, ends, response, stand
from tests.core.telling.test_holding import NAMED

ALL = (parse_matcher('service=~".+"'),)


def till(holds: bool = True) -> Condition:
    return condition("api", holds, labels={"service": "till"})


# -- responses on incidents that are merged, split or united ---------------------------


def anywhere(name: str, when: When, **more: object) -> ResponsePlan:
    return replace(response(name, when), match=ALL, **more)  # type: ignore[arg-type]


def test_what_a_storm_takes_in_is_not_over_for_a_response() -> None:
    after = anywhere("after", When.RESOLVED)
    desk = Stand(correlating(responses={"after": after}))
    desk.see(fails("db0", "db"))
    desk.see(fails("db1", "db"))
    desk.see(fails("cache0", "cache"))
    united = [one for one in desk.incidents if one.resolved_at is not None]
    (into,) = [one for one in desk.incidents if one.resolved_at is None]
    assert [one.merged_into for one in united] == [into.key]
    assert begun(desk) == []
    for name, kind in (("db0", "db"), ("db1", "db"), ("cache0", "cache")):
        desk.see(fails(name, kind, holds=False))
    assert [start.incident.key for start in begun(desk)] == [into.key]


def test_a_response_is_not_run_again_on_what_was_merged() -> None:
    desk = Stand(
        plan(responses={"restart": replace(response(), match=(parse_matcher("service=till"),))})
    )
    desk.see(condition())
    desk.see(till())
    assert len(begun(desk)) == 1
    ends(desk)
    first, second = desk.incidents
    desk.do(Merge(first.key, ANA, (second.key,)))
    assert begun(desk) == []
    desk.wait(HOUR)
    assert begun(desk) == []
    desk.restart()
    desk.see(condition("third"))
    assert begun(desk) == []


def test_a_response_that_repeats_goes_on_where_its_incident_was_merged() -> None:
    repeats = replace(response(), match=(parse_matcher("service=till"),), repeat=10 * MINUTE)
    desk = Stand(plan(responses={"restart": repeats}))
    desk.see(condition())
    desk.see(till())
    ends(desk)
    first, second = desk.incidents
    desk.do(Merge(first.key, ANA, (second.key,)))
    assert begun(desk) == []
    desk.wait(10 * MINUTE)
    assert [start.incident.key for start in begun(desk)] == [first.key]


def test_what_ran_before_a_split_is_not_run_again_by_it() -> None:
    by_level = anywhere("page", When.ESCALATED, level=1)
    taken = anywhere("taken", When.ACKNOWLEDGED)
    desk = stand(response(), by_level, taken)
    desk.see(condition(), condition("api"))
    desk.wait(HOUR)
    (incident,) = desk.incidents
    desk.do(Acknowledge(incident.key, ANA))
    assert len(desk.decider.responses.runs.records) == 3
    ends_all(desk)
    desk.do(Split(incident.key, ANA, (incident.firing[0],)))
    assert begun(desk) == []
    assert len(desk.incidents) == 2


def ends_all(desk: Stand) -> None:
    for run in list(desk.decider.responses.runs.records.values()):
        if run.state is RunState.RUNNING:
            desk.do(RunEnded(run.key, RunState.SUCCEEDED, "it ended"))


def test_a_merge_runs_no_level_that_was_run_before_it() -> None:
    by_level = anywhere("page", When.ESCALATED, level=1)
    policies = {
        "duty": PolicyPlan("duty", (Level(0, ("person:ana",)), Level(HOUR, ("person:ana",))))
    }
    desk = Stand(
        plan(
            responses={"page": by_level},
            policies=policies,
            route=route(
                route(match=("service=till",), policy="duty"), channels=("slack",), policy=None
            ),
        )
    )
    desk.see(condition())
    desk.see(till())
    desk.wait(MINUTE)
    assert len(desk.decider.responses.runs.records) == 1
    ends_all(desk)
    first, second = desk.incidents
    desk.do(Merge(first.key, ANA, (second.key,)))
    assert desk.incidents[0].escalation is not None
    assert len(desk.decider.responses.runs.records) == 1


def test_a_response_that_a_reload_brings_does_nothing_about_what_fires_already() -> None:
    desk = Stand(plan())
    desk.see(condition(), condition("api"))
    desk.wait(MINUTE)
    brought = [anywhere(when.value, when, level=1) for when in (When.ACKNOWLEDGED, When.RESOLVED)]
    desk.reload(plan(responses={one.name: one for one in brought}))
    desk.do(Acknowledge(desk.incident.key, ANA))
    desk.do(Resolve(desk.incident.key, ANA))
    assert not desk.decider.responses.runs.records


# -- contacts that wait, while somebody else comes on call -----------------------------


LATE = {
    "ana": PersonPlan("ana", (Contact("sms", "+49", 10 * MINUTE),), ()),
    "ben": PersonPlan("ben", (Contact("mail", "b@x"), Contact("sms", "+44", 5 * MINUTE)), ()),
}


def on_shift(*levels: Level) -> Stand:
    return Stand(
        plan(
            route=route(channels=(), policy="duty"),
            policies={"duty": PolicyPlan("duty", levels or (Level(0, ("schedule:duty",)),))},
            persons=LATE,
            schedules={"duty": hourly("ana", "ben")},
        )
    )


def test_who_comes_on_call_is_told_where_the_one_before_was_still_to_be() -> None:
    desk = on_shift()
    desk.wait(25 * MINUTE)
    assert desk.see(condition()) == []
    told = said(desk.wait(10 * MINUTE))
    assert [who for who, _ in told] == ["ben via mail"]
    assert [who for who, _ in said(desk.wait(5 * MINUTE))] == ["ben via sms"]
    assert desk.wait(20 * MINUTE) == []


# -- merging ---------------------------------------------------------------------------


def test_a_record_that_a_merge_closes_elsewhere_is_opened_for_the_survivor() -> None:
    channels = {**plan().channels, "pager": ChannelPlan("pager", "pagerduty")}
    policies = {"duty": PolicyPlan("duty", (Level(0, ("channel:pager",)),))}
    desk = Stand(
        plan(
            channels=channels,
            policies=policies,
            route=route(route(match=("service=till",), policy="duty")),
        )
    )
    desk.see(condition())
    desk.see(till())
    first, second = desk.incidents
    told = [one for one in desk.do(Merge(first.key, ANA, (second.key,))) if one.channel == "pager"]
    assert [(short(one.type), one.incident.key) for one in told] == [
        ("resolved", second.key),
        ("updated", first.key),
    ]
    (lost,) = told[1:]
    assert ("pager", "updated") in said(desk.do(settled(lost)) + desk.wait(5 * MINUTE))
    desk.see(condition(holds=False))
    assert ("pager", "resolved") in said(desk.see(till(holds=False)))


def test_a_merge_into_what_somebody_has_opens_nothing() -> None:
    channels = {**plan().channels, "pager": ChannelPlan("pager", "pagerduty")}
    policies = {"duty": PolicyPlan("duty", (Level(0, ("channel:pager",)),))}
    routes = route(route(match=("service=till",), policy="duty"))
    desk = Stand(plan(channels=channels, policies=policies, route=routes))
    desk.see(condition())
    ack(desk)
    desk.see(till())
    first, second = desk.incidents
    told = desk.do(Merge(first.key, ANA, (second.key,)))
    assert [short(one.type) for one in told if one.channel == "pager"] == ["resolved"]


def merged_in_hours(own: RoutePlan, wait: int = 31, **survivor: Any) -> tuple[Stand, list[Notice]]:
    """What the pager is told when what it was told of is merged into an incident whose route is
    mute from the 30th to the 50th minute, and which fired in the minute `wait`."""
    policies = {
        "pager": PolicyPlan("pager", (Level(0, ("channel:pager",)),)),
        "sms": PolicyPlan("sms", (Level(0, ("channel:sms",)),)),
    }
    desk = Stand(
        plan(
            channels={**plan().channels, "pager": ChannelPlan("pager", "pagerduty")},
            policies=policies,
            intervals=NAMED,
            route=replace(route(own, policy=None), mute_time_intervals=("later",), **survivor),
        )
    )
    desk.wait(wait * MINUTE)
    desk.see(condition())
    desk.wait((35 - wait) * MINUTE)
    desk.see(till())
    first, second = desk.incidents
    told = desk.do(Merge(first.key, ANA, (second.key,)))
    return desk, [one for one in told if one.channel == "pager"]


TILL = ("service=till",)


@pytest.mark.parametrize(
    ("own", "survivor", "later"),
    [
        (route(match=TILL, path="0", channels=("pager",)), {"channels": ("pager",)}, "firing"),
        (route(match=TILL, path="0", policy="pager"), {"policy": "sms"}, "updated"),
        (route(match=TILL, path="0", policy="pager"), {"policy": "sms", "wait": 1}, "updated"),
    ],
    ids=["by its channels", "by its policy", "by its policy any more"],
)
def test_a_merge_opens_no_record_in_hours_in_which_the_survivor_tells_nothing(
    own: RoutePlan, survivor: dict[str, Any], later: str
) -> None:
    desk, told = merged_in_hours(own, **survivor)
    assert [(short(one.type), one.incident.key) for one in told] == [
        ("resolved", desk.incidents[1].key)
    ]
    desk.restart()
    assert [one for one in desk.wait(15 * MINUTE - 1) if one.channel == "pager"] == []
    (once,) = (one for one in desk.wait(2 * MINUTE) if one.channel == "pager")
    assert (short(once.type), once.incident.key) == (later, desk.incidents[0].key)
    assert {alert.labels["service"] for alert in once.alerts} >= {"till"}
    assert ("pager", "resolved") in said(
        desk.see(till(holds=False)) + desk.see(condition(holds=False))
    )


def test_a_merge_opens_the_record_in_such_hours_for_a_route_that_has_none() -> None:
    desk, told = merged_in_hours(route(match=TILL, path="0", channels=("pager",)))
    assert [(short(one.type), one.incident.key) for one in told] == [
        ("resolved", desk.incidents[1].key),
        ("updated", desk.incidents[0].key),
    ]
    assert [one for one in desk.wait(20 * MINUTE) if one.channel == "pager"] == []


def test_a_record_that_was_not_opened_for_the_hours_is_not_closed_in_them() -> None:
    own = route(match=TILL, path="0", channels=("pager",))
    desk, _ = merged_in_hours(own, channels=("pager",))
    ends = desk.see(till(holds=False)) + desk.see(condition(holds=False))
    assert said(ends) == []


def test_nobody_is_told_of_a_split_in_hours_in_which_its_route_is_mute() -> None:
    mute = replace(route(policy="primary"), mute_time_intervals=("later",))
    desk = Stand(plan(intervals=NAMED, route=mute))
    assert len(desk.see(condition(), condition("api"))) == 3
    desk.wait(35 * MINUTE)
    first = desk.incident
    assert desk.do(Split(first.key, ANA, (first.firing[0],))) == []
    part = next(one for one in desk.incidents if one.key != first.key)
    assert desk.wait(40 * MINUTE) == []
    ends = desk.see(condition(holds=False)) + desk.see(condition("api", holds=False))
    told = said([one for one in ends if one.incident.key == part.key])
    assert {kind for _, kind in told} == {"resolved"}
    assert {"slack", "ana via sms", "ben via mail"} <= {who for who, _ in told}


def test_neither_a_test_nor_a_lateness_is_merged_with_what_is_real() -> None:
    service = ServicePlan("shop", checks=("web",))
    severities = {Severity.CRITICAL: SeverityPlan(mtta=MINUTE)}
    desk = Stand(plan(services={"shop": service}, severities=severities))
    desk.see(condition())
    desk.do(FireTest(ANA, ("shop",), HOUR))
    desk.wait(2 * MINUTE)
    real, *others = desk.incidents
    assert [(one.is_test, one.is_timed) for one in others] == [(True, False), (False, False)]
    for other in others:
        for into, gone in ((real, other), (other, real)):
            with pytest.raises(NotAllowed, match="cannot be merged: it"):
                desk.do(Merge(into.key, ANA, (gone.key,)))


def test_what_joins_a_storm_goes_where_its_incident_was_merged() -> None:
    desk = Stand(correlating())
    desk.see(fails("db0", "db"), fails("cache0", "cache"))
    desk.see(condition("x"))
    storm, other = desk.incidents
    desk.do(Merge(other.key, ANA, (storm.key,)))
    desk.wait(2 * MINUTE)
    desk.see(fails("web1", "web"))
    desk.see(fails("web2", "web"))
    assert len(desk.incidents) == 2
    assert len(desk.incidents[1].firing) == 5
    for name, kind in (("db0", "db"), ("cache0", "cache"), ("web1", "web"), ("web2", "web")):
        desk.see(fails(name, kind, holds=False))
    assert said(desk.see(condition("x", holds=False)))[0] == ("slack", "resolved")
    assert not desk.decider.muting.storms.storms


def test_who_was_given_an_incident_without_a_policy_hears_that_nobody_has_it_any_more() -> None:
    desk = Stand(plan(route=route(policy=None)))
    desk.see(condition())
    desk.do(Assign(desk.incident.key, ANA, "ben"))
    ack(desk, expires_after=10 * MINUTE)
    assert said(desk.wait(10 * MINUTE)) == [("ben via mail", "repeated"), ("slack", "repeated")]
    assert desk.wait(HOUR) == []


def test_what_waited_for_approval_is_asked_again_where_its_incident_was_merged() -> None:
    asks = replace(response(confirm=True), match=(parse_matcher("service=till"),))
    desk = Stand(plan(responses={"restart": asks}))
    desk.see(condition())
    desk.see(till())
    first, second = desk.incidents
    desk.do(Merge(first.key, ANA, (second.key,)))
    runs = list(desk.decider.responses.runs.records.values())
    states = {run.incident: run.state for run in runs}
    assert states == {second.key: RunState.EXPIRED, first.key: RunState.WAITING}
    assert dict(desk.incidents[0].responses) == {"restart": "waiting"}


def test_a_level_that_is_passed_over_hastens_nothing_while_somebody_is_still_to_be_told() -> None:
    levels = (
        Level(0, ("person:ana",)),
        Level(MINUTE, ("person:ben",), min_alerts=5),
        Level(HOUR, ("channel:slack",)),
    )
    policies = {"duty": PolicyPlan("duty", levels)}
    desk = Stand(plan(route=route(channels=(), policy="duty"), policies=policies, persons=LATE))
    assert desk.see(condition()) == []
    assert [who for who, _ in said(desk.wait(59 * MINUTE))] == ["ana via sms"]
    assert [who for who, _ in said(desk.wait(MINUTE))] == ["slack"]
