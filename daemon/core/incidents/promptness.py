"""Promptness: by when an incident is to be answered, and who is to be prompted when.

Theory. Two clocks run from when an incident fired, or ceased to be muted: it is to be
acknowledged within its severity's `mtta` and resolved within its `mttr`. Who missed that is told
by an alert of its own, while it is so. Two more run for those who work on it: a status update is
due every `update_every` (of its service's context, else of its severity), or when the last one
promised the next; and whoever has taken it is reminded every `[ack] remind_every` that it is open
still. All four rest while it is muted, and end with it.

Every function here is pure: an incident, a plan and a time in, a time or an answer out.
`daemon.core.incidents.prompting` acts on them, the API shows them.
"""

from __future__ import annotations

from typing import Final

from daemon.core.deadlines import soonest
from daemon.core.model import MINUTE, Incident, IncidentState, Instant, Millis
from daemon.core.plan import Plan, SeverityPlan

REMIND_AGAIN: Final[Millis] = 15 * MINUTE
"""How long after a reminder of a promised update the next one comes, where no interval is set."""

LATE: Final = ("ack", "fix")
"""What an incident may be late in: to be acknowledged, to be resolved."""

_NO_TARGETS: Final = SeverityPlan()


def asks(plan: Plan) -> bool:
    """Whether a plan asks for anything here at all; else only promised updates are due."""
    by_service = any(one.update_every for one in plan.services.values())
    return bool(plan.severities or plan.ack.remind_every or by_service)


def begun_at(incident: Incident) -> Instant:
    """When the clocks began: it fired, or ceased to be muted."""
    return max(incident.fired_at, incident.unmuted_at or 0)


def ack_due(incident: Incident, plan: Plan) -> Instant | None:
    """By when it is to be acknowledged; None where nobody asks for that, and while it is muted."""
    return _target(incident, _targets(incident, plan).mtta) if incident.acknowledgeable else None


def fix_due(incident: Incident, plan: Plan) -> Instant | None:
    """By when it is to be resolved; None where nobody asks for that, and while it is muted."""
    return _target(incident, _targets(incident, plan).mttr)


def update_every(incident: Incident, plan: Plan) -> Millis | None:
    """How often those who ask are to be told how it goes."""
    if incident.is_test or not incident.is_timed:
        return None
    service = plan.services.get(incident.service or "")
    own = service.update_every if service is not None else None
    return own or _targets(incident, plan).update_every


def update_due(incident: Incident, plan: Plan) -> Instant | None:
    """When the next status update is due; None if none is, and while it is muted."""
    if incident.state is IncidentState.RESOLVED or incident.muted:
        return None
    last = incident.status_update
    if last is not None and last.next_at is not None:
        return last.next_at
    every = update_every(incident, plan)
    if every is None:
        return None
    return max(begun_at(incident), last.at if last is not None else 0) + every


def update_reminder_at(incident: Incident, plan: Plan) -> Instant | None:
    """When somebody is to be reminded that an update is due."""
    due, reminded = update_due(incident, plan), incident.update_reminded_at
    if due is None or reminded is None or reminded < due:
        return due
    return reminded + (update_every(incident, plan) or REMIND_AGAIN)


def ack_reminder_at(incident: Incident, plan: Plan) -> Instant | None:
    """When whoever has taken it is to be reminded of it."""
    every, taken_at = plan.ack.remind_every, incident.acknowledged_at
    is_taken = incident.state is IncidentState.ACKNOWLEDGED and taken_at is not None
    if not is_taken or every is None or incident.muted:
        return None
    return max(taken_at or 0, incident.ack_reminded_at or 0, incident.unmuted_at or 0) + every


def late_at(late: str, incident: Incident, plan: Plan) -> Instant | None:
    """From when on it is late in this; None if it cannot be, or not any more."""
    if incident.state is IncidentState.RESOLVED:
        return None
    if late == "fix":
        return fix_due(incident, plan)
    return None if incident.first_acknowledged_at is not None else ack_due(incident, plan)


def prompted_at(incident: Incident, plan: Plan) -> Instant | None:
    """When there is next something to do about it: at once, if an alert of its lateness stands
    that is true no more."""
    if incident.state is IncidentState.RESOLVED:
        return incident.resolved_at if incident.late else None
    times = [update_reminder_at(incident, plan), ack_reminder_at(incident, plan)]
    for late in LATE:
        at = late_at(late, incident, plan)
        if late not in incident.late:
            times.append(at)
        elif at is None:
            times.append(begun_at(incident))
    return soonest(*times)


def _targets(incident: Incident, plan: Plan) -> SeverityPlan:
    return plan.severities.get(incident.severity, _NO_TARGETS)


def _target(incident: Incident, within: Millis | None) -> Instant | None:
    if within is None or incident.muted or incident.is_test or not incident.is_timed:
        return None
    return begun_at(incident) + within
