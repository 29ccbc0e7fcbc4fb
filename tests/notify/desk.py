"""A real channel under a real dispatcher in virtual time: waits for retries take none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from daemon.core.chronicle import Notice
from daemon.core.events import Settled
from daemon.core.model import Instant
from daemon.notify.channel import Channel
from daemon.notify.dispatcher import Dispatcher
from tests.notify.lab import MemoryOutbox, Reports, VirtualTime, compose


@dataclass
class Desk:
    """What `delivering` gives."""

    dispatcher: Dispatcher
    reports: Reports
    outbox: MemoryOutbox
    time: VirtualTime

    async def tell(self, notice: Notice) -> tuple[Settled, Instant]:
        """Hand over one notice; how it ended, and how many milliseconds that took."""
        begun, known = self.time.now, len(self.reports.settled)
        self.dispatcher.offer([notice])
        ends = await self.reports.count(known + 1)
        return ends[-1], self.time.now - begun


@asynccontextmanager
async def delivering(**channels: Channel) -> AsyncIterator[Desk]:
    """A dispatcher over the channels, by name; they are closed with it."""
    time, outbox, reports = VirtualTime(), MemoryOutbox(), Reports()
    dispatcher = Dispatcher(channels, outbox, time, reports, compose, time.wait)
    await dispatcher.start()
    try:
        yield Desk(dispatcher, reports, outbox, time)
    finally:
        await dispatcher.stop()
