"""Checks and services: what is measured, and what it shows."""

from __future__ import annotations

from aiohttp import web

from checks.text import one_line
from daemon.api import schema, views
from daemon.api.call import Call, answer
from daemon.api.inputs import NoBody, ResultsQuery
from daemon.api.order import alert_order, in_order, is_open
from daemon.api.problems import Missing
from daemon.api.routes.picture import (
    check_views,
    encode_list,
    service_views,
    sla_views,
    slas_by_service,
)
from daemon.api.views.incident import incident_view
from daemon.core.events import CheckNow
from daemon.core.model import AlertState


async def checks(call: Call) -> web.Response:
    """All checks."""
    return answer(await encode_list(check_views(call.backend.engine)))


def _check_view(call: Call) -> schema.CheckView:
    name, engine = call.part("name"), call.backend.engine
    if name not in engine.plan.checks or name not in engine.checks:
        raise Missing(f"there is no check {one_line(name, 100)!r}")
    return views.check_view(engine.plan.checks[name], engine.checks[name], engine.last.get(name))


async def check(call: Call) -> web.Response:
    """A check with its recent results."""
    limit, view = call.query(ResultsQuery).limit, _check_view(call)
    results = await call.backend.history.results(view.name, limit)
    return answer(schema.CheckDetail(check=view, results=list(map(views.last_view, results))))


async def run(call: Call) -> web.Response:
    """Run a check at once; its result comes over the event stream."""
    await call.body(NoBody)
    view = _check_view(call)
    await call.backend.command(CheckNow(view.name, call.peer.actor))
    return answer(view, 202)


async def services(call: Call) -> web.Response:
    """All services."""
    return answer(await encode_list(service_views(call.backend.engine)))


async def service(call: Call) -> web.Response:
    """A service with its checks, open alerts and incidents, and SLAs."""
    name, engine, now = call.part("name"), call.backend.engine, call.backend.now()
    plan = engine.plan.services.get(name)
    if plan is None or name not in engine.services:
        raise Missing(f"there is no service {one_line(name, 100)!r}")
    slas = slas_by_service(engine).get(name, [])
    alerts = [
        alert
        for alert in engine.alerts.values()
        if alert.labels.get("service") == name and alert.state is not AlertState.RESOLVED
    ]
    incidents = [
        incident
        for incident in engine.incidents.values()
        if incident.service == name and is_open(incident)
    ]
    return answer(
        schema.ServiceDetail(
            service=views.service_view(plan, engine.services[name], slas),
            checks=[
                views.check_view(engine.plan.checks[key], engine.checks[key], engine.last.get(key))
                for key in plan.checks
                if key in engine.plan.checks and key in engine.checks
            ],
            alerts=[views.alert_view(alert) for alert in sorted(alerts, key=alert_order)],
            incidents=[
                incident_view(incident, engine.plan, now)
                for incident in in_order(incidents, engine.plan, now)
            ],
            slas=list(sla_views(engine, slas, now)),
        )
    )
