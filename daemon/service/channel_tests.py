"""Test messages over the daemon's channels: an operator's, and those that channels ask for.

A test goes past the engine and the outbox, straight to the channel's lane; that an operator asked
for it is on record first. What came of either is noted with the channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config import Config
from daemon.core.chronicle import Notice
from daemon.core.events import SelfReport, TryChannel
from daemon.core.model import Actor, Instant
from daemon.notify.health import ChannelHealth
from daemon.notify.selftest import SelfTests
from daemon.notify.trial import Trial, spec_of, trial_notice, try_out
from daemon.service.turns import Turns


class ChannelTests:
    """Tests the channels of the configuration that it follows.

    Args:
        report: Takes what the daemon says of itself.
    """

    def __init__(
        self,
        config: Config,
        turns: Turns,
        now: Callable[[], Instant],
        report: Callable[[SelfReport], None],
    ) -> None:
        self._config = config
        self._turns = turns
        self._now = now
        self._under_way: set[asyncio.Task[None]] = set()
        self._by_themselves = SelfTests(turns.memory, self._by_itself, report, self._spawn)

    def follow(self, config: Config) -> None:
        """From now on test the channels of this configuration."""
        self._config = config
        zone = ZoneInfo(config.daemon.timezone)
        self._by_themselves.plan(config.channels, zone, self._now())

    def look(self) -> None:
        """Begin the tests that channels ask for and that are due."""
        self._by_themselves.look(self._now())

    def health(self) -> list[ChannelHealth]:
        """How each channel has done since the start, by name."""
        found = sorted(self._turns.dispatcher.health().items())
        return [self._by_themselves.filled(health) for _, health in found]

    async def by_operator(self, name: str, address: str | None, by: Actor) -> Trial:
        """Send a test message over a channel, once it is on record who asked.

        Raises:
            Refusal: There is no such channel, or it has no such recipient.
        """
        notice = self._message(name, address, by.name)
        await self._turns.command(TryChannel(name, address is not None, by))
        trial = await try_out(self._turns.dispatcher.try_out, notice)
        if address is None:
            self._by_themselves.learn(name, trial, self._now())
        return trial

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _by_itself(self, name: str) -> Trial:
        notice = self._message(name, None, "the configuration (self_test)")
        return await try_out(self._turns.dispatcher.try_out, notice)

    def _message(self, name: str, address: str | None, by: str) -> Notice:
        return trial_notice(spec_of(self._config.channels, name), address, by, self._now())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="self-test of a channel")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
