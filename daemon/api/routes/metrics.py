"""`/metrics`: what the daemon knows and how it does itself, for Prometheus."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from aiohttp import web

from daemon.api.backend import Backend, EngineView
from daemon.api.call import Call
from daemon.api.metrics import CONTENT_TYPE, Family, Sample, render
from daemon.api.order import is_open
from daemon.api.times import parse_stamp
from daemon.core.model import AlertState, IncidentState, RunState
from daemon.core.severity import Severity
from daemon.core.sla.values import SlaFigures
from daemon.notify.breaker import BreakerState
from daemon.notify.health import Wait

_STATUS_HELP: Final = "Confirmed status: 0 up, 1 degraded, 2 unknown, 3 down."
_CHUNK: Final = 2_000
_SLA_CHUNK: Final = 50
_NONE: Final[Mapping[str, str]] = {}


def _gauge(name: str, help_: str, samples: Iterable[Sample]) -> Family:
    return Family(f"tocsin_{name}", "gauge", help_, samples)


def _single(name: str, help_: str, value: float) -> Family:
    return _gauge(name, help_, [(_NONE, value)])


def check_families(engine: EngineView) -> list[Family]:
    """Status, latency and time of every check."""
    states, last = dict(engine.checks), dict(engine.last)
    labels = {
        name: {"check": name, "service": plan.service, "kind": plan.kind}
        for name, plan in engine.plan.checks.items()
    }

    def of_states(value: str) -> Iterator[Sample]:
        for name, state in states.items():
            if name in labels:
                yield labels[name], float(getattr(state, value))

    def of_results(scale: float, value: str) -> Iterator[Sample]:
        for name, result in last.items():
            found = getattr(result, value)
            if name in labels and found is not None:
                yield labels[name], found * scale

    return [
        _gauge("check_status", _STATUS_HELP, of_states("status")),
        _gauge(
            "check_hard", "1 when the status is confirmed by the newest runs.", of_states("hard")
        ),
        _gauge("check_flapping", "1 while the check flaps.", of_states("flapping")),
        _gauge(
            "check_latency_seconds", "Latency of the newest run.", of_results(1e-3, "latency_ms")
        ),
        _gauge(
            "check_last_run_timestamp_seconds", "When the newest run began.", of_results(1e-3, "at")
        ),
    ]


async def sla_families(backend: Backend) -> list[Family]:
    """What each SLA adds up to; working that out takes a while, so the loop has its turns."""
    engine, now = backend.engine, backend.now()
    figures: list[tuple[dict[str, str], SlaFigures]] = []
    for name in list(engine.plan.slas):
        if name in engine.plan.slas:  # unless it left while the loop had its turn
            item = engine.sla(name, now, listed=False)
            figures.append(({"sla": item.name, "service": item.service}, item))
        if len(figures) % _SLA_CHUNK == 0:
            await asyncio.sleep(0)
    return [
        _gauge(
            "sla_availability_ratio",
            "Availability in the current period; absent while nothing was measured.",
            (
                (labels, float(item.availability))
                for labels, item in figures
                if item.availability is not None
            ),
        ),
        _gauge(
            "sla_budget_left_seconds",
            "Error budget left in the current period; negative when overspent.",
            ((labels, item.budget_left_ms / 1000) for labels, item in figures),
        ),
        _gauge(
            "sla_burn_rate",
            "How many times faster than evenly the budget was spent in the last hour.",
            ((labels, float(item.burn_rate)) for labels, item in figures),
        ),
    ]


def estate_families(backend: Backend) -> list[Family]:
    """Services, alerts, incidents and silences."""
    engine, now = backend.engine, backend.now()
    alerts = Counter((alert.effective, alert.state) for alert in engine.alerts.values())
    incidents = Counter(
        (item.severity, item.state) for item in engine.incidents.values() if is_open(item)
    )
    silences = Counter(silence.state(now) for silence in engine.silences.values())
    return [
        _gauge(
            "service_status",
            _STATUS_HELP,
            (({"service": name}, float(item.status)) for name, item in engine.services.items()),
        ),
        _gauge(
            "alerts",
            "Alerts that are pending or fire, by effective severity.",
            (
                ({"severity": severity.word, "state": state.value}, alerts[severity, state])
                for severity in reversed(Severity)
                for state in (AlertState.FIRING, AlertState.PENDING)
            ),
        ),
        _gauge(
            "incidents",
            "Open incidents by severity.",
            (
                ({"severity": severity.word, "state": state.value}, incidents[severity, state])
                for severity in reversed(Severity)
                for state in (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED)
            ),
        ),
        _gauge(
            "silences",
            "Silences by state.",
            (({"state": word}, silences[word]) for word in ("active", "pending", "expired")),
        ),
    ]


def daemon_families(backend: Backend) -> list[Family]:
    """How the daemon itself does."""
    info, hub = backend.info(), backend.hub
    return [
        _gauge("build_info", "The version that runs; always 1.", [({"version": info.version}, 1)]),
        _single("start_time_seconds", "When it started.", parse_stamp(info.started_at) / 1000),
        _single("checks", "Configured checks.", len(backend.engine.plan.checks)),
        _single(
            "loop_lag_seconds",
            "Event loop lag, 99th percentile of the last minute.",
            info.lag_ms / 1000,
        ),
        _single(
            "schedule_lateness_seconds",
            "How late checks start, 99th percentile of the last minute.",
            info.lateness_ms / 1000,
        ),
        _single("store_queue_effects", "Effects decided but not yet on disk.", info.queue),
        _single("outbox_notices", "Notices not yet delivered.", info.outbox),
        _single("database_bytes", "Size of the database.", info.database_bytes),
        _single("cpu_ratio", "CPU used by the daemon; 1 is one core.", info.cpu_percent / 100),
        _single("resident_memory_bytes", "Memory of the daemon.", info.rss_bytes),
        _single("problems", "Problems the daemon has with itself.", len(info.problems)),
        _single("event_subscribers", "Readers of the event stream.", hub.subscribers),
        _single("workers", "Worker processes that there should be.", info.workers),
        _single("workers_alive", "Worker processes at work.", info.workers_alive),
        Family(
            "tocsin_worker_restarts_total",
            "counter",
            "Worker processes started in another's place.",
            [(_NONE, info.worker_restarts)],
        ),
        Family(
            "tocsin_events_total",
            "counter",
            "Events published since the start.",
            [(_NONE, hub.published)],
        ),
    ]


def channel_families(backend: Backend) -> list[Family]:
    """How each channel does."""
    found = [({"channel": one.name, "kind": one.kind}, one) for one in backend.channels()]

    def of(value: str, scale: float = 1) -> Iterator[Sample]:
        for labels, one in found:
            amount = getattr(one, value)
            if amount is not None:
                yield labels, amount * scale

    attempts = (
        ({**labels, "outcome": outcome}, getattr(one, outcome))
        for labels, one in found
        for outcome in ("sent", "failed")
    )
    latency = (
        ({**labels, "quantile": quantile}, latency_ms / 1000)
        for labels, one in found
        for quantile, latency_ms in (("0.5", one.latency_p50_ms), ("0.95", one.latency_p95_ms))
        if latency_ms is not None
    )
    return [
        Family("tocsin_channel_attempts_total", "counter", "Attempts to deliver.", attempts),
        Family(
            "tocsin_channel_given_up_total",
            "counter",
            "Notices that never will be delivered.",
            of("given_up"),
        ),
        _gauge(
            "channel_breaker_state",
            "1 for the state of the channel's circuit breaker.",
            (
                ({**labels, "state": state.value}, float(one.breaker is state))
                for labels, one in found
                for state in BreakerState
            ),
        ),
        _gauge(
            "channel_held",
            "1 for what keeps the channel's notices waiting.",
            (
                ({**labels, "by": wait.value}, float(one.waits_for is wait))
                for labels, one in found
                for wait in Wait
            ),
        ),
        _gauge("channel_success_ratio", "Share of attempts that were taken.", of("success_rate")),
        _gauge("channel_waiting_notices", "Notices not settled yet.", of("waiting")),
        _gauge("channel_latency_seconds", "Of recent attempts that were taken.", latency),
        _gauge(
            "channel_last_success_timestamp_seconds",
            "When an attempt was last taken.",
            of("last_success_at", 1e-3),
        ),
        _gauge(
            "channel_last_failure_timestamp_seconds",
            "When an attempt last failed.",
            of("last_failure_at", 1e-3),
        ),
    ]


def response_families(engine: EngineView) -> list[Family]:
    """How each response does."""
    found = [({"response": name}, state) for name, state in engine.responses.items()]
    waiting = Counter(run.response for run in engine.runs.values() if run.state is RunState.WAITING)
    return [
        Family(
            "tocsin_response_runs_total",
            "counter",
            "Runs that began.",
            ((labels, state.runs) for labels, state in found),
        ),
        Family(
            "tocsin_response_failures_total",
            "counter",
            "Runs that did not succeed.",
            ((labels, state.failed) for labels, state in found),
        ),
        _gauge(
            "response_stopped",
            "1 while it is stopped, because it did not help.",
            ((labels, float(state.stopped_at is not None)) for labels, state in found),
        ),
        _gauge(
            "response_waiting_runs",
            "Runs that wait for approval.",
            ((labels, waiting[state.key]) for labels, state in found),
        ),
    ]


async def metrics(call: Call) -> web.Response:
    """Everything, in Prometheus' text format."""
    backend = call.backend
    families = [
        *daemon_families(backend),
        *estate_families(backend),
        *channel_families(backend),
        *response_families(backend.engine),
        *await sla_families(backend),
        *check_families(backend.engine),
    ]
    lines = []
    for line in render(families):
        lines.append(line)
        if len(lines) % _CHUNK == 0:
            await asyncio.sleep(0)
    return web.Response(body="".join(lines).encode(), headers={"Content-Type": CONTENT_TYPE})
