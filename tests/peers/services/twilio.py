"""Twilio's REST API on the loopback: the messages and calls of one account.

After twilio.com/docs/messaging/api/message-resource, /docs/voice/api/call-resource,
/docs/voice/twiml/say and /pause, and /docs/usage/twilios-response (errors, 20429).
"""

from __future__ import annotations

import base64
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from tests.peers.services.base import Received, Reply, Service
from tests.peers.services.schema import Rule, anything, one_of, problems, record, text

ACCOUNT: Final = "AC" + "0" * 31 + "1"
TOKEN: Final = "auth-token-of-the-account"
_E164: Final = text(pattern=r"\+[1-9]\d{1,14}")


def _whole(least: int, most: int) -> Rule:
    """A whole number in digits."""

    def rule(value: Any, at: str) -> list[str]:
        good = isinstance(value, str) and value.isdecimal() and least <= int(value) <= most
        return [] if good else [f"{at}: {value!r} is no number from {least} to {most}"]

    return rule


def _says(value: Any, at: str) -> list[str]:
    """A script of `Say` and `Pause`, with the attributes that they have."""
    known = {"Say": {"voice", "loop", "language"}, "Pause": {"length"}}
    if len(value) > 4_000:
        return [f"{at}: has {len(value)} characters"]
    try:
        root = ET.fromstring(value)  # noqa: S314  # our own channel wrote it
    except ET.ParseError as error:
        return [f"{at}: {error}"]
    if root.tag != "Response" or not len(root):
        return [f"{at}: is no Response with verbs"]
    return [
        f"{at}: {verb.tag} {verb.attrib}"
        for verb in root
        if verb.tag not in known or not verb.attrib.keys() <= known[verb.tag]
    ]


_UNUSED: Final = dict.fromkeys(("StatusCallback", "ApplicationSid"), anything)
_MESSAGE: Final = record(
    {"To": _E164, "Body": text(1, 1_600)},
    {
        "From": text(1, 15),
        "MessagingServiceSid": text(pattern="MG[0-9a-fA-F]{32}"),
        "ValidityPeriod": _whole(1, 36_000),
        "SmartEncoded": one_of("true", "false"),
        **_UNUSED,
    },
)
CALL: Final = record(
    {"To": _E164, "From": _E164, "Twiml": _says},
    {"Timeout": _whole(1, 600), "TimeLimit": _whole(1, 14_400), **_UNUSED},
)


def message(value: Any, at: str) -> list[str]:
    """The form of a message: it has one sender."""
    wrong = _MESSAGE(value, at)
    if ("From" in value) == ("MessagingServiceSid" in value):
        wrong.append(f"{at}: has no sender, or two")
    return wrong


@dataclass
class Fate:
    """What becomes of a message or a call: its statuses, one at each look, the last for ever."""

    statuses: list[str]
    error_code: int | None = None
    error_message: str | None = None


@dataclass
class _Resource:
    form: dict[str, str]
    fate: Fate
    status: str
    looks: int = 0
    left: deque[str] = field(default_factory=deque)


class TwilioService(Service):
    """Takes messages and calls of `ACCOUNT`.

    Attributes:
        user, password: Who is let in.
        resources: All that were made, by SID.
    """

    def __init__(self, user: str = ACCOUNT, password: str = TOKEN) -> None:
        super().__init__()
        self.user, self.password = user, password
        self.resources: dict[str, _Resource] = {}
        self._fates: deque[Fate] = deque()
        self._counter = itertools.count(1)

    def becomes(self, *statuses: str, code: int | None = None, said: str | None = None) -> None:
        """The fate of the next that is made."""
        self._fates.append(Fate(list(statuses), code, said))

    @property
    def forms(self) -> list[dict[str, str]]:
        """What was sent of each that was made, in order."""
        return [one.form for one in self.resources.values()]

    def answer(self, received: Received) -> Reply:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if received.headers.get("authorization") != f"Basic {login}":
            return refusal(401, 20003, "Authenticate")
        prefix = f"/2010-04-01/Accounts/{ACCOUNT}/"
        if not received.path.startswith(prefix) or not received.path.endswith(".json"):
            return refusal(404, 20404, f"The requested resource {received.path} was not found")
        collection, _, sid = received.path[len(prefix) : -len(".json")].partition("/")
        if received.method == "POST" and not sid and collection in {"Messages", "Calls"}:
            return self._make(collection, received)
        if received.method == "GET" and sid in self.resources:
            return self._look(sid)
        return refusal(404, 20404, f"The requested resource {received.path} was not found")

    def _make(self, collection: str, received: Received) -> Reply:
        wrong = self._wrong(collection, received)
        if wrong:
            self.problems += wrong
            return refusal(400, 21602 if collection == "Messages" else 21205, "; ".join(wrong))
        form = received.form()
        first = "accepted" if "MessagingServiceSid" in form else "queued"
        usual = Fate(
            ["sent", "delivered"] if collection == "Messages" else ["ringing", "completed"]
        )
        fate = self._fates.popleft() if self._fates else usual
        sid = ("SM" if collection == "Messages" else "CA") + f"{next(self._counter):032x}"
        self.resources[sid] = _Resource(form, fate, first, left=deque(fate.statuses))
        return Reply.of(self._shown(sid, ended=False), 201)

    @staticmethod
    def _wrong(collection: str, received: Received) -> list[str]:
        if received.headers.get("content-type") != "application/x-www-form-urlencoded":
            return ["the content is not said to be a form"]
        pairs = parse_qsl(received.body.decode(), keep_blank_values=True, strict_parsing=True)
        if len(pairs) != len(dict(pairs)):
            return ["a field is given twice"]
        return problems(message if collection == "Messages" else CALL, dict(pairs))

    def _look(self, sid: str) -> Reply:
        one = self.resources[sid]
        one.looks += 1
        if one.left:
            one.status = one.left.popleft()
        return Reply.of(self._shown(sid, ended=not one.left))

    def _shown(self, sid: str, *, ended: bool) -> dict[str, Any]:
        one = self.resources[sid]
        return {
            "sid": sid,
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "status": one.status,
            "to": one.form["To"],
            "from": one.form.get("From"),
            "error_code": one.fate.error_code if ended else None,
            "error_message": one.fate.error_message if ended else None,
        }


def refusal(status: int, code: int, message: str) -> Reply:
    """An error as Twilio tells it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return Reply.of(body, status)
