"""The checks spread over worker processes: `[daemon] workers`. A `ProbeRunner`.

A check's worker follows from its name alone, so it stays where it is through reloads and
restarts, with its kept connections and its memory of the last run.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import checks
from checks.result import Result
from daemon.core.model import Instant
from daemon.service.runner import STALL_S, Crew
from daemon.service.workers.seat import Seat


class Pool:
    """The workers, each with its share.

    The `Prepared` it is given are only looked at for their specs: each is prepared anew in
    its worker.
    """

    def __init__(
        self,
        prepared: Mapping[str, checks.Prepared],
        now: Callable[[], Instant],
        take: Callable[[Result], None],
        workers: int,
        level: str,
        late: Callable[[float], None],
    ) -> None:
        """Start nothing yet.

        Args:
            prepared: All checks that can be run.
            now: The daemon's time.
            take: Given each result.
            workers: How many processes.
            level: How much they log.
            late: Told how many milliseconds after their orders runs began.
        """
        self._loop = asyncio.get_running_loop()
        self._prepared: dict[str, checks.Prepared] = {}
        self._seat_of: dict[str, Seat] = {}
        self._seats = tuple(
            Seat(number, level, now, take, late) for number in range(1, workers + 1)
        )
        self._swept_s = self._loop.time()
        self._go_over(prepared)

    @property
    def prepared(self) -> Mapping[str, checks.Prepared]:
        """The checks it can run."""
        return self._prepared

    @property
    def running(self) -> int:
        """How many probes run now."""
        return sum(seat.running for seat in self._seats)

    @property
    def waiting(self) -> int:
        """How many are due but wait for a free place in their worker."""
        return sum(seat.waiting for seat in self._seats)

    @property
    def crew(self) -> Crew:
        """The worker processes."""
        pids = tuple(seat.pid for seat in self._seats if seat.pid is not None)
        problems = [seat.problem for seat in self._seats if seat.problem is not None]
        return Crew(
            workers=len(self._seats),
            alive=len(pids),
            restarts=sum(seat.restarts for seat in self._seats),
            problem="; ".join(problems) or None,
            pids=pids,
        )

    def begin(self) -> None:
        """Start the workers. What is started before they are ready waits for them."""
        for seat in self._seats:
            seat.begin()

    def start(self, check: str) -> None:
        """Have a check's probe run in its worker."""
        seat = self._seat_of.get(check)
        if seat is not None:
            seat.start(check)

    def sweep(self) -> None:
        """Give up what should have ended long ago, and workers that hang."""
        now_s, before_s = self._loop.time(), self._swept_s
        self._swept_s = now_s
        if now_s - before_s > STALL_S:
            for seat in self._seats:
                seat.forgive()
            return
        for seat in self._seats:
            seat.sweep()

    def replace(self, prepared: Mapping[str, checks.Prepared]) -> Coroutine[Any, Any, None]:
        """Go on with these. A run under way of a check that changed goes on as it began; that
        of one that left ends. Waiting is for the workers to be told."""
        self._go_over(prepared)
        return self._hand_over()

    def _go_over(self, prepared: Mapping[str, checks.Prepared]) -> None:
        before, self._prepared = self._prepared, dict(prepared)
        was, self._seat_of = self._seat_of, {name: self._place(name) for name in prepared}
        for seat in self._seats:
            changed = {
                name: prepared[name]
                for name, its in self._seat_of.items()
                if its is seat and before.get(name) is not prepared[name]
            }
            left = [name for name, its in was.items() if its is seat and name not in prepared]
            seat.assign(changed, left)

    def _place(self, check: str) -> Seat:
        return self._seats[zlib.crc32(check.encode()) % len(self._seats)]

    async def _hand_over(self) -> None:
        for seat in self._seats:
            await seat.hand_over()

    async def close(self) -> None:
        """End the workers."""
        await asyncio.gather(*(seat.close() for seat in self._seats))
