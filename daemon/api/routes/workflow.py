"""Working on an incident together: opened by hand, merged and split, parts, status updates.

What becomes of it afterwards is written by `daemon.api.postmortem`. Ids may be cut to a unique
beginning here as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs.workflow import MergeBody, OpenBody, RoleBody, SplitBody, UpdateBody
from daemon.api.postmortem import written_up
from daemon.api.problems import Busy
from daemon.api.routes.incidents import act, detail_of, find_incident, incident_called
from daemon.api.views.incident import incident_view
from daemon.core.alerting.sources import is_by_hand
from daemon.core.effects import Effect, Save
from daemon.core.events import Merge, OpenIncident, PostUpdate, SetRole, Split, Tick
from daemon.core.model import Alert, Incident

_TURNS = 50
"""How many turns of a storm are waited for until a new incident has come of an alert."""


async def open_(call: Call) -> web.Response:
    """Open an incident by hand; it takes the routes of its service."""
    body = await call.body(OpenBody)
    actor = call.peer.actor
    command = OpenIncident(actor, body.title, body.service, body.severity, body.text)
    effects = await call.backend.command(command)
    for _ in range(_TURNS):
        key = _opened(effects, body.title)
        if key is not None:
            return _shown(call, call.backend.engine.incidents[key])
        effects = await call.backend.command(Tick())
    raise Busy("the incident is recorded, and opens when the storm that goes on has passed")


def _opened(effects: Iterable[Effect], title: str) -> str | None:
    """The incident of the alert that was made by hand, once it has one."""
    for effect in effects:
        if isinstance(effect, Save) and isinstance(effect.record, Alert):
            alert = effect.record
            is_meant = is_by_hand(alert.source) and alert.annotations.get("summary") == title
            if is_meant and alert.incident is not None:
                return alert.incident
    return None


def _shown(call: Call, incident: Incident) -> web.Response:
    engine = call.backend.engine
    view = incident_view(incident, engine.plan, call.backend.now())
    return answer(view, version=incident.version)


async def merge(call: Call) -> web.Response:
    """Move the alerts of incidents into one; the answer is the one that survives."""
    body = await call.body(MergeBody)
    body.check()
    here = (await find_incident(call)).key
    if body.into is not None:
        into = (await incident_called(call, body.into)).key
        others: tuple[str, ...] = (here,)
    else:
        into = here
        others = tuple([(await incident_called(call, text)).key for text in body.with_])
    version = call.version if into == here else None
    return await act(call, into, Merge(into, call.peer.actor, others, version))


async def split(call: Call) -> web.Response:
    """Make some of its alerts an incident of their own; the answer is the new one."""
    body = await call.body(SplitBody)
    found = await find_incident(call)
    alerts = tuple(meant(text, "alert", found.alerts, lambda key: key) for text in body.alerts)
    effects = await call.backend.command(Split(found.key, call.peer.actor, alerts, call.version))
    made = [
        effect.record
        for effect in effects
        if isinstance(effect, Save)
        and isinstance(effect.record, Incident)
        and effect.record.split_from == found.key
        and alerts[0] in effect.record.alerts
    ]
    return _shown(call, made[-1])


async def role(call: Call) -> web.Response:
    """Give a person a part in mending it, or take it away."""
    body = await call.body(RoleBody)
    key = (await find_incident(call)).key
    return await act(call, key, SetRole(key, call.peer.actor, body.role, body.to, call.version))


async def update(call: Call) -> web.Response:
    """Tell stakeholders how it goes."""
    body = await call.body(UpdateBody)
    key = (await find_incident(call)).key
    command = PostUpdate(key, call.peer.actor, body.text, body.span_ms, call.version)
    return await act(call, key, command)


async def postmortem(call: Call) -> web.Response:
    """The draft of a post-mortem, in Markdown."""
    detail = await detail_of(call, await find_incident(call))
    text = written_up(detail, call.backend.now())
    return web.Response(text=text, content_type="text/markdown", charset="utf-8")
