"""What is done when an incident is not answered in time: alerts of their own, and reminders."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import EntryKind
from daemon.core.events import (
    Acknowledge,
    Assign,
    ExpireSilence,
    PostUpdate,
    PutSilence,
    Resolve,
    SetRole,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Alert, AlertState
from daemon.core.plan import AckPlan, Plan, SeverityPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, BEN, START, Stand, ack, condition, plan, route, said

TARGETS = {Severity.CRITICAL: SeverityPlan(mtta=5 * MINUTE, mttr=HOUR)}


def timed(**more: object) -> Plan:
    return plan(severities=TARGETS, route=route(), **more)


def slow(stand: Stand, name: str) -> Alert | None:
    """The alert that says the stand's first incident is late."""
    found = stand.decider.alerts.records.values()
    return next((one for one in found if one.name == name), None)


def test_what_nobody_takes_in_time_is_an_alert_and_an_incident_of_its_own() -> None:
    stand = Stand(timed())
    stand.see(condition())
    assert stand.wait(5 * MINUTE - 1) == []
    told = stand.wait(1)
    assert said(told) == [("slack", "firing")]
    first, second = stand.incidents
    assert told[0].incident.key == second.key
    late = slow(stand, "TocsinSlowAck")
    assert late is not None
    assert late.labels["incident"] == first.key
    assert (late.labels["service"], late.effective) == ("shop", Severity.CRITICAL)
    assert "not acknowledged in time" in second.summary
    lines = [entry for entry in stand.mirror.entries if entry.kind is EntryKind.LATE]
    assert [(line.incident, line.text) for line in lines] == [
        (first.key, "not acknowledged after 5 min")
    ]


def test_it_is_over_when_somebody_takes_it_and_what_is_slow_is_not_timed_itself() -> None:
    stand = Stand(timed())
    stand.see(condition())
    stand.wait(2 * 5 * MINUTE + 1)
    assert len(stand.incidents) == 2
    told = stand.do(Acknowledge(stand.incidents[0].key, ANA))
    assert sorted(said(told)) == [("slack", "acknowledged"), ("slack", "resolved")]
    late = slow(stand, "TocsinSlowAck")
    assert late is not None
    assert late.state is AlertState.RESOLVED
    assert stand.incidents[0].late == ()


def test_what_is_not_mended_in_time_is_told_though_somebody_has_it_and_ends_with_it() -> None:
    stand = Stand(timed())
    stand.see(condition())
    ack(stand)
    assert said(stand.wait(HOUR)) == [("slack", "firing")]
    told = stand.see(condition(holds=False))
    assert said(told) == [("slack", "resolved"), ("slack", "resolved")]
    late = slow(stand, "TocsinSlowFix")
    assert late is not None
    assert late.state is AlertState.RESOLVED


def test_nothing_is_late_while_it_is_muted_and_the_clock_begins_when_it_is_not() -> None:
    stand = Stand(timed())
    matchers = (parse_matcher("service=shop"),)
    stand.do(PutSilence(ANA, matchers, None, START + 3 * HOUR, "works"))
    stand.see(condition())
    stand.wait(HOUR)
    assert slow(stand, "TocsinSlowAck") is None
    (silence,) = stand.decider.muting.silences.records
    stand.do(ExpireSilence(silence, ANA))
    stand.wait(5 * MINUTE - 1)
    assert slow(stand, "TocsinSlowAck") is None
    stand.wait(1)
    assert slow(stand, "TocsinSlowAck") is not None


def test_what_was_late_when_a_restart_came_is_told_once() -> None:
    stand = Stand(timed())
    stand.see(condition())
    stand.wait(5 * MINUTE)
    assert said(stand.restart()) == []
    other = Stand(timed())
    other.see(condition())
    assert said(other.restart(after=10 * MINUTE)) == [("slack", "firing")]
    assert said(other.restart(after=MINUTE)) == []


def test_a_reload_that_asks_for_more_haste_holds_for_what_is_open() -> None:
    stand = Stand(timed())
    stand.see(condition())
    stand.wait(2 * MINUTE)
    hasty = {Severity.CRITICAL: SeverityPlan(mtta=MINUTE)}
    assert said(stand.reload(replace(stand.plan, severities=hasty))) == [("slack", "firing")]


def test_whoever_took_it_is_reminded_and_told_when_it_is_over() -> None:
    stand = Stand(plan(route=route(), ack=AckPlan(remind_every=30 * MINUTE)))
    stand.see(condition())
    ack(stand, actor=BEN)
    told = stand.wait(HOUR)
    assert said(told) == [("ben via mail", "updated"), ("ben via mail", "updated")]
    assert told[1].reason == "taken by ben 1 h ago, and not resolved"
    assert stand.kinds().count(EntryKind.REMINDED) == 2
    over = said(stand.do(Resolve(stand.incident.key, ANA)))
    assert over == [("slack", "resolved"), ("ben via mail", "resolved")]


def test_whoever_is_no_person_of_the_configuration_is_not_reminded_and_the_timeline_says_so() -> (
    None
):
    stand = Stand(plan(route=route(), ack=AckPlan(remind_every=30 * MINUTE)))
    stand.see(condition())
    ack(stand, actor=replace(ANA, name="root"))
    assert stand.wait(30 * MINUTE) == []
    assert stand.mirror.entries[-1].text.endswith("nobody to remind")


def test_a_due_update_reminds_the_commander_before_whoever_has_it() -> None:
    every = {Severity.CRITICAL: SeverityPlan(update_every=15 * MINUTE)}
    stand = Stand(plan(route=route(), severities=every))
    stand.see(condition())
    stand.do(Assign(stand.incident.key, ANA, "ana"))
    stand.do(SetRole(stand.incident.key, ANA, "commander", "ben"))
    told = stand.wait(15 * MINUTE)
    assert [(one.recipient, one.reason) for one in told] == [("ben", "a status update is due")]
    stand.do(PostUpdate(stand.incident.key, BEN, "we look", next_in=HOUR))
    assert stand.wait(HOUR - 1) == []
    assert [one.recipient for one in stand.wait(1)] == ["ben"]


def test_nobody_is_reminded_while_it_is_muted() -> None:
    stand = Stand(plan(route=route(), ack=AckPlan(remind_every=30 * MINUTE)))
    stand.see(condition())
    ack(stand)
    silence = PutSilence(ANA, (parse_matcher("service=shop"),), None, START + 2 * HOUR, "w")
    stand.do(silence)
    assert stand.wait(2 * HOUR - 1) == []
    assert {one.recipient for one in stand.wait(31 * MINUTE)} == {"ana"}


def test_nobody_is_told_of_a_lateness_that_is_over_in_the_same_moment() -> None:
    spec = plan(
        severities=TARGETS, route=route(replace(route(match=("alertname=TocsinSlowAck",)), path="0",
                                                group_wait=MINUTE)),
    )  # fmt: skip
    stand = Stand(spec)
    stand.see(condition())
    assert stand.wait(5 * MINUTE) == []
    assert len(stand.incidents) == 2
    silenced = PutSilence(
        ANA, (parse_matcher("check=web"),), stand.now + MINUTE, stand.now + HOUR, "works"
    )
    stand.do(silenced)
    assert stand.jump(MINUTE) == []
    late = slow(stand, "TocsinSlowAck")
    assert late is not None
    assert late.state is AlertState.RESOLVED
