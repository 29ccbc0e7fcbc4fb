"""In which order incidents and alerts are shown: what must be looked at first in front.

Pure functions over records; lists of the present and of the past are sorted by the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from daemon.core.model import Alert, AlertState, Incident, IncidentState, Instant
from daemon.core.plan import Plan

_UNRANKED: Final = 1_001
"""Services of no rank come after those that have one; ranks go up to 1,000."""

_STATE_ORDER = {
    IncidentState.TRIGGERED: 0,
    IncidentState.ACKNOWLEDGED: 1,
    IncidentState.RESOLVED: 2,
}


def is_open(incident: Incident) -> bool:
    """Whether it is not over."""
    return incident.state is not IncidentState.RESOLVED


def incident_order(
    incident: Incident, plan: Plan, now: Instant
) -> tuple[int, int, int, Decimal, int]:
    """Sorts what must be looked at first to the front: unacknowledged, worst, of the context
    with the best rank, with the most money at stake, oldest; what is over comes last, the newest
    first."""
    order = _STATE_ORDER[incident.state]
    if not is_open(incident):
        return order, 0, 0, Decimal(0), -incident.fired_at
    service = plan.services.get(incident.service or "")
    rank = (service.rank if service is not None else 0) or _UNRANKED
    return order, -incident.severity, rank, -incident.stakes(now), incident.fired_at


def in_order(incidents: Iterable[Incident], plan: Plan, now: Instant) -> list[Incident]:
    """The incidents in that order."""
    return sorted(incidents, key=lambda one: incident_order(one, plan, now))


def alert_order(alert: Alert) -> tuple[int, int, int]:
    """Firing before pending before resolved, the worst first, the newest first."""
    states = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED)
    began_at = alert.fired_at or alert.pending_at or 0
    return states.index(alert.state), -alert.effective, -began_at
