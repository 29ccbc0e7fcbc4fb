"""One channel's lane: takes its backlog in order, makes attempts, settles what is decided.

A lane has its own task and an own one for each attempt, so a receiver that is slow delays
little and one that hangs delays nobody else. Its breaker says whether anything is tried: while
that is open, one probe after each pause is. Meanwhile what has a fallback is settled as failed,
so that the engine turns there; what has none waits, and is tried when the breaker closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from daemon.core.chronicle import Notice
from daemon.core.model import SECOND, Instant
from daemon.notify.backlog import Backlog, Job
from daemon.notify.breaker import Breaker, BreakerState
from daemon.notify.channel import Channel
from daemon.notify.health import ChannelHealth, Wait
from daemon.notify.outlet import Clock, Compose, Outlet
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
from daemon.notify.settler import Settler

_log = logging.getLogger(__name__)

_LONGEST_NAP_S: Final = 30.0
"""A lane looks at the clock at least this often, because a wall clock may be set."""
_AFTER_FAULT_MS: Final = 30 * SECOND
_TOO_LATE: Final = "too late to be of use; not tried"

Pause = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Wait until the event is set or so many seconds are over."""
Work = Callable[[], Awaitable[None]]


async def pause(event: asyncio.Event, timeout_s: float | None) -> None:
    """Wait until the event is set, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share.

    Attributes:
        settler: Where deliveries end.
        compose: Makes the message of a notice.
    """

    settler: Settler
    clock: Clock
    compose: Compose
    pause: Pause = pause


