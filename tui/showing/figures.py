"""Figures of the mirror: orders, counts, the worst incident, the next escalation.

Pure functions of a `Mirror`; the top bar, the lists and the toasts all ask here, so that no
two places of the screen can disagree about what is worst or next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from daemon.api.schema import AlertView, IncidentView, ScheduleView, ServiceView, SlaView
from daemon.core.labels import Labels
from daemon.core.model import Instant
from tui.drawing.words import instant
from tui.mirror import RANK, SEVERITIES, STATUS_RANK, Mirror

_LAST = 1_000_000


def urgency(incident: IncidentView) -> tuple[int, int, int, Decimal, int, str]:
    """The order of incidents: those that wait for somebody, taken, muted, resolved ones.

    Within each: the severe, the important, the costly, the old first; of the resolved the newest.
    """
    if incident.state == "resolved":
        return (3, 0, 0, Decimal(0), -(instant(incident.resolved_at) or 0), incident.id)
    order = 1 if incident.state == "acknowledged" else 2 if incident.muted else 0
    at = instant(incident.fired_at) or 0
    return (
        order,
        RANK[incident.severity],
        incident.rank or _LAST,
        -stakes(incident),
        at,
        incident.id,
    )


def stakes(incident: IncidentView) -> Decimal:
    """What is to be lost: an hour of revenue, and what has a deadline that lies ahead."""
    hour = Decimal(incident.money.per_hour) if incident.money is not None else Decimal(0)
    return hour + sum(Decimal(one.value) for one in incident.at_risk)


def incidents(mirror: Mirror) -> list[IncidentView]:
    """All incidents, the most urgent first, the resolved ones last."""
    return mirror.once("incidents", lambda: sorted(mirror.incidents.values(), key=urgency))


def open_incidents(mirror: Mirror) -> list[IncidentView]:
    """The incidents that are not resolved, the most urgent first."""
    return mirror.once(
        "open", lambda: [one for one in incidents(mirror) if one.state != "resolved"]
    )


def worst_unacknowledged(mirror: Mirror) -> IncidentView | None:
    """The incident an operator woken at night should see first; muted ones come last."""
    waiting = (one for one in open_incidents(mirror) if one.state == "triggered")
    return next(waiting, None)


def severity_counts(mirror: Mirror) -> dict[str, int]:
    """Open incidents by effective severity, worst first; zeros are left out."""

    def count() -> dict[str, int]:
        found = Counter(incident.severity for incident in open_incidents(mirror))
        return {word: found[word] for word in SEVERITIES if found[word]}

    return mirror.once("severities", count)


@dataclass(frozen=True, slots=True)
class NextStep:
    """The escalation step that comes next of all.

    Attributes:
        at: When it is due.
        start: When its wait began, if known.
        told: Who will be told.
    """

    incident: IncidentView
    at: Instant
    start: Instant | None
    told: tuple[str, ...]


def next_step(incident: IncidentView, on_call: Sequence[ScheduleView] = ()) -> NextStep | None:
    """The next escalation step of one incident, if one is due."""
    escalation = incident.escalation
    at = instant(escalation.next_at) if escalation is not None else None
    if escalation is None or at is None or incident.state != "triggered" or escalation.paused:
        return None
    start = instant(escalation.previous_at)
    if start is None:
        start = instant(incident.fired_at)
    told = tuple(called(one, on_call) for one in escalation.next_notify)
    if escalation.next_in_turn:
        told = (" or ".join(told),)
    return NextStep(incident, at, start, told)


def called(target: str, on_call: Sequence[ScheduleView] = ()) -> str:
    """A policy's target as people say it: `person:ana` is ana, a schedule whoever is on call, as
    far as that is known; a team stays a team."""
    kind, _, name = target.partition(":")
    if kind == "schedule":
        found = next((one for one in on_call if one.name == name), None)
        who = "nobody" if found is None else " & ".join(found.on_call) or "nobody"
        return target if found is None else f"{who} ({name})"
    return name if name and kind in ("person", "channel") else target


def next_escalation(mirror: Mirror) -> NextStep | None:
    """The escalation step that is due first among all incidents."""

    def first() -> NextStep | None:
        on_call = [] if mirror.daemon is None else mirror.daemon.on_call
        steps = (next_step(incident, on_call) for incident in open_incidents(mirror))
        return min((s for s in steps if s is not None), key=lambda s: s.at, default=None)

    return mirror.once("next escalation", first)


def services(mirror: Mirror) -> list[ServiceView]:
    """The services, the worst and the most important first."""
    return sorted(
        mirror.services.values(),
        key=lambda s: (STATUS_RANK[s.status], s.rank or _LAST, s.name),
    )


def budget_left(sla: SlaView) -> float:
    """The share of an SLA's budget that is left: 1 is all, below 0 overspent."""
    if sla.budget.total_ms <= 0:
        return 1.0 if sla.budget.left_ms >= 0 else -1.0
    return sla.budget.left_ms / sla.budget.total_ms


def tightest_sla(mirror: Mirror, service: ServiceView) -> SlaView | None:
    """The SLA of a service with the least budget left."""
    known = (mirror.slas[name] for name in service.slas if name in mirror.slas)
    return min(known, key=budget_left, default=None)


def slas(mirror: Mirror) -> list[SlaView]:
    """The SLAs, the least budget first."""
    return sorted(mirror.slas.values(), key=lambda sla: (budget_left(sla), sla.name))


def alerts_of(mirror: Mirror, incident: IncidentView) -> list[AlertView]:
    """The alerts of an incident that the mirror knows, firing and severe first."""
    order = {"firing": 0, "pending": 1, "resolved": 2}

    def made() -> list[AlertView]:
        known = [mirror.alerts[key] for key in incident.alerts if key in mirror.alerts]
        known.sort(key=lambda a: (order[a.state], RANK[a.severity], a.name, a.fingerprint))
        return known

    return mirror.once(("alerts", incident.id), made)


def last_resolved(mirror: Mirror) -> Instant | None:
    """When the newest resolved incident that is known ended."""
    newest = incidents(mirror)[len(open_incidents(mirror)) :]
    return instant(newest[0].resolved_at) if newest else None


def shared_labels(mirror: Mirror, incident: IncidentView) -> dict[str, str]:
    """The labels that every alert of an incident carries: what a silence would match."""
    alerts = [mirror.alerts[key] for key in incident.alerts if key in mirror.alerts]
    firing = [alert for alert in alerts if alert.state == "firing"] or alerts
    if not firing:
        return {"service": incident.service} if incident.service else {}
    common = set(firing[0].labels.items())
    for alert in firing[1:]:
        common &= set(alert.labels.items())
    return dict(sorted(common))


def incident_labels(mirror: Mirror, incident: IncidentView) -> list[Labels]:
    """The label sets a filter tries on an incident: its own words over each alert's labels."""
    own: dict[str, str] = {
        "severity": incident.severity,
        "state": incident.state,
        "id": incident.id,
        "muted": "yes" if incident.muted else "no",
    }
    for key in ("service", "context", "organization", "owner"):
        value = getattr(incident, key)
        if value:
            own[key] = value
    alerts = [mirror.alerts[key] for key in incident.alerts if key in mirror.alerts]
    return [{**alert.labels, **own} for alert in alerts] or [own]
