"""A channel's circuit breaker: a pure state machine with time as an argument.

Theory. A receiver that is down is not helped by being tried with every notice, and whoever is
to be told is not helped by waiting for it. So what a channel's attempts come to is counted, and
the channel is left alone when they keep failing:

    state      what happened                                   next
    closed     a failure, the row is long and broad enough     open, probed after 30 s
    closed     another failure                                 closed, the row is longer
    open       its pause is over and an attempt begins         half-open: that one is the probe
    half-open  the probe fails                                 open, with a pause twice as long
    half-open  the probe ends and says nothing                 open, with the same pause
    any        an attempt is answered                          closed, the row begins anew

A row is long enough with 5 failures, and broad enough with two incidents in it or 30 s between
its ends: one page that a receiver cannot digest must not cut it off from all others. Answered
means that the receiver took it or refused it for good: it is there. A failure of an attempt that
began before the breaker opened changes nothing, its success closes it all the same.

The lane asks `admits` before it tries anything, and tells what became of it.
"""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import Final

from daemon.core.model import MINUTE, SECOND, Instant, Millis
from daemon.core.record import record

ROW: Final = 5
"""So many failures in a row open a breaker,"""
ROW_MS: Final = 30 * SECOND
"""if they are of two incidents, or the last is so much later than the first."""
FIRST_PAUSE_MS: Final = 30 * SECOND
LONGEST_PAUSE_MS: Final = 5 * MINUTE


class BreakerState(enum.StrEnum):
    """Whether the channel is tried."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@record(frozen=True, slots=True)
class Breaker:
    """What is known of a channel.

    Attributes:
        opened_at: Since when it is not closed.
        failures: How many there are in the present row.
        row_at: When that row began.
        incidents: Up to two of the incidents in it.
        pause_ms: How long it is left alone between two probes.
        probe_at: When the next probe may begin.
        probe: The key of the attempt that is the probe.
    """

    state: BreakerState = BreakerState.CLOSED
    opened_at: Instant | None = None
    failures: int = 0
    row_at: Instant = 0
    incidents: frozenset[str] = frozenset()
    pause_ms: Millis = FIRST_PAUSE_MS
    probe_at: Instant = 0
    probe: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether everything is tried."""
        return self.state is BreakerState.CLOSED

    def admits(self, now: Instant) -> bool:
        """Whether an attempt may begin. (A clock that was set back prolongs no pause.)"""
        if self.state is not BreakerState.OPEN:
            return self.is_closed
        return not 0 < self.probe_at - now <= self.pause_ms

    def begun(self, key: str) -> Breaker:
        """An attempt that was admitted begins."""
        if self.is_closed:
            return self
        return replace(self, state=BreakerState.HALF_OPEN, probe=key)

    def answered(self) -> Breaker:
        """The receiver took something, or refused it for good."""
        return CLOSED

    def failed(self, key: str, incident: str, now: Instant) -> Breaker:
        """The attempt with this key failed, and another may succeed."""
        if self.is_closed:
            return self._longer(incident, now)
        if key != self.probe:
            return self
        return self._paused(min(2 * self.pause_ms, LONGEST_PAUSE_MS), now)

    def inconclusive(self, key: str, now: Instant) -> Breaker:
        """The attempt with this key ended and says nothing about the receiver."""
        return self if key != self.probe else self._paused(self.pause_ms, now)

    def _longer(self, incident: str, now: Instant) -> Breaker:
        """The row with one more failure, or what that makes of it."""
        row_at = min(self.row_at, now) if self.failures else now
        incidents = self.incidents if len(self.incidents) > 1 else self.incidents | {incident}
        row = replace(self, failures=self.failures + 1, row_at=row_at, incidents=incidents)
        is_broad = len(incidents) > 1 or now - row_at >= ROW_MS
        if row.failures < ROW or not is_broad:
            return row
        return replace(row, opened_at=now)._paused(FIRST_PAUSE_MS, now)

    def _paused(self, pause_ms: Millis, now: Instant) -> Breaker:
        at = now + pause_ms
        return replace(self, state=BreakerState.OPEN, pause_ms=pause_ms, probe_at=at, probe=None)


CLOSED: Final = Breaker()
"""A channel of which nothing bad is known."""
