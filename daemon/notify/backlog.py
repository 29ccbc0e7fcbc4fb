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

Among ready heads those that were tried less often go first, and then the older decision; but a
page or an escalation goes before news of what is known until it was tried five times more often.
So neither a stream of news keeps a page back that failed once, nor a page that no receiver can
digest everything else. `hold` keeps the whole channel
back, as a receiver's `Retry-After` asks; so do the channel's limits. A ready head whose
recipient is at their limit is *parked*, beside the others of that recipient: one returns with
each token there will be, so no notice is looked at again because others wait.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import Instant
from daemon.notify.kinds import DIGEST_GROUP
from daemon.notify.rate import Limits, To

_NEWS: Final = frozenset({NoticeType.REPEATED, NoticeType.UPDATED})
ABSORBS: Final[dict[NoticeType, frozenset[NoticeType]]] = {
    NoticeType.RESOLVED: frozenset(NoticeType),
    NoticeType.ESCALATED: _NEWS,
    NoticeType.REPEATED: _NEWS,
    NoticeType.UPDATED: _NEWS,
    NoticeType.FIRING: frozenset(),
    NoticeType.ACKNOWLEDGED: frozenset(),
    NoticeType.HANDOVER: frozenset(),
    NoticeType.SILENCE: frozenset(),
    NoticeType.REPORT: frozenset(),
}
"""Which older notices of a thread a newer one makes needless."""
_URGENT: Final = frozenset({NoticeType.FIRING, NoticeType.ESCALATED})
_HEAD_START: Final = 5
"""So many attempts more a page may have had, and still goes before news."""

AT_ONCE: Final = 8
"""So many jobs of a channel are in flight at once."""

Thread = tuple[str, str, str]
"""Incident, recipient, address."""
Rank = tuple[int, bool, int]


@dataclass(slots=True, eq=False)
class Job:
    """A notice on its way.

    Attributes:
        attempts: How many were begun, over all runs of the daemon.
        next_at: Not to be tried before.
        absorbed: Older notices that this one tells too.
        begun_at: From when on patience with it is counted, where not from its decision.
    """

    notice: Notice
    attempts: int = 0
    next_at: Instant = 0
    absorbed: list[Notice] = field(default_factory=list)
    order: int = 0
    begun_at: Instant | None = None

    @property
    def thread(self) -> Thread:
        """What it must stay in order with."""
        return (self.notice.incident.key, self.notice.recipient, self.notice.address or "")

    @property
    def to(self) -> To:
        """Whose limit it counts for."""
        return (self.notice.recipient, self.notice.address or "")

    @property
    def notices(self) -> tuple[Notice, ...]:
        """All that is settled with it, oldest first."""
        return (*self.absorbed, self.notice)

    @property
    def rank(self) -> Rank:
        """Its place among ready ones; the lowest goes first."""
        is_urgent = self.notice.type in _URGENT
        return (self.attempts - _HEAD_START * is_urgent, not is_urgent, self.order)

    def is_late(self, now: Instant) -> bool:
        """Whether it is of no use any more."""
        expires_at = self.notice.expires_at
        return expires_at is not None and now >= expires_at


