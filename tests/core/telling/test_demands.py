"""Demands: so many must have taken what a level or a route told, or the next level follows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from daemon.config.duty import LevelSettings
from daemon.core.chronicle import EntryKind, Notice
from daemon.core.events import Acknowledge
from daemon.core.model import HOUR, MINUTE, SECOND, Level
from daemon.core.plan import Contact, PersonPlan, Plan, PolicyPlan
from tests.core.deciding import (
    ANA,
    CHANNELS,
    PERSONS,
    Stand,
    condition,
    plan,
    route,
    settled,
    short,
)


def demanding(need: int = 2, **more: object) -> Plan:
    """Level 1 tells slack and sms, level 2 ben five minutes later; neither falls back."""
    levels = (
        Level(0, ("channel:slack", "channel:sms"), require=need),
        Level(5 * MINUTE, ("person:ben",)),
    )
    channels = {name: replace(one, fallback=None) for name, one in CHANNELS.items()}
    base = plan(
        policies={"primary": PolicyPlan("primary", levels)},
        route=route(policy="primary", channels=()),
        channels=channels,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def shortfalls(stand: Stand) -> list[str]:
    lines = [one.text for one in stand.mirror.entries if one.kind is EntryKind.UNDELIVERED]
    return [text for text in lines if "requires" in text]


def told(notices: list[Notice]) -> list[str]:
    return [one.recipient or one.channel for one in notices if one.incident.service == "shop"]


def test_when_enough_have_taken_it_the_next_level_keeps_its_time() -> None:
    stand = Stand(demanding())
    for page in stand.see(condition()):
        assert told(stand.do(settled(page, delivered=True))) == []
    assert stand.incident.demands == ()
    assert told(stand.wait(5 * MINUTE - SECOND)) == []
    assert told(stand.wait(SECOND)) == ["ben"]
    assert shortfalls(stand) == []


def test_when_too_few_have_in_time_the_next_level_is_told_at_once_and_the_timeline_says_so() -> (
    None
):
    stand = Stand(demanding())
    first, _ = stand.see(condition())
    stand.do(settled(first, delivered=True))
    assert told(stand.wait(MINUTE - SECOND)) == []
    assert told(stand.wait(SECOND)) == ["ben"]
    assert shortfalls(stand) == [
        "level 1 requires that 2 take it: 1 did in time; level 2 follows at once"
    ]
    assert told(stand.wait(10 * MINUTE)) == []


def test_when_those_left_are_too_few_nobody_waits_for_the_time() -> None:
    stand = Stand(demanding())
    first, second = stand.see(condition())
    assert told(stand.do(settled(first))) == ["ben"]
    assert shortfalls(stand) == [
        "level 1 requires that 2 take it: 0 did, and 1 can yet; level 2 follows at once"
    ]
    stand.do(settled(second))
    assert len(shortfalls(stand)) == 1


def test_a_fallback_counts_for_what_it_stands_for_and_who_took_it_twice_once() -> None:
    levels = (
        Level(0, ("channel:slack", "channel:mail"), require=2),
        Level(5 * MINUTE, ("person:ana",)),
    )
    policy = {"primary": PolicyPlan("primary", levels)}
    other, same = (
        Stand(demanding(policies=policy, channels={**CHANNELS, "slack": one}))
        for one in (
            replace(CHANNELS["slack"], fallback="sms"),
            replace(CHANNELS["slack"], fallback="mail"),
        )
    )
    for stand in (other, same):
        slack, mail = stand.see(condition())
        stand.do(settled(mail, delivered=True))
        (instead,) = [one for one in stand.do(settled(slack)) if one.fallback_of == slack.key]
        stand.do(settled(instead, delivered=True))
    assert shortfalls(other) == []
    assert len(shortfalls(same)) == 1


def test_what_a_route_requires_is_held_against_its_first_notice() -> None:
    channels = ("slack", "sms")
    stand = Stand(demanding(0, route=route(policy="primary", channels=channels, require=2)))
    pages = [one for one in stand.see(condition()) if one.level is None]
    assert told(stand.do(settled(pages[0], delivered=True))) == []
    assert told(stand.wait(MINUTE)) == ["ben"]
    assert "route requires that 2 take it" in shortfalls(stand)[0]


def later(*delays: int, need: int = 1) -> Stand:
    """Level 1 tells ana, over contacts that are all used after these delays."""
    names = ("sms", "mail", "slack")
    ways = tuple(Contact(name, "x", at) for name, at in zip(names, delays, strict=False))
    levels = (
        Level(0, ("person:ana",), require=need),
        Level(HOUR, ("person:ben",)),
    )
    persons = {**PERSONS, "ana": PersonPlan("ana", ways, ())}
    policies = {"primary": PolicyPlan("primary", levels)}
    return Stand(demanding(policies=policies, persons=persons))


def test_a_level_that_tells_only_after_a_delay_is_held_to_what_it_requires() -> None:
    stand = later(30 * SECOND)
    assert told(stand.see(condition())) == []
    assert len(stand.incident.demands) == 1
    stand.restart()
    (page,) = stand.wait(30 * SECOND)
    assert told(stand.wait(29 * SECOND)) == []
    assert told(stand.wait(SECOND)) == ["ben"]
    assert "level 1 requires that 1 take it: 0 did in time" in shortfalls(stand)[0]
    stand = later(30 * SECOND)
    stand.see(condition())
    (page,) = stand.wait(30 * SECOND)
    stand.do(settled(page, delivered=True))
    assert told(stand.wait(HOUR - MINUTE)) == []


def test_contacts_that_are_used_in_time_are_waited_for_and_later_ones_are_not() -> None:
    stand = later(0, 30 * SECOND, need=2)
    (page,) = stand.see(condition())
    assert told(stand.do(settled(page, delivered=True))) == [], "the other is yet to be told"
    (page,) = stand.wait(30 * SECOND)
    assert told(stand.do(settled(page, delivered=False))) == ["ben"]
    stand = later(2 * MINUTE)
    assert told(stand.see(condition())) == ["ben"]
    assert "0 did, and 0 can yet; level 2 follows at once" in shortfalls(stand)[0]


def test_somebody_who_takes_the_incident_ends_what_is_required() -> None:
    stand = Stand(demanding())
    stand.see(condition())
    stand.do(Acknowledge(stand.incident.key, ANA))
    assert told(stand.wait(10 * MINUTE)) == []
    assert shortfalls(stand) == []


def test_where_no_level_follows_it_is_said_and_nothing_else_happens() -> None:
    policy = PolicyPlan("primary", (Level(0, ("channel:slack",), require=2),))
    stand = Stand(demanding(policies={"primary": policy}))
    stand.see(condition())
    assert shortfalls(stand) == [
        "level 1 requires that 2 take it: 0 did, and 1 can yet; nobody else is to be told at once"
    ]


def test_a_report_changes_no_version_that_an_operator_saw() -> None:
    stand = Stand(demanding())
    first, _ = stand.see(condition())
    before = stand.incident
    stand.do(settled(first, delivered=True, detail="ok"))
    after = stand.incident
    assert after.demands != before.demands
    assert short(first.type) == "firing"


def test_a_level_cannot_require_more_channels_than_it_tells() -> None:
    with pytest.raises(ValidationError, match="require = 3 asks for more than the 2 it tells"):
        LevelSettings(after="0s", notify=("channel:a", "channel:b"), require=3)
    assert LevelSettings(after="0s", notify=("team:x",), require=3).require_within == MINUTE
