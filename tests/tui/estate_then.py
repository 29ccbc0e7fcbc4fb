"""The made-up estate as it was: what the daemon would say of any moment of that morning."""

from __future__ import annotations

from daemon.api.schema import IncidentView, PastView, State
from daemon.api.times import stamp, stamp_or_none
from tests.tui import estate
from tui.drawing.words import instant

OLDEST = estate.NOW - 20 * estate.DAY
"""From when on there is history."""


def then(at: int) -> State:
    """The estate at a moment."""
    made = estate.state()
    begun = [_incident(one, at) for one in made.incidents if _is_over(one.fired_at, at)]
    made.incidents = [one for one in begun if one.state != "resolved"]
    made.alerts = [one for one in made.alerts if _is_over(one.fired_at, at)]
    made.silences = [one for one in made.silences if _is_over(one.startsAt, at)]
    shown = {one.service for one in made.incidents}
    for service in made.services:
        if service.name not in shown:
            service.status, service.unreachable = "up", None
        service.since = stamp(min(instant(service.since) or 0, at - estate.HOUR))
    for check in made.checks:
        check.status = "up" if check.service not in shown else check.status
        check.hard, check.flapping, check.last = True, False, None
    made.daemon.on_call[0].on_call, made.daemon.channels = ["eve"], []
    made.past = PastView(
        at=stamp(at),
        before=stamp_or_none(max((one for one in moments() if one < at), default=None)),
        after=stamp_or_none(min((one for one in moments() if one > at), default=None)),
        oldest=stamp(OLDEST),
        unknown=[
            "flapping",
            *(["latencies older than 7d"] if at < estate.NOW - 7 * estate.DAY else []),
        ],
    )
    return made


def moments() -> list[int]:
    """When something changed."""
    times = (
        instant(time)
        for one in estate.state().incidents
        for time in (one.fired_at, one.acknowledged_at, one.resolved_at)
    )
    return sorted(time for time in times if time is not None)


def _incident(incident: IncidentView, at: int) -> IncidentView:
    if not _is_over(incident.resolved_at, at) and incident.state == "resolved":
        incident.state, incident.resolved_at = "triggered", None
    if not _is_over(incident.acknowledged_at, at) and incident.state == "acknowledged":
        incident.state, incident.acknowledged_at, incident.acknowledged_by = "triggered", None, None
    return incident


def _is_over(time: str | None, at: int) -> bool:
    moment = instant(time)
    return moment is not None and moment <= at
