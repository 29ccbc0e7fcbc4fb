"""How a channel fares, in figures for the API and the metrics."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from daemon.core.model import Instant
from daemon.core.record import record
from daemon.notify.breaker import BreakerState

_RECENT: Final = 200
"""Latency percentiles are over this many deliveries."""


class Wait(enum.StrEnum):
    """What keeps a channel's notices waiting, other than the pause after their own failure."""

    BREAKER = "breaker"
    RETRY_AFTER = "retry_after"
    LIMIT = "limit"
    DIGEST = "digest"


@record(frozen=True, slots=True)
class ChannelHealth:
    """A channel's figures since the daemon started.

    Attributes:
        kind: `webhook`, `email`, ...; "" for a channel that left the configuration.
        waiting: Notices that are not settled yet.
        oldest_at: When the oldest of them was decided.
        sending_since: When the oldest attempt in flight began.
        sent, failed: Attempts that were taken, and those that were not.
        given_up: Notices that never will be delivered.
        last_failure: Why the newest failed attempt failed.
        latency_p50_ms, latency_p95_ms, latency_p99_ms: Of the recent attempts that were taken.
        fallback: The channel that is told when this one fails.
    breaker_since: Since when the breaker is not closed.
        waits_for: What keeps its notices waiting.
        self_test_at, self_test_good: Its last self-test, and whether it was taken.
        self_test_next: When the next is due; None where there is none.
        waits_until: When something may go out again; None while that depends on a probe.
    """

    name: str
    kind: str
    waiting: int
    oldest_at: Instant | None
    sending_since: Instant | None
    sent: int
    failed: int
    given_up: int
    last_success_at: Instant | None
    last_failure_at: Instant | None
    last_failure: str | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None = None
    fallback: str | None = None
    breaker: BreakerState = BreakerState.CLOSED
    breaker_since: Instant | None = None
    waits_for: Wait | None = None
    waits_until: Instant | None = None
    self_test_at: Instant | None = None
    self_test_good: bool | None = None
    self_test_next: Instant | None = None

    @property
    def success_rate(self) -> float | None:
        """The share of attempts that were taken, 0 to 1; None before the first."""
        tried = self.sent + self.failed
        return self.sent / tried if tried else None


@dataclass(slots=True)
class Tally:
    """The running counts behind a `ChannelHealth`."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    last_success_at: Instant | None = None
    last_failure_at: Instant | None = None
    last_failure: str | None = None
    _begun: dict[str, Instant] = field(default_factory=dict)
    _latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def sending_since(self) -> Instant | None:
        """When the oldest attempt in flight began."""
        return min(self._begun.values(), default=None)

    def begin(self, key: str, at: Instant) -> None:
        """An attempt to deliver this notice begins."""
        self._begun[key] = at

    def end(self, key: str) -> None:
        """It is over, whatever came of it."""
        self._begun.pop(key, None)

    def success(self, at: Instant, latency_ms: float) -> None:
        """An attempt was taken."""
        self.sent += 1
        self.last_success_at = at
        self._latencies_ms.append(latency_ms)

    def failure(self, at: Instant, detail: str) -> None:
        """An attempt was not taken."""
        self.failed += 1
        self.last_failure_at = at
        self.last_failure = detail

    def percentile(self, percent: int) -> float | None:
        """The nearest-rank percentile of the recent latencies in milliseconds."""
        ordered = sorted(self._latencies_ms)
        if not ordered:
            return None
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