class Lane:
    """The queue and the attempts of one channel."""

    def __init__(self, name: str, channel: Channel | None, around: Surroundings) -> None:
        self.name = name
        self._outlet = Outlet(name, channel, around.clock, around.compose)
        self.backlog = Backlog(limits=self._outlet.limits())
        self._breaker = Breaker()
        self._attempts: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._around = around
        self._wake = asyncio.Event()
        self._stopping = False

    def add(self, job: Job) -> None:
        """Take in a notice that is durable in the outbox."""
        self.backlog.add(job)
        self._wake.set()

    def replace(self, channel: Channel | None) -> None:
        """The configuration was reloaded; what is in flight ends on the old channel. One that
        is configured otherwise than before begins with a closed breaker and full buckets."""
        if self._outlet.replace(channel):
            self._breaker = Breaker()
            self.backlog.limit(self._outlet.limits())
            self.backlog.hurry()
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
                await self._outlet.close_retired()
                await self._next()
            if self._attempts:
                await asyncio.wait(self._attempts)
        finally:
            for task in self._attempts:
                task.cancel()
            await asyncio.gather(*self._attempts, return_exceptions=True)

    async def close(self) -> None:
        """Close the channel and those before it."""
        self._outlet.replace(None)
        await self._outlet.close_retired()

    async def try_out(self, notice: Notice) -> Outcome:
        """Send this over the channel now, past backlog, outbox and limits. If the receiver
        answers, the breaker closes."""
        outcome = await self._outlet.attempt(notice)
        if _is_answer(outcome):
            self._change(self._breaker.answered(), outcome)
        return outcome

    def health(self) -> ChannelHealth:
        """The channel's figures now."""
        outlet, tally, breaker = self._outlet, self._outlet.tally, self._breaker
        waits_for, waits_until = self._waits(self._around.clock())
        return ChannelHealth(
            name=self.name,
            kind=outlet.spec.kind if outlet.spec is not None else "",
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
            latency_p99_ms=tally.percentile(99),
            fallback=outlet.fallback,
            breaker=breaker.state,
            breaker_since=breaker.opened_at,
            waits_for=waits_for,
            waits_until=waits_until,
        )

    def overdue_since(self) -> Instant | None:
        """When the oldest notice was decided that is not settled; None where only a limit,
        which is meant to, keeps them waiting."""
        if self._waits(self._around.clock())[0] is Wait.LIMIT:
            return None
        return self.backlog.oldest()

    def _waits(self, now: Instant) -> tuple[Wait | None, Instant | None]:
        """What keeps notices waiting, and until when."""
        breaker, backlog = self._breaker, self.backlog
        if not len(backlog):
            return None, None
        if not breaker.is_closed:
            is_open = breaker.state is BreakerState.OPEN
            return Wait.BREAKER, breaker.probe_at if is_open else None
        if backlog.held_until > now:
            return Wait.RETRY_AFTER, backlog.held_until
        limited_until = backlog.limited_until
        return (Wait.LIMIT, limited_until) if limited_until > now else (None, None)

    async def _next(self) -> None:
        """Begin with the next job, or wait until there may be one."""
        now = self._around.clock()
        found = self._choose(now)
        if found is None:
            self._wake.clear()
            await self._around.pause(self._wake, self._nap_s(now))
            return
        job, work = found
        task = asyncio.create_task(self._work(job, work), name=f"{self.name}: {job.notice.key}")
        self._attempts.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._attempts.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
        self._wake.set()

    def _choose(self, now: Instant) -> tuple[Job, Work] | None:
        """The next job and what is to be done with it: an attempt, or its end without one."""
        job = self.backlog.take(now) if self._breaker.admits(now) else None
        if job is not None and not job.is_late(now):
            self._breaker = self._breaker.begun(job.notice.key)
            return job, partial(self._try, job, now)
        while job is None and self._turns_away:
            job = self.backlog.take(now, sends=False)
            if job is None or job.is_late(now):
                break
            if self._falls_back(job.notice):
                how = "not tried again" if job.attempts else "not tried"
                reason = f"{how}, the breaker is open: {self._outlet.tally.last_failure}"
                return job, partial(self._give_up, job, reason)
            self.backlog.retry(job, max(now + SECOND, self._breaker.probe_at))
            job = None
        return None if job is None else (job, partial(self._give_up, job, _TOO_LATE))

    @property
    def _turns_away(self) -> bool:
        """Whether what has a fallback is to be told there at once."""
        return not self._breaker.is_closed and self._outlet.fallback is not None

    def _falls_back(self, notice: Notice) -> bool:
        """Whether another channel takes over."""
        return self._outlet.fallback is not None and not notice.stays

    def _nap_s(self, now: Instant) -> float | None:
        turns_away, breaker = self._turns_away, self._breaker
        due = self.backlog.next_due(sends=not turns_away)
        if due is None or (breaker.state is BreakerState.HALF_OPEN and not turns_away):
            return None
        if not turns_away:
            due = max(due, breaker.probe_at)
        return min(max(due - now, 0) / SECOND, _LONGEST_NAP_S)

    async def _work(self, job: Job, work: Work) -> None:
        try:
            await work()
        except Exception:  # noqa: BLE001  # a lane outlives any fault of one notice
            _log.exception("a fault while telling %s over %s", job.notice.key, self.name)
            if self.backlog.is_in_flight(job):
                self.backlog.retry(job, self._around.clock() + _AFTER_FAULT_MS)
        finally:
            self._breaker = self._breaker.inconclusive(job.notice.key, self._around.clock())

    async def _try(self, job: Job, now: Instant) -> None:
        if job.attempts == 0 and self._outlet.is_limited:
            job.begun_at = now
        job.attempts += 1
        await self._around.settler.record(job.notice.key, "sending", job.attempts, None, "")
        outcome = await self._outlet.attempt(job.notice)
        decision = self._decide(job, outcome)
        self._learn(job, outcome, decision)
        await self._follow(job, outcome, decision)

    def _decide(self, job: Job, outcome: Outcome) -> Decision:
        notice = job.notice
        patience = WITH_FALLBACK if self._falls_back(notice) else WITHOUT_FALLBACK
        since = notice.at if job.begun_at is None else job.begun_at
        return decide(
            outcome,
            key=notice.key,
            attempts=job.attempts,
            now=self._around.clock(),
            until=deadline(since, notice.expires_at, patience),
            patience=patience,
        )

    def _learn(self, job: Job, outcome: Outcome, decision: Decision) -> None:
        """What the outcome says of the receiver. While its breaker is closed, one that asks for
        a pause gets it (`_follow`), and the breaker need not see to that."""
        key, now, breaker = job.notice.key, self._around.clock(), self._breaker
        if _is_answer(outcome):
            breaker = breaker.answered()
        elif isinstance(outcome, Failed) and outcome.ours:
            breaker = breaker.inconclusive(key, now)
        elif not breaker.is_closed or not _is_asked_for(outcome, decision):
            breaker = breaker.failed(key, job.notice.incident.key, now)
        self._change(breaker, outcome)

    def _change(self, breaker: Breaker, outcome: Outcome) -> None:
        """Go by this breaker. When it opens what has a fallback goes there, when it closes
        what waits is tried: both at once."""
        before, self._breaker = self._breaker, breaker
        if before.is_closed == breaker.is_closed:
            return
        if breaker.is_closed:
            _log.info("channel %s: its receiver answers again, the breaker closes", self.name)
        else:
            fallback = self._outlet.fallback
            then = f"{fallback} is told instead" if fallback else "its notices wait"
            words = "channel %s: %d failures in a row, the breaker opens, %s: %s"
            _log.warning(words, self.name, breaker.failures, then, _words(outcome))
        self.backlog.hurry()
        self._wake.set()

    async def _follow(self, job: Job, outcome: Outcome, decision: Decision) -> None:
        match decision:
            case Done():
                await self._settle(job, delivered=True, detail=_words(outcome))
            case GiveUp(reason):
                await self._give_up(job, reason, refused=_is_final(outcome))
            case Retry(at):
                if _is_asked_for(outcome, decision):
                    self.backlog.hold(at)
                if self._turns_away and self._falls_back(job.notice):
                    await self._give_up(job, f"{_words(outcome)}; the breaker is open")
                else:
                    await self._again(job, outcome, at)

    async def _again(self, job: Job, outcome: Outcome, at: Instant) -> None:
        """Try again at `at`. The first failed attempt is logged; the others would only say it
        again."""
        words, incident = _words(outcome), job.notice.incident.key
        if job.attempts == 1:
            text = "incident %s is not told over %s yet, and tried again: %s"
            _log.warning(text, incident, self.name, words)
        await self._around.settler.record(job.notice.key, "queued", job.attempts, at, words)
        self.backlog.retry(job, self._around.clock() if self._turns_away else at)

    async def _give_up(self, job: Job, reason: str, *, refused: bool = False) -> None:
        self._outlet.tally.given_up += len(job.notices)
        await self._settle(job, delivered=False, detail=reason, refused=refused)

    async def _settle(
        self, job: Job, *, delivered: bool, detail: str, refused: bool = False
    ) -> None:
        await self._around.settler.settle(job, delivered=delivered, detail=detail, refused=refused)
        self.backlog.done(job)


def _is_answer(outcome: Outcome) -> bool:
    """Whether the receiver is there: it took the message, refused it for good, or says that it
    did not reach whom it is for."""
    return isinstance(outcome, Delivered) or outcome.permanent or outcome.answered


def _is_final(outcome: Outcome) -> bool:
    """Whether the receiver refused it for good."""
    return isinstance(outcome, Failed) and outcome.permanent


def _is_asked_for(outcome: Outcome, decision: Decision) -> bool:
    """Whether the receiver asked for the pause that follows."""
    asked = isinstance(outcome, Failed) and bool(outcome.retry_after_ms)
    return asked and isinstance(decision, Retry)


def _words(outcome: Outcome) -> str:
    return outcome.receipt if isinstance(outcome, Delivered) else outcome.detail
