"""Slack on the loopback: an incoming webhook, `chat.postMessage` and `chat.update`.

After docs.slack.dev: "Sending messages using incoming webhooks" (the plain-text answers), "Block
Kit" (what a block may hold), the two methods' pages (arguments, errors), "Rate limits" (429).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from tests.peers.services.base import Received, Reply, Service
from tests.peers.services.schema import (
    Rule,
    boolean,
    by,
    items,
    one_of,
    problems,
    record,
    text,
    web_link,
)

HOOK: Final = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TOKEN: Final = "xoxb-0000-loopback-token"
_MARKUP: Final = re.compile(r"&(?!amp;|lt;|gt;)|[<>]")


def written(most: int) -> Rule:
    """A text whose `&`, `<` and `>` are entities."""

    def rule(value: Any, at: str) -> list[str]:
        wrong = text(1, most)(value, at)
        if not wrong and not value.strip():
            wrong = [f"{at}: is blank"]
        found = None if wrong else _MARKUP.search(value)
        return wrong if found is None else [f"{at}: holds a bare {found[0]!r}"]

    return rule


def _plain(most: int) -> Rule:
    return record({"type": one_of("plain_text"), "text": written(most)}, {"emoji": boolean})


def _markdown(most: int) -> Rule:
    """Text in Slack's markup; `verbatim` because most of ours comes from outside."""
    mrkdwn = {"type": one_of("mrkdwn"), "text": written(most), "verbatim": one_of(True)}
    return record(mrkdwn)


_ID: Final[dict[str, Rule]] = {"block_id": text(1, 255)}
_BUTTON: Final = record(
    {"type": one_of("button"), "text": _plain(75), "url": web_link(3_000)},
    {"action_id": text(1, 255), "style": one_of("primary", "danger")},
)


def _section(value: Any, at: str) -> list[str]:
    """A text, fields, or both."""
    kind: dict[str, Rule] = {"type": one_of("section")}
    parts: dict[str, Rule] = {"text": _markdown(3_000), "fields": items(_markdown(2_000), 1, 10)}
    wrong = record(kind, {**parts, **_ID})(value, at)
    return wrong if parts.keys() & value.keys() else [*wrong, f"{at}: has neither text nor fields"]


BLOCK: Final = by(
    "type",
    {
        "header": record({"type": one_of("header"), "text": _plain(150)}, _ID),
        "section": _section,
        "context": record(
            {"type": one_of("context"), "elements": items(_markdown(3_000), 1, 10)}, _ID
        ),
        "actions": record({"type": one_of("actions"), "elements": items(_BUTTON, 1, 25)}, _ID),
        "divider": record({"type": one_of("divider")}, _ID),
    },
)
_CONTENT: Final[dict[str, Rule]] = {"text": written(4_000), "blocks": items(BLOCK, 1, 50)}
_TS: Final = text(pattern=r"\d{10}\.\d{6}")
WEBHOOK: Final = record(_CONTENT)
POST: Final = record(
    {"channel": text(1, 80), **_CONTENT}, {"thread_ts": _TS, "reply_broadcast": boolean}
)
UPDATE: Final = record({"channel": text(1, 80), "ts": _TS, **_CONTENT})


@dataclass
class Posted:
    """A message that stands in a channel."""

    channel: str
    ts: str
    content: dict[str, Any]
    thread_ts: str | None = None
    broadcast: bool = False
    updates: int = 0

    @property
    def header(self) -> str:
        """What its header says."""
        return str(self.content["blocks"][0]["text"]["text"])


class SlackService(Service):
    """A workspace with the channel `#ops` (`C0OPS0000`) and the member `U0ANA0000`.

    Attributes:
        hooked: What the webhook took.
        posted: What stands in the workspace, by `ts`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hooked: list[dict[str, Any]] = []
        self.posted: dict[str, Posted] = {}
        self.channels = {"#ops": "C0OPS0000", "C0OPS0000": "C0OPS0000", "U0ANA0000": "D0ANA0000"}

    @property
    def hook_url(self) -> str:
        """What a channel's `url` is to be."""
        return self.url + HOOK

    @property
    def api_url(self) -> str:
        """What a channel's `api_url` is to be."""
        return self.url + "/api"

    @property
    def mains(self) -> list[Posted]:
        """The messages that are no answers, in order."""
        return [one for one in self.posted.values() if one.thread_ts is None]

    @property
    def answers(self) -> list[Posted]:
        """The messages in threads, in order."""
        return [one for one in self.posted.values() if one.thread_ts is not None]

    def answer(self, received: Received) -> Reply:
        if received.method != "POST":
            return Reply(405, "method_not_allowed")
        if received.path.startswith("/services/"):
            return self._hook(received)
        method = {"/api/chat.postMessage": self._post, "/api/chat.update": self._update}
        if received.path not in method:
            return _refusal("unknown_method")
        if received.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refusal("invalid_auth")
        rule = POST if method[received.path] == self._post else UPDATE
        value, wrong = self._read(received, rule)
        if wrong:
            return Reply.of(
                {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": wrong}}
            )
        return method[received.path](value)

    def _hook(self, received: Received) -> Reply:
        if received.path != HOOK:
            return Reply(403, "invalid_token")
        value, wrong = self._read(received, WEBHOOK)
        if wrong:
            return Reply(400, "invalid_payload")
        self.hooked.append(value)
        return Reply(200, "ok")

    def _read(self, received: Received, rule: Rule) -> tuple[dict[str, Any], list[str]]:
        wrong = []
        if received.headers.get("content-type") != "application/json; charset=utf-8":
            wrong.append("the content is not said to be JSON in UTF-8")
        try:
            value = received.json()
        except ValueError:
            value, wrong = {}, [*wrong, "body: is no JSON"]
        wrong += problems(rule, value)
        self.problems += wrong
        return value, wrong

    def _post(self, value: dict[str, Any]) -> Reply:
        channel = self.channels.get(value["channel"])
        thread = value.get("thread_ts")
        if channel is None and value["channel"] not in self.channels.values():
            return _refusal("channel_not_found")
        if thread is not None and thread not in self.posted:
            return _refusal("thread_not_found")
        channel = channel or value["channel"]
        ts = f"{1_795_255_800 + len(self.received)}.000100"
        broadcast = bool(value.get("reply_broadcast"))
        self.posted[ts] = Posted(channel, ts, value, thread, broadcast)
        return Reply.of({"ok": True, "channel": channel, "ts": ts})

    def _update(self, value: dict[str, Any]) -> Reply:
        if value["channel"] not in self.channels.values():
            return _refusal("channel_not_found")
        message = self.posted.get(value["ts"])
        if message is None or message.channel != value["channel"]:
            return _refusal("message_not_found")
        message.content = value
        message.updates += 1
        return Reply.of({"ok": True, "channel": message.channel, "ts": message.ts})


def _refusal(error: str) -> Reply:
    return Reply.of({"ok": False, "error": error})
