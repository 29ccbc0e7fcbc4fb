"""Escalation to whoever is on call: hand-overs in the midst of an incident, and gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import (
    Contact,
    LayerPlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    Rotation,
    SchedulePlan,
    TeamPlan,
)
from tests.core.deciding import PERSONS, START, Stand, condition, plan, route, said


def hourly(*persons: str, until: datetime | None = None) -> SchedulePlan:
    """A schedule in UTC whose first shift began half an hour before the tests do."""
    first = datetime.fromtimestamp(START / 1000 - 1800, UTC).replace(tzinfo=None)
    return SchedulePlan("duty", "UTC", (LayerPlan(Rotation.HOURLY, 1, first, persons, until),))


def spec(schedule: SchedulePlan, *levels: Level, then: tuple[str, ...] = ()) -> Plan:
    return plan(
        route=route(channels=(), policy="duty"),
        policies={"duty": PolicyPlan("duty", levels, 0, then)},
        schedules={"duty": schedule},
        teams={"both": TeamPlan("both", ("ben", "ana"))},
    )


def test_a_level_tells_whoever_is_on_call_when_it_runs() -> None:
    levels = (Level(0, ("schedule:duty",)), Level(40 * MINUTE, ("schedule:duty",)))
    stand = Stand(spec(hourly("ana", "ben"), *levels))
    assert said(stand.see(condition())) == [("ana via sms", "firing"), ("ana via mail", "firing")]
    assert said(stand.wait(HOUR)) == [("ben via mail", "escalated")]


def test_whoever_was_called_is_told_that_it_is_over_when_another_is_on_call() -> None:
    stand = Stand(spec(hourly("ben", "ana"), Level(0, ("schedule:duty",))))
    stand.see(condition())
    stand.wait(40 * MINUTE)
    assert said(stand.see(condition(holds=False))) == [("ben via mail", "resolved")]


def test_where_nobody_is_on_call_the_next_level_is_told_at_once_and_it_is_said() -> None:
    ended = datetime.fromtimestamp(START / 1000 - 60, UTC).replace(tzinfo=None)
    levels = (
        Level(0, ("schedule:duty",)),
        Level(5 * MINUTE, ("team:both",)),
        Level(15 * MINUTE, ("channel:slack",)),
    )
    stand = Stand(spec(hourly("ana", until=ended), *levels))
    told = said(stand.see(condition()) + stand.wait(0))
    assert told == [
        ("ben via mail", "escalated"),
        ("ana via sms", "escalated"),
        ("ana via mail", "escalated"),
    ]
    lines = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert lines[0] == "level 1: nobody (not reachable: schedule:duty, where nobody is on call)"
    assert stand.wait(9 * MINUTE) == []
    assert said(stand.wait(2 * MINUTE)) == [("slack", "escalated")]


def test_a_policy_whose_levels_reach_nobody_turns_to_its_last_resort_at_once() -> None:
    ended = datetime.fromtimestamp(START / 1000 - 60, UTC).replace(tzinfo=None)
    levels = (Level(0, ("schedule:duty",)), Level(5 * MINUTE, ("schedule:duty",)))
    stand = Stand(spec(hourly("ana", until=ended), *levels, then=("channel:slack",)))
    assert said(stand.see(condition()) + stand.wait(0)) == [("slack", "escalated")]
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.spent


def test_a_policy_that_reaches_nobody_at_all_is_an_alert_of_its_own_until_it_reaches_somebody() -> (
    None
):
    ended = datetime.fromtimestamp(START / 1000 - 60, UTC).replace(tzinfo=None)
    gap = spec(hourly("ana", until=ended), Level(0, ("schedule:duty",), repeat=10 * MINUTE))
    elsewhere = route(path="0", match=["service=tocsin"], channels=("mail",), group_wait=0)
    tree = route(elsewhere, channels=(), policy="duty")
    stand = Stand(replace(gap, route=tree))
    told = said(stand.see(condition()) + stand.wait(0))
    assert told == [("mail", "firing")]
    (own,) = [i for i in stand.incidents if i.service == "tocsin"]
    assert own.summary.startswith("policy duty tells nobody: incident ")
    assert stand.restart(MINUTE) == []
    stand.reload(replace(stand.plan, schedules={"duty": hourly("ben")}))
    assert sorted(said(stand.wait(10 * MINUTE))) == [
        ("ben via mail", "firing"),
        ("mail", "resolved"),
    ]


CAI = PersonPlan("cai", (), ())
DAN = PersonPlan("dan", (Contact("fax", "1"), Contact("fax", "2", MINUTE)), ())


@pytest.mark.parametrize(
    "target",
    ["person:nobody", "person:cai", "person:dan", "team:nobody", "team:cai", "team:empty",
     "schedule:nobody", "schedule:duty", "schedule:cai", "channel:fax"],
)  # fmt: skip
@pytest.mark.parametrize("round_robin", [False, True])
def test_whatever_the_reason_a_level_that_reaches_nobody_has_the_next_told_at_once(
    target: str, round_robin: bool
) -> None:
    ended = datetime.fromtimestamp(START / 1000 - 60, UTC).replace(tzinfo=None)
    levels = (Level(0, (target,), round_robin=round_robin), Level(HOUR, ("channel:slack",)))
    base = spec(hourly("ana", until=ended), *levels)
    schedules = {**base.schedules, "cai": replace(hourly("cai"), name="cai")}
    teams = {"cai": TeamPlan("cai", ("cai",)), "empty": TeamPlan("empty", ())}
    persons = {**PERSONS, "cai": CAI, "dan": DAN}
    stand = Stand(replace(base, schedules=schedules, teams=teams, persons=persons))
    assert said(stand.see(condition()) + stand.wait(0)) == [("slack", "escalated")]
    lines = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert lines[0].startswith(f"level 1: nobody (not reachable: {target}")


def test_who_is_told_after_a_delay_and_has_gone_by_then_leaves_it_to_the_next_level_at_once() -> (
    None
):
    later = PersonPlan("ana", (Contact("sms", "1", 2 * MINUTE),), ())
    ends = datetime.fromtimestamp(START / 1000 + 60, UTC).replace(tzinfo=None)
    levels = (Level(0, ("schedule:duty",)), Level(HOUR, ("channel:slack",)))
    base = replace(spec(hourly("ana", until=ends), *levels), persons={"ana": later})
    stand = Stand(base)
    assert stand.see(condition()) + stand.wait(2 * MINUTE - 1) == []
    assert said(stand.wait(1)) == [("slack", "escalated")]
    lines = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert "nobody is left to be told; level 2 follows at once" in lines
    alone = replace(base, policies={"duty": PolicyPlan("duty", levels[:1])})
    stand = Stand(alone)
    stand.see(condition())
    stand.wait(2 * MINUTE)
    assert [i.service for i in stand.incidents] == ["shop", "tocsin"]
