"""Levels: passed over while their conditions do not hold, and told in turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import (
    Contact,
    HoursPlan,
    IntervalPlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    TeamPlan,
)
from daemon.core.trying.rehearsal import outage, rehearse
from tests.core.deciding import START, Stand, condition, plan, route, said
from tests.core.incidents.test_desk_oncall import hourly

ALWAYS = IntervalPlan("always", (HoursPlan("UTC"),))
NEVER = IntervalPlan("never", (HoursPlan("UTC", years=((1999, 1999),)),))
SOON = IntervalPlan("soon", (HoursPlan("UTC", times=((8 * 60 + 10, 1_440),)),))
"""From ten minutes after the tests begin."""
PEOPLE = {n: PersonPlan(n, (Contact("mail", f"{n}@x"),), ()) for n in ("ana", "ben", "cai")}
BOTH = ("person:ana", "person:ben")


def spec(*levels: Level, rounds: int = 0, then: tuple[str, ...] = (), **more: object) -> Plan:
    values: dict[str, object] = {
        "route": route(channels=(), policy="duty", group_by=("check",)),
        "policies": {"duty": PolicyPlan("duty", levels, rounds, then)},
        "persons": PEOPLE,
        "intervals": {one.name: one for one in (ALWAYS, NEVER, SOON)},
    }
    return plan(**{**values, **more})


def who(stand: Stand, by: int = 0) -> list[str]:
    mine = [notice for notice in stand.wait(by) if notice.incident.service == "shop"]
    return [name.removesuffix(" via mail") for name, _ in said(mine)]


def fails(stand: Stand, check: str = "web") -> list[str]:
    return [name.removesuffix(" via mail") for name, _ in said(stand.see(condition(check)))]


def lines(stand: Stand) -> list[str]:
    return [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]


@pytest.mark.parametrize(("names", "told"), [(("never",), []), (("never", "always"), ["ana"])])
def test_a_level_is_told_in_its_hours_only(names: tuple[str, ...], told: list[str]) -> None:
    stand = Stand(spec(Level(0, ("person:ana",), only_in=names)))
    assert fails(stand) == told


def test_the_first_level_passed_over_has_the_next_told_at_once() -> None:
    stand = Stand(spec(Level(0, ("person:ana",), only_in=("never",)), Level(HOUR, ("person:ben",))))
    assert fails(stand) + who(stand) == ["ben"]
    assert lines(stand)[0] == "level 1 is passed over: only in never"


def test_a_later_level_passed_over_leaves_the_next_its_time() -> None:
    levels = (
        Level(0, ("person:ana",)),
        Level(5 * MINUTE, ("person:ben",), only_in=("never",)),
        Level(9 * MINUTE, ("person:cai",)),
    )
    stand = Stand(spec(*levels))
    assert fails(stand) == ["ana"]
    assert who(stand, 9 * MINUTE - 1) == []
    assert who(stand, 1) == ["cai"]


def test_a_repeat_of_a_level_passed_over_looks_again() -> None:
    stand = Stand(spec(Level(0, ("person:ana",), repeat=4 * MINUTE, only_in=("soon",))))
    assert fails(stand) == []
    assert who(stand, 11 * MINUTE) == []
    assert who(stand, MINUTE) == ["ana"]


def test_a_level_waits_for_so_many_alerts() -> None:
    levels = (Level(0, ("person:ana",)), Level(MINUTE, ("person:ben",), MINUTE, min_alerts=2))
    root = route(channels=(), policy="duty")
    stand = Stand(spec(*levels, route=root))
    assert fails(stand) == ["ana"]
    assert who(stand, MINUTE) == []
    assert "level 2 is passed over: only from 2 alerts on, and there are 1" in lines(stand)
    stand.see(condition("api"))
    assert who(stand, MINUTE) == ["ben"]


def test_a_policy_all_of_whose_levels_are_passed_over_is_an_alert_of_its_own() -> None:
    stand = Stand(spec(Level(0, ("person:ana",), only_in=("never",))))
    fails(stand)
    stand.wait(MINUTE)
    assert any(a.name == "TocsinNobody" for a in stand.decider.alerts.records.values())


def test_a_rehearsal_says_that_a_level_is_passed_over() -> None:
    one = spec(Level(0, ("person:ana",), only_in=("never",)), Level(HOUR, ("person:ben",)))
    lines = rehearse(one, outage(one, "web", START), START, HOUR)
    shown = [getattr(line, "text", "told") for line in lines]
    assert shown[:2] == ["level 1 is passed over: only in never", "told"]


def test_incidents_take_turns_and_the_turn_survives_a_restart() -> None:
    stand = Stand(spec(Level(0, BOTH, round_robin=True)))
    assert fails(stand, "web") == ["ana"]
    assert fails(stand, "api") == ["ben"]
    stand.restart()
    assert fails(stand, "db") == ["ana"]


def test_a_repeat_tells_the_next_and_leaves_the_turn_of_others_alone() -> None:
    stand = Stand(spec(Level(0, (*BOTH, "person:cai"), repeat=MINUTE, round_robin=True)))
    assert fails(stand, "web") == ["ana"]
    assert who(stand, 3 * MINUTE) == ["ben", "cai", "ana"]
    assert fails(stand, "api") == ["ben"]


def test_another_round_tells_the_next() -> None:
    stand = Stand(spec(Level(0, BOTH, round_robin=True), rounds=1))
    assert fails(stand) == ["ana"]
    assert who(stand, HOUR) == ["ben"]


def test_members_of_a_team_take_turns() -> None:
    teams = {"both": TeamPlan("both", ("ana", "ben"))}
    stand = Stand(spec(Level(0, ("team:both", "person:cai"), round_robin=True), teams=teams))
    assert [fails(stand, check)[0] for check in ("web", "api", "db")] == ["ana", "ben", "cai"]


def test_who_cannot_be_reached_loses_the_turn() -> None:
    level = Level(0, ("person:ana", "schedule:empty", "person:ben"), round_robin=True)
    empty = {"empty": replace(hourly("cai"), layers=())}
    stand = Stand(spec(level, schedules=empty))
    assert [fails(stand, check)[0] for check in ("web", "api", "db")] == ["ana", "ben", "ana"]


def test_where_none_of_them_can_be_reached_it_is_said_of_all() -> None:
    level = Level(0, ("person:zoe", "schedule:none"), round_robin=True)
    stand = Stand(spec(level, Level(HOUR, ("person:ben",))))
    assert fails(stand) + who(stand) == ["ben"]
    assert lines(stand)[0] == "level 1: nobody (not reachable: person:zoe, schedule:none)"


def test_turns_of_policies_that_are_gone_are_dropped() -> None:
    stand = Stand(spec(Level(0, BOTH, round_robin=True)))
    fails(stand)
    stand.see(condition(holds=False))
    stand.reload(spec(Level(0, BOTH, round_robin=True)))
    assert fails(stand) == ["ben"]
    stand.see(condition(holds=False))
    stand.reload(plan(route=route(channels=()), policies={}))
    stand.reload(spec(Level(0, BOTH, round_robin=True)))
    assert fails(stand) == ["ana"]
