"""`/state` and `/status`: the whole picture, and the short answer.

The records are taken from the engine at one instant, together with the sequence number that
belongs to them; they are frozen, so turning them into JSON may then yield to the loop every
few hundred, and a picture of ten thousand checks blocks nobody.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiohttp import web

from checks.result import Status
from daemon.api import schema, views
from daemon.api.backend import EngineView
from daemon.api.call import Call, answer
from daemon.api.inputs import StateQuery
from daemon.api.later import Later
from daemon.api.matching import Firing
from daemon.api.order import alert_order, in_order, is_open
from daemon.api.views.incident import incident_view
from daemon.api.views.response import live_views
from daemon.api.views.sla import sla_view
from daemon.core.model import AlertState, IncidentState, Instant
from daemon.core.severity import Severity

CHUNK: Final = 200
"""Shapes encoded between two yields to the loop, about 1 ms of work."""

_PAST_STATE: Final = Later("picture_past.past_state")
_encode: Final = msgspec.json.Encoder().encode
_SEVERITIES: Final = tuple(severity.word for severity in reversed(Severity))
_STATUSES: Final = tuple(status.word for status in Status)


async def encode_list(shapes: Iterable[Any]) -> msgspec.Raw:
    """A JSON array of shapes that are made one by one, yielding to the loop in between."""
    pieces: list[bytes] = []
    for shape in shapes:
        pieces.append(_encode(shape))
        if len(pieces) % CHUNK == 0:
            await asyncio.sleep(0)
    return msgspec.Raw(b"[" + b",".join(pieces) + b"]")


async def encode_map(pairs: Iterable[tuple[str, Any]]) -> msgspec.Raw:
    """A JSON object of values that are made one by one, as `encode_list` does."""
    pieces: list[bytes] = []
    for name, value in pairs:
        pieces.append(_encode(name) + b":" + _encode(value))
        if len(pieces) % CHUNK == 0:
            await asyncio.sleep(0)
    return msgspec.Raw(b"{" + b",".join(pieces) + b"}")


def slas_by_service(engine: EngineView) -> dict[str, list[str]]:
    """The names of each service's SLAs."""
    slas: dict[str, list[str]] = {}
    for sla in engine.plan.slas.values():
        for member in sla.members:
            slas.setdefault(member, []).append(sla.name)
    return slas


def check_views(engine: EngineView) -> Iterable[schema.CheckView]:
    """All checks, in the configuration's order, as they are when this is called."""
    plan, states, last = engine.plan.checks, dict(engine.checks), dict(engine.last)
    return (
        views.check_view(check, states[name], last.get(name))
        for name, check in plan.items()
        if name in states
    )


def service_views(engine: EngineView) -> Iterable[schema.ServiceView]:
    """All services, in the configuration's order, as they are when this is called."""
    plan, states, slas = engine.plan.services, dict(engine.services), slas_by_service(engine)
    return (
        views.service_view(service, states[name], slas.get(name, ()))
        for name, service in plan.items()
        if name in states
    )


def sla_views(engine: EngineView, names: Iterable[str], now: Instant) -> Iterable[schema.SlaView]:
    """The figures of these SLAs; one that leaves the configuration meanwhile is left out."""
    return (sla_view(engine.sla(name, now)) for name in names if name in engine.plan.slas)


def silence_views(
    engine: EngineView, now: Instant, states: Iterable[str]
) -> Iterable[schema.SilenceView]:
    """The silences in these states, those that end soonest first."""
    wanted, alerts = set(states), list(engine.alerts.values())
    muted = Counter(mute.by for alert in alerts for mute in alert.muted)
    firing = Firing(alerts)
    chosen = [silence for silence in engine.silences.values() if silence.state(now) in wanted]
    chosen.sort(key=lambda silence: (silence.state(now) == "expired", silence.ends_at))
    return (
        views.silence_view(
            silence,
            now,
            muted[silence.key] if silence.state(now) == "active" else firing.count(silence),
        )
        for silence in chosen
    )


def _open_alerts(engine: EngineView) -> Iterable[schema.AlertView]:
    chosen = [alert for alert in engine.alerts.values() if alert.state is not AlertState.RESOLVED]
    return (views.alert_view(alert) for alert in sorted(chosen, key=alert_order))


def _open_incidents(engine: EngineView, now: Instant) -> Iterable[schema.IncidentView]:
    plan = engine.plan
    chosen = [incident for incident in engine.incidents.values() if is_open(incident)]
    return (
        incident_view(incident, plan, now, engine.groups.get(incident.group))
        for incident in in_order(chosen, plan, now)
    )


async def state(call: Call) -> web.StreamResponse:
    """Everything a dashboard starts from, now or as it stood at a moment that is past."""
    if call.query(StateQuery).at is not None:
        return await _PAST_STATE(call)
    backend = call.backend
    engine, now = backend.engine, backend.now()
    trails, services = backend.hub.trails, engine.plan.services
    # every generator below has taken its records when it was made: one instant, one seq
    seq, info = backend.hub.seq, backend.info()
    lists = {
        "checks": check_views(engine),
        "services": service_views(engine),
        "alerts": _open_alerts(engine),
        "incidents": _open_incidents(engine, now),
        "silences": silence_views(engine, now, ("active", "pending")),
        "slas": sla_views(engine, list(engine.plan.slas), now),
        "runs": live_views(engine.runs.values()),
    }
    latencies = ((name, trails.of_service(service.checks)) for name, service in services.items())
    # what never had a latency (a heartbeat) has no curve
    history = ((name, trail) for name, trail in latencies if any(ms is not None for ms in trail))
    encoded = {name: await encode_list(shapes) for name, shapes in lists.items()}
    picture = {
        "seq": seq,
        "daemon": info,
        **encoded,
        "me": call.peer.user,
        "role": call.role.word,
        "history": await encode_map(history),
    }
    return answer(picture)


def counts(engine: EngineView) -> schema.Counts:
    """How many there are of everything."""
    open_incidents = [incident for incident in engine.incidents.values() if is_open(incident)]
    firing = [alert for alert in engine.alerts.values() if alert.state is AlertState.FIRING]
    return schema.Counts(
        checks=views.count_by((item.status.word for item in engine.checks.values()), _STATUSES),
        services=views.count_by((item.status.word for item in engine.services.values()), _STATUSES),
        incidents=views.count_by((item.severity.word for item in open_incidents), _SEVERITIES),
        alerts=views.count_by((item.effective.word for item in firing), _SEVERITIES),
        acknowledged=sum(item.state is IncidentState.ACKNOWLEDGED for item in open_incidents),
        muted=sum(bool(item.muted) for item in firing),
    )


async def status(call: Call) -> web.Response:
    """Is all well?"""
    engine = call.backend.engine
    worst = max((item.status for item in engine.services.values()), default=Status.UNKNOWN)
    return answer(
        schema.StatusView(
            status=views.status_word(worst), counts=counts(engine), daemon=call.backend.info()
        )
    )
