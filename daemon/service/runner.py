"""Runs the probes that the engine says are due, and hands their results back.

A probe is one task, and ends as it began: where a reload changes its check, its result is
still that check's newest, so the engine never waits for a run that nobody makes. How many
run at once is bounded by the file descriptors the process may have; what is over that waits
in order, and its lateness is measured.

A run bounds its own time (`checks.run`). One that goes on all the same, by a fault in its
probe or driver, is given up: its check is unknown until that run ends after all, as a probe
never runs twice at once.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import checks
from checks.result import Fault, Result, Status
from daemon.core.model import Instant

_log = logging.getLogger("tocsin.runner")

_RESERVED_DESCRIPTORS: Final = 128
"""Kept free for the database, the socket's clients and the channels."""

_DESCRIPTORS_EACH: Final = 2
"""A probe holds one socket; a program or a database driver may hold more for a moment."""

TOGETHER: Final = 4
"""So many probes begin in one round of the loop. Those that share a slot with more would else
measure how long they wait for each other."""

GRACE_S: Final = 5.0
"""A run that goes on for so long after its timeout is given up."""

STALL_S: Final = 3.0
"""Sweeps this far apart say that this process stood still, not its probes."""

_END_S: Final = 2.0
"""So long may probes take to let go when the daemon ends."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How the processes that probe do, where there are any.

    Attributes:
        workers: How many there should be.
        alive: How many are at work.
        restarts: How many were started in another's place since the daemon began.
        problem: What is wrong with them, or None.
        pids: Of those that are at work.
    """

    workers: int = 0
    alive: int = 0
    restarts: int = 0
    problem: str | None = None
    pids: tuple[int, ...] = ()


class ProbeRunner(Protocol):
    """Runs probes: in the daemon's own loop (`Runner`), or in worker processes (`Pool`)."""

    @property
    def prepared(self) -> Mapping[str, checks.Prepared]:
        """The checks it can run."""
        ...

    @property
    def running(self) -> int:
        """How many probes run now."""
        ...

    @property
    def waiting(self) -> int:
        """How many are due but wait for a free place."""
        ...

    @property
    def crew(self) -> Crew:
        """The worker processes."""
        ...

    def begin(self) -> None:
        """Make ready to run; called once, before anything is started."""
        ...

    def start(self, check: str) -> None:
        """Run a check's probe, at once if there is a place for it. Never calls back at once."""
        ...

    def sweep(self) -> None:
        """Give up what should have ended long ago; called about once a second."""
        ...

    def replace(self, prepared: Mapping[str, checks.Prepared]) -> Coroutine[Any, Any, None]:
        """Go on with these at once. A run under way of a check that changed goes on as it
        began; that of one that left ends. Wait for it to let go of what is not needed."""
        ...

    async def close(self) -> None:
        """End what runs and free what the probes hold, within a few seconds."""
        ...


def raise_descriptor_limit() -> int:
    """Lift the soft limit of open files to the hard one; returns how many probes may run."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    usable = 65_536 if soft == resource.RLIM_INFINITY else soft
    return max(8, min(10_000, (usable - _RESERVED_DESCRIPTORS) // _DESCRIPTORS_EACH))


def not_measured(check: str, at: Instant, words: str) -> Result:
    """The result of a run that came to nothing by no fault of its target."""
    return Result(check, at, Status.UNKNOWN, message=words, fault=Fault.INTERNAL)


class _Run:
    """A probe in progress. Its time is the loop's."""

    __slots__ = ("began_s", "check", "given_up", "prepared")

    def __init__(self, check: str, prepared: checks.Prepared, began_s: float) -> None:
        self.check = check
        self.prepared = prepared
        self.began_s = began_s
        self.given_up = False


