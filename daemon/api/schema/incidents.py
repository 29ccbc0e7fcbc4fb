"""Shapes of incidents: where one stands in its policy, what it costs, and its timeline."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.alerts import AlertView, Mute, RelatedView
from daemon.api.schema.base import SeverityWord, Shape, Time
from daemon.api.schema.channels import DeliveryView
from daemon.api.schema.responses import ResponseMark


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
    next_in_turn: bool = False
    """Only one of `next_notify` is told, whose turn it is."""
    previous_at: Time | None = None
    """When the running wait began, for drawing how much of it is over."""


class LaterView(Shape):
    """A further contact of somebody who was called, used if nobody answers; `at` is null while
    the incident calls nobody."""

    person: str
    channel: str
    at: Time | None


class Money(Shape):
    """Money at risk: per hour while down, and lost up to `as_of`."""

    per_hour: str
    lost: str
    currency: str | None
    as_of: Time


class AtRiskView(Shape):
    """Money that is lost at once if the service is not well by `until`, which lies ahead."""

    value: str
    currency: str | None
    until: Time
    what: str


class RecoverySla(Shape):
    """When the service must be back, and whether it was; `met` is null while that is open."""

    due: Time
    met: bool | None


class StatusUpdateView(Shape):
    """What stakeholders were last told in words; `next_at` is when the next was promised."""

    text: str
    by: str
    at: Time
    next_at: Time | None = None


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
    contacts: list[LaterView] = []
    assigned_to: str | None = None
    """The person it was given to; not who acknowledged it."""
    responses: list[ResponseMark] = []
    """The responses that were wanted for it, the newest last."""
    storm: str | None = None
    """The correlation rule whose storm it tells of."""
    on_unmute: str | None = None
    """What it will do when nothing mutes it any more, while it is muted."""
    roles: dict[str, str] = {}
    """Who has which part in mending it, by the part: `commander`, `scribe`, ..."""
    status_update: StatusUpdateView | None = None
    next_update_due: Time | None = None
    at_risk: list[AtRiskView] = []
    recovery_sla: RecoverySla | None = None
    first_acknowledged_at: Time | None = None
    down_ms: int = 0
    """Confirmed down time that is over; what goes on began at `down_since`."""
    merged_into: str | None = None
    split_from: str | None = None
    test: bool = False
    """It was begun as a test, and counts nowhere."""


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
    related: list[RelatedView] = []
    """What tends to fire together with its alerts."""
