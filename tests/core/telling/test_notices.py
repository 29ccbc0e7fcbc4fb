"""Whom a target names, what a notice carries, and its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from daemon.core.chronicle import NoticeType
from daemon.core.incidents import life as incidents
from daemon.core.model import DAY, HOUR
from daemon.core.plan import (
    Contact,
    LayerPlan,
    PersonPlan,
    Plan,
    Restriction,
    Rotation,
    SchedulePlan,
    TeamPlan,
)
from daemon.core.severity import Severity
from daemon.core.telling import notices
from daemon.core.telling.notices import Recipient
from tests.core.deciding import START, alert, plan

INCIDENT = incidents.opened(alert(), "id", "g", Plan(), START)


def reached(*targets: str, severity: Severity = Severity.CRITICAL) -> list[str]:
    return [r.words for r in notices.recipients(plan(), targets, severity, START)[0]]


def test_a_channel_is_told_itself_and_a_person_over_their_contacts() -> None:
    assert reached("channel:slack") == ["slack"]
    assert reached("person:ana") == ["ana via sms", "ana via mail"]


def test_urgent_contacts_are_for_critical_and_worse_and_each_stands_in_for_the_other() -> None:
    assert reached("person:ana", severity=Severity.HIGH) == ["ana via mail"]
    assert reached("person:ben") == ["ben via mail"]
    only_high = PersonPlan("eve", (Contact("sms", "+1"),), ())
    spec = plan(persons={"eve": only_high})
    found, _ = notices.recipients(spec, ["person:eve"], Severity.LOW, START)
    assert found == [Recipient("sms", "eve", "+1")]


def test_nobody_is_named_twice() -> None:
    assert reached("person:ana", "channel:slack", "person:ana") == [
        "ana via sms", "ana via mail", "slack",
    ]  # fmt: skip


def test_a_target_that_the_configuration_has_no_more_is_named() -> None:
    targets = ("person:zoe", "channel:gone", "team:x", "channel:slack")
    found, missing = notices.recipients(plan(), targets, Severity.HIGH, START)
    assert found == [Recipient("slack")]
    assert missing == ["person:zoe", "channel:gone", "team:x"]


NIGHTS = Restriction(frozenset(range(7)), 22 * 60, 6 * 60)
SCHEDULE = SchedulePlan(
    "nights",
    "UTC",
    (LayerPlan(Rotation.DAILY, 1, datetime(2026, 1, 1, 22), ("ben", "ana"), None, (NIGHTS,)),),  # noqa: DTZ001  # by the clock
)
DUTY = plan(teams={"both": TeamPlan("both", ("ana", "ben"))}, schedules={"nights": SCHEDULE})
FIRST_NIGHT = 1_767_308_400_000  # 2026-01-01T23:00Z


def test_a_team_stands_for_its_members_and_a_schedule_for_whoever_is_on_call() -> None:
    def words(target: str, now: int) -> list[str]:
        return [r.words for r in notices.recipients(DUTY, [target], Severity.CRITICAL, now)[0]]

    assert words("team:both", START) == ["ana via sms", "ana via mail", "ben via mail"]
    assert words("schedule:nights", FIRST_NIGHT) == ["ben via mail"]
    assert words("schedule:nights", FIRST_NIGHT + DAY) == ["ana via sms", "ana via mail"]


def test_of_a_schedule_with_a_gap_it_is_said_that_nobody_is_on_call() -> None:
    noon = FIRST_NIGHT + 13 * HOUR
    found, missing = notices.recipients(DUTY, ["schedule:nights"], Severity.CRITICAL, noon)
    assert found == []
    assert missing == ["schedule:nights, where nobody is on call"]


def test_a_fallback_reaches_the_person_at_their_address_there() -> None:
    assert notices.fallback_recipient(plan(), "slack", "ben") == Recipient("mail", "ben", "b@x")
    assert notices.fallback_recipient(plan(), "slack", "") == Recipient("mail")
    assert notices.fallback_recipient(plan(), "sms", "ana") is None
    assert notices.fallback_recipient(plan(), "gone", "ana") is None


def test_the_key_follows_from_what_is_told_to_whom_and_when_in_the_incident() -> None:
    to = Recipient("slack")
    key = notices.notice_key(INCIDENT, NoticeType.FIRING, to)
    assert key.startswith("msg_")
    assert len(key) == 28
    others = [
        notices.notice_key(replace(INCIDENT, sequence=1), NoticeType.FIRING, to),
        notices.notice_key(INCIDENT, NoticeType.UPDATED, to),
        notices.notice_key(INCIDENT, NoticeType.FIRING, Recipient("mail")),
        notices.notice_key(INCIDENT, NoticeType.FIRING, Recipient("slack", "ana")),
        notices.fallback_key(key, to),
    ]
    assert len({key, *others}) == 6
    assert notices.notice_key(INCIDENT, NoticeType.FIRING, to) == key


def test_a_notice_carries_the_gravest_alerts_first_and_not_without_end() -> None:
    many = [alert(str(i), effective=Severity.LOW) for i in range(300)]
    grave = alert("z", effective=Severity.EMERGENCY)
    sent = notices.notice(
        INCIDENT, NoticeType.FIRING, Recipient("slack"), [*many, grave], START, reason="first"
    )
    assert sent.alerts[0] == grave
    assert len(sent.alerts) == notices.ALERTS_SHOWN


def test_every_type_says_how_long_it_is_of_use() -> None:
    assert set(notices.USEFUL_FOR) == set(NoticeType)
    sent = notices.notice(
        INCIDENT, NoticeType.RESOLVED, Recipient("slack"), [], START, reason="over"
    )
    assert sent.expires_at is not None
    assert sent.expires_at > START + notices.USEFUL_FOR[NoticeType.FIRING]
