"""Incidents, alerts and deliveries: lists, details, and what an operator does to them.

What is open is in the engine's memory; what is over is read from the store. Where both know
an incident, memory knows it better. An id may be cut to a unique beginning everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from daemon.api import schema, views
from daemon.api.call import Call, answer
from daemon.api.choose import matches_incident, meant
from daemon.api.inputs import (
    AckBody,
    AlertsQuery,
    AssignBody,
    CommentBody,
    DeliveriesQuery,
    IncidentsQuery,
    NoBody,
    NoteBody,
    SnoozeBody,
)
from daemon.api.inputs.fields import MAX_LIMIT
from daemon.api.order import alert_order, in_order, is_open
from daemon.api.problems import Unprocessable
from daemon.api.routes.picture import encode_list
from daemon.api.routes.related import related_views
from daemon.api.views.incident import incident_view
from daemon.core.effects import Save
from daemon.core.errors import NotAllowed
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    Command,
    Escalate,
    Resolve,
    Snooze,
    Unacknowledge,
)
from daemon.core.labels import match_all
from daemon.core.model import Actor, Alert, AlertState, Incident


async def incidents(call: Call) -> web.Response:
    """The open incidents, what must be looked at first in front; others on request."""
    query = call.query(IncidentsQuery)
    engine, now = call.backend.engine, call.backend.now()
    known = dict(engine.incidents)
    reaches_back = query.all or query.since is not None or query.state == "resolved"
    if reaches_back:
        for old in await call.backend.history.incidents(query.since, MAX_LIMIT):
            known.setdefault(old.key, old)

    def wanted(incident: Incident) -> bool:
        if not reaches_back and not is_open(incident):
            return False
        return (
            (query.since is None or is_open(incident) or incident.fired_at >= query.since)
            and (query.state is None or incident.state.value == query.state)
            and (query.severity is None or incident.severity is query.severity)
            and (query.service is None or incident.service == query.service)
            and matches_incident(incident, query.match, engine.alerts, engine.groups)
        )

    chosen = in_order(filter(wanted, known.values()), engine.plan, now)[: query.limit]
    shown = (
        incident_view(item, engine.plan, now, engine.groups.get(item.group)) for item in chosen
    )
    return answer(await encode_list(shown))


async def find_incident(call: Call) -> Incident:
    """The incident that the path means.

    Raises:
        Missing, Unprocessable: None, or several.
    """
    return await incident_called(call, call.part("id"))


async def incident_called(call: Call, text: str) -> Incident:
    """The incident that an id, or the beginning of one, means.

    Raises:
        Missing, Unprocessable: None, or several.
    """
    memory = call.backend.engine.incidents
    if text in memory:
        return memory[text]
    known = {item.key: item for item in await call.backend.history.find_incidents(text, 10)}
    known.update({key: item for key, item in memory.items() if key.startswith(text)})
    return meant(text, "incident", known.values(), lambda item: item.key)


async def _alerts_of(call: Call, incident: Incident) -> Sequence[Alert]:
    """The incident's alerts in the order they joined, from memory or else the store."""
    memory = call.backend.engine.alerts
    missing = [key for key in incident.alerts if key not in memory]
    known = {key: memory[key] for key in incident.alerts if key in memory}
    if missing:
        known |= {alert.key: alert for alert in await call.backend.history.alerts_of(missing)}
    return [known[key] for key in incident.alerts if key in known]


async def incident(call: Call) -> web.Response:
    """An incident with its alerts, timeline and deliveries."""
    found = await find_incident(call)
    return answer(await detail_of(call, found), version=found.version)


async def detail_of(call: Call, found: Incident) -> schema.IncidentDetail:
    """All that belongs to this incident, from memory and the store."""
    history, engine = call.backend.history, call.backend.engine
    alerts = await _alerts_of(call, found)
    entries = await history.entries(found.key)
    return schema.IncidentDetail(
        incident=incident_view(
            found, engine.plan, call.backend.now(), engine.groups.get(found.group)
        ),
        alerts=[views.alert_view(alert) for alert in alerts],
        related=related_views(engine, alerts, call.backend.now()),
        timeline=[views.entry_view(entry) for entry in entries],
        deliveries=list(await history.deliveries(found.key, MAX_LIMIT)),
    )


