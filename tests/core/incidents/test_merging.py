"""Merging and splitting: which alerts are one incident, and who hears of that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.errors import Invalid, NotAllowed
from daemon.core.events import Acknowledge, Assign, Merge, PutSilence, Resolve, Split
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Incident, IncidentState, Level
from daemon.core.plan import PolicyPlan, SeverityPlan
from daemon.core.severity import Severity
from daemon.core.turn import Condition
from tests.core.deciding import (
    ANA,
    BEN,
    PRIMARY,
    START,
    Stand,
    condition,
    plan,
    route,
    said,
    settled,
)

MATCH = (parse_matcher("service=till"),)


def till(holds: bool = True, check: str = "api", **more: object) -> Condition:
    """A condition of another service."""
    return condition(check, holds, labels={"service": "till"}, **more)


@pytest.fixture
def stand() -> Stand:
    """A stand with two incidents, of the services shop and till."""
    made = Stand()
    made.see(condition())
    made.see(till())
    return made


def pair(stand: Stand) -> tuple[Incident, Incident]:
    first, second = stand.incidents[:2]
    return first, second


def test_the_alerts_move_and_whoever_knew_is_told_where_it_went(stand: Stand) -> None:
    first, second = pair(stand)
    told = stand.do(Merge(first.key, ANA, (second.key,)))
    over = [notice for notice in told if notice.incident.key == second.key]
    assert {kind for _, kind in said(over)} == {"resolved"}
    assert over[0].reason == f"merged into {first.key}: shop is down"
    first, second = pair(stand)
    assert (second.state, second.merged_into) == (IncidentState.RESOLVED, first.key)
    assert len(first.firing) == 2
    assert {a.incident for a in stand.decider.alerts.records.values()} == {first.key}
    kinds = [entry.kind for entry in stand.mirror.entries if entry.incident == first.key]
    assert EntryKind.MERGED in kinds
    assert stand.mirror.audits[-1].action == "merge"


def test_the_survivor_ends_with_the_last_of_all_alerts_and_everybody_hears_so(
    stand: Stand,
) -> None:
    first, second = pair(stand)
    stand.do(Assign(second.key, ANA, "ben"))
    stand.do(Merge(first.key, ANA, (second.key,)))
    stand.see(condition(holds=False))
    assert stand.incidents[0].state is IncidentState.TRIGGERED
    stand.wait(5 * MINUTE)
    told = said(stand.see(till(holds=False)))
    assert told.count(("slack", "resolved")) == 1
    assert ("ben via mail", "resolved") in told
    assert ("ana via sms", "resolved") in told


def test_what_would_have_joined_the_merged_one_joins_the_survivor(stand: Stand) -> None:
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    stand.wait(MINUTE)
    told = stand.see(till(check="db")) + stand.wait(MINUTE)
    assert len(stand.incidents) == 2
    assert {notice.incident.key for notice in told} == {first.key}
    assert ("slack", "updated") in said(told)


def test_a_channel_of_both_hears_of_each_change_once(stand: Stand) -> None:
    first, second = pair(stand)
    told = said(stand.do(Merge(first.key, ANA, (second.key,))) + stand.wait(MINUTE))
    assert told.count(("slack", "updated")) == 1
    told = said(stand.see(till(holds=False)) + stand.wait(MINUTE))
    assert told.count(("slack", "updated")) == 1


def test_a_channel_of_the_merged_one_alone_hears_of_the_end() -> None:
    spec = plan(
        route=route(
            replace(route(match=("service=till",), channels=("mail",)), path="0"),
            channels=("slack",),
        )
    )
    stand = Stand(spec)
    stand.see(condition())
    assert said(stand.see(till())) == [("mail", "firing")]
    first, second = pair(stand)
    assert said(stand.do(Merge(first.key, ANA, (second.key,)))) == [("mail", "resolved")]
    assert said(stand.wait(MINUTE)) == [("slack", "updated")]
    stand.see(condition(holds=False))
    stand.wait(MINUTE)
    assert sorted(said(stand.see(till(holds=False)))) == [
        ("mail", "resolved"),
        ("slack", "resolved"),
    ]


def test_who_has_the_survivor_keeps_it_unless_what_joins_is_graver(stand: Stand) -> None:
    first, second = pair(stand)
    stand.do(Acknowledge(first.key, BEN))
    stand.do(Merge(first.key, BEN, (second.key,)))
    assert stand.incidents[0].state is IncidentState.ACKNOWLEDGED
    graver = Stand()
    graver.see(condition())
    graver.see(till(severity=Severity.EMERGENCY))
    first, second = pair(graver)
    graver.do(Acknowledge(first.key, BEN))
    graver.do(Merge(first.key, BEN, (second.key,)))
    assert graver.incidents[0].state is IncidentState.TRIGGERED
    assert graver.incidents[0].severity is Severity.EMERGENCY


def test_the_graver_one_brings_its_policy_with_what_it_has_run() -> None:
    urgent = PolicyPlan("urgent", (Level(0, ("person:ana",)), Level(2 * MINUTE, ("person:ben",))))
    spec = plan(
        route=route(
            replace(route(match=("service=till",), policy="urgent"), path="0"), policy="primary"
        ),
        policies={"primary": PRIMARY, "urgent": urgent},
    )
    stand = Stand(spec)
    stand.see(condition())
    stand.see(till(severity=Severity.EMERGENCY))
    stand.wait(MINUTE)
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    steps = stand.incidents[0].escalation
    assert steps is not None
    assert (steps.policy, steps.level, steps.next_at) == ("urgent", 0, START + 2 * MINUTE)
    assert ("ben via mail", "escalated") in said(stand.wait(MINUTE))


def test_the_less_grave_one_leaves_its_policy_behind(stand: Stand) -> None:
    first, second = pair(stand)
    before = first.escalation
    stand.do(Merge(first.key, ANA, (second.key,)))
    assert stand.incidents[0].escalation == before


def test_a_merge_survives_a_restart(stand: Stand) -> None:
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    assert stand.restart() == []
    stand.see(condition(holds=False))
    told = said(stand.wait(MINUTE) + stand.see(till(holds=False)))
    assert ("slack", "resolved") in told
    assert not stand.decider.book.groups


def test_what_is_over_or_the_same_or_nothing_is_not_merged(stand: Stand) -> None:
    first, second = pair(stand)
    with pytest.raises(Invalid, match="into itself"):
        stand.do(Merge(first.key, ANA, (first.key,)))
    with pytest.raises(Invalid, match="name the incidents"):
        stand.do(Merge(first.key, ANA, ()))
    stand.do(Resolve(second.key, ANA))
    with pytest.raises(NotAllowed, match="already resolved"):
        stand.do(Merge(first.key, ANA, (second.key,)))
    with pytest.raises(NotAllowed, match="already resolved"):
        stand.do(Merge(second.key, ANA, (first.key,)))
    assert stand.incidents[0].firing


@pytest.fixture
def double() -> Stand:
    """A stand with one incident of two alerts that were told of."""
    made = Stand()
    made.see(condition("web"), condition("api"))
    return made


def test_what_is_split_off_is_an_incident_of_its_own_that_is_told_and_ends_alone(
    double: Stand,
) -> None:
    api = double.alert("api")
    assert api is not None
    told = double.do(Split(double.incident.key, BEN, (api.key,)))
    first, second = pair(double)
    assert {(n.incident.key, n.reason) for n in told} == {
        (second.key, f"split from {first.key} by ben")
    }
    assert ("slack", "updated") in said(told)
    assert (first.firing, second.firing) == ((double.alert("web").key,), (api.key,))  # type: ignore[union-attr]  # it fires
    assert second.split_from == first.key
    assert double.wait(MINUTE) == []
    over = double.see(condition("api", holds=False))
    assert {n.incident.key for n in over} == {second.key}
    assert ("slack", "resolved") in said(over)
    assert double.incidents[0].state is IncidentState.TRIGGERED


def test_what_is_split_off_goes_on_where_the_first_stands(double: Stand) -> None:
    api = double.alert("api")
    assert api is not None
    double.wait(MINUTE)
    double.do(Split(double.incident.key, BEN, (api.key,)))
    first, second = pair(double)
    assert first.escalation is not None
    assert second.escalation is not None
    assert second.escalation.next_at == first.escalation.next_at
    taken = Stand()
    taken.see(condition("web"), condition("api"))
    taken.do(Acknowledge(taken.incident.key, ANA))
    taken.do(Split(taken.incident.key, BEN, (api.key,)))
    assert taken.incident.state is IncidentState.ACKNOWLEDGED
    assert taken.incident.acknowledged_by == "ana"


def test_the_times_to_answer_in_count_from_the_split() -> None:
    hasty = {Severity.CRITICAL: SeverityPlan(mtta=5 * MINUTE)}
    stand = Stand(plan(route=route(), severities=hasty))
    stand.see(condition("web"), condition("api"))
    stand.wait(4 * MINUTE)
    api = stand.alert("api")
    assert api is not None
    stand.do(Split(stand.incident.key, BEN, (api.key,)))
    second = stand.incident.key
    stand.wait(4 * MINUTE)
    assert [one.key for one in stand.incidents if one.late] == [stand.incidents[0].key]
    stand.wait(MINUTE)
    assert second in [one.key for one in stand.incidents if one.late]


def test_nobody_is_told_of_a_split_while_it_is_muted(double: Stand) -> None:
    api = double.alert("api")
    assert api is not None
    silence = PutSilence(ANA, (parse_matcher("check=api"),), None, START + HOUR, "works")
    double.do(silence)
    assert double.do(Split(double.incident.key, BEN, (api.key,))) == []
    assert double.incident.muted


def test_something_must_be_left_and_only_what_fires_can_go(double: Stand) -> None:
    web, api = double.alert("web"), double.alert("api")
    assert web is not None
    assert api is not None
    with pytest.raises(NotAllowed, match="none is left"):
        double.do(Split(double.incident.key, BEN, (web.key, api.key)))
    with pytest.raises(Invalid, match="'nope' is no alert"):
        double.do(Split(double.incident.key, BEN, ("nope",)))
    with pytest.raises(Invalid, match="at least one alert"):
        double.do(Split(double.incident.key, BEN, ()))
    assert len(double.incidents) == 1


def test_what_was_merged_can_be_split_again(stand: Stand) -> None:
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    api = stand.alert("api")
    assert api is not None
    stand.do(Split(first.key, ANA, (api.key,)))
    third = stand.incident
    assert (third.service, third.firing) == ("till", (api.key,))
    assert said(stand.see(condition(holds=False)))
    assert {n.incident.key for n in stand.see(till(holds=False))} == {third.key}
    assert not stand.decider.book.groups


def test_who_was_never_reached_with_what_was_split_off_is_told_again() -> None:
    stand = Stand(plan(route=route(channels=("sms",))))
    stand.see(condition("web"), condition("api"))
    api = stand.alert("api")
    assert api is not None
    (notice,) = stand.do(Split(stand.incident.key, BEN, (api.key,)))
    part = stand.incident.key
    stand.do(settled(notice))
    again = [one for one in stand.wait(MINUTE) if one.incident.key == part]
    assert said(again) == [("sms", "firing")]


def test_a_page_of_a_merged_incident_that_is_lost_is_told_again_in_the_survivor() -> None:
    spec = plan(
        route=route(
            replace(route(match=("service=till",), channels=("sms",)), path="0"),
            channels=("slack",),
        )
    )
    stand = Stand(spec)
    stand.see(condition())
    (page,) = stand.see(till())
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    stand.do(settled(page))
    again = [one for one in stand.wait(MINUTE) if one.incident.key == first.key]
    assert ("sms", "firing") in said(again)


@pytest.mark.parametrize("muted", [False, True])
def test_whoever_has_the_survivor_is_not_called_again_for_what_was_merged_into_it(
    muted: bool,
) -> None:
    """Not when the configuration is read anew, which looks at all that routes may hold back, nor
    after a restart, nor when what muted an alert that moved is over."""
    stand = Stand(plan(route=replace(route(), suppress=1)))
    stand.see(condition())
    stand.wait(MINUTE)
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.wait(MINUTE)
    if muted:
        stand.do(PutSilence(ANA, MATCH, None, stand.now + HOUR, "known"))
    stand.see(till())
    stand.wait(MINUTE)
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    told = stand.wait(2 * HOUR) if muted else []
    told += stand.reload(replace(stand.plan)) + stand.restart() + stand.reload(replace(stand.plan))
    assert [to for to, _ in said(told) if to != "slack"] == []
    survivor = stand.decider.book.incidents[first.key]
    assert (survivor.state, len(survivor.firing)) == (IncidentState.ACKNOWLEDGED, 2)
    assert not survivor.muted


def test_what_fires_anew_after_a_merge_is_news_to_whoever_has_the_survivor() -> None:
    stand = Stand(plan(route=replace(route(), suppress=1)))
    stand.see(condition())
    stand.wait(MINUTE)
    stand.do(Acknowledge(stand.incident.key, ANA))
    stand.see(till())
    stand.wait(MINUTE)
    first, second = pair(stand)
    stand.do(Merge(first.key, ANA, (second.key,)))
    stand.see(till(holds=False))
    stand.wait(MINUTE)
    stand.see(till())
    stand.wait(MINUTE)
    assert stand.incidents[0].state is IncidentState.TRIGGERED
