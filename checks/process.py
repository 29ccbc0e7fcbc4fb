"""The `process` kind: whether the processes that should run do, and what they use.

Processes are chosen by the program's name, a pattern on the command line, a pidfile, a user,
or several of these. How many there must be is `min` and `max`; at least one unless told
otherwise, none at all with `max = 0`. What they use is told of all together.

CPU time and restarts need two looks: the first run takes both, a quarter of a second apart;
each later run measures from the run before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from checks.aside import Aside
from checks.errors import ProbeError
from checks.patterns import Pattern, compile_pattern
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar, changed
from checks.spec import CheckSpec
from checks.text import one_line

if TYPE_CHECKING:
    from checks.process_table import Identity, Look

_FIRST_SPAN_S: Final = 0.25

FIELDS: Final[Mapping[str, FieldType]] = {
    "count": "int",
    "cpu_percent": "float",
    "rss_bytes": "int",
    "threads": "int",
    "open_files": "int",
    "oldest_age_s": "float",
    "restarted": "bool",
    "pid": "int",
    "latency_ms": "float",
}


class ProcessSpec(CheckSpec):
    """Which processes, and how many of them there must be.

    Attributes:
        program: The program's name, exactly as ps(1) shows it.
        cmdline: An RE2 pattern, searched in the command line.
        pidfile: The file with the number of the one process.
        user: Whose they are: the name or number of the effective user.
        min: How many there must be at least; 1, or 0 with `max = 0`.
        max: How many there may be; no bound unless set.
    """

    kind: Literal["process"] = "process"
    program: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    cmdline: Pattern | None = None
    pidfile: Path | None = None
    user: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    min: Annotated[int, Field(ge=0, le=100_000)] | None = None
    max: Annotated[int, Field(ge=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _can_be(self) -> ProcessSpec:
        if not any((self.program, self.cmdline, self.pidfile, self.user)):
            raise ValueError("it does not say which: give program, cmdline, pidfile or user")
        if self.max is not None and self.least > self.max:
            raise ValueError(f"max is less than min ({self.least})")
        return self

    @property
    def least(self) -> int:
        """How many there must be at least."""
        return self.min if self.min is not None else int(self.max != 0)


class ProcessProbe:
    """Looks at this host's processes. Keeps the last look."""

    def __init__(self, order: Order) -> None:
        from checks.process_table import Wanted

        spec: ProcessSpec = order.spec
        self._spec = spec
        self._wanted = Wanted(
            program=spec.program,
            cmdline=None if spec.cmdline is None else compile_pattern(spec.cmdline),
            pidfile=None if spec.pidfile is None else spec.pidfile.expanduser(),
            user=spec.user,
        )
        self._words = _words(spec)
        self._first_span_s = min(_FIRST_SPAN_S, order.timeout_ms / 4000.0)
        self._aside = Aside(f"processes, {one_line(self._words, 100)}")
        self._before: Look | None = None
        self._main: Identity | None = None

    async def observe(self, trace: Trace) -> Observation:
        """Look once, twice the first time."""
        trace.enter("look")
        before = self._before
        if before is None:
            before = await self._look()
            await asyncio.sleep(self._first_span_s)
        after = self._before = await self._look()
        return self._judged(self._observation(before, after, trace), after)

    async def _look(self) -> Look:
        from checks.process_table import look

        stop = threading.Event()
        try:
            return await self._aside.call(lambda: look(self._wanted, stop))
        except asyncio.CancelledError:
            stop.set()
            raise

    def _observation(self, before: Look, after: Look, trace: Trace) -> Observation:
        metrics = _metrics(before, after)
        fields: dict[str, Any] = dict(metrics)
        if after.processes:
            # The oldest stands for all: the workers of a server come and go.
            main = min(after.processes, key=lambda process: (process.began_s, process.pid)).identity
            restarted = self._main is not None and main != self._main
            self._main = main
            fields["pid"] = main[0]
        else:
            restarted = False
        fields["restarted"] = metrics["restarted"] = restarted
        latency_ms = fields["latency_ms"] = trace.finish()
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=self._message(fields, after),
        )

    def _message(self, fields: Mapping[str, Any], after: Look) -> str:
        count = len(after.processes)
        if not count:
            return after.why or f"no process of {self._words}"
        which = f"process {fields['pid']}" if count == 1 else f"{count} processes"
        return (
            f"{which} of {self._words}: cpu {fields['cpu_percent']:.0f} %,"
            f" memory {fields['rss_bytes'] / 1e6:.0f} MB"
            f"{', restarted' if fields['restarted'] else ''}"
        )

    def _judged(self, seen: Observation, after: Look) -> Observation:
        count, spec = len(after.processes), self._spec
        if count < spec.least:
            if after.hidden:
                raise ProbeError(
                    Fault.INTERNAL,
                    f"{count} of {self._words} can be seen, but this host hides others' processes"
                    " (hidepid): add the daemon's user to the group that /proc's option gid names",
                )
            words = seen.message if not count else f"{count} of {self._words}"
            wanted = "" if spec.least == 1 else f", {spec.least} at least are wanted"
            return changed(seen, fault=Fault.PROGRAM, message=f"{words}{wanted}")
        if spec.max is not None and count > spec.max:
            words = f"{count} of {self._words}, {spec.max or 'none'}{' at most' * bool(spec.max)}"
            return changed(seen, fault=Fault.PROGRAM, message=f"{words} may run")
        return seen

    async def close(self) -> None:
        """Nothing that needs closing is kept."""


def _words(spec: ProcessSpec) -> str:
    """What was asked for, for messages."""
    parts = [
        spec.program or "",
        f'command line "{spec.cmdline}"' if spec.cmdline else "",
        str(spec.pidfile or ""),
        f"user {spec.user}" if spec.user else "",
    ]
    return one_line(", ".join(part for part in parts if part), 120)


def _metrics(before: Look, after: Look) -> dict[str, Scalar]:
    """What they use, all together; a value is left out where this user may not see it."""
    processes = after.processes
    metrics: dict[str, Scalar] = {
        "count": len(processes),
        "cpu_percent": _cpu_percent(before, after),
        "rss_bytes": sum(process.rss_bytes for process in processes),
        "threads": sum(process.threads for process in processes),
    }
    files = [process.open_files for process in processes]
    seen = [number for number in files if number is not None]
    if len(seen) == len(files):
        metrics["open_files"] = sum(seen)
    if processes:
        oldest_s = min(process.began_s for process in processes)
        metrics["oldest_age_s"] = max(0.0, after.at_s - oldest_s)
    return metrics


def _cpu_percent(before: Look, after: Look) -> float:
    """CPU time between two looks over the time between them; 100 is one core."""
    span_s = after.taken_s - before.taken_s
    if span_s <= 0:
        return 0.0
    used_s = {process.identity: process.cpu_s for process in before.processes}
    spent_s = 0.0
    for process in after.processes:
        # One that began since has used all of its time since; an older one that only now
        # matches says nothing.
        new_s = 0.0 if process.began_s > before.at_s - 1.0 else process.cpu_s
        spent_s += max(0.0, process.cpu_s - used_s.get(process.identity, new_s))
    return 100.0 * spent_s / span_s


KIND: Final = Kind(name="process", spec=ProcessSpec, fields=FIELDS, make=ProcessProbe, remote=False)
