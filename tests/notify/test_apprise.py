"""The Apprise library against real services on the loopback: its own JSON, and ntfy."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.core.chronicle import Notice
from daemon.notify.apart import Threads
from daemon.notify.channels import open_channel
from daemon.notify.channels.apprise import AppriseChannel
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.spec.apprise import MISSING, AppriseSpec
from tests.notify.lab import compose, notice, over
from tests.peers.services import Fault, Reply, Service, serving
from tests.peers.services.base import Received


class Hook(Service):
    """Takes whatever is JSON."""

    def answer(self, received: Received) -> Reply:
        return Reply.of({"id": "1", "topic": received.json().get("topic")})

    def at(self, scheme: str, path: str = "/ops") -> str:
        return self.url.replace("http://", f"{scheme}://") + path


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with serving(Hook()) as one:
        yield one


async def told(urls: list[str], *notices: Notice, **changes: Any) -> list[str]:
    channel = open_channel(AppriseSpec.model_validate({"name": "x", "urls": urls} | changes))
    try:
        return [await channel.send(compose(one)) for one in notices]
    finally:
        await channel.close()


async def failure(urls: list[str], **changes: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await told(urls, notice(), **changes)
    return caught.value


async def test_a_page_and_its_end_arrive_with_title_text_and_type(hook: Hook) -> None:
    said = await told([hook.at("json")], notice(), over())
    assert said == ["taken by JSON"] * 2
    page, end = (one.json() for one in hook.received)
    assert (page["title"], page["type"]) == ("[CRITICAL] Firing: checkout is down", "failure")
    assert "tocsin ack inc-1" in page["message"]
    assert (end["type"], "after 3 min 20 s" in end["message"]) == ("success", True)


async def test_ntfy_gets_its_topic(hook: Hook) -> None:
    assert await told([hook.at("ntfy")], notice()) == ["taken by ntfy"]
    assert hook.received[0].json()["topic"] == "ops"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_may_pass_is_worth_another_attempt(hook: Hook, status: int) -> None:
    hook.next(Reply(status))
    error = await failure([hook.at("json")])
    assert isinstance(error, Transient)
    assert f"error={status}" in str(error)


async def test_a_refusal_is_final_and_names_no_secret(hook: Hook) -> None:
    hook.next(Reply(403))
    error = await failure([hook.at("json", "/a-long-secret-path")])
    assert isinstance(error, Permanent)
    assert str(error).startswith("JSON: Failed to send JSON POST notification")
    assert "secret" not in str(error)


async def test_a_broken_connection_and_one_that_hangs_are_worth_another_attempt(hook: Hook) -> None:
    hook.next(Fault.CUT, Fault.HANG)
    for _ in range(2):
        error = await failure([hook.at("json")], timeout="200ms")
        assert isinstance(error, Transient)
        assert "connection error" in str(error).lower()


async def test_only_who_has_not_taken_it_is_told_again(hook: Hook) -> None:
    spec = AppriseSpec.model_validate(
        {"name": "x", "urls": [hook.at("json", "/a"), hook.at("ntfy", "/b")]}
    )
    channel = open_channel(spec)
    hook.next(Reply(503))
    with pytest.raises(Transient):
        await channel.send(compose(notice()))
    assert await channel.send(compose(notice())) == "taken by JSON, ntfy"
    assert len(hook.received) == 3
    hook.next(Reply(404), Reply(404))
    with pytest.raises(Permanent):
        await channel.send(compose(notice("k2")))
    await channel.close()


async def test_who_has_taken_it_is_not_told_again_where_another_hangs(hook: Hook) -> None:
    spec = AppriseSpec.model_validate(
        {"name": "x", "urls": [hook.at("json", "/a"), "json://127.0.0.1:9/b"]}
    )
    channel = open_channel(spec)
    assert isinstance(channel, AppriseChannel)
    stuck, release = channel._services[1][1], threading.Event()
    stuck.notify = lambda **_: release.wait(10)  # type: ignore[assignment,method-assign]  # hangs
    try:
        for _ in range(2):
            sending = asyncio.create_task(channel.send(compose(notice())))
            await eventually(lambda: channel._taken.get(notice().key) == {0})
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        assert len(hook.received) == 1
    finally:
        release.set()
        await channel.close()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # a service in a thread tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ntfyy://ops", "Apprise does not know this ntfyy:// URL"),
        ("slack://hunter2", "Apprise cannot use this slack:// URL: An invalid Slack"),
        ("no url", "Apprise does not know this ... URL"),
    ],
)
def test_a_url_that_the_library_cannot_use_is_refused_without_repeating_it(
    url: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        AppriseSpec.model_validate({"name": "x", "urls": [url]})
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_the_library_the_configuration_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ValidationError, match="pip install 'tocsin"):
        AppriseSpec.model_validate({"name": "x", "urls": ["json://localhost"]})
    assert "tocsin[apprise]" in MISSING


async def test_calls_that_hang_take_no_more_threads_than_there_are_places() -> None:
    release, threads = threading.Event(), Threads("t", at_once=2)
    hung = [asyncio.create_task(threads.call(release.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.call(lambda: 1)
    for task in hung:
        task.cancel()
    await asyncio.wait(hung)
    assert sum(one.name == "t" for one in threading.enumerate()) == 2
    release.set()
    async with asyncio.timeout(5):
        assert await threads.call(lambda: 1) == 1


async def test_what_a_call_raises_is_raised_where_it_is_awaited() -> None:
    def fail() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await Threads("t").call(fail)
