"""Webhooks and Redis commands against real servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from daemon.core.model import RunState
from daemon.notify.channels.webhook import signature
from daemon.respond.spec import ActionSpec, RedisAction, WebhookAction
from tests.notify.test_webhook import Receiver, serving
from tests.peers import start_redis
from tests.peers.process import Server, free_port
from tests.respond.desk import carried_out


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with serving() as one:
        yield one


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    with start_redis() as server:
        yield server


def hook(url: str, **keys: Any) -> ActionSpec:
    return ActionSpec(name="hook", webhook=WebhookAction(url=url, **keys))


async def test_a_webhook_gets_the_incident_signed(receiver: Receiver) -> None:
    keys = {"signing_secret": "whsec_c2VjcmV0LXNlY3JldA==", "headers": {"X-Room": "ops"}}
    ended = await carried_out(hook(f"{receiver.url}/scale", **keys))
    assert (ended.outcome, ended.detail, ended.output) == (RunState.SUCCEEDED, "200 OK", "thanks")
    ((request, body),) = receiver.requests
    assert json.loads(body)["incident"]["service"] == "checkout"
    assert (request.path, request.headers["X-Room"]) == ("/scale", "ops")
    assert request.headers["webhook-id"] == "run-1"
    at = int(request.headers["webhook-timestamp"])
    assert request.headers["webhook-signature"] == signature(b"secret-secret", "run-1", at, body)


async def test_a_webhook_that_is_refused_fails_and_is_not_tried_again(receiver: Receiver) -> None:
    receiver.answer(503, "busy with token=hunter2")
    ended = await carried_out(hook(receiver.url))
    assert ended.outcome is RunState.FAILED
    assert "503" in ended.detail
    assert "hunter2" not in ended.detail
    assert len(receiver.requests) == 1


async def test_a_webhook_that_nobody_hears_fails() -> None:
    ended = await carried_out(hook(f"http://127.0.0.1:{free_port()}"))
    assert ended.outcome is RunState.FAILED
    assert "no connection: connection refused" in ended.detail


def command(server: Server, *words: str, password: str | None = None) -> ActionSpec:
    secret = server.password if password is None else password
    url = f"redis://default:{secret}@{server.host}:{server.port}/1"
    return ActionSpec(name="cache", redis=RedisAction(url=url, command=words))


async def test_a_cache_is_cleared(redis: Server) -> None:
    await carried_out(command(redis, "MSET", "cart:1", "a", "cart:2", "b"))
    ended = await carried_out(command(redis, "DEL", "cart:1", "cart:2", "cart:3"))
    assert (ended.outcome, ended.output) == (RunState.SUCCEEDED, "2\n")
    assert ended.detail.startswith("2 in ")
    ended = await carried_out(command(redis, "GET", "cart:1"))
    assert ended.output == "None\n"


async def test_what_redis_refuses_is_a_failure_without_the_password(redis: Server) -> None:
    ended = await carried_out(command(redis, "FLUSHDB", "NOW"))
    assert ended.outcome is RunState.FAILED
    assert "ERR" in ended.detail
    ended = await carried_out(command(redis, "FLUSHDB", password="wrong-word-x"))
    assert "WRONGPASS" in ended.detail
    assert "wrong-word-x" not in ended.detail
