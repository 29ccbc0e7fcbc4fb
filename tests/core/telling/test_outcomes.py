"""Outcomes: reports of deliveries, fallbacks, and pages that are lost."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.chronicle import EntryKind, Notice, NoticeType
from daemon.core.events import Acknowledge, Assign, PutSilence, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, AlertState, Level
from daemon.core.plan import PolicyPlan
from tests.core.deciding import ANA, BEN, CHANNELS, Stand, condition, plan, route, said, settled


def shop(notices: list[Notice]) -> list[Notice]:
    """What is told of the shop, without what is told of Tocsin itself."""
    return [notice for notice in notices if notice.incident.service == "shop"]


def lines(stand: Stand, kind: EntryKind) -> list[str]:
    return [entry.text for entry in stand.mirror.entries if entry.kind is kind]


def without_fallback(**more: object) -> Stand:
    channels = {name: replace(one, fallback=None) for name, one in plan().channels.items()}
    return Stand(plan(channels=channels, **{"route": route(match=("check=web",)), **more}))


def web(notices: list[Notice]) -> list[tuple[str, str]]:
    return said(shop(notices))


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


def test_what_stands_for_a_notice_to_one_person_alone_is_for_them_alone_too() -> None:
    channels = {**CHANNELS, "sms": replace(CHANNELS["sms"], fallback="quiet")}
    stand = Stand(plan(route=route(channels=()), channels=channels))
    stand.see(condition())
    (first, *_) = stand.do(Assign(stand.incident.key, BEN, "ana"))
    assert (first.recipient, first.channel, first.personal) == ("ana", "sms", True)
    (instead,) = [one for one in stand.do(settled(first)) if one.fallback_of]
    assert (instead.channel, instead.personal) == ("quiet", True)


def test_fallbacks_are_a_chain_of_which_the_first_is_told_again_when_all_have_failed() -> None:
    channels = dict(plan().channels)
    channels["mail"] = replace(channels["mail"], fallback="hook")
    channels["hook"] = replace(channels["mail"], name="hook", fallback=None)
    stand = Stand(plan(channels=channels, route=route()))
    first = stand.see(condition())[0]
    (second,) = shop(stand.do(settled(first)))
    (third,) = shop(stand.do(settled(second)))
    assert [n.channel for n in (first, second, third)] == ["slack", "mail", "hook"]
    assert third.fallback_of == second.key
    assert web(stand.wait(HOUR)) == []
    assert shop(stand.do(settled(third))) == []
    assert web(stand.wait(MINUTE)) == [("slack", "firing")]
    assert web(stand.wait(HOUR)) == []


def test_who_is_reached_at_the_end_of_a_chain_hears_of_the_end() -> None:
    channels = dict(plan().channels)
    channels["mail"] = replace(channels["mail"], fallback="hook")
    channels["hook"] = replace(channels["mail"], name="hook", fallback=None)
    stand = Stand(plan(channels=channels, route=route()))
    (second,) = shop(stand.do(settled(stand.see(condition())[0])))
    (third,) = shop(stand.do(settled(second)))
    stand.do(settled(third, delivered=True))
    assert ("hook", "resolved") in web(stand.see(condition(holds=False)))


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


def test_who_was_told_over_a_channel_hears_over_it_that_it_is_over_when_it_is_back() -> None:
    stand = Stand(plan(route=route()))
    page = stand.see(condition())[0]
    stand.do(settled(page, delivered=True))
    (over,) = stand.see(condition(holds=False))
    sent = shop(stand.do(settled(over)))
    assert [(n.channel, n.type, n.fallback_of) for n in sent] == [
        ("mail", NoticeType.RESOLVED, over.key),
        ("slack", NoticeType.RESOLVED, over.key),
    ]
    assert len({over.key, *(n.key for n in sent)}) == 3
    assert "slack is told when slack is back" in lines(stand, EntryKind.QUEUED)
    assert shop(stand.do(settled(sent[1]))) == []


def test_a_receiver_that_refuses_for_good_or_never_heard_of_it_is_owed_no_end() -> None:
    refused, deaf = Stand(plan(route=route())), Stand(plan(route=route()))
    refused.do(settled(refused.see(condition())[0], delivered=True))
    deaf.see(condition())
    for stand, more in ((refused, {"refused": True}), (deaf, {})):
        over = stand.see(condition(holds=False))[0]
        assert [n.channel for n in shop(stand.do(settled(over, **more)))] == ["mail"]
