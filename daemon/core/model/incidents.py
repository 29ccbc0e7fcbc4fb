"""The record of an incident: what people respond to, from the first alert to the last.

Its life is decided in `daemon.core.incidents.life`.
"""

from __future__ import annotations

import enum
from decimal import Decimal

from daemon.core.model.alerts import Mute
from daemon.core.model.basics import HOUR, Instant, Millis
from daemon.core.model.demands import Demand
from daemon.core.model.duty import Later
from daemon.core.model.telling import Escalation, Told
from daemon.core.record import record
from daemon.core.severity import Severity


class IncidentState(enum.StrEnum):
    """The life of an incident."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@record(frozen=True, slots=True)
class AtRisk:
    """Money that is lost at once if the service is not well by a time: an opportunity."""

    value: Decimal
    until: Instant
    what: str = ""


@record(frozen=True, slots=True)
class StatusUpdate:
    """What those who ask were last told in words.

    Attributes:
        next_at: When the next one was promised; None where nobody said so.
    """

    text: str
    by: str
    at: Instant
    next_at: Instant | None = None


@record(frozen=True, slots=True)
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
        contacts: Further contacts of whoever was called, that are used if nobody answers.
        demands: So many must yet take what a level or a route told.
        assigned_to: The person it was given to; who acknowledged it is another matter.
        version: Grows with every change; an operator's write may name the one it saw.
        first_acknowledged_at: When somebody first took it, whatever came after.
        unmuted_at: When it last ceased to be muted; the times to answer in count from there.
        is_timed: Whether it is held against the times to answer in.
        is_test: Whether an operator began it as a test: it counts nowhere.
        late: Which of those times (`ack`, `fix`) an alert of its own says were missed.
        roles: Who has which part in mending it, by the part's name.
        ack_reminded_at, update_reminded_at: When somebody was last reminded that it is still
            open, that a status update is due.
        merged_into: The incident that its alerts went to, which ended it.
        split_from: The incident that its alerts came from.
        responses: Those that were wanted for it, and how far the newest run of each got.
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
    contacts: tuple[Later, ...] = ()
    storm: str | None = None
    first_acknowledged_at: Instant | None = None
    unmuted_at: Instant | None = None
    is_timed: bool = True
    is_test: bool = False
    late: tuple[str, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    status_update: StatusUpdate | None = None
    ack_reminded_at: Instant | None = None
    update_reminded_at: Instant | None = None
    at_risk: tuple[AtRisk, ...] = ()
    merged_into: str | None = None
    split_from: str | None = None
    responses: tuple[tuple[str, str], ...] = ()
    demands: tuple[Demand, ...] = ()

    def stakes(self, now: Instant) -> Decimal:
        """What is to be lost: an hour of revenue, and what has a deadline that lies ahead."""
        ahead = (risk.value for risk in self.at_risk if risk.until > now)
        return sum(ahead, self.revenue_per_hour or Decimal(0))

    def lost(self, now: Instant) -> Decimal | None:
        """Money lost so far: revenue per hour x confirmed down time. None without revenue."""
        if self.revenue_per_hour is None:
            return None
        return self.revenue_per_hour * self.down_ms_at(now) / HOUR

    def down_ms_at(self, now: Instant) -> Millis:
        """Confirmed down time up to this moment."""
        open_ms = 0 if self.down_since is None else max(0, now - self.down_since)
        return self.down_ms + open_ms
