"""Twilio's REST API, and how telephones are told over it.

Sources: twilio.com/docs/messaging/api/message-resource, /docs/voice/api/call-resource,
/docs/usage/twilios-response, /docs/api/errors.

Twilio answers 201 when it has taken a message or a call, and what became of it is to be fetched.
It knows no idempotency key for either, so what it has taken is remembered here: a later attempt
goes only to those numbers that were not reached. What it took is never sent again because its
fate could not be fetched.
"""

from __future__ import annotations

import abc
import asyncio
import json
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Any, Final
from urllib.parse import urlencode

from daemon.notify.channel import Message
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.http import Answer, Sender
from daemon.notify.spec.twilio import TwilioSpec, phone_number

PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Between two looks at what became of a message; the last again and again."""
_SHARE: Final = 0.9
"""Of the attempt's time, until its end is known or not waited for any longer."""
_REMEMBERED: Final = 1_000
"""Notices of which it is known whom they reached."""
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_MEANINGS: Final[Mapping[int, str]] = {
    30001: "the queue was full",
    30002: "the account is suspended",
    30003: "the telephone is off or out of reach",
    30004: "it is blocked by the recipient or the carrier",
    30005: "the number is unknown or no longer in use",
    30006: "it is a landline, or its carrier cannot be reached",
    30007: "the carrier filtered it as unwanted",
    30008: "the carrier gives no reason",
    30034: "the sender is not registered for A2P 10DLC",
    30036: "it could not be sent on within its validity",
}
"""What the errors of messages mean, whose `error_message` Twilio often leaves empty."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A message or a call, as Twilio tells of it.

    Attributes:
        why: What went wrong with it, in words; "" if nothing did, or it is not said.
    """

    sid: str
    status: str
    why: str = ""


class _TwilioSender(Sender):
    """Says of a refusal what Twilio says: `code` and `message` of its JSON."""

    def refused(self, said: str, why: str) -> str:
        return super().refused(said, _reason(why))


class Twilio:
    """Makes and fetches the members of one collection of an account: `Messages` or `Calls`."""

    def __init__(self, spec: TwilioSpec, collection: str) -> None:
        self._at = f"{spec.api_url}/2010-04-01/Accounts/{spec.account}/{collection}"
        self._login = spec.login
        self._sender = _TwilioSender(
            f"{self._at}.json", spec.login[1:], spec.ca, verify=spec.verify
        )
        self.pauses_s: Sequence[float] = PAUSES_S

    async def create(self, form: Mapping[str, str]) -> Resource:
        """Make one.

        Raises:
            Permanent: Twilio refuses it, or somebody else answered.
            Transient: It may take it later.
        """
        data = urlencode(form).encode()
        made = self._read(
            await self._sender.send(f"{self._at}.json", data, _FORM, auth=self._login, reads=True)
        )
        if made is None:
            words = f"{self._sender.place} answers, but not as Twilio does; see api_url"
            raise Permanent(words)
        return made

    async def follow(self, made: Resource, ends: Collection[str], until_s: float) -> Resource:
        """What became of it: as it was when it ended, or at this time of the loop's clock."""
        last = made
        for pause_s in chain(self.pauses_s, repeat(self.pauses_s[-1])):
            if last.status in ends:
                break
            try:
                async with asyncio.timeout_at(until_s):
                    await asyncio.sleep(pause_s)
                    last = await self._fetch(made)
            except TimeoutError:
                break
            except DeliveryError as error:  # it is Twilio's: only its fate is not known yet
                last = replace(last, why=str(error))
        return last

    async def close(self) -> None:
        """Let go of connections."""
        await self._sender.close()

    async def _fetch(self, made: Resource) -> Resource:
        where = f"{self._at}/{made.sid}.json"
        answer = await self._sender.send(where, b"", {}, "GET", self._login, reads=True)
        return self._read(answer) or made

    def _read(self, answer: Answer) -> Resource | None:
        """The resource of an answer; None if that is none."""
        facts = _json(answer.body)
        sid, status = facts.get("sid"), facts.get("status")
        if not (isinstance(sid, str) and sid.isalnum() and isinstance(status, str)):
            return None
        return Resource(sid, self._sender.scrub.line(status, 40), self._why(facts))

    def _why(self, facts: Mapping[str, Any]) -> str:
        code = facts.get("error_code")
        if not isinstance(code, int):
            return ""
        said = facts.get("error_message") or _MEANINGS.get(code) or "see twilio.com/docs/api/errors"
        return self._sender.scrub.line(f"{said} (error {code})", 200)


