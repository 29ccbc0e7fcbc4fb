"""Slack over HTTP to a server that holds messages against Slack's documentation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import SECOND, AlertState, IncidentState
from daemon.notify.channel import Channel
from daemon.notify.channels import open_channel, slack, slack_blocks
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.message import Composer
from daemon.notify.render import Renderer
from daemon.notify.spec import SlackSpec
from tests.notify.desk import delivering
from tests.notify.lab import PLAN, T0, alert, compose, incident, notice, over
from tests.peers.services import Fault, Reply, serving
from tests.peers.services.schema import problems
from tests.peers.services.slack import HOOK, TOKEN, WEBHOOK, SlackService


@pytest.fixture
async def service() -> AsyncIterator[SlackService]:
    async with serving(SlackService()) as one:
        yield one


def made(**facts: Any) -> Channel:
    return open_channel(SlackSpec(name="ops", **facts), external_url="https://ops.example.org/t")


def hook(service: SlackService, **changes: Any) -> Channel:
    return made(url=service.hook_url, **changes)


def bot(service: SlackService, **changes: Any) -> Channel:
    facts = {"token": TOKEN, "channel": "#ops", "api_url": service.api_url}
    return made(**facts | changes)


async def told(channel: Channel, *notices: Notice) -> list[str]:
    try:
        return [await channel.send(compose(one)) for one in notices]
    finally:
        await channel.close()


async def failure(channel: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await told(channel, notice())
    return caught.value


def acknowledged(key: str = "k5") -> Notice:
    taken = incident(
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at=T0 + 60_000,
        acknowledged_by="ana",
        ack_comment="on it",
    )
    return notice(key, type=NoticeType.ACKNOWLEDGED, incident=taken, at=T0 + 60_000)


def huge() -> Notice:
    labels = {f"label{n}": "<&>" * 500 for n in range(20)}
    texts = {"message": "<script>&" * 1_000}
    many = [alert(name="n" * 900, labels=labels, annotations=texts)] * 100
    many[0] = replace(many[0], state=AlertState.RESOLVED, resolved_at=T0, holds=False)
    keys = tuple(f"{n:016x}" for n in range(2_500))
    facts = {"title": "&" * 5_000, "summary": "<" * 20_000, "context": "c" * 5_000}
    one = incident(alerts=keys, firing=keys[:1_800], **facts)
    return notice(incident=one, alerts=tuple(many), reason=">" * 4_000, recipient="r" * 5_000)


def shown(content: dict[str, Any]) -> str:
    """All texts of a message, a line each."""
    lines = []
    for block in content["blocks"]:
        texts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        lines += [one["text"] for one in texts if one and isinstance(one["text"], str)]
    return "\n".join(lines)


def links(content: dict[str, Any]) -> dict[str, str]:
    (actions,) = [block for block in content["blocks"] if block["type"] == "actions"]
    return {one["text"]["text"]: one["url"] for one in actions["elements"]}


# What it looks like


async def test_a_page_shows_what_is_wrong_since_when_and_where_to_look(
    service: SlackService,
) -> None:
    assert await told(hook(service), notice()) == ["200 OK"]
    assert service.problems == []
    (content,) = service.hooked
    assert [block["type"] for block in content["blocks"]] == [
        "header", "section", "section", "section", "actions", "context",
    ]  # fmt: skip
    said = shown(content)
    assert said.startswith("🔴 [CRITICAL] Firing: checkout is down\n")
    assert "*Service*\ncheckout (revenue_critical)" in said
    assert "*Impact*\nCustomers cannot pay" in said
    assert "*Costs*\nGBP 12,000.00 an hour while down" in said
    assert "*CRITICAL*  checkout-http  (firing, 2026-11-21 10:10:00 UTC)" in said
    assert "tocsin ack inc-1" in said
    assert content["text"].startswith("CRITICAL firing: checkout is down - checkout-http")


async def with_links(service: SlackService, **changes: Any) -> dict[str, Any]:
    """The message of an incident whose service has such links."""
    checkout = replace(PLAN.services["checkout"], **changes)
    plan = replace(PLAN, services={"checkout": checkout})
    channel = hook(service)
    await channel.send(Composer(lambda: plan)(notice()))
    await channel.close()
    assert service.problems == []
    return service.hooked[0]


async def test_links_are_buttons(service: SlackService) -> None:
    dashboard = "https://graphs.example.org/checkout?a=1&b=2"
    assert links(await with_links(service, dashboard=dashboard)) == {
        "Runbook": "https://wiki.example.org/checkout",
        "Dashboard": dashboard,
        "Tocsin": "https://ops.example.org/t",
    }


async def test_what_is_no_link_is_no_button(service: SlackService) -> None:
    too_long = "https://x.example.org/" + "y" * 3_000
    content = await with_links(service, runbook="javascript:alert(1)", dashboard=too_long)
    assert list(links(content)) == ["Tocsin"]
    assert "*Runbook*\njavascript:alert(1)" in shown(content)


async def test_a_resolve_says_when_it_ended_and_what_it_cost(service: SlackService) -> None:
    await told(hook(service), over())
    said = shown(service.hooked[0])
    assert said.startswith("✅ [CRITICAL] Resolved: checkout is down\n")
    assert "*Ended*\n2026-11-21 10:13:20 UTC, after 3 min 20 s, by tocsin" in said
    assert "*Money lost*\nGBP 666.66, GBP 12,000.00 an hour" in said
    assert "tocsin ack" not in said


async def test_stakeholders_are_told_the_impact_and_no_alerts(service: SlackService) -> None:
    await told(hook(service, audience="stakeholder"), notice())
    assert service.problems == []
    said = shown(service.hooked[0])
    assert "What it means: Customers cannot pay" in said
    assert "checkout-http" not in said


async def test_an_own_template_is_the_header(service: SlackService, tmp_path: Path) -> None:
    (tmp_path / "technical").mkdir()
    (tmp_path / "technical" / "subject.txt").write_text("{{ m.service }} <!channel> & more")
    await told(hook(service, templates=tmp_path), notice())
    assert service.problems == []
    assert shown(service.hooked[0]).startswith("🔴 checkout &lt;!channel&gt; &amp; more\n")


async def test_a_huge_incident_keeps_all_bounds_and_says_how_much_more(
    service: SlackService,
) -> None:
    await told(hook(service), huge())
    assert service.problems == []
    said = shown(service.hooked[0])
    assert "and 2,490 more; of 2,500 alerts 1,800 fire" in said
    assert "(resolved" not in said


async def test_texts_from_outside_are_no_markup_and_no_escape_sequence(
    service: SlackService,
) -> None:
    bad = "<!channel> <https://evil.example|here> \x1b]0;owned\x07\x1b[31m\u202e& `x` token=hunter2"
    worst = alert(name=bad, annotations={"message": bad}, labels={"a": bad})
    await told(hook(service), notice(incident=incident(title=bad, summary=bad), alerts=(worst,)))
    assert service.problems == []
    sent = service.received[0].body.decode()
    assert "&lt;!channel&gt;" in sent
    assert not any(one in sent for one in ("<!", "<http", "\\u001b", "\u202e", "hunter2"))
    code = shown(service.hooked[0]).partition("`a=&lt;!channel&gt;")[2]
    assert "'x'" in code
    assert code.split("\n")[0].count("`") == 1


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.text(max_size=4_000), min_size=5, max_size=5),
    labels=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5),
    audience=st.sampled_from(["technical", "stakeholder"]),
    kind=st.sampled_from(NoticeType),
)
def test_whatever_it_is_about_a_message_keeps_the_schema(
    texts: list[str], labels: dict[str, str], audience: str, kind: NoticeType
) -> None:
    title, summary, name, said, reason = texts
    worst = alert(name=name, labels=labels, annotations={"message": said})
    one = incident(title=title, summary=summary, service=None)
    message = compose(notice(type=kind, incident=one, alerts=(worst,), reason=reason))
    renderer = Renderer(audience)
    assert problems(WEBHOOK, slack_blocks.whole(message, renderer)) == []
    assert problems(WEBHOOK, slack_blocks.news(message, renderer)) == []


@given(text=st.text("&<>;ab", max_size=60), limit=st.integers(1, 40))
def test_a_text_is_cut_to_its_bound_between_entities(text: str, limit: int) -> None:
    found = slack_blocks.escaped(text, limit)
    assert len(found) <= limit
    plain = found.removesuffix("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text.startswith(plain)
    assert found.endswith("…") or plain == text


# A webhook


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "invalid_payload"),
        (400, "user_not_found"),
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "channel_not_found"),
        (410, "channel_is_archived"),
    ],
)
async def test_a_webhook_that_is_refused_is_not_tried_again(
    service: SlackService, status: int, said: str
) -> None:
    service.next(Reply(status, said))
    async with delivering(ops=hook(service)) as desk:
        end, _ = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (False, 1)
    assert end.detail.endswith(f": {said}")
    assert len(service.received) == 1


async def test_a_webhook_in_a_bad_moment_is_tried_again(service: SlackService) -> None:
    service.next(Reply(500, "rollup_error"), Fault.CUT, Reply(200, ""))
    async with delivering(ops=hook(service)) as desk:
        end, waited_ms = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (True, 4)
    assert waited_ms >= 0.8 * (5 + 10 + 20) * SECOND
    assert len({received.body for received in service.received}) == 1


async def test_too_many_messages_wait_as_long_as_slack_asks(service: SlackService) -> None:
    limited = {"ok": False, "error": "rate_limited", "retry_after": 90}
    service.next(Reply.of(limited, 429, {"Retry-After": "90"}))
    async with delivering(ops=hook(service)) as desk:
        end, waited_ms = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (True, 2)
    assert waited_ms >= 90 * SECOND


async def test_a_200_that_slack_would_not_say_is_no_success(service: SlackService) -> None:
    service.next(Reply(200, "<h1>Log in to the guest network</h1>"))
    error = await failure(hook(service))
    assert isinstance(error, Permanent)
    assert "this is not Slack's answer: <h1>Log in" in str(error)


async def test_nobody_listening_is_transient_and_hides_the_path() -> None:
    error = await failure(made(url=f"http://127.0.0.1:{unused_port()}{HOOK}"))
    assert isinstance(error, Transient)
    assert "XXXX" not in str(error)


async def test_no_secret_is_in_an_error(service: SlackService) -> None:
    service.next(Reply(404, f"nothing at {HOOK}"), Reply(500, f"bad {TOKEN}"))
    service.next(Reply.of({"ok": False, "error": f"no {TOKEN}"}), Reply(200, f"what is {TOKEN}"))
    errors = [await failure(hook(service))]
    errors += [await failure(bot(service)) for _ in range(3)]
    assert not any(TOKEN in str(error) or "XXXX" in str(error) for error in errors)
    assert all("***" in str(error) for error in errors)


async def test_a_hanging_service_can_be_given_up(service: SlackService) -> None:
    service.next(Fault.HANG)
    sending = asyncio.create_task(told(hook(service), notice()))
    await service.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


# A bot


async def test_an_incident_is_one_message_that_stays_true_with_a_thread_of_news(
    service: SlackService,
) -> None:
    escalated = notice("k2", type=NoticeType.ESCALATED, level=1, reason="level 2")
    said = await told(bot(service), notice(), escalated, acknowledged(), over())
    assert said == ["posted", *["told in the thread"] * 3]
    assert service.problems == []
    (main,) = service.mains
    assert (main.channel, main.updates) == ("C0OPS0000", 3)
    assert main.header == "✅ [CRITICAL] Resolved: checkout is down"
    assert {one.thread_ts for one in service.answers} == {main.ts}
    news = [shown(one.content) for one in service.answers]
    assert [one.split(":")[0] for one in news] == [
        "CRITICAL escalated", "CRITICAL acknowledged", "CRITICAL resolved",
    ]  # fmt: skip
    assert "level 2" in news[0]
    assert [one.broadcast for one in service.answers] == [True, False, False]


async def test_each_incident_has_a_message_of_its_own_and_so_has_each_member(
    service: SlackService,
) -> None:
    other = incident(key="inc-2")
    ana = notice("k3", recipient="ana", address="U0ANA0000")
    later = notice("k4", type=NoticeType.REPEATED, recipient="ana", address="U0ANA0000")
    await told(bot(service), notice(), notice("k2", incident=other), ana, later)
    assert service.problems == []
    assert [one.channel for one in service.mains] == ["C0OPS0000", "C0OPS0000", "D0ANA0000"]
    (answer,) = service.answers
    assert (answer.channel, answer.thread_ts) == ("D0ANA0000", service.mains[2].ts)


async def test_what_is_resolved_is_forgotten_and_so_is_the_oldest_of_too_many(
    service: SlackService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "REMEMBERED", 2)
    pages = [notice(f"k{n}", incident=incident(key=f"inc-{n}")) for n in range(3)]
    again = [replace(page, key=f"{page.key}-again", type=NoticeType.UPDATED) for page in pages]
    channel = bot(service)
    for page in (*pages, *reversed(again)):
        await channel.send(compose(page))
    assert (len(service.mains), len(service.answers)) == (3 + 1, 2)
    await told(channel, over("k8"), over("k9"))
    assert (len(service.mains), len(service.answers)) == (4 + 1, 2 + 1)


async def test_a_message_that_was_removed_is_posted_anew(service: SlackService) -> None:
    channel = bot(service)
    await channel.send(compose(notice()))
    service.posted.clear()
    assert await told(channel, acknowledged()) == ["posted"]
    (main,) = service.mains
    assert main.header == "👀 [CRITICAL] Acknowledged: checkout is down"


async def test_a_message_that_may_not_be_changed_any_more_keeps_no_news_back(
    service: SlackService,
) -> None:
    channel = bot(service)
    await channel.send(compose(notice()))
    good = Reply.of({"ok": True, "channel": "C0OPS0000", "ts": "1795255900.000100"})
    service.next(good, Reply.of({"ok": False, "error": "edit_window_closed"}))
    (said,) = await told(channel, acknowledged())
    assert said.startswith("told in the thread; the message stays as it was: ")
    assert said.endswith("answers edit_window_closed")


async def test_news_that_are_refused_are_not_told(service: SlackService) -> None:
    channel = bot(service)
    await channel.send(compose(notice()))
    service.next(Reply.of({"ok": False, "error": "is_archived"}))
    with pytest.raises(Permanent, match="the channel is archived"):
        await told(channel, acknowledged())
    assert service.answers == []


async def test_news_are_told_once_though_the_message_is_changed_at_the_second_attempt(
    service: SlackService,
) -> None:
    async with delivering(ops=bot(service)) as desk:
        await desk.tell(notice())
        good = Reply.of({"ok": True, "channel": "C0OPS0000", "ts": "1795255900.000100"})
        service.next(good, Reply(429, headers={"Retry-After": "30"}))
        end, waited_ms = await desk.tell(over())
    assert (end.delivered, end.attempts) == (True, 2)
    assert waited_ms >= 30 * SECOND
    assert [received.path for received in service.received] == [
        "/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update", "/api/chat.update",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "error", ["rate_limited", "ratelimited", "internal_error", "service_unavailable"]
)
async def test_an_error_that_passes_is_transient(service: SlackService, error: str) -> None:
    service.next(Reply.of({"ok": False, "error": error}))
    found = await failure(bot(service))
    assert isinstance(found, Transient)
    assert str(found).endswith(f"answers {error}")


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        ("channel_not_found", "the bot not in it"),
        ("not_in_channel", "invite the bot"),
        ("missing_scope", "chat:write"),
        ("msg_too_long", "answers msg_too_long"),
    ],
)
async def test_an_error_that_stays_is_permanent_and_names_the_mend(
    service: SlackService, error: str, mend: str
) -> None:
    service.next(Reply.of({"ok": False, "error": error}))
    found = await failure(bot(service))
    assert isinstance(found, Permanent)
    assert error in str(found)
    assert mend in str(found)


async def test_a_wrong_token_and_a_wrong_channel_are_refused(service: SlackService) -> None:
    assert "the token is not good" in str(await failure(bot(service, token="xoxb-other")))
    assert "channel_not_found" in str(await failure(bot(service, channel="#nowhere")))
    assert "nobody of its own" in str(await failure(bot(service, channel=None)))


# The configuration


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "give a webhook's url, or a bot's token and a channel"),
        ({"channel": "#ops"}, "give a webhook's url"),
        ({"url": "https://h/x", "token": "xoxb-1"}, "exclude each other"),
        ({"url": "https://h/x", "channel": "#ops"}, "has its channel already"),
        ({"url": "https://h/x", "api_url": "https://h/api"}, "goes with a token"),
        ({"url": "hunter2"}, "must look like"),
        ({"token": "hunter2 x", "channel": "#ops"}, "one word of plain letters"),
        ({"token": "", "channel": "#ops"}, "one word of plain letters"),
        ({"token": "xoxb-1", "channel": "#two words"}, "match"),
        ({"token": "xoxb-1", "channel": "#ops", "api_url": "slack.com"}, "must look like"),
    ],
)
def test_a_bad_configuration_is_refused_in_words(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SlackSpec(name="ops", **facts)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_only_a_bot_writes_to_persons_and_only_to_member_ids() -> None:
    webhook = SlackSpec(name="ops", url="https://hooks.slack.com/services/T/B/X")
    somebody = SlackSpec(name="ops", token=TOKEN)
    both = SlackSpec(name="ops", token=TOKEN, channel="#ops")
    assert [one.takes_address for one in (webhook, somebody, both)] == [False, True, True]
    assert [one.needs_address for one in (webhook, somebody, both)] == [False, True, False]
    both.check_address("U012AB3CD")
    with pytest.raises(ValueError, match="'@ana' is no member id"):
        both.check_address("@ana")
    assert TOKEN not in repr(both)
