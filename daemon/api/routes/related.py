"""`/alerts/related` and `/alerts/correlations`: what tends to fire together, as it was learned."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from daemon.api import schema
from daemon.api.backend import EngineView
from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs import CorrelationsBody
from daemon.core.model import Alert, AlertState, Incident, Instant
from daemon.core.muting.kinship import Related, kind_of

SHOWN = 20
"""So many of an alert's or an incident's kin are shown at most."""


async def related(call: Call) -> web.Response:
    """What tends to fire together with an alert (by fingerprint) or an incident's alerts."""
    engine, now, text = call.backend.engine, call.backend.now(), call.part("id")
    either: list[Incident | Alert] = [*engine.incidents.values(), *engine.alerts.values()]
    found = meant(text, "alert or incident", either, lambda one: one.key)
    alerts = alerts_in(engine, found) if isinstance(found, Incident) else [found]
    return answer(related_views(engine, alerts, now))


async def correlations(call: Call) -> web.Response:
    """The pairs of kinds of alerts that tend to fire together, the closest first."""
    body, now = await call.body(CorrelationsBody), call.backend.now()
    pairs = []
    for kind, other in call.backend.engine.kinship.pairs(now):
        name, _, service = kind.rpartition("@")
        named = body.service is None or body.service in {service, other.service}
        if named and other.score >= body.min_score:
            pairs.append(
                schema.CorrelationView(
                    alertname=name,
                    service=service,
                    other_alertname=other.name,
                    other_service=other.service,
                    score=other.score,
                    together=other.together,
                )
            )
    return answer(pairs[: body.limit])


def alerts_in(engine: EngineView, incident: Incident) -> list[Alert]:
    """The incident's alerts that are remembered."""
    return [alert for alert in map(engine.alerts.get, incident.alerts) if alert is not None]


def related_views(
    engine: EngineView, alerts: Iterable[Alert], now: Instant
) -> list[schema.RelatedView]:
    """The kin of these alerts, each once and without themselves, the closest first."""
    own: dict[str, Alert] = {}
    for alert in alerts:
        own.setdefault(kind_of(alert), alert)
    found: dict[str, Related] = {}
    for alert in own.values():
        for one in engine.kinship.related(alert, now):
            kind = f"{one.name}@{one.service}"
            if kind not in own and (kind not in found or found[kind].score < one.score):
                found[kind] = one
    firing: dict[str, list[str]] = {}
    for alert in engine.alerts.values() if found else ():
        if alert.state is AlertState.FIRING and kind_of(alert) in found:
            firing.setdefault(kind_of(alert), []).append(alert.key)
    closest = sorted(found.items(), key=lambda item: (-item[1].score, item[0]))[:SHOWN]
    return [
        schema.RelatedView(
            alertname=one.name,
            service=one.service,
            score=one.score,
            together=one.together,
            firing=firing.get(kind, []),
        )
        for kind, one in closest
    ]
