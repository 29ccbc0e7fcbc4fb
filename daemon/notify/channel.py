"""What a channel is, and what it is given.

A channel turns one `Message` into one attempt. It keeps no queue, knows no retries and no
clock but its socket's: the dispatcher bounds its time, judges its errors and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from daemon.core.chronicle import Notice
from daemon.core.record import record
from daemon.notify.spec import ChannelSpec


@record(frozen=True, slots=True)
class Message:
    """A notice, ready to go out.

    Attributes:
        body: `{id, type, time, incident, alerts}` as JSON-like data in the API's shapes,
            free of secrets and control characters. The same on every attempt.
    """

    notice: Notice
    body: Mapping[str, Any]


class Channel(Protocol):
    """A configured way to deliver."""

    @property
    def spec(self) -> ChannelSpec:
        """What it was made from; the dispatcher reads timeout and fallback there."""

    async def send(self, message: Message) -> str:
        """Make one attempt and return what the receiver said, as one line.

        May be cancelled at any point.

        Raises:
            DeliveryError: It was not taken; `Transient` or `Permanent`.
        """

    async def close(self) -> None:
        """Let go of connections and files."""
