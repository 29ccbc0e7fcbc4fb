"""Succession: a configuration without whom open incidents would tell leaves nobody in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from daemon.core.chronicle import EntryKind
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import ChannelPlan, LayerPlan, Plan, PolicyPlan, Rotation, SchedulePlan
from tests.core.deciding import (
    CHANNELS,
    PERSONS,
    Stand,
    ack,
    condition,
    plan,
    route,
    said,
    settled,
)


def spec(*levels: Level, policy: str = "duty", then: tuple[str, ...] = (), **more: object) -> Plan:
    root = route(channels=(), policy=policy)
    policies = {policy: PolicyPlan(policy, levels, 0, then)}
    return plan(**{"route": root, "policies": policies, **more})


def schedules(name: str, person: str) -> dict[str, SchedulePlan]:
    layer = LayerPlan(Rotation.WEEKLY, 1, datetime(2026, 1, 5), (person,))  # noqa: DTZ001  # by the clock
    return {name: SchedulePlan(name, "UTC", (layer,))}


def without(names: object, gone: str) -> dict[str, object]:
    return {name: one for name, one in dict(names).items() if name != gone}  # type: ignore[call-overload]  # any mapping


def replanned(stand: Stand) -> list[str]:
    return [e.text for e in stand.mirror.entries if e.kind is EntryKind.REPLANNED]


def nobody(stand: Stand) -> bool:
    found = stand.decider.alerts.records.values()
    return any(a.name == "TocsinNobody" and not a.resolved_at for a in found)


def test_a_schedule_that_was_renamed_is_told_as_the_policy_names_it_now() -> None:
    levels = (Level(0, ("person:ana",)), Level(5 * MINUTE, ("schedule:old",)))
    stand = Stand(spec(*levels, schedules=schedules("old", "ben")))
    stand.see(condition())
    renamed = (levels[0], Level(5 * MINUTE, ("schedule:new",)))
    assert stand.reload(spec(*renamed, schedules=schedules("new", "ben"))) == []
    assert replanned(stand) == [
        "schedule:old, named by its policy, is no more: policy duty goes on as it is written now"
    ]
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_a_policy_that_lost_nobody_goes_on_as_it_began() -> None:
    levels = (Level(0, ("person:ana",)), Level(5 * MINUTE, ("person:ben",)))
    stand = Stand(spec(*levels))
    stand.see(condition())
    stand.reload(spec(levels[0], Level(HOUR, ("channel:slack",))))
    assert replanned(stand) == []
    assert said(stand.wait(5 * MINUTE)) == [("ben via mail", "escalated")]


def test_where_all_who_were_called_are_gone_the_policy_starts_over_at_once() -> None:
    stand = Stand(spec(Level(0, ("person:ben",))))
    stand.see(condition())
    persons = without(PERSONS, "ben")
    told = stand.reload(spec(Level(0, ("person:ana",)), persons=persons))
    assert said(told) == [("ana via sms", "firing"), ("ana via mail", "firing")]
    assert replanned(stand)[0].endswith("is left: the policy starts over")


def test_the_policy_of_the_route_takes_over_where_the_old_one_is_gone_too() -> None:
    stand = Stand(spec(Level(0, ("person:ana",)), Level(5 * MINUTE, ("person:ben",))))
    stand.see(condition())
    levels = (Level(0, ("person:ana",)), Level(9 * MINUTE, ("channel:slack",)))
    stand.reload(spec(*levels, policy="night", persons=without(PERSONS, "ben")))
    assert replanned(stand)[0].endswith("policy night takes the place of duty")
    assert said(stand.wait(9 * MINUTE)) == [("slack", "escalated")]


def test_without_any_policy_its_levels_without_anybody_are_passed_over() -> None:
    levels = (Level(0, ("person:ana",)), Level(5 * MINUTE, ("person:ben",)))
    stand = Stand(spec(*levels, then=("channel:slack",)))
    stand.see(condition())
    bare = plan(route=route(channels=()), policies={}, persons=without(PERSONS, "ben"))
    stand.reload(bare)
    assert "nor is there a policy duty" in replanned(stand)[0]
    assert said(stand.wait(5 * MINUTE)) == [("slack", "escalated")]


def test_an_incident_without_anybody_left_is_an_alert_that_outlives_a_restart() -> None:
    stand = Stand(spec(Level(0, ("person:ben",))))
    stand.see(condition())
    bare = plan(route=route(channels=()), policies={}, persons=without(PERSONS, "ben"))
    stand.reload(bare)
    assert nobody(stand)
    stand.restart()
    assert nobody(stand)
    stand.see(condition(holds=False))
    stand.see()
    assert not nobody(stand)


def test_an_acknowledged_incident_has_somebody_when_it_is_given_back_by_time() -> None:
    stand = Stand(spec(Level(0, ("person:ben",))))
    stand.see(condition())
    ack(stand, expires_after=HOUR)
    persons = without(PERSONS, "ben")
    assert stand.reload(spec(Level(0, ("person:ana",)), persons=persons)) == []
    assert said(stand.wait(HOUR)) == [("ana via sms", "firing"), ("ana via mail", "firing")]


def test_a_restart_with_another_configuration_sees_to_them_too() -> None:
    stand = Stand(spec(Level(0, ("person:ben",))))
    for notice in stand.see(condition()):
        stand.do(settled(notice, delivered=True))
    other = spec(Level(0, ("person:ana",)), persons=without(PERSONS, "ben"))
    told = stand.restart(spec=other)
    assert said(told) == [("ana via sms", "firing"), ("ana via mail", "firing")]


def test_a_last_resort_that_was_told_is_not_told_again_for_a_new_name() -> None:
    stand = Stand(spec(Level(0, ("person:ben",)), then=("channel:slack",)))
    stand.see(condition())
    assert said(stand.wait(HOUR)) == [("slack", "firing")]
    changed = spec(Level(0, ("person:ana",)), then=("channel:mail",))
    stand.reload(replace(changed, persons=without(PERSONS, "ben")))
    assert replanned(stand)
    assert stand.wait(HOUR) == []


def test_a_group_whose_channel_is_gone_tells_the_one_its_route_names_now() -> None:
    stand = Stand(plan(route=route(), policies={}))
    assert said(stand.see(condition())) == [("slack", "firing")]
    channels = {**without(CHANNELS, "slack"), "chat": ChannelPlan("chat", "webhook")}
    told = stand.reload(plan(route=route(channels=("chat",)), policies={}, channels=channels))
    told += stand.wait(MINUTE)
    assert said(told) == [("chat", "firing")]
    assert replanned(stand) == ["the channel slack of its route is no more: told on chat"]
    assert said(stand.see(condition(holds=False))) == [("chat", "resolved")]
