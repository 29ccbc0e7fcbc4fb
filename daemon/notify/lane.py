"""One channel's lane: takes its backlog in order, makes attempts, settles what is decided.

A lane has its own task and an own one for each attempt, so a receiver that is slow delays
little and one that hangs delays nobody else. Settling is first
reported (which the engine may answer with a fallback) and then written to the outbox: a
crash between the two repeats the attempt with the same key instead of losing a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from checks.spec import format_duration
from daemon.core.chronicle import Notice
from daemon.core.events import Settled
from daemon.core.model import SECOND, Instant
from daemon.notify.backlog import Backlog, Job
from daemon.notify.channel import Channel, Message
from daemon.notify.errors import Permanent, Transient
from daemon.notify.health import ChannelHealth, Tally
from daemon.notify.outbox import DeliveryState, Outbox
from daemon.notify.retry import (
    WITH_FALLBACK,
    WITHOUT_FALLBACK,
    Decision,
    Delivered,
    Done,
    Failed,
    GiveUp,
    Outcome,
    Retry,
    deadline,
    decide,
)

_log = logging.getLogger(__name__)

_LONGEST_NAP_S: Final = 30.0
"""A lane looks at the clock at least this often, because a wall clock may be set."""
_RECORD_S: Final = 2.0
"""A disk that hangs keeps an attempt back no longer than this."""
_AFTER_FAULT_MS: Final = 30 * SECOND

Clock = Callable[[], Instant]
Report = Callable[[Settled], Awaitable[None]]
Compose = Callable[[Notice], Message]
Pause = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Wait until the event is set or so many seconds are over."""


async def pause(event: asyncio.Event, timeout_s: float | None) -> None:
    """Wait until the event is set, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share.

    Attributes:
        report: Tells the engine; returns when what follows from it is durable.
        compose: Makes the message of a notice.
    """

    outbox: Outbox
    clock: Clock
    report: Report
    compose: Compose
    pause: Pause = pause