async def act(call: Call, key: str, command: Command) -> web.Response:
    """Have the engine do it; answer with the incident as it is then."""
    effects = await call.backend.command(command)
    saved = [
        effect.record
        for effect in effects
        if isinstance(effect, Save)
        and isinstance(effect.record, Incident)
        and effect.record.key == key
    ]
    engine = call.backend.engine
    after = saved[-1] if saved else engine.incidents[key]
    return answer(incident_view(after, engine.plan, call.backend.now()), version=after.version)


async def ack(call: Call) -> web.Response:
    """Take an incident: its escalation and its repeats stop."""
    body = await call.body(AckBody)
    return await _take(call, (await find_incident(call)).key, body)


async def _take(call: Call, key: str, body: AckBody) -> web.Response:
    if body.expires_after_ms is not None and body.for_ is not None:
        raise Unprocessable('an acknowledgement lasts "for" or "expires_after_ms": give one')
    actor, version = call.peer.actor, call.version
    command = Acknowledge(key, actor, body.comment, body.span_ms, version)
    return await act(call, key, command)


async def ack_alert(call: Call) -> web.Response:
    """Take the incident that an alert belongs to."""
    body = await call.body(AckBody)
    memory = call.backend.engine.alerts
    alert = meant(call.part("fingerprint"), "alert", memory.values(), lambda item: item.key)
    if alert.incident is None:
        raise NotAllowed(f"the alert {alert.key} is {alert.state.value} and has no incident")
    return await _take(call, alert.incident, body)


async def _plain_action(
    call: Call, make: Callable[[str, Actor, int | None], Command]
) -> web.Response:
    await call.body(NoBody)
    key = (await find_incident(call)).key
    return await act(call, key, make(key, call.peer.actor, call.version))


async def unack(call: Call) -> web.Response:
    """Give an incident back: its escalation goes on with the time it had left."""
    return await _plain_action(call, Unacknowledge)


async def snooze(call: Call) -> web.Response:
    """Take an incident until a time, at which it is triggered again."""
    body = await call.body(SnoozeBody)
    key = (await find_incident(call)).key
    command = Snooze(key, call.peer.actor, body.span_ms, body.comment, call.version)
    return await act(call, key, command)


async def assign(call: Call) -> web.Response:
    """Give an incident to a person, who is told so; or take that back."""
    body = await call.body(AssignBody)
    key = (await find_incident(call)).key
    command = Assign(key, call.peer.actor, body.to, body.comment, call.version)
    return await act(call, key, command)


async def persons(call: Call) -> web.Response:
    """The persons of the configuration, in its order: who may be assigned to."""
    return answer([schema.PersonView(name=name) for name in call.backend.engine.plan.persons])


async def escalate(call: Call) -> web.Response:
    """Run the next level of its policy now."""
    return await _plain_action(call, Escalate)


async def note(call: Call) -> web.Response:
    """Write a line into its timeline."""
    body = await call.body(NoteBody)
    key = (await find_incident(call)).key
    return await act(call, key, AddNote(key, call.peer.actor, body.text, call.version))


async def resolve(call: Call) -> web.Response:
    """End it by hand."""
    body = await call.body(CommentBody)
    key = (await find_incident(call)).key
    command = Resolve(key, call.peer.actor, body.comment, call.version)
    return await act(call, key, command)


async def alerts(call: Call) -> web.Response:
    """The pending and firing alerts, the worst first; others on request."""
    query = call.query(AlertsQuery)
    known = {(item.key, item.fired_at): item for item in call.backend.engine.alerts.values()}
    reaches_back = query.all or query.since is not None or query.state == "resolved"
    if reaches_back:  # the store has an alert once for each time it fired
        for old in await call.backend.history.alerts(query.since, MAX_LIMIT):
            known.setdefault((old.key, old.fired_at), old)

    def wanted(alert: Alert) -> bool:
        over = alert.state is AlertState.RESOLVED
        if over and not reaches_back:
            return False
        return (
            (query.since is None or not over or (alert.fired_at or 0) >= query.since)
            and (query.state is None or alert.state.value == query.state)
            and (query.severity is None or alert.effective is query.severity)
            and match_all(query.match, alert.matchable)
        )

    chosen = sorted(filter(wanted, known.values()), key=alert_order)[: query.limit]
    return answer(await encode_list(map(views.alert_view, chosen)))


async def deliveries(call: Call) -> web.Response:
    """Notifications, the newest first."""
    query = call.query(DeliveriesQuery)
    found: Sequence[Any] = await call.backend.history.deliveries(query.incident, query.limit)
    return answer(await encode_list(found))
