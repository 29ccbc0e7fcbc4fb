"""Slack over HTTP to a server that holds messages against Slack's documentation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from pydantic import ValidationError

from daemon.core.chronicle import NoticeType
from daemon.core.model import SECOND
from daemon.notify import memory
from daemon.notify.channel import Channel
from daemon.notify.channels import open_channel
from daemon.notify.errors import Permanent, Transient
from daemon.notify.memory import Memory
from daemon.notify.spec import SlackSpec
from tests.notify.desk import delivering
from tests.notify.lab import compose, incident, notice, over
from tests.notify.slack_lab import acknowledged, bot, failure, hook, made, shown, told
from tests.peers.services import Fault, Reply, serving
from tests.peers.services.slack import HOOK, TOKEN, SlackService


@pytest.fixture
async def service() -> AsyncIterator[SlackService]:
    async with serving(SlackService()) as one:
        yield one


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
    monkeypatch.setattr(memory, "MOST", 2)
    pages = [notice(f"k{n}", incident=incident(key=f"inc-{n}")) for n in range(3)]
    again = [replace(page, key=f"{page.key}-again", type=NoticeType.UPDATED) for page in pages]
    channel = bot(service)
    for page in (*pages, *reversed(again)):
        await channel.send(compose(page))
    assert (len(service.mains), len(service.answers)) == (3 + 1, 2)
    await told(channel, over("k8"), over("k9"))
    assert (len(service.mains), len(service.answers)) == (4 + 1, 2 + 1)


async def test_an_incidents_message_is_found_again_after_a_restart_and_a_reload(
    service: SlackService,
) -> None:
    stored: list[tuple[str, str, str]] = []
    before = Memory(lambda *note: stored.append(note))
    facts = {"token": TOKEN, "channel": "#ops", "api_url": service.api_url}

    def opened(notes: Memory) -> Channel:
        return open_channel(SlackSpec(name="ops", **facts), notes=notes.of("ops"))

    await told(opened(before), notice())
    await told(opened(before), notice("k2", type=NoticeType.REPEATED))
    after = Memory(lambda *note: stored.append(note))
    after.load((c, key, text) for c, key, text in stored if text)
    assert await told(opened(after), acknowledged(), over()) == ["told in the thread"] * 2
    assert (len(service.mains), len(service.answers)) == (1, 3)
    assert stored[-1] == ("ops", "thread inc-1 #ops", "")
    assert len(after.of("ops")) == 0


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
