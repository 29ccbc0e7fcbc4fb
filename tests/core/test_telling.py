"""Telling: nobody twice in a turn, fallbacks, and the reports of deliveries."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import EntryKind, Notice, NoticeType
from daemon.core.events import Acknowledge, PutSilence, Resolve, Settled
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, AlertState, Level
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


def shop(notices: list[Notice]) -> list[Notice]:
    """What is told of the shop, without what is told of Tocsin itself."""
    return [notice for notice in notices if notice.incident.service == "shop"]


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
    (sent,) = shop(stand.do(settled(failed)))
    assert (sent.channel, sent.fallback_of, sent.type) == ("mail", failed.key, failed.type)
    assert sent.reason == "slack failed: connection refused"
    assert sent.key != failed.key
    assert shop(stand.do(settled(sent))) == []
    assert len(lines(stand, EntryKind.UNDELIVERED)) == 2


def test_a_persons_fallback_is_their_address_there() -> None:
    channels = {**plan().channels, "sms": replace(plan().channels["sms"], fallback="mail")}
    stand = Stand(plan(channels=channels))
    sms = next(n for n in stand.see(condition()) if n.channel == "sms")
    (sent,) = shop(stand.do(settled(sms)))
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
        assert shop(stand.do(settled(notice))) == []


def test_that_it_is_over_is_sent_elsewhere_too() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    over = stand.see(condition(holds=False))[0]
    (sent,) = shop(stand.do(settled(over)))
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


def lines(stand: Stand, kind: EntryKind) -> list[str]:
    return [entry.text for entry in stand.mirror.entries if entry.kind is kind]


def without_fallback(**more: object) -> Stand:
    channels = {name: replace(one, fallback=None) for name, one in plan().channels.items()}
    return Stand(plan(channels=channels, **{"route": route(match=("check=web",)), **more}))


def test_an_end_that_is_reported_twice_counts_once_also_over_a_restart() -> None:
    stand = Stand(plan(route=route(match=("check=web",))))
    failed = stand.see(condition())[0]
    assert said(stand.do(settled(failed)))[0] == ("mail", "firing")
    before = list(stand.mirror.entries)
    stand.restart()
    assert stand.do(settled(failed)) == []
    assert stand.mirror.entries == before


def test_a_report_of_a_delivery_does_not_outdate_what_an_operator_saw() -> None:
    stand = Stand()
    first, second, _ = stand.see(condition())
    stand.do(settled(first, delivered=True))
    version = stand.incident.version
    stand.do(settled(second, delivered=True))
    assert stand.incident.version == version


def web(notices: list[Notice]) -> list[tuple[str, str]]:
    return said(shop(notices))


def test_a_page_that_is_lost_is_told_again_on_the_next_tick_and_no_sooner() -> None:
    stand = without_fallback()
    failed = stand.see(condition())[0]
    assert web(stand.do(settled(failed))) == []
    assert web(stand.wait(MINUTE - 1)) == []
    assert web(stand.wait(1)) == [("slack", "firing")]
    assert web(stand.wait(HOUR)) == []


def test_a_page_that_is_lost_in_a_silence_is_told_after_it() -> None:
    stand = Stand(plan(route=route()))
    failed = stand.see(condition())[0]
    matchers = (parse_matcher("check=web"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + 10 * MINUTE, "works"))
    assert web(stand.do(settled(failed)) + stand.wait(10 * MINUTE - 1)) == []
    assert web(stand.wait(MINUTE + 1)) == [("slack", "firing")]


def test_who_lost_every_page_hears_nothing_of_the_end_and_who_had_one_does() -> None:
    deaf, reached = without_fallback(), without_fallback()
    deaf.do(settled(deaf.see(condition())[0]))
    assert web(deaf.see(condition(holds=False))) == []
    reached.do(settled(reached.see(condition())[0], delivered=True))
    again = reached.wait(4 * HOUR)[-1]
    assert again.type is NoticeType.REPEATED
    reached.do(settled(again))
    assert web(reached.see(condition(holds=False))) == [("slack", "resolved")]


def test_a_fallback_answers_for_the_page_in_whose_place_it_was_sent() -> None:
    stand = Stand(plan(route=route()))
    failed = stand.see(condition())[0]
    sent = next(n for n in stand.do(settled(failed)) if n.fallback_of == failed.key)
    assert web(stand.wait(HOUR)) == []
    stand.do(settled(sent))
    assert web(stand.wait(MINUTE)) == [("slack", "firing")]


def test_who_was_called_by_the_policy_in_vain_is_called_again() -> None:
    policy = PolicyPlan("primary", (Level(0, ("person:ben",)),))
    root = route(channels=(), policy="primary")
    stand = without_fallback(policies={"primary": policy}, route=root)
    failed = stand.see(condition())[0]
    stand.do(settled(failed))
    assert web(stand.wait(MINUTE)) == [("ben via mail", "firing")]
    assert web(stand.wait(HOUR)) == []


def test_a_channel_that_does_not_deliver_is_a_problem_until_it_delivers() -> None:
    stand = without_fallback(route=route())
    failed = stand.see(condition())[0]
    stand.do(settled(failed))
    stand.restart(MINUTE)
    alerts = stand.decider.alerts.records.values()
    (found,) = [alert for alert in alerts if alert.name == "TocsinDelivery"]
    assert (found.labels["channel"], found.state) == ("slack", AlertState.FIRING)
    again = next(n for n in stand.mirror.notices[::-1] if n.incident.service == "shop")
    stand.do(settled(again, delivered=True))
    assert stand.decider.alerts.records[found.key].state is AlertState.RESOLVED
