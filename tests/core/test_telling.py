"""Telling: nobody twice in a turn, fallbacks, and the reports of deliveries."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import EntryKind, Notice, NoticeType
from daemon.core.events import Acknowledge, PutSilence, Resolve, Settled
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Level
from daemon.core.plan import PolicyPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, Stand, condition, plan, route, said

SLACK = PolicyPlan("primary", (Level(0, ("channel:slack",)), Level(MINUTE, ("channel:slack",))))


def settled(notice: Notice, delivered: bool = False, **more: object) -> Settled:
    event = Settled(
        notice.key, notice.incident.key, notice.channel, notice.recipient, delivered, 3,
        "connection refused", notice.type, notice.fallback_of, notice.level,
    )  # fmt: skip
    return replace(event, **more)  # type: ignore[arg-type]  # fields by name


def test_who_is_told_by_the_route_is_not_told_by_the_policy_in_the_same_turn() -> None:
    stand = Stand(plan(policies={"primary": SLACK}))
    assert said(stand.see(condition())) == [("slack", "firing")]
    assert said(stand.wait(MINUTE)) == [("slack", "escalated")]


def test_levels_that_are_overdue_together_tell_each_recipient_once() -> None:
    stand = Stand(plan(policies={"primary": SLACK}, route=route(channels=(), policy="primary")))
    stand.see(condition())
    assert len(stand.jump(HOUR)) == 1


def test_a_repeat_of_a_level_says_that_it_is_one() -> None:
    policy = PolicyPlan("primary", (Level(0, ("person:ben",), repeat=MINUTE),))
    stand = Stand(plan(policies={"primary": policy}, route=route(channels=(), policy="primary")))
    stand.see(condition())
    told = stand.wait(2 * MINUTE)
    assert said(told) == [("ben via mail", "repeated")] * 2
    assert told[0].reason == "again level 1"


def test_a_channel_that_wants_no_resolutions_is_spared_them() -> None:
    stand = Stand(plan(route=route(channels=("slack", "quiet"))))
    stand.see(condition())
    assert said(stand.see(condition(holds=False))) == [("slack", "resolved")]


def test_a_delivery_is_noted_and_the_first_is_when_somebody_was_notified() -> None:
    stand = Stand()
    (first, second, _) = stand.see(condition())
    stand.wait(5)
    stand.do(settled(first, delivered=True, detail="ok"))
    at = stand.now
    stand.wait(5)
    stand.do(settled(second, delivered=True, detail="ok"))
    assert stand.incident.notified_at == at
    assert stand.mirror.entries[-1].text == "incident.firing to ana via sms: ok"
    assert stand.kinds()[-2:] == [EntryKind.DELIVERED] * 2


def test_what_cannot_be_delivered_goes_to_the_fallback_once_with_a_key_of_its_own() -> None:
    stand = Stand()
    failed = stand.see(condition())[0]
    (sent,) = stand.do(settled(failed))
    assert (sent.channel, sent.fallback_of, sent.type) == ("mail", failed.key, failed.type)
    assert sent.reason == "slack failed: connection refused"
    assert sent.key != failed.key
    (again,) = stand.do(settled(failed))
    assert again.key == sent.key
    assert stand.do(settled(sent)) == []
    assert EntryKind.UNDELIVERED in stand.kinds()


def test_a_persons_fallback_is_their_address_there() -> None:
    channels = {**plan().channels, "sms": replace(plan().channels["sms"], fallback="mail")}
    stand = Stand(plan(channels=channels))
    sms = next(n for n in stand.see(condition()) if n.channel == "sms")
    (sent,) = stand.do(settled(sms))
    assert (sent.channel, sent.recipient, sent.address) == ("mail", "ana", "a@x")


def test_who_heard_of_it_by_fallback_hears_that_it_is_over() -> None:
    stand = Stand(plan(route=route()))
    failed = stand.see(condition())[0]
    stand.do(settled(failed))
    assert said(stand.see(condition(holds=False))) == [("slack", "resolved"), ("mail", "resolved")]


def test_a_page_that_failed_is_not_sent_elsewhere_once_it_is_of_no_use() -> None:
    taken, over, muted = (Stand(plan(route=route())) for _ in range(3))
    failed = [stand.see(condition())[0] for stand in (taken, over, muted)]
    taken.do(Acknowledge(taken.incident.key, ANA))
    over.do(Resolve(over.incident.key, ANA))
    matchers = (parse_matcher("check=web"),)
    muted.do(PutSilence(ANA, matchers, None, muted.now + HOUR, "works"))
    for stand, notice in zip((taken, over, muted), failed, strict=True):
        assert stand.do(settled(notice)) == []


def test_that_it_is_over_is_sent_elsewhere_too() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    over = stand.see(condition(holds=False))[0]
    (sent,) = stand.do(settled(over))
    assert (sent.type, sent.channel) == (NoticeType.RESOLVED, "mail")


def test_a_report_of_an_incident_long_gone_changes_nothing() -> None:
    stand = Stand()
    notice = stand.see(condition())[0]
    assert stand.do(settled(notice, incident="gone")) == []
    assert stand.effects == []


def test_targets_that_are_gone_are_named_in_the_timeline() -> None:
    policy = PolicyPlan("primary", (Level(0, ("person:zoe", "channel:mail")),))
    stand = Stand(plan(policies={"primary": policy}))
    stand.see(condition())
    texts = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert texts == ["level 1: mail (not reachable: person:zoe)"]


def test_who_was_paged_mildly_is_paged_urgently_when_it_turns_grave() -> None:
    stand = Stand(plan(route=route(channels=(), policy="primary")))
    assert said(stand.see(condition(severity=Severity.LOW))) == [("ana via mail", "firing")]
    told = said(stand.see(condition(severity=Severity.EMERGENCY)))
    assert told == [("ana via sms", "updated"), ("ana via mail", "updated")]


def test_a_notice_shows_the_incident_as_it_was_when_it_was_decided() -> None:
    stand = Stand()
    notice = stand.see(condition())[0]
    assert notice.incident.firing == stand.incident.firing
    assert notice.incident.sequence == 1
    assert [alert.key for alert in notice.alerts] == list(stand.incident.firing)


def test_nothing_is_repeated_while_nobody_can_tell_whether_it_still_fires() -> None:
    policy = PolicyPlan("primary", (Level(0, ("channel:mail",), repeat=MINUTE),))
    root = route(policy="primary", repeat_interval=5 * MINUTE)
    stand = Stand(plan(policies={"primary": policy}, route=root))
    stand.see(condition())
    stand.see(condition(holds=None))
    assert stand.wait(HOUR) == []
    told = stand.see(condition()) + stand.wait(MINUTE)
    assert set(said(told)) == {("slack", "repeated"), ("mail", "repeated")}