class Runner:
    """The probes in progress, as tasks of this process. A `ProbeRunner`."""

    crew: Final = Crew()

    def __init__(
        self,
        prepared: Mapping[str, checks.Prepared],
        now: Callable[[], Instant],
        take: Callable[[Result], None],
        limit: int,
    ) -> None:
        self._prepared = dict(prepared)
        self._now = now
        self._take = take
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._runs: dict[asyncio.Task[None], _Run] = {}
        self._stuck: dict[asyncio.Task[None], _Run] = {}
        self._due: deque[str] = deque()
        self._beginning = False
        self._waiting: deque[str] = deque()
        self._swept_s = self._loop.time()

    @property
    def prepared(self) -> Mapping[str, checks.Prepared]:
        """The checks it can run."""
        return self._prepared

    @property
    def running(self) -> int:
        """How many probes run now."""
        return len(self._runs)

    @property
    def waiting(self) -> int:
        """How many are due but wait for a free place."""
        return len(self._waiting)

    def begin(self) -> None:
        """Nothing is to be made ready."""

    def start(self, check: str) -> None:
        """Run a check's probe, at once or with one of the next rounds of the loop if there is
        a place for it."""
        self._due.append(check)
        if not self._beginning:
            self._begin_due()

    def _begin_due(self) -> None:
        for _ in range(min(TOGETHER, len(self._due))):
            self._start(self._due.popleft())
        self._beginning = bool(self._due)
        if self._beginning:
            self._loop.call_soon(self._begin_due)

    def _start(self, check: str) -> None:
        if len(self._runs) >= self._limit:
            self._waiting.append(check)
            return
        prepared = self._prepared.get(check)
        if prepared is None:
            return  # it left with a reload while it waited
        if self._stuck and any(run.prepared is prepared for run in self._stuck.values()):
            self._loop.call_soon(self._take, not_measured(check, self._now(), _STILL))
            return
        run = _Run(check, prepared, self._loop.time())
        task = self._loop.create_task(self._run(run))
        self._runs[task] = run
        task.add_done_callback(self._done)

    async def _run(self, run: _Run) -> None:
        try:
            result = await checks.run(run.prepared, self._now())
            if not run.given_up:
                self._take(result)
        finally:
            if self._prepared.get(run.check) is not run.prepared:
                await run.prepared.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        run = self._runs.pop(task, None) or self._stuck.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("check %s: its result could not be taken in", run.check, exc_info=error)
        if self._waiting:
            self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._runs) < self._limit:
            self._start(self._waiting.popleft())

    def sweep(self) -> None:
        """Give up runs that go on long after their timeout."""
        now_s, before_s = self._loop.time(), self._swept_s
        self._swept_s = now_s
        if not self._runs or now_s - before_s > STALL_S:
            return
        if now_s - next(iter(self._runs.values())).began_s < GRACE_S:
            return  # the oldest is not so old
        for task, run in list(self._runs.items()):
            if now_s - run.began_s > run.prepared.timeout_ms / 1000 + GRACE_S:
                self._give_up(task, run)
        self._fill()

    def _give_up(self, task: asyncio.Task[None], run: _Run) -> None:
        """Free its place and go on without its result. It is asked to end once more."""
        del self._runs[task]
        self._stuck[task] = run
        run.given_up = True
        _log.error("check %s: its run went on long after its timeout; given up", run.check)
        self._take(not_measured(run.check, self._now(), _OVER))
        task.cancel()

    def replace(self, prepared: Mapping[str, checks.Prepared]) -> Coroutine[Any, Any, None]:
        """Go on with these at once. A run under way of a check that changed goes on as it
        began; that of one that left ends. Waiting is for what is not needed to be closed,
        after its run."""
        before, self._prepared = self._prepared, dict(prepared)
        return self._let_go(before)

    async def _let_go(self, before: Mapping[str, checks.Prepared]) -> None:
        stuck = {id(run.prepared) for run in self._stuck.values()}
        runs = {id(run.prepared): task for task, run in self._runs.items()}
        for name, old in before.items():
            if self._prepared.get(name) is old or id(old) in stuck:
                continue  # what is stuck lets go when it ends
            if id(old) not in runs:
                await old.close()
            elif name not in self._prepared:
                await _cancel([runs[id(old)]])

    async def close(self) -> None:
        """Cancel what runs and free what the probes hold."""
        self._due.clear()
        self._waiting.clear()
        await _cancel([*self._runs, *self._stuck], timeout_s=_END_S)
        closing = [self._loop.create_task(one.close()) for one in self._prepared.values()]
        if closing:
            await asyncio.wait(closing, timeout=_END_S)


async def _cancel(tasks: Iterable[asyncio.Task[None]], timeout_s: float | None = None) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)


_OVER: Final = f"the run went on for {GRACE_S:.0f} s after its timeout and was given up"
_STILL: Final = "the last run was given up and still has not ended; no other is started until then"
