"""The daemon's clock: wall time that never goes back, and knows when it was cheated.

The engine's time is milliseconds since the Unix epoch and must not decrease. The wall clock
may: it is set by hand, stepped by NTP, or stands still while the machine sleeps. So time is
a base plus what the monotonic clock has counted since; the wall clock is only compared
against it. It jumped ahead, or the process stood still: the time in between was not
measured, a `Gap`. It went back: time goes on from where it was, and slower, until the wall
clock has caught up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.core.model import Instant, Millis
from daemon.core.record import record

TOLERANCE: Final[Millis] = 2_000
"""A difference to the wall clock below this is drift, and corrected in small steps."""

STALL: Final[Millis] = 2_000
"""The process did not run for this long: nothing was measured meanwhile, and what was under
way took longer than its target did. No longer than a run may be late before it is called lost."""

_SLEW: Final = 20
"""While ahead of the wall clock, one millisecond in this many is left out."""


@record(frozen=True, slots=True)
class Jump:
    """Time in which nothing was measured, or a clock that was set back.

    Attributes:
        start: The last time that was certain.
        back_ms: How far ahead of the wall clock the daemon's time now is; 0 for a gap.
        reason: What happened, for the log.
    """

    start: Instant
    back_ms: Millis
    reason: str


def wall_clock() -> Callable[[], int]:
    """The wall clock in nanoseconds. `TOCSIN_TEST_CLOCK` names a file with the milliseconds by
    which a test sets it wrong; no operator has a use for it."""
    named = os.environ.get("TOCSIN_TEST_CLOCK")
    if not named:
        return time.time_ns
    offset = Path(named)
    return lambda: time.time_ns() + int(offset.read_text() or 0) * 1_000_000


class Clock:
    """Engine time. `now` may be called at any time, `beat` should be called every second."""

    def __init__(
        self,
        wall_ns: Callable[[], int] | None = None,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns or wall_clock()
        self._steady_ns = steady_ns
        self._base_ms = self._wall_ns() // 1_000_000
        self._steady_base = steady_ns()
        self._last = self._base_ms
        self._beat_at = self._base_ms
        self.ahead_ms: Millis = 0
        """How far this clock is ahead of a wall clock that was set back."""

    def not_before(self, at: Instant) -> None:
        """Go on from `at` if that is later: what is known to have happened is over. The next
        `beat` says how far the wall clock was set back."""
        if at > self.now():
            self._rebase(at)
            self._beat_at = self.now()

    def begin_beats(self) -> None:
        """Expect the first `beat` from now on: what was done before it began watched nothing,
        so however long that took, it is no gap."""
        self._beat_at = self.now()

    def now(self) -> Instant:
        """The present in milliseconds since the epoch; never less than before."""
        at = self._base_ms + (self._steady_ns() - self._steady_base) // 1_000_000
        if at > self._last:
            self._last = at
        return self._last

    @property
    def is_overdue(self) -> bool:
        """Whether the next `beat` comes so late that it will say the process stood still."""
        return self.now() - self._beat_at > STALL

    def beat(self) -> Jump | None:
        """Compare with the wall clock and with the last beat; say if either was cheated."""
        before, now = self._beat_at, self.now()
        wall = self._wall_ns() // 1_000_000
        difference = wall - now
        jump: Jump | None = None
        if difference > TOLERANCE:
            self._rebase(wall)
            jump = Jump(before, 0, f"the clock went ahead by {difference / 1000:.1f} s")
        elif now - before > STALL:
            jump = Jump(before, 0, f"the process stood still for {(now - before) / 1000:.1f} s")
        elif difference < -TOLERANCE:
            if self.ahead_ms == 0:
                jump = Jump(
                    before, -difference, f"the clock was set back by {-difference / 1000:.1f} s"
                )
            self._rebase(now - (now - before) // _SLEW)
        elif difference:
            self._rebase(now + max(-5, min(5, difference)))
        self.ahead_ms = max(0, -difference) if difference < -TOLERANCE else 0
        self._beat_at = self.now()
        return jump

    def _rebase(self, at: Instant) -> None:
        self._base_ms, self._steady_base = at, self._steady_ns()
