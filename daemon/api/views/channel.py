"""A channel in the API's form: for its own route, and for what the daemon shows of itself."""

from __future__ import annotations

from daemon.api import schema
from daemon.api.times import stamp
from daemon.core.model import Instant
from daemon.notify.health import ChannelHealth


def channel_view(health: ChannelHealth) -> schema.ChannelView:
    """A channel's figures in the API's form."""
    return schema.ChannelView(
        name=health.name,
        kind=health.kind,
        waiting=health.waiting,
        sent=health.sent,
        failed=health.failed,
        given_up=health.given_up,
        last_success=_time(health.last_success_at),
        last_failure=_time(health.last_failure_at),
        failure=health.last_failure,
        latency_p50_ms=_tenth(health.latency_p50_ms),
        latency_p95_ms=_tenth(health.latency_p95_ms),
        latency_p99_ms=_tenth(health.latency_p99_ms),
        success_rate=None if health.success_rate is None else round(health.success_rate, 4),
        breaker=health.breaker.value,
        breaker_since=_time(health.breaker_since),
        waits_for=None if health.waits_for is None else health.waits_for.value,
        waits_until=_time(health.waits_until),
        fallback=health.fallback,
        self_test_at=_time(health.self_test_at),
        self_test_good=health.self_test_good,
        self_test_next=_time(health.self_test_next),
    )


def _time(at: Instant | None) -> str | None:
    return None if at is None else stamp(at)


def _tenth(span_ms: float | None) -> float | None:
    return None if span_ms is None else round(span_ms, 1)
