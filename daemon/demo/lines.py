"""What the storyteller says, line by line: pure text from the API's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from daemon.api.schema import CheckView, IncidentView, ServiceView, SlaView
from daemon.demo.sinks import Received
from daemon.notify.scrub import Scrubber

_SCRUB: Final = Scrubber()
_ORDER: Final = ("emergency", "critical", "high", "medium", "low", "info")


def clock(time_ms: int) -> str:
    """How long the demo runs: ` 75s`."""
    return f"{time_ms // 1_000:>3}s"


def line(time_ms: int, mark: str, text: str) -> str:
    """One line: the time, a mark for what sort it is, the text."""
    return f"{clock(time_ms)} {mark:<8} {_SCRUB.line(text, 200)}"


def arrived(received: Received) -> str:
    """A message that reached one of the sinks."""
    return f"to {received.recipient}: {received.subject}"


def incident_news(old: IncidentView | None, new: IncidentView) -> str | None:
    """What changed about an incident, if a spectator should know."""
    what = f"{new.severity.upper()} {new.title}"
    if new.state == "resolved":
        return None if old is not None and old.state == "resolved" else f"resolved: {what}"
    if old is None or old.state == "resolved":
        return f"firing: {what}"
    if new.state == "acknowledged" and old.state != "acknowledged":
        return f"acknowledged by {new.acknowledged_by}: {what}"
    if old.state == "acknowledged" and new.state == "triggered":
        return f"open again: {what}"
    if old.severity != new.severity:
        return f"now {new.severity}: {what}"
    return None


def worst(incidents: Iterable[IncidentView]) -> IncidentView | None:
    """The open incident to look at first: not yet taken, severe, old."""
    open_ones = [one for one in incidents if one.state != "resolved"]
    return min(
        open_ones,
        key=lambda one: (one.state != "triggered", _ORDER.index(one.severity), one.fired_at),
        default=None,
    )


def countdown(incident: IncidentView, now: datetime) -> str:
    """Who is told next, and when."""
    escalation = incident.escalation
    if incident.state == "acknowledged":
        return f"taken by {incident.acknowledged_by}"
    if incident.muted:
        return f"muted, {incident.muted[0].reason}"
    if escalation is None:
        return "no policy"
    if escalation.next_at is None:
        return "everybody was told" if escalation.spent else "at rest"
    left_s = max(0, round((datetime.fromisoformat(escalation.next_at) - now).total_seconds()))
    whom = ", ".join(escalation.next_notify) or "nobody"
    return f"level {escalation.level} of {escalation.levels}, {whom} in {left_s} s"


def money(incident: IncidentView, now: datetime) -> str:
    """What it has cost up to now, if anything."""
    known = incident.money
    if known is None:
        return ""
    lost = Decimal(known.lost)
    if incident.down_since is not None:
        since = max(0.0, (now - datetime.fromisoformat(known.as_of)).total_seconds())
        lost += Decimal(known.per_hour) * round(since) / 3_600
    return f", {known.currency or ''} {lost:.2f} lost".replace("  ", " ") if lost else ""


def board(incidents: Iterable[IncidentView], now: datetime) -> str:
    """The worst open incident with its countdown."""
    one = worst(incidents)
    if one is None:
        return "all is well"
    return f"{one.severity.upper()} {one.title}: {countdown(one, now)}{money(one, now)}"


def gauge(sla: SlaView, width: int = 20) -> str:
    """An SLA's error budget as a bar: `checkout 99.8712 % of 99.9 % [########----] 71% ...`."""
    total, left = sla.budget.total_ms, sla.budget.left_ms
    share = max(0.0, left / total) if total > 0 else 0.0
    filled = min(width, int(share * width))
    value = "-" if sla.value is None else f"{sla.value:.4f} %"
    bar = "#" * filled + "-" * (width - filled)
    return f"{sla.service} {value} of {sla.target:g} % [{bar}] {share:.0%} of the budget left"


def estate(services: Sequence[ServiceView], checks: Sequence[CheckView]) -> str:
    """The services by status: `down: orders-db; unknown: checkout (orders-db is down)`."""
    flapping = sorted({check.service for check in checks if check.flapping})
    parts = []
    for status in ("down", "unknown", "degraded"):
        named = [
            f"{one.name} ({one.unreachable} is down)" if one.unreachable else one.name
            for one in services
            if one.status == status
        ]
        if named:
            parts.append(f"{status}: {', '.join(named)}")
    if flapping:
        parts.append(f"flapping: {', '.join(flapping)}")
    return "; ".join(parts) or "every service is up"


def utc_now(now_ms: int) -> datetime:
    """Milliseconds since the epoch as a time."""
    return datetime.fromtimestamp(now_ms / 1_000, UTC)
