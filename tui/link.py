"""The link: keeps the mirror in step with the daemon, and comes back by itself.

State, then the stream from its sequence number on; a `reset` or a long silence reads the
state anew; a broken stream starts over after a growing wait. Nothing here touches a widget:
the mirror changes and `changed` is called.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Final, Protocol

import msgspec

from daemon.api.schema import State
from daemon.client import ClientError, StreamEvent
from daemon.core.model import Instant
from tui.drawing.scrub import clean
from tui.mirror import Mirror

QUIET_S: Final = 20.0
"""After so long without an event the daemon is asked whether it still lives."""
WAITS_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Waits between attempts; the last one repeats. A socket costs nothing to try."""


class Source(Protocol):
    """The two requests of the client that the link needs."""

    async def state(self) -> State:
        """The whole state."""

    def events(self, since: int | None = None) -> AsyncIterator[StreamEvent]:
        """What changes from then on."""


class LinkState(enum.Enum):
    """Whether the picture is true now."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


class Link:
    """Follows the daemon.

    Attributes:
        reason: Why the link is lost, in the words of the client's error.
        retry_at: When the next attempt is made.
    """

    def __init__(
        self,
        source: Source,
        mirror: Mirror,
        now: Callable[[], Instant],
        changed: Callable[[], None],
        quiet_s: float = QUIET_S,
    ) -> None:
        self.state = LinkState.CONNECTING
        self.reason = ""
        self.retry_at: Instant | None = None
        self._source = source
        self._mirror = mirror
        self._now = now
        self._changed = changed
        self._quiet_s = quiet_s
        self._hurry = asyncio.Event()
        self._failures = 0

    @property
    def live(self) -> bool:
        """Whether the daemon is being followed."""
        return self.state is LinkState.LIVE

    def hurry(self) -> None:
        """Try again at once."""
        self._hurry.set()

    async def run(self) -> None:
        """Follow the daemon until cancelled."""
        while True:
            try:
                await self._follow()
            except (ClientError, msgspec.ValidationError, ValueError) as error:
                await self._wait(clean(str(error)))

    async def _follow(self) -> None:
        await self._read()
        async with aclosing(self._source.events(self._mirror.seq)) as stream:  # type: ignore[type-var]  # the client's stream is a generator
            while True:
                event = await self._next(stream)
                if event.kind == "reset":
                    await self._read()
                else:
                    self._mirror.apply(event.kind, event.data, event.seq, self._now())
                self._changed()

    async def _next(self, stream: AsyncIterator[StreamEvent]) -> StreamEvent:
        """The next event; while none comes, the daemon is asked for its state instead."""
        waiting = asyncio.ensure_future(anext(stream))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=self._quiet_s)
                if done:
                    return waiting.result()
                await self._read()
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.wait({waiting})

    async def _read(self) -> None:
        self._mirror.load(await self._source.state(), self._now())
        self.state, self.reason, self.retry_at = LinkState.LIVE, "", None
        self._failures = 0
        self._changed()

    async def _wait(self, reason: str) -> None:
        wait_s = WAITS_S[min(self._failures, len(WAITS_S) - 1)]
        self._failures += 1
        self.state, self.reason = LinkState.LOST, reason
        self.retry_at = self._now() + round(wait_s * 1000)
        self._changed()
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), wait_s)
        except TimeoutError:
            return