class Backlog:
    """The jobs of one channel. `take` gives the next; `retry` or `done` must follow."""

    def __init__(self, at_once: int = AT_ONCE, limits: Limits | None = None) -> None:
        self._at_once = at_once
        self._limits = limits or Limits()
        self._threads: dict[Thread, deque[Job]] = {}
        self._jobs: dict[str, Job] = {}
        self._keys: set[str] = set()
        self._waiting: list[tuple[Instant, int, Job]] = []
        self._ready: list[tuple[Rank, int, Job]] = []
        self._parked: dict[To, list[tuple[Rank, int, Job]]] = {}
        self._returns: list[tuple[Instant, int, To]] = []
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
        """When the oldest notice that is not settled was decided; a digest, as it was made: what
        it tells was kept back on purpose."""
        times = (
            job.notice.at if job.notice.incident.group == DIGEST_GROUP else min(_decided(job))
            for job in self
        )
        return min(times, default=None)

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

    def take(self, now: Instant, *, sends: bool = True) -> Job | None:
        """The job to try now; it is in flight until `retry` or `done`.

        Args:
            sends: Whether it goes out; where it does not, neither hold nor limits matter.
        """
        if len(self._flying) >= self._at_once:
            return None
        if sends and (now < self._held_until or not self._limits.allows(now)):
            return None
        self._ripen(now)
        while self._ready:
            job = heapq.heappop(self._ready)[-1]
            if self._is_head(job) and (not sends or self._is_allowed(job, now)):
                self._flying.add(job)
                return job
        return None

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

    def withdraw(self, recipient: str) -> list[Job]:
        """Take out what waits for this person; what is in flight stays."""
        mine = [one for one in self if one.notice.recipient == recipient]
        gone = [job for job in mine if job not in self._flying]
        for job in gone:
            thread = self._threads[job.thread]
            thread.remove(job)
            if not thread:
                del self._threads[job.thread]
            del self._jobs[job.notice.key]
            self._keys.difference_update(notice.key for notice in job.notices)
        return gone

    def hold(self, until: Instant) -> None:
        """Nothing of this channel is due before `until`."""
        self._held_until = max(self._held_until, until)

    def hurry(self) -> None:
        """Whatever waits for its time or a limit is ready now; a hold stays."""
        self._waiting.clear()
        self._parked.clear()
        self._returns.clear()
        heads = (thread[0] for thread in self._threads.values())
        self._ready = [self._ranked(job) for job in heads if job not in self._flying]
        heapq.heapify(self._ready)

    def limit(self, limits: Limits) -> None:
        """Go by these limits from now on."""
        self._limits = limits
        self._ready += [entry for queue in self._parked.values() for entry in queue]
        heapq.heapify(self._ready)
        self._parked.clear()
        self._returns.clear()

    @property
    def held_until(self) -> Instant:
        """Nothing is due before, because the receiver asked for it."""
        return self._held_until

    @property
    def limited_until(self) -> Instant:
        """From when on limits let something go; if that is over, they keep nothing back."""
        self._forget_stale()
        at_limit = self._returns[0][0] if self._returns and not self._ready else 0
        return max(self._limits.due_at, at_limit)

    def next_due(self, *, sends: bool = True) -> Instant | None:
        """When `take` may give something; None if only after another call."""
        if len(self._flying) >= self._at_once:
            return None
        self._forget_stale()
        dues = [heap[0][0] for heap in (self._waiting, self._returns) if heap]
        if not self._ready and not dues:
            return None
        due = 0 if self._ready else min(dues)
        return max(due, self._held_until, self._limits.due_at) if sends else due

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
        heapq.heappush(self._waiting, (job.next_at, self._push(), job))

    def _ranked(self, job: Job) -> tuple[Rank, int, Job]:
        return job.rank, self._push(), job

    def _push(self) -> int:
        self._pushes += 1
        return self._pushes

    def _ripen(self, now: Instant) -> None:
        """Whose time has come is ready; of each recipient with a token, one."""
        while self._waiting and self._waiting[0][0] <= now:
            job = heapq.heappop(self._waiting)[-1]
            if self._is_head(job):
                heapq.heappush(self._ready, self._ranked(job))
        while self._returns and self._returns[0][0] <= now:
            at, _, to = heapq.heappop(self._returns)
            if (entry := self._unpark(to)) is not None:
                heapq.heappush(self._ready, entry)
            if to in self._parked:
                heapq.heappush(self._returns, (at + self._limits.step_ms, self._push(), to))

    def _is_allowed(self, job: Job, now: Instant) -> bool:
        """Whether its recipient may be told now: then that counts, else it is parked. What
        will not be told because it is late needs no token."""
        if job.is_late(now):
            return True
        due_at = self._limits.recipient_due_at(job.to, now)
        if due_at <= now:
            self._limits.spend(job.to, now)
            return True
        if job.to not in self._parked:
            self._parked[job.to] = []
            heapq.heappush(self._returns, (due_at, self._push(), job.to))
        heapq.heappush(self._parked[job.to], self._ranked(job))
        return False

    def _unpark(self, to: To) -> tuple[Rank, int, Job] | None:
        """The first that waits for this recipient's limit; an empty queue is forgotten."""
        queue = self._parked[to]
        self._drop_stale(queue)
        entry = heapq.heappop(queue) if queue else None
        self._drop_stale(queue)
        if not queue:
            del self._parked[to]
        return entry

    def _drop_stale(self, heap: list[tuple[Rank, int, Job]]) -> None:
        while heap and not self._is_head(heap[0][-1]):
            heapq.heappop(heap)

    def _forget_stale(self) -> None:
        """Drop heap entries at the front whose job was absorbed meanwhile."""
        self._drop_stale(self._ready)
        while self._waiting and not self._is_head(self._waiting[0][-1]):
            heapq.heappop(self._waiting)
        while self._returns:
            to = self._returns[0][-1]
            self._drop_stale(self._parked[to])
            if self._parked[to]:
                return
            heapq.heappop(self._returns)
            del self._parked[to]


def _decided(job: Job) -> Iterator[Instant]:
    return (notice.at for notice in job.notices)
