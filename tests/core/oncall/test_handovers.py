"""Hand-overs: announced once to those who come and go, with what is open."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.events import PutOverride
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import Contact, PersonPlan, Plan
from daemon.core.trying.rehearsal import outage, rehearse
from tests.core.deciding import ANA, START, Stand, condition
from tests.core.incidents.test_desk_oncall import hourly, spec

CALM = {
    name: PersonPlan(name, (Contact("sms", "+49"),), (Contact("mail", f"{name}@x"),))
    for name in ("ana", "ben", "cai")
}


def duty(*persons: str, ahead: int | None = 0) -> Plan:
    schedule = replace(hourly(*persons), handoff=ahead)
    return replace(spec(schedule, Level(0, ("schedule:duty",))), persons=CALM)


def announced(notices: list[Notice]) -> list[str]:
    mine = [one for one in notices if one.type is NoticeType.HANDOVER]
    assert all(one.channel == "mail" for one in mine)
    return [f"{one.recipient}: {one.incident.title}" for one in mine]


def test_who_comes_and_who_goes_are_told_when_it_changes() -> None:
    stand = Stand(duty("ana", "ben"))
    assert stand.see() == []
    assert stand.wait(30 * MINUTE - 1) == []
    told = stand.wait(1)
    assert announced(told) == [
        "ben: You are on call for duty now",
        "ana: You are not on call for duty now",
    ]
    assert told[0].incident.summary == "Until Fri 2027-01-15 09:30 UTC. No incident is open."
    assert told[1].incident.summary == "On call is ben."
    assert len(announced(stand.wait(2 * HOUR))) == 4


def test_it_is_announced_ahead_where_that_is_wanted() -> None:
    stand = Stand(duty("ana", "ben", ahead=20 * MINUTE))
    stand.see()
    assert stand.wait(10 * MINUTE - 1) == []
    assert announced(stand.wait(1)) == [
        "ben: You are on call for duty from Fri 2027-01-15 08:30 UTC",
        "ana: You are not on call for duty from Fri 2027-01-15 08:30 UTC",
    ]
    assert stand.wait(49 * MINUTE) == []


def test_open_incidents_of_the_schedule_are_named() -> None:
    stand = Stand(duty("ana", "ben"))
    stand.see(condition())
    come, go = (one for one in stand.wait(30 * MINUTE) if one.type is NoticeType.HANDOVER)
    words = f"(critical, triggered, {stand.incident.key})."
    assert come.incident.summary.endswith(words)
    assert go.incident.summary.endswith(words)


def test_an_override_that_takes_effect_now_is_announced_now() -> None:
    stand = Stand(duty("ana", "ben"))
    stand.see()
    told = stand.do(PutOverride("duty", ANA, ("cai",), None, START + 10 * MINUTE))
    assert announced(told) == [
        "cai: You are on call for duty now",
        "ana: You are not on call for duty now",
    ]
    assert len(announced(stand.wait(10 * MINUTE))) == 2


def test_a_change_while_the_daemon_was_off_is_announced_once_when_it_is_back() -> None:
    stand = Stand(duty("ana", "ben"))
    stand.see()
    told = stand.restart(45 * MINUTE)
    assert [one.split(":")[0] for one in announced(told)] == ["ben", "ana"]
    assert stand.restart() == []
    assert stand.see() == []


def test_who_goes_into_a_gap_hears_that_nobody_comes() -> None:
    stand = Stand(duty("ana"))
    stand.see()
    nobody = replace(stand.plan.schedules["duty"], layers=())
    told = stand.reload(replace(stand.plan, schedules={"duty": nobody}))
    assert announced(told) == ["ana: You are not on call for duty now"]
    assert told[0].incident.summary == "On call is nobody."


def test_without_handoff_nothing_is_announced_or_kept() -> None:
    stand = Stand(duty("ana", "ben"))
    stand.see()
    stand.reload(duty("ana", "ben", ahead=None))
    assert stand.wait(2 * HOUR) == []
    assert not list(stand.decider.duty.records())
    stand.reload(duty("ana", "ben"))
    assert stand.see() == []


def test_a_pager_that_only_tells_trouble_hears_of_none() -> None:
    spec = duty("ana", "ben")
    channels = {**spec.channels, "mail": replace(spec.channels["mail"], kind="pagerduty")}
    stand = Stand(replace(spec, channels=channels))
    stand.see()
    assert stand.wait(2 * HOUR) == []


def test_a_rehearsal_tells_of_the_outage_alone() -> None:
    spec = duty("ana", "ben")
    lines = list(rehearse(spec, outage(spec, "web", START), START, 2 * HOUR))
    kinds = {line.type for line in lines if isinstance(line, Notice)}
    assert kinds == {NoticeType.FIRING}
