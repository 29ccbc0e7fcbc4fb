"""The record of an incident: what people respond to, from the first alert to the last.

Its life is decided in `daemon.core.incidents`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal

from daemon.core.model.alerts import Mute
from daemon.core.model.basics import HOUR, Instant, Millis
from daemon.core.model.telling import Escalation, Told
from daemon.core.severity import Severity


class IncidentState(enum.StrEnum):
    """The life of an incident."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """The alerts that one route groups together, from the first to the last. Its key is its id.

    Attributes:
        severity: The worst effective severity among its firing alerts, the last known
            once resolved.
        alerts: The fingerprints of all that ever joined, in order.
        firing: Those of them that fire now.
        ack_until: When an acknowledgement with an expiry ends.
        reopened_at: When an acknowledgement was last taken away from whoever had it.
        recovery_due: When its service must be back (`recovery_sla`).
        told: Who was told by the policy, or in place of a channel that failed.
        down_ms: Confirmed down time so far, closed intervals only; see `down_since`.
        down_until: When the last of those closed intervals ended.
        sequence: How many times something was told of it; part of a notice's key.
        settled: What was last reported of its notices (`KEY sent`, `KEY failed`), so that a
            report that comes twice counts once.
        storm: The correlation rule whose storm it tells of.
        assigned_to: The person it was given to; who acknowledged it is another matter.
        version: Grows with every change; an operator's write may name the one it saw.
    """

    key: str
    group: str
    state: IncidentState
    severity: Severity
    title: str
    summary: str
    fired_at: Instant
    service: str | None = None
    context: str | None = None
    organization: str | None = None
    notified_at: Instant | None = None
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    ack_comment: str | None = None
    ack_until: Instant | None = None
    resolved_at: Instant | None = None
    resolved_by: str | None = None
    alerts: tuple[str, ...] = ()
    firing: tuple[str, ...] = ()
    muted: tuple[Mute, ...] = ()
    escalation: Escalation | None = None
    told: tuple[Told, ...] = ()
    acknowledgeable: bool = True
    revenue_per_hour: Decimal | None = None
    currency: str | None = None
    down_since: Instant | None = None
    down_ms: Millis = 0
    recovery_due: Instant | None = None
    version: int = 1
    down_until: Instant | None = None
    sequence: int = 0
    reopened_at: Instant | None = None
    settled: tuple[str, ...] = ()
    assigned_to: str | None = None
    storm: str | None = None

    def lost(self, now: Instant) -> Decimal | None:
        """Money lost so far: revenue per hour x confirmed down time. None without revenue."""
        if self.revenue_per_hour is None:
            return None
        open_ms = 0 if self.down_since is None else max(0, now - self.down_since)
        return self.revenue_per_hour * (self.down_ms + open_ms) / HOUR
