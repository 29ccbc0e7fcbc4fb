"""Shapes of channels and of what goes over them: notifications and test messages."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import Shape, Time


class DeliveryView(Shape):
    """A notification and how far it got: queued, sending, sent or failed."""

    id: str
    incident: str
    type: str
    channel: str
    recipient: str
    state: Literal["queued", "sending", "sent", "failed"]
    attempts: int
    created_at: Time
    next_at: Time | None
    sent_at: Time | None
    detail: str


class ChannelView(Shape):
    """A channel and how it has done since the daemon started."""

    name: str
    kind: str
    """Empty for one that left the configuration."""
    waiting: int
    """Notices not settled yet."""
    sent: int
    """Attempts that were taken."""
    failed: int
    """Attempts that were not."""
    given_up: int
    """Notices that never will be delivered."""
    last_success: Time | None
    last_failure: Time | None
    failure: str | None
    """Why the newest failed attempt failed."""
    latency_p50_ms: float | None
    """Of the recent attempts that were taken."""
    latency_p95_ms: float | None
    latency_p99_ms: float | None = None
    success_rate: float | None = None
    """The share of attempts that were taken, 0 to 1."""
    breaker: Literal["closed", "open", "half_open"] = "closed"
    breaker_since: Time | None = None
    """Since when it is not closed."""
    waits_for: Literal["breaker", "retry_after", "limit", "digest"] | None = None
    """What keeps its notices waiting."""
    waits_until: Time | None = None
    self_test_at: Time | None = None
    """When it last tested itself, or an operator did."""
    self_test_good: bool | None = None
    self_test_next: Time | None = None
    fallback: str | None = None
    """The channel that is told when this one fails."""


class ChannelTest(Shape):
    """What came of a test message."""

    channel: str
    id: str
    """The message's idempotency key."""
    delivered: bool
    detail: str
    """What the receiver said, or why it did not take it."""
    took_ms: float
