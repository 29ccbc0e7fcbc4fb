"""What it costs the daemon to have a check run by a worker: the order out, the result back.

Two real worker processes probe a closed port. Counted is the CPU of this process alone: the
frames, the sockets, the wake-ups, and a `Result` made; not what the engine makes of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Final

import uvloop

import checks
from bench.figures import Figure
from bench.lab import RUNS
from checks.result import Result
from checks.tcp import TcpSpec
from daemon.core.model import Instant
from daemon.service.workers.pool import Pool

_CHECKS: Final = 50
"""As many as one wake-up starts at 5,000 a second."""
_ROUNDS: Final = 400


def crossing() -> Iterator[Figure]:
    """Orders of 50 checks at a time and their results."""
    yield Figure(
        "order and result of a worker's check, the daemon's share",
        "us",
        [uvloop.run(_crossing_us()) for _ in range(RUNS)],
        10.0,
    )


async def _crossing_us() -> float:
    names = [f"c{number:05}" for number in range(_CHECKS)]
    prepared = {
        name: checks.prepare(TcpSpec(name=name, host="127.0.0.1", port=9), 5_000) for name in names
    }
    rounds = _Rounds(prepared)
    rounds.pool.begin()
    try:
        await rounds.run(20)
        began_s = time.process_time()
        await rounds.run(_ROUNDS)
        return (time.process_time() - began_s) * 1e6 / (_ROUNDS * _CHECKS)
    finally:
        await rounds.pool.close()


class _Rounds:
    """Starts all checks, again and again, as soon as the last of them is back."""

    def __init__(self, prepared: Mapping[str, checks.Prepared]) -> None:
        self.pool = Pool(prepared, _now, self._take, 2, "info", lambda _: None)
        self._names = list(prepared)
        self._owed = 0
        self._all_back = asyncio.Event()

    async def run(self, rounds: int) -> None:
        for _ in range(rounds):
            self._owed = len(self._names)
            self._all_back.clear()
            for name in self._names:
                self.pool.start(name)
            await self._all_back.wait()

    def _take(self, _: Result) -> None:
        self._owed -= 1
        if not self._owed:
            self._all_back.set()


def _now() -> Instant:
    return time.time_ns() // 1_000_000
