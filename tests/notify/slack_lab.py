"""Slack's channels, what goes over them, and what a message shows, for the tests of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import AlertState, IncidentState
from daemon.notify.channel import Channel
from daemon.notify.channels import open_channel
from daemon.notify.errors import DeliveryError
from daemon.notify.spec import SlackSpec
from tests.notify.lab import T0, alert, compose, incident, notice
from tests.peers.services.slack import TOKEN, SlackService


def made(**facts: Any) -> Channel:
    """A channel of these facts."""
    return open_channel(SlackSpec(name="ops", **facts), external_url="https://ops.example.org/t")


def hook(service: SlackService, **changes: Any) -> Channel:
    """A channel over the service's webhook."""
    return made(url=service.hook_url, **changes)


def bot(service: SlackService, **changes: Any) -> Channel:
    """A channel that writes as a bot."""
    facts = {"token": TOKEN, "channel": "#ops", "api_url": service.api_url}
    return made(**facts | changes)


async def told(channel: Channel, *notices: Notice) -> list[str]:
    """Send these; the receipts."""
    try:
        return [await channel.send(compose(one)) for one in notices]
    finally:
        await channel.close()


async def failure(channel: Channel) -> DeliveryError:
    """The error that a notice ends in."""
    with pytest.raises(DeliveryError) as caught:
        await told(channel, notice())
    return caught.value


def acknowledged(key: str = "k5") -> Notice:
    """Of the incident, a minute after it began."""
    taken = incident(
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at=T0 + 60_000,
        acknowledged_by="ana",
        ack_comment="on it",
    )
    return notice(key, type=NoticeType.ACKNOWLEDGED, incident=taken, at=T0 + 60_000)


def huge() -> Notice:
    """Of which nothing fits Slack's bounds."""
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
    """Where each button leads."""
    (actions,) = [block for block in content["blocks"] if block["type"] == "actions"]
    return {one["text"]["text"]: one["url"] for one in actions["elements"]}
