"""A seat for a worker: its share of the checks, its runs, and one process after another.

A run whose worker died is run again by the next one, once: the second death in it is its own
doing, and its check unknown. A worker that is silent while its runs are long overdue hangs;
it is killed. Where no worker can be had for some seconds, what waits for one is unknown.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import checks
from checks.result import Result
from daemon.core.model import Instant
from daemon.service.runner import GRACE_S, not_measured
from daemon.service.workers import frames
from daemon.service.workers.frames import Ended, Job, Orders
from daemon.service.workers.link import Link

_log = logging.getLogger("tocsin.workers")

_START_S: Final = 30.0
"""So long may a worker take until it is there, and then until it is heard of again while it
prepares its checks."""

_OVERDUE_S: Final = GRACE_S + 3.0
"""A run that gave no result so long after its timeout never will: the worker itself would
have given it up."""

_SILENT_S: Final = 5.0
"""A worker that sent nothing for so long while a run is overdue hangs."""

_WITHOUT_S: Final = 10.0
"""So long may a check wait for a worker to be started."""

_BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait before the first, the second, ... start after a death."""

_WELL_S: Final = 60.0
"""A worker that lived so long is no sign of a row of deaths."""

_TROUBLE: Final = 3
"""So many deaths in a row are a problem to be told."""

_CHUNK: Final = 100
"""Checks that are assigned at once: pickling all would hold up the loop."""


class _Run:
    """A run that a check is to have. Times are the loop's.

    Attributes:
        again: Whether a worker died in it before.
        since_s: Since when it waits for a place, or when it was sent.
        due_s: When its worker must have given a result.
        sent_at: The daemon's time when it was sent.
    """

    __slots__ = ("again", "check", "due_s", "sent_at", "since_s")

    def __init__(self, check: str, again: bool = False) -> None:
        self.check = check
        self.again = again
        self.since_s = self.due_s = 0.0
        self.sent_at = 0


