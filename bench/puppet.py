"""The daemon with probes that need no target: `python -m bench.puppet run --config FILE`.

It is the whole program; only the TCP probe is replaced, before anything imports it, by one
that finds what it is told to. So everything behind the probes can be measured at rates at
which probing would be what is measured.

SIGUSR1 lets every probe fail from now on, SIGUSR2 lets it succeed. With `BENCH_HOLD=N` in the
environment probes wait for each other and end all at once when N wait (or after 3 s),
and those that the daemon starts only then end as soon as they begin. When that was, in
seconds since the epoch, how many waited and how they end is added to the file `BENCH_TOLD`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from checks import tcp
from checks.probe import Order, Trace
from checks.result import Fault, Observation

LONGEST_S: Final = 3.0
"""Nobody is waited for longer than this."""
LATECOMERS_S: Final = 3.0
"""Who comes so soon after the others were let go belongs to them: the daemon may have places
for so many probes only, and starts the rest when it comes to it in the midst of a storm."""


class Stage:
    """What all probes have in common: whether they fail, and who waits for whom."""

    def __init__(self, hold: int, told: Path | None) -> None:
        self.failing = False
        self._hold = hold
        self._told = told
        self._waiting = 0
        self._gate: asyncio.Future[None] | None = None
        self._free_until_s = 0.0

    async def pass_gate(self) -> None:
        """Wait until all are here."""
        loop = asyncio.get_running_loop()
        if not self._hold or loop.time() < self._free_until_s:
            return
        if self._gate is None:
            self._gate = loop.create_future()
            loop.call_later(LONGEST_S, self._open, self._gate)
        gate = self._gate
        self._waiting += 1
        if self._waiting == self._hold:
            self._open(gate)
        await asyncio.shield(gate)

    def _open(self, gate: asyncio.Future[None]) -> None:
        if gate is not self._gate:
            return
        self._gate, waited, self._waiting = None, self._waiting, 0
        self._free_until_s = asyncio.get_running_loop().time() + LATECOMERS_S
        if self._told is not None:
            with self._told.open("a", encoding="utf-8") as file:
                file.write(f"{time.time()} {waited} {'down' if self.failing else 'up'}\n")
        gate.set_result(None)


class Puppet:
    """A probe that finds what the stage says."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def observe(self, trace: Trace) -> Observation:
        """Find the target as it is to be."""
        await self._stage.pass_gate()
        if self._stage.failing:
            words = "127.0.0.1 refused the connection"
            return Observation(latency_ms=trace.finish(), fault=Fault.REFUSED, message=words)
        return Observation(latency_ms=trace.finish(), metrics={"connected": True})

    async def close(self) -> None:
        """There is nothing to let go of."""


def main() -> None:
    """Run the daemon on the stage."""
    told = os.environ.get("BENCH_TOLD")
    stage = Stage(int(os.environ.get("BENCH_HOLD", "0")), Path(told) if told else None)

    def make(order: Order) -> Puppet:
        del order
        return Puppet(stage)

    def turn(number: int, frame: object) -> None:
        del frame
        stage.failing = number == signal.SIGUSR1

    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, turn)
    tcp.KIND = replace(tcp.KIND, make=make)  # type: ignore[misc]  # before `checks.kinds` reads it
    from daemon.cli import main as tocsin

    sys.argv[0] = "tocsin"
    tocsin()


if __name__ == "__main__":
    main()
