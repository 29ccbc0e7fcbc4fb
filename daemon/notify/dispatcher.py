"""Tells what the engine decided: one lane a channel, from the outbox to the receiver.

Give it notices only once they are durable (`offer`, after the commit). It starts with what
the outbox still holds, so a daemon that was killed goes on where it was, with the same
idempotency keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from daemon.core.chronicle import Notice
from daemon.core.events import Settled
from daemon.core.model import SECOND, Instant
from daemon.notify.backlog import Job
from daemon.notify.channel import Channel
from daemon.notify.digest import Digests
from daemon.notify.health import ChannelHealth, Wait
from daemon.notify.lane import Lane, Pause, Surroundings, pause
from daemon.notify.outbox import Outbox
from daemon.notify.outlet import Clock, Compose
from daemon.notify.retry import Outcome
from daemon.notify.settler import Report, Settler

_log = logging.getLogger(__name__)

_FINISH_S: Final = 1.5
"""What is in flight may take this long to end when the daemon stops."""
_CLOSE_S: Final = 0.5
_LONGEST_NAP_S: Final = 30.0
"""Digests look at the clock at least this often, because a wall clock may be set."""
_REMEMBERED: Final = 10_000
"""Keys of settled notices that are kept, so that none is taken in twice."""


class Dispatcher:
    """Owns the lanes.

    Args:
        channels: The configured channels by name; closed by `stop`.
        outbox: The store's durable queue.
        clock: The time in milliseconds since the epoch.
        report: Takes each end of a delivery back into the engine.
        compose: Makes the message of a notice (`daemon.notify.message.Composer`).
        wait: How lanes wait; tests put virtual time in.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        clock: Clock,
        report: Report,
        compose: Compose,
        wait: Pause = pause,
    ) -> None:
        self._outbox = outbox
        self._around = Surroundings(Settler(outbox, self._report), clock, compose, wait)
        self._engine_report = report
        self._lanes = {
            name: Lane(name, channel, self._around) for name, channel in channels.items()
        }
        self._digests = Digests()
        self._digests.plan({name: channel.spec for name, channel in channels.items()})
        self._collected = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._settled: dict[str, None] = {}
        self._running = False

    async def start(self) -> None:
        """Take in what the outbox holds, and begin."""
        for pending in await self._outbox.pending():
            self._add(Job(pending.notice, pending.attempts, pending.next_at))
        self._running = True
        for name, lane in self._lanes.items():
            self._launch(name, lane)
        self._wake_digests()

    def offer(self, notices: Iterable[Notice]) -> None:
        """Take in notices that are durable now. Those already known are left as they are."""
        for notice in notices:
            self._add(Job(notice))

    def replace(self, channels: Mapping[str, Channel]) -> None:
        """Go on with the channels of a new configuration.

        What was queued for a channel that is gone fails, so that its fallback is told.
        """
        for name in self._lanes.keys() | channels.keys():
            self._lane(name).replace(channels.get(name))
        for job in self._digests.plan({name: one.spec for name, one in channels.items()}):
            self._lane(job.notice.channel).add(job)
        self._collected.set()

    async def stop(self) -> None:
        """End within 2 s. What is in flight by then stays in the outbox as `sending`."""
        self._running = False
        self._collected.set()
        for lane in self._lanes.values():
            lane.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=_FINISH_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        except TimeoutError:
            _log.warning("a channel did not close in time")

    def health(self) -> dict[str, ChannelHealth]:
        """Each channel's figures, by name."""
        return {name: self._with_digest(lane.health()) for name, lane in self._lanes.items()}

    async def withdraw(self, recipient: str, why: str) -> int:
        """Give up what waits for this person; how much is in flight to them still."""
        gone = self._digests.withdraw(recipient)
        for lane in self._lanes.values():
            gone += lane.backlog.withdraw(recipient)
        for job in gone:
            await self._around.settler.settle(job, delivered=False, detail=why)
        left = (job for lane in self._lanes.values() for job in lane.backlog)
        return sum(job.notice.recipient == recipient for job in left)

    def reword(self, reworded: Callable[[Notice], Notice]) -> None:
        """Tell what is queued in other words: to the same, of the same, in the same order."""
        queued = (job for lane in self._lanes.values() for job in lane.backlog)
        for job in (*self._digests, *queued):
            job.notice = reworded(job.notice)
            job.absorbed = [reworded(notice) for notice in job.absorbed]

    async def try_out(self, notice: Notice) -> Outcome:
        """Send this notice over its channel at once, past everything that is queued. Nothing
        is kept of it: it is in no outbox, and no engine hears of it."""
        return await self._lane(notice.channel).try_out(notice)

    @property
    def waiting(self) -> int:
        """How many notices are not settled."""
        return sum(len(lane.backlog) for lane in self._lanes.values()) + len(self._digests)

    @property
    def oldest_at(self) -> Instant | None:
        """When the oldest notice that is not settled was decided; what only waits for a limit
        is not late."""
        times = (lane.overdue_since() for lane in self._lanes.values())
        return min((at for at in times if at is not None), default=None)

    @property
    def alive(self) -> bool:
        """Whether every lane is at work; the watchdog asks."""
        return self._running and not any(task.done() for task in self._tasks.values())

    def _add(self, job: Job) -> None:
        lane, key = self._lane(job.notice.channel), job.notice.key
        if key in lane.backlog or key in self._settled or key in self._digests:
            return
        if self._digests.takes(job.notice):
            self._digests.add(job)
            self._wake_digests()
        else:
            lane.add(job)

    def _wake_digests(self) -> None:
        """Something is collected: there is a task for it from the first time on."""
        if self._running and len(self._digests) and "" not in self._tasks:
            self._tasks[""] = asyncio.create_task(self._tell_digests(), name="digests")
        self._collected.set()

    async def _tell_digests(self) -> None:
        """Hand each digest to its lane when it is due."""
        while self._running:
            now = self._around.clock()
            for job in self._digests.due(now):
                self._lane(job.notice.channel).add(job)
            self._collected.clear()
            due = self._digests.next_at()
            nap_s = None if due is None else min(max(due - now, 1) / SECOND, _LONGEST_NAP_S)
            await self._around.pause(self._collected, nap_s)

    def _with_digest(self, health: ChannelHealth) -> ChannelHealth:
        """A channel's figures with what it keeps back, which waits for nothing else."""
        kept, until = self._digests.kept(health.name)
        if not kept:
            return health
        waits = (health.waits_for, health.waits_until)
        if health.waits_for is None:
            waits = (Wait.DIGEST, until)
        return replace(
            health, waiting=health.waiting + kept, waits_for=waits[0], waits_until=waits[1]
        )

    def _lane(self, name: str) -> Lane:
        """The lane of this name, made if there is none: an unknown channel fails there."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(name, None, self._around)
            self._launch(name, lane)
        return lane

    def _launch(self, name: str, lane: Lane) -> None:
        if self._running:
            self._tasks[name] = asyncio.create_task(lane.run(), name=f"lane {name}")

    async def _report(self, settled: Settled) -> None:
        self._settled[settled.notice] = None
        while len(self._settled) > _REMEMBERED:
            del self._settled[next(iter(self._settled))]
        await self._engine_report(settled)
