"""A short message over Twilio, one part long.

A message that Twilio has taken is followed until the carrier has delivered it or not. Many
carriers never say: one that is still queued or sent at the end of the attempt's time counts as
told, and the receipt says which.
"""

from __future__ import annotations

from typing import Final

from daemon.core.model import SECOND
from daemon.notify.channel import Message
from daemon.notify.channels.twilio import TelephoneChannel
from daemon.notify.errors import Permanent
from daemon.notify.gsm import short_message
from daemon.notify.render import Renderer
from daemon.notify.spec import SmsSpec

_GOOD: Final = frozenset({"delivered", "read"})
_BAD: Final = frozenset({"undelivered", "failed", "canceled"})


class SmsChannel(TelephoneChannel):
    """Sends from one sender."""

    def __init__(self, spec: SmsSpec, renderer: Renderer) -> None:
        super().__init__(spec, "Messages")
        self._renderer = renderer
        self._fixed = {"ValidityPeriod": str(max(1, spec.validity // SECOND))}
        if spec.sender is not None:
            self._fixed["From"] = spec.sender
        if spec.messaging_service is not None:
            self._fixed["MessagingServiceSid"] = spec.messaging_service

    async def tell(self, number: str, message: Message, until_s: float) -> str:
        """Send one message, and learn what became of it."""
        made = await self.twilio.create(self.form(number, message))
        self.reached(number, message, f"taken ({made.sid})")
        end = await self.twilio.follow(made, _GOOD | _BAD, until_s)
        if end.status in _BAD:
            why = end.why or "no reason is given"
            raise Permanent(f"the message {end.sid} to {number} is {end.status}: {why}")
        if end.status in _GOOD:
            return f"{end.status} ({end.sid})"
        unknown = f"; {end.why}" if end.why else ""
        return f"taken, and {end.status} so far ({end.sid}){unknown}"

    def form(self, number: str, message: Message) -> dict[str, str]:
        """What Twilio is asked for."""
        text = short_message(self._renderer.short(message)) or "Tocsin"
        return {"To": number, "Body": text, **self._fixed}