class Lane:
    """The queue and the attempts of one channel."""

    def __init__(self, name: str, channel: Channel | None, around: Surroundings) -> None:
        self.name = name
        self.backlog = Backlog()
        self._channel = channel
        self._retired: list[Channel] = []
        self._in_use: list[Channel] = []
        self._attempts: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._around = around
        self._tally = Tally()
        self._wake = asyncio.Event()
        self._stopping = False

    def add(self, job: Job) -> None:
        """Take in a notice that is durable in the outbox."""
        self.backlog.add(job)
        self._wake.set()

    def replace(self, channel: Channel | None) -> None:
        """The configuration was reloaded; what is in flight ends on the old channel."""
        if self._channel is not None:
            self._retired.append(self._channel)
        self._channel = channel
        self._wake.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`, then wait for what is in flight; cancelled, give that up too."""
        try:
            while not self._stopping:
                if self._broken is not None:
                    raise self._broken
                await self._close_retired()
                await self._next()
            if self._attempts:
                await asyncio.wait(self._attempts)
        finally:
            for task in self._attempts:
                task.cancel()
            await asyncio.gather(*self._attempts, return_exceptions=True)

    async def _next(self) -> None:
        """Begin with the next job, or wait until there may be one."""
        now = self._around.clock()
        job = self.backlog.take(now)
        if job is None:
            self._wake.clear()
            await self._around.pause(self._wake, self._nap_s(now))
            return
        task = asyncio.create_task(self._work(job), name=f"{self.name}: {job.notice.key}")
        self._attempts.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._attempts.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
        self._wake.set()

    async def close(self) -> None:
        """Close the channel and those before it."""
        if self._channel is not None:
            self._retired.append(self._channel)
            self._channel = None
        await self._close_retired()

    def health(self) -> ChannelHealth:
        """The channel's figures now."""
        tally = self._tally
        return ChannelHealth(
            name=self.name,
            kind=self._channel.spec.kind if self._channel else "",
            waiting=len(self.backlog),
            oldest_at=self.backlog.oldest(),
            sending_since=tally.sending_since,
            sent=tally.sent,
            failed=tally.failed,
            given_up=tally.given_up,
            last_success_at=tally.last_success_at,
            last_failure_at=tally.last_failure_at,
            last_failure=tally.last_failure,
            latency_p50_ms=tally.percentile(50),
            latency_p95_ms=tally.percentile(95),
        )

    def _nap_s(self, now: Instant) -> float | None:
        due = self.backlog.next_due()
        if due is None:
            return None
        return min(max(due - now, 0) / SECOND, _LONGEST_NAP_S)

    async def _close_retired(self) -> None:
        idle = [one for one in self._retired if one not in self._in_use]
        for channel in idle:
            self._retired.remove(channel)
            try:
                await channel.close()
            except Exception:  # noqa: BLE001  # closing an old channel must not stop the new one
                _log.warning("closing channel %s failed", self.name, exc_info=True)

    async def _work(self, job: Job) -> None:
        try:
            await self._advance(job)
        except Exception:  # noqa: BLE001  # a lane outlives any fault of one notice
            _log.exception("a fault while telling %s over %s", job.notice.key, self.name)
            if self.backlog.is_in_flight(job):
                self.backlog.retry(job, self._around.clock() + _AFTER_FAULT_MS)
        finally:
            self._tally.end(job.notice.key)

    async def _advance(self, job: Job) -> None:
        notice, now = job.notice, self._around.clock()
        if notice.expires_at is not None and now >= notice.expires_at:
            await self._settle(job, delivered=False, detail="too late to be of use; not tried")
            return
        job.attempts += 1
        await self._record(notice.key, "sending", job.attempts, None, "")
        outcome = await self._attempt(notice)
        await self._follow(job, outcome, self._decide(job, outcome))

    def _decide(self, job: Job, outcome: Outcome) -> Decision:
        notice = job.notice
        patience = WITH_FALLBACK if self._falls_back(notice) else WITHOUT_FALLBACK
        return decide(
            outcome,
            key=notice.key,
            attempts=job.attempts,
            now=self._around.clock(),
            until=deadline(notice.at, notice.expires_at, patience),
            patience=patience,
        )

    def _falls_back(self, notice: Notice) -> bool:
        """Whether another channel takes over; what is a fallback itself has none."""
        channel = self._channel
        return channel is not None and bool(channel.spec.fallback) and notice.fallback_of is None

    async def _attempt(self, notice: Notice) -> Outcome:
        self._tally.begin(notice.key, self._around.clock())
        begun = time.perf_counter()
        outcome = await self._send(notice)
        now = self._around.clock()
        if isinstance(outcome, Delivered):
            self._tally.success(now, (time.perf_counter() - begun) * 1_000)
        else:
            self._tally.failure(now, outcome.detail)
        return outcome

    async def _send(self, notice: Notice) -> Outcome:
        channel = self._channel
        if channel is None:
            return Failed(f"there is no channel {self.name} in the configuration", permanent=True)
        self._in_use.append(channel)
        try:
            message = self._around.compose(notice)
            async with asyncio.timeout(channel.spec.timeout / SECOND):
                return Delivered(await channel.send(message))
        except TimeoutError:
            return Failed(f"no answer within {format_duration(channel.spec.timeout)}")
        except Permanent as error:
            return Failed(str(error), permanent=True)
        except Transient as error:
            asked_s = error.retry_after_s
            asked_ms = None if asked_s is None else round(asked_s * SECOND)
            return Failed(str(error), retry_after_ms=asked_ms)
        except Exception as error:  # noqa: BLE001  # a channel's own fault is a failed attempt, not the lane's end
            _log.exception("channel %s has a fault", self.name)
            return Failed(f"a fault of Tocsin's own ({type(error).__name__}); see its log")
        finally:
            self._in_use.remove(channel)

    async def _follow(self, job: Job, outcome: Outcome, decision: Decision) -> None:
        match decision:
            case Done():
                await self._settle(job, delivered=True, detail=_words(outcome))
            case GiveUp(reason):
                await self._settle(job, delivered=False, detail=reason)
            case Retry(at):
                if isinstance(outcome, Failed) and outcome.retry_after_ms:
                    self.backlog.hold(at)
                self._complain(job, outcome)
                await self._record(job.notice.key, "queued", job.attempts, at, _words(outcome))
                self.backlog.retry(job, at)

    def _complain(self, job: Job, outcome: Outcome) -> None:
        """Log the first failed attempt; the others would only say it again."""
        if job.attempts == 1:
            incident = job.notice.incident.key
            words = "incident %s is not told over %s yet, and tried again: %s"
            _log.warning(words, incident, self.name, _words(outcome))

    async def _settle(self, job: Job, *, delivered: bool, detail: str) -> None:
        self._tally.given_up += 0 if delivered else len(job.notices)
        for notice in job.notices:
            told = detail if notice is job.notice else f"told with {job.notice.key}: {detail}"
            await self._settle_one(notice, job.attempts, delivered, told)
        self.backlog.done(job)

    async def _settle_one(
        self, notice: Notice, attempts: int, delivered: bool, detail: str
    ) -> None:
        settled = Settled(
            notice=notice.key,
            incident=notice.incident.key,
            channel=notice.channel,
            recipient=notice.recipient,
            delivered=delivered,
            attempts=attempts,
            detail=detail,
            type=notice.type,
            fallback_of=notice.fallback_of,
            level=notice.level,
        )
        try:
            await self._around.report(settled)
        except Exception:  # noqa: BLE001  # a page that was delivered stays delivered
            _log.exception("the end of delivery %s could not be reported", notice.key)
            if not delivered:  # its row stays, so that a restart reports it again
                return
        await self._record(notice.key, "sent" if delivered else "failed", attempts, None, detail)

    async def _record(
        self, key: str, state: DeliveryState, attempts: int, next_at: Instant | None, detail: str
    ) -> None:
        try:
            async with asyncio.timeout(_RECORD_S):
                await self._around.outbox.update(key, state, attempts, next_at, detail)
        except Exception as error:  # noqa: BLE001  # a full disk must not keep a page back
            _log.warning("delivery %s is %s, which could not be stored: %r", key, state, error)


def _words(outcome: Outcome) -> str:
    return outcome.receipt if isinstance(outcome, Delivered) else outcome.detail
