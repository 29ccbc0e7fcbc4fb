"""How the channels do: what was sent and what was not, since the daemon started."""

from __future__ import annotations

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
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
    )


def _time(at: Instant | None) -> str | None:
    return None if at is None else stamp(at)


def _tenth(span_ms: float | None) -> float | None:
    return None if span_ms is None else round(span_ms, 1)


async def channels(call: Call) -> web.Response:
    """Every channel, by name."""
    return answer([channel_view(health) for health in call.backend.channels()])
