"""Tocsin watching itself: figures for the metrics, and problems that become alerts.

A problem is reported to the engine once when it begins and once when it ends; what it means
for people (its severity, whom it is told) is the engine's and the routes' to decide.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from daemon.core.events import SelfReport
from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.record import record
from daemon.service.meters import Meter
from daemon.service.usage import Share, rss_bytes

LAG_LIMIT_MS: Final = 1_000.0
"""The loop was held up this long (99th percentile of a minute): results can no longer be
trusted to be about their targets."""

LATE_LIMIT_MS: Final = 5_000.0
"""Probes start this late."""

OUTBOX_LIMIT: Final[Millis] = 5 * MINUTE
"""A notice has waited this long to be delivered."""

_HOLD_S: Final = 30.0
"""A problem must be away this long before it is reported over."""


@record(frozen=True, slots=True)
class Vitals:
    """What is looked at, once a second.

    Attributes:
        database_problem: What keeps the store from writing, or None.
        outbox_oldest: When the oldest undelivered notice was decided, or None.
        clock_ahead_ms: How far the wall clock was set back behind the daemon's time.
        waiting: Probes that are due but find no free file descriptor.
        files_short: The process may hardly open another file.
        calendar: What is wrong with a calendar that says who is on call, or None.
        report: What keeps a report from being made or sent, or None.
        late_step: What step of an escalation is late, or was lately, or None.
        workers_problem: What is wrong with the processes that probe, or None.
        database_misplaced: What became of the database's file while it was open, or None.
    """

    database_problem: str | None
    outbox_oldest: Instant | None
    clock_ahead_ms: Millis
    waiting: int
    workers_problem: str | None = None
    database_misplaced: str | None = None
    files_short: bool = False
    late_step: str | None = None
    calendar: str | None = None
    report: str | None = None


class SelfWatch:
    """Keeps the figures and tells when a problem begins or ends."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._shares = {os.getpid(): Share(os.getpid())}
        self._lag = Meter()
        self._late = Meter()
        self._cpu, self._rss = 0.0, 0
        self._seen: dict[str, float] = {}
        self.problems: dict[str, str] = {}
        """What is wrong now: the problem's name and its words."""

    def lagged(self, lag_ms: float) -> None:
        """The loop came back to a timer this late."""
        self._lag.add(self._monotonic_s(), lag_ms)

    def started(self, lateness_ms: float) -> None:
        """A probe was started this long after it was due."""
        self._late.add(self._monotonic_s(), lateness_ms)

    @property
    def lag_ms(self) -> float:
        """Event loop lag, 99th percentile of the last minute."""
        return self._lag.quantile(self._monotonic_s(), 0.99)

    @property
    def lateness_ms(self) -> float:
        """Scheduling lateness, 99th percentile of the last minute."""
        return self._late.quantile(self._monotonic_s(), 0.99)

    def cpu_percent(self, workers: Iterable[int] = ()) -> float:
        """Of one core, since it was last asked; with that of these processes of ours. The last
        figure where it cannot be had."""
        kept, self._shares = self._shares, {}
        with contextlib.suppress(OSError):
            total = 0.0
            for pid in (os.getpid(), *workers):
                with contextlib.suppress(ProcessLookupError):  # a worker died just now
                    share = self._shares[pid] = kept.get(pid) or Share(pid)
                    total += share.percent()
            self._cpu = total
        return self._cpu

    def rss_bytes(self, workers: Iterable[int] = ()) -> int:
        """Resident memory, with that of these processes of ours; the last figure where no file
        can be opened to read it."""
        with contextlib.suppress(OSError):
            total = 0
            for pid in (os.getpid(), *workers):
                with contextlib.suppress(ProcessLookupError):  # a worker died just now
                    total += rss_bytes(pid)
            self._rss = total
        return self._rss

    def look(self, vitals: Vitals, now: Instant) -> Iterator[SelfReport]:
        """Hold the vitals against their limits; yield what has begun or ended."""
        at = self._monotonic_s()
        found = self._found(vitals, now)
        for problem, message in found.items():
            self._seen[problem] = at
            if problem not in self.problems:
                yield SelfReport(problem, True, message)
            self.problems[problem] = message
        for problem in [name for name in self.problems if name not in found]:
            if at - self._seen[problem] >= _HOLD_S:
                del self.problems[problem], self._seen[problem]
                yield SelfReport(problem, False, f"{problem}: well again")

    def _found(self, vitals: Vitals, now: Instant) -> dict[str, str]:
        found: dict[str, str] = {}
        if vitals.database_misplaced is not None:
            found["database"] = vitals.database_misplaced
        elif vitals.database_problem is not None:
            found["database"] = f"the database cannot be written: {vitals.database_problem}"
        if (lag_ms := self.lag_ms) > LAG_LIMIT_MS:
            found["loop"] = f"the event loop was held up for {lag_ms:.0f} ms"
        if (late_ms := self.lateness_ms) > LATE_LIMIT_MS:
            found["schedule"] = f"checks start {late_ms / 1000:.1f} s late"
        if vitals.outbox_oldest is not None and now - vitals.outbox_oldest > OUTBOX_LIMIT:
            minutes = (now - vitals.outbox_oldest) // MINUTE
            found["outbox"] = f"a notification has not been delivered for {minutes} min"
        if vitals.clock_ahead_ms:
            found["clock"] = f"the clock was set back by {vitals.clock_ahead_ms / 1000:.0f} s"
        if vitals.workers_problem is not None:
            found["workers"] = vitals.workers_problem
        elif vitals.waiting:
            found["descriptors"] = f"{vitals.waiting} checks wait for free file descriptors"
        if vitals.late_step is not None:
            found["late_step"] = vitals.late_step
        if vitals.calendar is not None:
            found["calendar"] = vitals.calendar
        if vitals.report is not None:
            found["report"] = vitals.report
        if vitals.files_short:
            found["descriptors"] = (
                "this process may open hardly any more files (LimitNOFILE): checks that need one"
                " are unknown"
            )
        return found