@dataclass(slots=True)
class _Told:
    """Whom a notice reached, and who refused it for good: numbers, and the words for each."""

    reached: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class TelephoneChannel(abc.ABC):
    """Tells each number of a notice, all at once, and none of them twice."""

    def __init__(self, spec: TwilioSpec, collection: str) -> None:
        self.spec = spec
        self.twilio = Twilio(spec, collection)
        self._told: OrderedDict[str, _Told] = OrderedDict()

    @abc.abstractmethod
    async def tell(self, number: str, message: Message, until_s: float) -> str:
        """Tell one number; the receipt. As soon as trying again would tell it twice, `reached`
        is to be called."""

    async def send(self, message: Message) -> str:
        """Tell those who are not told yet. Who refuses for good spoils nothing for the others."""
        numbers = self._numbers(message.notice.address)
        told = self._about(message)
        missing = [one for one in numbers if one not in told.reached | told.refused]
        until_s = asyncio.get_running_loop().time() + self.spec.timeout / 1_000 * _SHARE
        ends = await asyncio.gather(
            *(self.tell(number, message, until_s) for number in missing), return_exceptions=True
        )
        later: list[Transient] = []
        for number, end in zip(missing, ends, strict=True):
            match end:
                case str():
                    told.reached[number] = end
                case Permanent():
                    told.reached.pop(number, None)
                    told.refused[number] = str(end)
                case Transient():
                    later.append(end)
                case _:
                    raise end
        return _verdict(numbers, told, later)

    async def close(self) -> None:
        """No connection outlives its attempt."""
        self._told.clear()
        await self.twilio.close()

    def reached(self, number: str, message: Message, words: str) -> None:
        """Remember that this notice is not to be sent to this number again."""
        self._about(message).reached[number] = words

    def _about(self, message: Message) -> _Told:
        told = self._told.setdefault(message.notice.key, _Told())
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return told

    def _numbers(self, address: str | None) -> Sequence[str]:
        numbers = (address,) if address else tuple(dict.fromkeys(self.spec.to))
        if not numbers:
            raise Permanent(f"the channel {self.spec.name} has no recipient; set its `to`")
        try:
            return [phone_number(number) for number in numbers]
        except ValueError as error:
            raise Permanent(str(error)) from None


def _verdict(numbers: Sequence[str], told: _Told, later: Sequence[Transient]) -> str:
    """The receipt, or the failure, of an attempt to all these numbers."""
    if later:
        asked = [one.retry_after_s for one in later if one.retry_after_s is not None]
        words = "; ".join(dict.fromkeys(map(str, later)))
        answered = all(one.answered for one in later)
        raise Transient(words, max(asked, default=None), answered=answered)
    if not told.reached:
        raise Permanent("; ".join(dict.fromkeys(told.refused.values())))
    if len(numbers) == 1:
        return told.reached[numbers[0]]
    words = "; ".join(f"{number}: {receipt}" for number, receipt in told.reached.items())
    return words + "".join(f"; {number} refused: {why}" for number, why in told.refused.items())


def _json(text: bytes | str) -> dict[str, Any]:
    """The object that a text says in JSON; empty if it says none."""
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _reason(body: str) -> str:
    """`message (error code)` of an error of Twilio's; another text as it is."""
    facts = _json(body)
    if "code" not in facts and "message" not in facts:
        return body
    code = facts.get("code")
    return f"{facts.get('message') or 'no reason'}" + (f" (error {code})" if code else "")
