"""A call over Twilio that says what is the matter, twice.

Only bad news is worth a call: first pages, escalations and repeats; with `call_resolved` also
the end. Of the rest nobody is called, and the receipt says so. (The end of an incident makes
calls that were not taken yet needless, as for every channel.)

A call that somebody or something took is a success: a mailbox cannot be told from a person. One
that was busy or not answered is tried again, so many times; who does not answer then is left to
the fallback and the next level.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from daemon.core.chronicle import NoticeType
from daemon.core.model import SECOND
from daemon.notify.channel import Message
from daemon.notify.channels.twilio import Resource, TelephoneChannel
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.render import Renderer
from daemon.notify.spec import VoiceSpec

ALARMING: Final = frozenset({NoticeType.FIRING, NoticeType.ESCALATED, NoticeType.REPEATED})
_ANSWERED: Final = frozenset({"in-progress", "completed"})
_MISSED: Final = {"busy": "is busy", "no-answer": "does not answer"}
_ENDS: Final = _ANSWERED | _MISSED.keys() | {"failed", "canceled"}
_UNCOUNTED: Final = 1_000
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say."""


class VoiceChannel(TelephoneChannel):
    """Calls from one number."""

    def __init__(self, spec: VoiceSpec, renderer: Renderer) -> None:
        super().__init__(spec, "Calls")
        self._voice = spec
        self._renderer = renderer
        self._missed: Counter[tuple[str, str]] = Counter()

    async def send(self, message: Message) -> str:
        """Call, if it is worth one."""
        kind = message.notice.type
        if kind in ALARMING or (kind is NoticeType.RESOLVED and self._voice.call_resolved):
            return await super().send(message)
        return f"no call for {kind.value}: only trouble is told by telephone"

    async def tell(self, number: str, message: Message, until_s: float) -> str:
        """Make one call, and learn whether it was taken."""
        made = await self.twilio.create(self.form(number, message))
        end = await self.twilio.follow(made, _ENDS, until_s)
        if end.status in _ANSWERED:
            return f"answered ({end.sid})"
        if end.status in _MISSED:
            raise self._miss(number, message, end)
        if end.status in _ENDS:
            why = f": {end.why}" if end.why else ""
            raise Permanent(f"the call {end.sid} to {number} is {end.status}{why}")
        unknown = f"; {end.why}" if end.why else ""
        return f"taken, and {end.status} so far ({end.sid}){unknown}"

    def form(self, number: str, message: Message) -> dict[str, str]:
        """What Twilio is asked for."""
        return {
            "To": number,
            "From": self._voice.sender,
            "Timeout": str(self._voice.ring // SECOND),
            "Twiml": twiml(self._renderer.spoken(message), self._voice),
        }

    def _miss(self, number: str, message: Message, end: Resource) -> DeliveryError:
        """Nobody took the call: one of so many for this notice."""
        if len(self._missed) >= _UNCOUNTED:
            self._missed.clear()
        self._missed[message.notice.key, number] += 1
        missed, most = self._missed[message.notice.key, number], self._voice.calls
        words = f"{number} {_MISSED[end.status]} ({end.sid}; call {missed} of {most})"
        return Permanent(words) if missed >= most else Transient(words, answered=True)


def twiml(text: str, spec: VoiceSpec) -> str:
    """The call's script: the text twice, with a second between."""
    voice = f" voice={quoteattr(spec.voice)}" if spec.voice else ""
    said = escape(_NO_XML.sub("", text))
    say = f"<Say language={quoteattr(spec.language)}{voice}>{said}</Say>"
    return f'<Response>{say}<Pause length="1"/>{say}</Response>'
