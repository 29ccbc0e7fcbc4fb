"""Runs the probes that the engine says are due, and hands their results back.

A probe is one task, and ends as it began: where a reload changes its check, its result is
still that check's newest, so the engine never waits for a run that nobody makes. How many
run at once is bounded by the file descriptors the process may have; what is over that waits
in order, and its lateness is measured.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import checks
from checks.result import Result
from daemon.core.model import Instant

_log = logging.getLogger("tocsin.runner")

_RESERVED_DESCRIPTORS: Final = 128
"""Kept free for the database, the socket's clients and the channels."""

_DESCRIPTORS_EACH: Final = 2
"""A probe holds one socket; a program or a database driver may hold more for a moment."""


def raise_descriptor_limit() -> int:
    """Lift the soft limit of open files to the hard one; returns how many probes may run."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    usable = 65_536 if soft == resource.RLIM_INFINITY else soft
    return max(8, min(10_000, (usable - _RESERVED_DESCRIPTORS) // _DESCRIPTORS_EACH))


class Runner:
    """The probes in progress."""

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
        self._tasks: dict[asyncio.Task[None], checks.Prepared] = {}
        self._waiting: deque[str] = deque()

    @property
    def running(self) -> int:
        """How many probes run now."""
        return len(self._tasks)

    @property
    def waiting(self) -> int:
        """How many are due but wait for a free place."""
        return len(self._waiting)

    def start(self, check: str) -> None:
        """Run a check's probe, at once if there is a place for it."""
        if len(self._tasks) >= self._limit:
            self._waiting.append(check)
            return
        prepared = self._prepared.get(check)
        if prepared is None:
            return  # it left with a reload while it waited
        task = asyncio.get_running_loop().create_task(self._run(check, prepared))
        self._tasks[task] = prepared
        task.add_done_callback(partial(self._done, check))

    async def _run(self, check: str, prepared: checks.Prepared) -> None:
        try:
            self._take(await checks.run(prepared, self._now()))
        finally:
            if self._prepared.get(check) is not prepared:
                await prepared.close()

    def _done(self, check: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("check %s: its result could not be taken in", check, exc_info=error)
        while self._waiting and len(self._tasks) < self._limit:
            self.start(self._waiting.popleft())

    async def replace(self, prepared: Mapping[str, checks.Prepared]) -> None:
        """Go on with these. A run under way of a check that changed goes on as it began; that
        of one that left ends. What is no longer needed is closed, after its run."""
        before, self._prepared = self._prepared, dict(prepared)
        for name, old in before.items():
            if self._prepared.get(name) is old:
                continue
            runs = [task for task, used in self._tasks.items() if used is old]
            if not runs:
                await old.close()
            elif name not in self._prepared:
                await _cancel(runs)

    async def close(self) -> None:
        """Cancel what runs and free what the probes hold."""
        self._waiting.clear()
        await _cancel(list(self._tasks), timeout_s=2.0)
        await asyncio.gather(*(prepared.close() for prepared in self._prepared.values()))


async def _cancel(tasks: list[asyncio.Task[None]], timeout_s: float | None = None) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)
