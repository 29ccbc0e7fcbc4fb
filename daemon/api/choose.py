"""Which incidents and alerts are meant: filters, orders, and ids cut short.

Pure functions over records; the routes give them what the engine and the store hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from checks.text import one_line
from daemon.api.problems import Missing, Unprocessable
from daemon.core.labels import Matcher, match_all
from daemon.core.model import Alert, AlertState, Group, Incident, IncidentState, Instant
from daemon.core.plan import Plan

T = TypeVar("T")

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


def incident_labels(incident: Incident, groups: Mapping[str, Group]) -> dict[str, str]:
    """What matchers see of an incident: its group's labels and its own facts."""
    group = groups.get(incident.group)
    facts = {
        "id": incident.key,
        "state": incident.state.value,
        "severity": incident.severity.word,
        "service": incident.service,
        "context": incident.context,
        "organization": incident.organization,
    }
    own = {name: value for name, value in facts.items() if value is not None}
    return {**(group.labels if group else {}), **own}


def matches_incident(
    incident: Incident,
    matchers: Sequence[Matcher],
    alerts: Mapping[str, Alert],
    groups: Mapping[str, Group],
) -> bool:
    """Whether the incident's labels, alone or with those of one of its alerts, satisfy all
    matchers."""
    if not matchers:
        return True
    own = incident_labels(incident, groups)
    if match_all(matchers, own):
        return True
    members = (alerts[key] for key in incident.alerts if key in alerts)
    return any(match_all(matchers, {**alert.labels, **own}) for alert in members)


def meant(text: str, noun: str, candidates: Iterable[T], key: Callable[[T], str]) -> T:
    """The one candidate whose id is `text`, or the only one whose id begins with it.

    Raises:
        Missing: There is none.
        Unprocessable: There are several.
    """
    found = {key(item): item for item in candidates if key(item).startswith(text)}
    if text in found:
        return found[text]
    shown = one_line(text, 60)
    if not found:
        raise Missing(f"there is no {noun} {shown!r}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5])
        raise Unprocessable(f"{shown!r} is the beginning of several ids of {noun}s: {some}")
    return next(iter(found.values()))
