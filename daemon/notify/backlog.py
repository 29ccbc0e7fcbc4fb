"""What one channel still has to tell, in order: the lane's queue without its clock and I/O.

Theory. A *thread* is all that is told to one recipient of one incident on this channel;
within a thread the order of the decisions is kept, threads do not wait for each other. Of a
thread only the head can be tried. A head is *waiting* (until its `next_at`), *ready*, or
*in flight*; so many of the channel are in flight at once that a slow receiver keeps the
pages of many incidents back little, and so few that it is not run down.

What could not be told yet can be overtaken by the truth: a newer notice of a thread absorbs
older ones that are not in flight, so that nobody gets a page for what is over:

    newer      absorbs
    resolved   everything before it
    escalated  repeated, updated
    repeated   repeated, updated
    updated    repeated, updated

Absorbed notices share the fate of the one that absorbed them. So an incident that nobody
could be told of until it was over is told once, as resolved, with both its times.

Among ready heads first attempts go before retries, first pages before news of what is
known, and then the older decision goes first. `hold` keeps the whole channel back, as a
receiver's `Retry-After` asks.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import Instant

_NEWS: Final = frozenset({NoticeType.REPEATED, NoticeType.UPDATED})
ABSORBS: Final[dict[NoticeType, frozenset[NoticeType]]] = {
    NoticeType.RESOLVED: frozenset(NoticeType),
    NoticeType.ESCALATED: _NEWS,
    NoticeType.REPEATED: _NEWS,
    NoticeType.UPDATED: _NEWS,
    NoticeType.FIRING: frozenset(),
    NoticeType.ACKNOWLEDGED: frozenset(),
}
"""Which older notices of a thread a newer one makes needless."""
_URGENT: Final = frozenset({NoticeType.FIRING, NoticeType.ESCALATED})

AT_ONCE: Final = 8
"""So many jobs of a channel are in flight at once."""

Thread = tuple[str, str, str]
"""Incident, recipient, address."""


@dataclass(slots=True, eq=False)
class Job:
    """A notice on its way.

    Attributes:
        attempts: How many were begun, over all runs of the daemon.
        next_at: Not to be tried before.
        absorbed: Older notices that this one tells too.
    """

    notice: Notice
    attempts: int = 0
    next_at: Instant = 0
    absorbed: list[Notice] = field(default_factory=list)
    order: int = 0

    @property
    def thread(self) -> Thread:
        """What it must stay in order with."""
        return (self.notice.incident.key, self.notice.recipient, self.notice.address or "")

    @property
    def notices(self) -> tuple[Notice, ...]:
        """All that is settled with it, oldest first."""
        return (*self.absorbed, self.notice)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Its place among ready ones; the lowest goes first."""
        return (self.attempts > 0, self.notice.type not in _URGENT, self.order)


class Backlog:
    """The jobs of one channel. `take` gives the next; `retry` or `done` must follow."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._threads: dict[Thread, deque[Job]] = {}
        self._jobs: dict[str, Job] = {}
        self._keys: set[str] = set()
        self._waiting: list[tuple[Instant, int, Job]] = []
        self._ready: list[tuple[tuple[bool, bool, int], int, Job]] = []
        self._flying: set[Job] = set()
        self._held_until: Instant = 0
        self._pushes = 0
        self._added = 0

    def __len__(self) -> int:
        """How many notices are not settled yet."""
        return len(self._keys)

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def is_in_flight(self, job: Job) -> bool:
        """Whether it is being sent."""
        return job in self._flying

    def oldest(self) -> Instant | None:
        """When the oldest notice that is not settled was decided."""
        return min((n.at for job in self for n in job.notices), default=None)

    def add(self, job: Job) -> None:
        """Take a job in, behind what its thread holds already."""
        self._added += 1
        job.order = self._added
        thread = self._threads.setdefault(job.thread, deque())
        old_head = thread[0] if thread else None
        self._absorb(job, thread)
        thread.append(job)
        self._jobs[job.notice.key] = job
        self._keys.update(notice.key for notice in job.notices)
        if thread[0] is not old_head:
            self._schedule(thread[0])

    def take(self, now: Instant) -> Job | None:
        """The job to try now; it is in flight until `retry` or `done`."""
        if len(self._flying) >= self._at_once or now < self._held_until:
            return None
        while self._waiting and self._waiting[0][0] <= now:
            job = heapq.heappop(self._waiting)[-1]
            if self._is_head(job):
                self._pushes += 1
                heapq.heappush(self._ready, (job.rank, self._pushes, job))
        self._forget_stale()
        if not self._ready:
            return None
        taken = heapq.heappop(self._ready)[-1]
        self._flying.add(taken)
        return taken

    def retry(self, job: Job, at: Instant) -> None:
        """The job failed and is due again at `at`, unless a newer one absorbs it."""
        self._flying.discard(job)
        job.next_at = at
        thread = self._threads[job.thread]
        for newer in tuple(thread)[1:]:
            if job.notice.type in ABSORBS[newer.notice.type]:
                self._absorb(newer, thread)
                break
        self._schedule(thread[0])

    def done(self, job: Job) -> None:
        """The job is settled; the next of its thread becomes its head."""
        self._flying.discard(job)
        del self._jobs[job.notice.key]
        self._keys.difference_update(notice.key for notice in job.notices)
        thread = self._threads[job.thread]
        thread.popleft()
        if thread:
            self._schedule(thread[0])
        else:
            del self._threads[job.thread]

    def hold(self, until: Instant) -> None:
        """Nothing of this channel is due before `until`."""
        self._held_until = max(self._held_until, until)

    def next_due(self) -> Instant | None:
        """When `take` may give something; None if only after another call."""
        if len(self._flying) >= self._at_once:
            return None
        self._forget_stale()
        if self._ready:
            return self._held_until
        return max(self._waiting[0][0], self._held_until) if self._waiting else None

    def _absorb(self, newer: Job, thread: deque[Job]) -> None:
        kinds = ABSORBS[newer.notice.type]
        gone = [
            job
            for job in thread
            if job not in self._flying and job.order < newer.order and job.notice.type in kinds
        ]
        for job in gone:
            thread.remove(job)
            del self._jobs[job.notice.key]
        newer.absorbed[:0] = [notice for job in gone for notice in job.notices]

    def _is_head(self, job: Job) -> bool:
        thread = self._threads.get(job.thread)
        return thread is not None and bool(thread) and thread[0] is job

    def _schedule(self, job: Job) -> None:
        self._pushes += 1
        heapq.heappush(self._waiting, (job.next_at, self._pushes, job))

    def _forget_stale(self) -> None:
        """Drop heap entries at the front whose job was absorbed meanwhile."""
        while self._ready and not self._is_head(self._ready[0][-1]):
            heapq.heappop(self._ready)
        while self._waiting and not self._is_head(self._waiting[0][-1]):
            heapq.heappop(self._waiting)
