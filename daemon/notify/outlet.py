"""The channel behind a lane, through reloads: makes attempts on it and counts what they come to.

Whatever a channel does becomes an outcome here: an answer, an error with its words, no answer in
time, or a fault of our own. A channel that was replaced is closed when nothing is in flight on it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from checks.durations import format_duration
from daemon.core.chronicle import Notice
from daemon.core.model import SECOND, Instant
from daemon.notify.channel import Channel, Message
from daemon.notify.errors import Permanent, Transient
from daemon.notify.health import Tally
from daemon.notify.rate import Limits, parse_rate
from daemon.notify.render import load_templating
from daemon.notify.retry import Delivered, Failed, Outcome
from daemon.notify.spec import ChannelSpec

_log = logging.getLogger(__name__)

Clock = Callable[[], Instant]
Compose = Callable[[Notice], Message]


class Outlet:
    """A channel by its name; there may be none of that name in the configuration.

    Args:
        compose: Makes the message of a notice.
    """

    def __init__(self, name: str, channel: Channel | None, clock: Clock, compose: Compose) -> None:
        self.name = name
        self.tally = Tally()
        self._channel = channel
        self._clock = clock
        self._compose = compose
        self._retired: list[Channel] = []
        self._in_use: list[Channel] = []

    @property
    def spec(self) -> ChannelSpec | None:
        """What the channel is configured with."""
        return self._channel.spec if self._channel is not None else None

    @property
    def fallback(self) -> str | None:
        """The channel that is told when this one fails."""
        return self.spec.fallback if self.spec is not None else None

    @property
    def is_limited(self) -> bool:
        """Whether it may be tried only so often."""
        return self.spec is not None and bool(self.spec.rate or self.spec.rate_per_recipient)

    def limits(self) -> Limits:
        """Its limits, with full buckets."""
        rates = (self.spec.rate, self.spec.rate_per_recipient) if self.spec is not None else ()
        return Limits(*(parse_rate(text) if text is not None else None for text in rates))

    def replace(self, channel: Channel | None) -> bool:
        """Go on with this channel; whether it is configured otherwise than before."""
        before = self.spec
        if self._channel is not None:
            self._retired.append(self._channel)
        self._channel = channel
        return self.spec != before

    async def close_retired(self) -> None:
        """Close what was replaced and is not in use any more."""
        for channel in [one for one in self._retired if one not in self._in_use]:
            self._retired.remove(channel)
            try:
                await channel.close()
            except Exception:  # noqa: BLE001  # closing an old channel must not stop the new one
                _log.warning("closing channel %s failed", self.name, exc_info=True)

    async def attempt(self, notice: Notice) -> Outcome:
        """Try once to deliver the notice."""
        self.tally.begin(notice.key, self._clock())
        begun = time.perf_counter()
        try:
            outcome = await self._send(notice)
        finally:
            self.tally.end(notice.key)
        if isinstance(outcome, Delivered):
            self.tally.success(self._clock(), (time.perf_counter() - begun) * 1_000)
        else:
            self.tally.failure(self._clock(), outcome.detail)
        return outcome

    async def _send(self, notice: Notice) -> Outcome:
        channel = self._channel
        if channel is None:
            return Failed(f"there is no channel {self.name} in the configuration", permanent=True)
        self._in_use.append(channel)
        try:
            return await self._bounded(channel, notice)
        finally:
            self._in_use.remove(channel)

    async def _bounded(self, channel: Channel, notice: Notice) -> Outcome:
        timeout_ms = channel.spec.timeout
        try:
            await load_templating()
            message = self._compose(notice)
            async with asyncio.timeout(timeout_ms / SECOND):
                return Delivered(await channel.send(message))
        except TimeoutError:
            return Failed(f"no answer within {format_duration(timeout_ms)}")
        except Permanent as error:
            return Failed(str(error), permanent=True)
        except Transient as error:
            asked_s = error.retry_after_s
            asked_ms = None if asked_s is None else round(asked_s * SECOND)
            return Failed(str(error), retry_after_ms=asked_ms, answered=error.answered)
        except Exception as error:  # noqa: BLE001  # a channel's own fault is a failed attempt, not the lane's end
            _log.exception("channel %s has a fault", self.name)
            detail = f"a fault of Tocsin's own ({type(error).__name__}); see its log"
            return Failed(detail, ours=True)
