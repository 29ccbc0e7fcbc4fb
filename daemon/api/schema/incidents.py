"""Shapes of incidents: where one stands in its policy, what it costs, and its timeline."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.alerts import AlertView, Mute
from daemon.api.schema.base import SeverityWord, Shape, Time
from daemon.api.schema.channels import DeliveryView


class EscalationView(Shape):
    """Where an incident stands in its policy.

    `level` counts from 1, 0 before the first; `levels` is how many there are; `next_at` is
    null while paused or spent; `next_step` says what comes then (`level 2`, `level 1 again`,
    `round 2`, `last resort`), and `next_notify` who is told by it.
    """

    policy: str
    level: int
    next_at: Time | None
    levels: int = 0
    round: int = 0
    rounds: int = 0
    paused: bool = False
    spent: bool = False
    next_step: str | None = None
    next_notify: list[str] = []
    previous_at: Time | None = None
    """When the running wait began, for drawing how much of it is over."""


class Money(Shape):
    """Money at risk: per hour while down, and lost up to `as_of`."""

    per_hour: str
    lost: str
    currency: str | None
    as_of: Time


class IncidentView(Shape):
    """An incident."""

    id: str
    state: Literal["triggered", "acknowledged", "resolved"]
    severity: SeverityWord
    service: str | None
    title: str
    summary: str
    fired_at: Time
    acknowledged_at: Time | None
    acknowledged_by: str | None
    resolved_at: Time | None
    escalation: EscalationView | None
    muted: list[Mute]
    alerts: list[str]
    version: int
    firing: list[str] = []
    context: str | None = None
    organization: str | None = None
    notified_at: Time | None = None
    resolved_by: str | None = None
    ack_comment: str | None = None
    ack_until: Time | None = None
    acknowledgeable: bool = True
    money: Money | None = None
    down_since: Time | None = None
    recovery_due: Time | None = None
    recovery_met: bool | None = None
    mtta_due: Time | None = None
    mtta_breached: bool = False
    mttr_due: Time | None = None
    mttr_breached: bool = False
    impact: str | None = None
    runbook: str | None = None
    dashboard: str | None = None
    owner: str | None = None
    rank: int = 0
    assigned_to: str | None = None
    """The person it was given to; not who acknowledged it."""
    storm: str | None = None
    """The correlation rule whose storm it tells of."""


class EntryView(Shape):
    """A line of an incident's timeline."""

    time: Time
    kind: str
    by: str
    origin: str
    text: str


class IncidentDetail(Shape):
    """An incident with all that belongs to it."""

    incident: IncidentView
    alerts: list[AlertView]
    timeline: list[EntryView]
    deliveries: list[DeliveryView]
