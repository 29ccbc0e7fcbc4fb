"""Incidents in Slack, through an incoming webhook or by a bot.

Source: docs.slack.dev, "Sending messages using incoming webhooks", "chat.postMessage",
"chat.update", "Rate limits".

A webhook posts a message a notice. A bot keeps one message an incident, which it changes to what
is true now, and tells the news in that message's thread. Which message that is stands in the
channel's notes, which outlive it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from daemon.core.chronicle import NoticeType
from daemon.notify.channel import Message
from daemon.notify.channels import slack_blocks
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.http import Answer, Sender
from daemon.notify.memory import Notes
from daemon.notify.render import Renderer
from daemon.notify.spec import SlackSpec

_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_PASSING: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""What Slack calls an error and asks to try again."""
_GONE: Final = frozenset({"message_not_found", "thread_not_found"})
_PRESSING: Final = frozenset({NoticeType.FIRING, NoticeType.ESCALATED, NoticeType.REPEATED})
"""News that the whole channel sees, not only who follows the thread."""
_MENDS: Final[Mapping[str, str]] = {
    "channel_not_found": "there is none of that name, or it is private and the bot not in it",
    "invalid_auth": "the token is not good",
    "is_archived": "the channel is archived",
    "missing_scope": "the bot's app needs the scope chat:write",
    "not_in_channel": "invite the bot into the channel",
    "token_revoked": "the token is not good any more",
}


class SlackChannel:
    """Tells over a webhook or as a bot, whatever is configured."""

    def __init__(self, spec: SlackSpec, renderer: Renderer, notes: Notes) -> None:
        self.spec = spec
        self._way: _Webhook | _Bot
        if spec.url is not None:
            self._way = _Webhook(spec, spec.url.get_secret_value(), renderer)
        else:
            self._way = _Bot(spec, renderer, notes)

    async def send(self, message: Message) -> str:
        """Post the message, or bring the incident's message up to date."""
        return await self._way.send(message)

    async def close(self) -> None:
        await self._way.close()


class _Webhook:
    """Posts to the channel that a webhook's URL stands for."""

    def __init__(self, spec: SlackSpec, url: str, renderer: Renderer) -> None:
        self._url = url
        self._renderer = renderer
        self._sender = Sender(url, (), spec.ca, verify=spec.verify)

    async def send(self, message: Message) -> str:
        payload = msgspec.json.encode(slack_blocks.whole(message, self._renderer))
        answer = await self._sender.send(self._url, payload, _JSON, reads=True)
        if answer.body.strip() != b"ok":
            raise _misfit(self._sender, answer)
        return answer.said

    async def close(self) -> None:
        await self._sender.close()


@dataclass(frozen=True, slots=True)
class _Thread:
    """An incident's message.

    Attributes:
        channel: The id of where it stands, which is not always what was asked for.
        ts: Slack's name of the message.
        told: The key of the notice whose news it has, so that no attempt tells them again.
    """

    channel: str
    ts: str
    told: str


Place = tuple[str, str]
"""An incident, and whom it is told to."""


class _Threads:
    """The messages of incidents, as notes of the channel."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def get(self, place: Place) -> _Thread | None:
        text = self._notes.get(_key(place))
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=_Thread)
        except msgspec.MsgspecError:
            return None  # a note of another version; the incident gets a new message

    def put(self, place: Place, thread: _Thread) -> None:
        self._notes.put(_key(place), msgspec.json.encode(thread).decode())

    def drop(self, place: Place) -> None:
        self._notes.drop(_key(place))


def _key(place: Place) -> str:
    return "thread " + " ".join(place)


class _Gone(Permanent):
    """Somebody removed the message."""


class _Bot:
    """Posts and changes messages through the Web API."""

    def __init__(self, spec: SlackSpec, renderer: Renderer, notes: Notes) -> None:
        self._spec = spec
        self._renderer = renderer
        token = spec.token.get_secret_value() if spec.token else ""
        self._headers = {**_JSON, "Authorization": f"Bearer {token}"}
        self._sender = Sender(spec.api_url, [token], spec.ca, verify=spec.verify)
        self._threads = _Threads(notes)

    async def send(self, message: Message) -> str:
        target = message.notice.address or self._spec.channel
        if target is None:
            raise Permanent(f"the channel {self._spec.name} has nobody of its own; set `channel`")
        place = (message.notice.incident.key, target)
        thread = self._threads.get(place)
        said = None
        if thread is not None:
            said = await self._follow(place, thread, message)
        if said is None:
            said = await self._begin(place, message)
        if message.notice.type is NoticeType.RESOLVED:
            self._threads.drop(place)
        return said

    async def close(self) -> None:
        await self._sender.close()

    async def _begin(self, place: tuple[str, str], message: Message) -> str:
        """Post the incident's message, and remember where it stands."""
        content = slack_blocks.whole(message, self._renderer)
        reply = await self._call("chat.postMessage", {"channel": place[1], **content})
        channel, ts = reply.get("channel"), reply.get("ts")
        if isinstance(channel, str) and isinstance(ts, str):
            self._threads.put(place, _Thread(channel, ts, message.notice.key))
        return "posted"

    async def _follow(self, place: Place, thread: _Thread, message: Message) -> str | None:
        """Tell the news in the thread, then change the message; None if it is gone.

        The news go first and are told once: they are what somebody has to hear. A message that
        Slack does not let us change any more spoils nothing.
        """
        try:
            if thread.told != message.notice.key:
                await self._tell_news(thread, message)
                thread = replace(thread, told=message.notice.key)
                self._threads.put(place, thread)
            content = slack_blocks.whole(message, self._renderer)
            where = {"channel": thread.channel, "ts": thread.ts}
            await self._call("chat.update", {**where, **content})
        except _Gone:
            return None
        except Permanent as error:
            if thread.told != message.notice.key:
                raise
            return f"told in the thread; the message stays as it was: {error}"
        return "told in the thread"

    async def _tell_news(self, thread: _Thread, message: Message) -> None:
        content = slack_blocks.news(message, self._renderer)
        place: dict[str, Any] = {"channel": thread.channel, "thread_ts": thread.ts}
        if message.notice.type in _PRESSING:
            place["reply_broadcast"] = True
        await self._call("chat.postMessage", {**place, **content})

    async def _call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call a method of the Web API; its answer, if it says `ok`."""
        url = f"{self._spec.api_url}/{method}"
        payload = msgspec.json.encode(arguments)
        answer = await self._sender.send(url, payload, self._headers, reads=True)
        reply = _object(answer.body)
        if reply.get("ok") is not True:
            raise _misfit(self._sender, answer)
        return reply


def _misfit(sender: Sender, answer: Answer) -> DeliveryError:
    """A good status, but not Slack's good answer: what it means."""
    if not answer.body.strip():
        return Transient(sender.refused(answer.said, "the answer was broken off"))
    reply = _object(answer.body)
    error = reply.get("error")
    if not isinstance(error, str):
        text = answer.body[:2_048].decode("utf-8", errors="replace")
        return Permanent(sender.refused(answer.said, f"this is not Slack's answer: {text}"))
    detail = sender.refused(error, _MENDS.get(error, _messages(reply)))
    if error in _PASSING:
        return Transient(detail)
    return _Gone(detail) if error in _GONE else Permanent(detail)


def _messages(reply: Mapping[str, Any]) -> str:
    """What Slack says beside an error's name: which block, which bound."""
    metadata = reply.get("response_metadata")
    found = metadata.get("messages") if isinstance(metadata, dict) else None
    return " ".join(map(str, found)) if isinstance(found, list) else ""


def _object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that an answer is; an empty one if it is none."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