class Seat:
    """One of the pool's places for a worker.

    Attributes:
        number: Its own, from 1.
        restarts: How many processes were started in another's place.
        problem: What is wrong, or None.
    """

    def __init__(
        self,
        number: int,
        level: str,
        now: Callable[[], Instant],
        take: Callable[[Result], None],
        late: Callable[[float], None],
    ) -> None:
        self.number = number
        self.restarts = 0
        self._level = level
        self._now = now
        self._take = take
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._life: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._began_s = self._loop.time()
        self._without_since_s: float | None = self._began_s
        self._deaths = 0
        self._last_death = ""
        self._jobs: dict[str, Job] = {}
        self._unsent: dict[str, Job] = {}
        self._unready = 0
        self._next_job = 0
        self._runs: dict[int, _Run] = {}
        self._next_run = 0
        self._limit = 0
        self._waiting: deque[_Run] = deque()
        self._orders: list[_Run] = []

    @property
    def running(self) -> int:
        """How many runs its worker owes."""
        return len(self._runs) + len(self._orders)

    @property
    def waiting(self) -> int:
        """How many wait for a place in its worker. Waiting for a worker is another matter,
        and told as a problem."""
        return len(self._waiting) if self._limit and not self._preparing else 0

    @property
    def _preparing(self) -> bool:
        """Whether its worker does not have all of its checks yet; until then it gets no
        orders, which it could not look at."""
        return bool(self._unsent or self._unready)

    @property
    def pid(self) -> int | None:
        """Its worker's process; None while there is none at work."""
        return self._link.pid if self._link is not None and self._limit else None

    @property
    def problem(self) -> str | None:
        """What is wrong with its workers, in words."""
        if self._deaths >= _TROUBLE:
            return f"worker {self.number} died {self._deaths} times: it {self._last_death}"
        since_s = self._without_since_s
        if since_s is not None and self._loop.time() - since_s > _WITHOUT_S:
            return f"worker {self.number} does not start: it {self._last_death or 'is not ready'}"
        return None

    def begin(self) -> None:
        """Start its worker, and another whenever that ends."""
        self._life = self._loop.create_task(self._live())

    def start(self, check: str) -> None:
        """Have a check's probe run."""
        self._enqueue(_Run(check))

    def _enqueue(self, run: _Run) -> None:
        orders = self._orders
        if self._unsent or self._unready or len(self._runs) + len(orders) >= self._limit:
            run.since_s = self._loop.time()
            self._waiting.append(run)
            return
        orders.append(run)
        if len(orders) == 1:
            self._loop.call_soon(self._send_orders)

    def _send_orders(self) -> None:
        """All that were started in this round of the loop, in one frame."""
        batch, self._orders = self._orders, []
        link, jobs, runs = self._link, self._jobs, self._runs
        if link is None:
            self._waiting.extendleft(reversed(batch))
            return
        first = number = self._next_run
        at, now_s, numbers = self._now(), self._loop.time(), []
        for run in batch:
            job = jobs.get(run.check)
            if job is None:
                continue  # it left with a reload
            run.sent_at, run.since_s = at, now_s
            run.due_s = now_s + job.timeout_ms / 1000 + _OVERDUE_S
            runs[number] = run
            number += 1
            numbers.append(job.number)
        self._next_run = number
        link.send(frames.orders(Orders(at, time.monotonic_ns(), first, numbers)))

    def _fill(self) -> None:
        """Order what waits, as far as there are places."""
        free = 0 if self._preparing else self._limit - len(self._runs) - len(self._orders)
        for _ in range(min(free, len(self._waiting))):
            self._enqueue(self._waiting.popleft())

    def _ended(self, ended: list[Ended]) -> None:
        """Runs came back. What was given up, or left with a reload, is not wanted any more."""
        latest, runs, take = 0, self._runs, self._take
        for number, result in ended:
            run = runs.pop(number, None)
            if run is not None:
                if (late := result.at - run.sent_at) > latest:
                    latest = late
                take(result)
        self._late(latest)
        if self._waiting:
            self._fill()

    def assign(self, prepared: Mapping[str, checks.Prepared], left: Iterable[str]) -> None:
        """Give it these checks, new or changed, and take those that left; `hand_over` must
        follow."""
        gone = [self._jobs.pop(name) for name in left]
        for job in gone:
            self._unsent.pop(job.spec.name, None)
        for name, one in prepared.items():
            old = self._jobs.get(name)
            number = old.number if old is not None else self._next_job
            self._next_job += old is None
            self._jobs[name] = self._unsent[name] = Job(number, one.spec, one.timeout_ms)
        for number in [one for one, run in self._runs.items() if run.check not in self._jobs]:
            del self._runs[number]
        if gone and self._link is not None:
            self._link.send(frames.forget([job.number for job in gone]))

    async def hand_over(self) -> None:
        """Send its worker the checks that it does not have yet, if it is there."""
        while self._unsent and self._link is not None:
            names = list(islice(self._unsent, _CHUNK))
            self._link.send(frames.assign([self._unsent.pop(name) for name in names]))
            self._unready += 1
            await asyncio.sleep(0)
        self._go_on()

    def _readied(self) -> None:
        """It has prepared what one frame gave it."""
        self._unready -= 1
        self._go_on()

    def _go_on(self) -> None:
        """Order what waited, if its worker has all of its checks."""
        if self._link is not None and not self._preparing:
            self._limit = self._link.limit.result()
            self._without_since_s = None
            self._fill()

    async def _live(self) -> None:
        """One worker after another."""
        while True:
            self._began_s = self._loop.time()
            try:
                link = await Link.open(self.number, self._level, self._ended, self._readied)
                how = await self._work(link)
            except OSError as error:
                how = f"cannot be started: {error.strerror or error}"
            except Exception as error:  # noqa: BLE001  # a bug here must not leave the seat empty for good
                _log.critical("worker %d failed to be served", self.number, exc_info=error)
                how = f"could not be served ({type(error).__name__}); see the log"
            self._died(how)
            await asyncio.sleep(_BACKOFF_S[min(self._deaths, len(_BACKOFF_S)) - 1])
            self.restarts += 1

    async def _work(self, link: Link) -> str:
        """Have a worker work until it ends; how it ended, in words."""
        try:
            await self._serve(link)
        finally:
            self._link, self._limit, self._unready = None, 0, 0
            how = await link.end()
        return how

    async def _serve(self, link: Link) -> None:
        ends: list[asyncio.Future[Any]] = [link.limit, link.gone]
        await asyncio.wait(ends, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        if not link.limit.done():
            return  # it died, or takes too long
        self._link = link
        self._unsent = dict(self._jobs)
        await self.hand_over()
        await asyncio.wait([link.gone])

    def _died(self, how: str) -> None:
        """Have its runs made again, but those that have seen a death before."""
        now_s = self._loop.time()
        self._deaths = 1 if now_s - self._began_s > _WELL_S else self._deaths + 1
        self._last_death = how
        if self._without_since_s is None:
            self._without_since_s = now_s
        _log.error("worker %d %s; another is started", self.number, how)
        runs, self._runs = self._runs, {}
        for run in runs.values():
            if run.again:
                self._give_up(run.check, f"the worker process {how} in this run, twice")
            else:
                self._enqueue(_Run(run.check, again=True))

    def sweep(self) -> None:
        """Give up what has waited too long; kill a worker that hangs."""
        now_s = self._loop.time()
        if self._link is not None and self._unready and now_s - self._link.heard_s > _START_S:
            self._kill("prepares its checks for too long")
        if not self._limit:
            while self._waiting and now_s - self._waiting[0].since_s > _WITHOUT_S:
                self._give_up(self._waiting.popleft().check, _NO_WORKER)
        elif self._deaths and now_s - self._began_s > _WELL_S:
            self._deaths = 0
        if not self._runs or now_s - next(iter(self._runs.values())).since_s < _OVERDUE_S:
            return  # the oldest is not so old
        overdue = [number for number, run in self._runs.items() if now_s > run.due_s]
        for number in overdue:
            self._give_up(self._runs.pop(number).check, "the worker process did not end this run")
        if overdue and self._link is not None and now_s - self._link.heard_s > _SILENT_S:
            self._kill("hangs")
        self._fill()

    def _kill(self, why: str) -> None:
        if self._link is not None:
            _log.error("worker %d %s; it is killed", self.number, why)
            self._link.kill()

    def forgive(self) -> None:
        """This process itself stood still: nothing that was not heard meanwhile counts."""
        if self._link is not None:
            self._link.heard_s = self._loop.time()

    def _give_up(self, check: str, words: str) -> None:
        if check in self._jobs:
            self._take(not_measured(check, self._now(), words))

    async def close(self) -> None:
        """End its worker."""
        self._waiting.clear()
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])


_NO_WORKER: Final = f"there was no worker process to run it for {_WITHOUT_S:.0f} s"
