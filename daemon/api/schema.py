"""The JSON shapes of the API: what the daemon sends, and what its client reads back.

One struct a shape, used at both ends, encoded once and sent to every subscriber. Times are
RFC 3339 in UTC with milliseconds (`2026-11-21T09:50:00.000Z`), absent is null. Field names
are an interface that outside programs rely on; more may join them, none may go.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Time = str
"""RFC 3339, UTC, milliseconds."""

StatusWord = Literal["up", "degraded", "unknown", "down"]
SeverityWord = Literal["emergency", "critical", "high", "medium", "low", "info"]


class Shape(msgspec.Struct, kw_only=True):
    """The base of all shapes: fields by keyword, unknown fields ignored on reading."""


class Last(Shape):
    """A check's newest result."""

    time: Time
    status: StatusWord
    latency_ms: float | None
    message: str
    metrics: dict[str, bool | int | float | str] = {}
    phases: dict[str, float] = {}


class CheckView(Shape):
    """A check. `hard` is false while `last.status` is not yet confirmed."""

    name: str
    kind: str
    service: str
    status: StatusWord
    hard: bool
    since: Time | None
    last: Last | None
    cause: str | None = None
    unreachable: str | None = None
    flapping: bool = False
    attempts: int = 0
    down_after: int = 1
    every_ms: int = 0
    labels: dict[str, str] = {}


class Mute(Shape):
    """Why something is not told, and until when."""

    by: str
    reason: str
    until: Time | None
    kind: str = "silence"


class AlertView(Shape):
    """An alert; `severity` is the effective one."""

    fingerprint: str
    name: str
    state: Literal["pending", "firing", "resolved"]
    severity: SeverityWord
    labels: dict[str, str]
    annotations: dict[str, str]
    fired_at: Time | None
    resolved_at: Time | None
    incident: str | None
    muted: list[Mute]
    pending_at: Time | None = None
    source: str = ""


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


class EntryView(Shape):
    """A line of an incident's timeline."""

    time: Time
    kind: str
    by: str
    origin: str
    text: str


class DeliveryView(Shape):
    """A notification and how far it got: queued, sending, sent or failed."""

    id: str
    incident: str
    type: str
    channel: str
    recipient: str
    state: Literal["queued", "sending", "sent", "failed"]
    attempts: int
    created_at: Time
    next_at: Time | None
    sent_at: Time | None
    detail: str


class IncidentDetail(Shape):
    """An incident with all that belongs to it."""

    incident: IncidentView
    alerts: list[AlertView]
    timeline: list[EntryView]
    deliveries: list[DeliveryView]


class PersonView(Shape):
    """A person of the configuration: whom an incident may be assigned to."""

    name: str


class ScheduleView(Shape):
    """A schedule: who is on call now, and who comes next. Nobody is an empty list."""

    name: str
    timezone: str
    on_call: list[str]
    until: Time | None
    """When somebody else is; absent if that is not within a year."""
    next: list[str]


class ShiftView(Shape):
    """Who is on call from `start` to before `end`; nobody in a gap."""

    start: Time
    end: Time
    persons: list[str]


class ScheduleDetail(Shape):
    """A schedule with shifts and gaps that follow each other without a break."""

    schedule: ScheduleView
    shifts: list[ShiftView]


class ChannelView(Shape):
    """A channel and how it has done since the daemon started."""

    name: str
    kind: str
    """Empty for one that left the configuration."""
    waiting: int
    """Notices not settled yet."""
    sent: int
    """Attempts that were taken."""
    failed: int
    """Attempts that were not."""
    given_up: int
    """Notices that never will be delivered."""
    last_success: Time | None
    last_failure: Time | None
    failure: str | None
    """Why the newest failed attempt failed."""
    latency_p50_ms: float | None
    """Of the recent attempts that were taken."""
    latency_p95_ms: float | None
    success_rate: float | None = None
    """The share of attempts that were taken, 0 to 1."""
    breaker: Literal["closed", "open", "half_open"] = "closed"
    breaker_since: Time | None = None
    """Since when it is not closed."""
    waits_for: Literal["breaker", "retry_after", "limit"] | None = None
    """What keeps its notices waiting."""
    waits_until: Time | None = None


class ChannelTest(Shape):
    """What came of a test message."""

    channel: str
    id: str
    """The message's idempotency key."""
    delivered: bool
    detail: str
    """What the receiver said, or why it did not take it."""
    took_ms: float


class ServiceView(Shape):
    """A service; `slas` are names of its SLAs."""

    name: str
    status: StatusWord
    since: Time | None
    checks: list[str]
    slas: list[str]
    context: str | None = None
    organization: str | None = None
    owner: str | None = None
    unreachable: str | None = None
    depends_on: list[str] = []
    impact: str | None = None
    runbook: str | None = None
    rank: int = 0


class Period(Shape):
    """From `start` (inclusive) to `end` (exclusive)."""

    start: Time
    end: Time


class Budget(Shape):
    """The error budget of a period in milliseconds; `left_ms` is negative when overspent."""

    total_ms: int
    left_ms: int


class Violation(Shape):
    """An interval in which the SLA was broken."""

    start: Time
    end: Time | None


class SlaView(Shape):
    """An SLA so far in its current period.

    `value` is the availability in percent, rounded down to four places and never across the
    target; null when nothing was measured. `coverage` is the share of the elapsed period, in
    percent, that was measured. The five `_ms` figures add up to the elapsed period.
    """

    name: str
    service: str
    kind: str
    target: float
    period: Period
    value: float | None
    met: bool | None
    up_ms: int
    down_ms: int
    degraded_ms: int
    unknown_ms: int
    excluded_ms: int
    coverage: float
    budget: Budget
    burn_rate: float
    violations: list[Violation]


class MatcherView(Shape):
    """A matcher as Alertmanager writes it in JSON."""

    name: str
    value: str
    isRegex: bool  # noqa: N815  # Alertmanager's name
    isEqual: bool = True  # noqa: N815  # Alertmanager's name


class SilenceStatus(Shape):
    """A silence's state."""

    state: Literal["pending", "active", "expired"]


class SilenceView(Shape):
    """A silence, as Alertmanager's."""

    id: str
    matchers: list[MatcherView]
    startsAt: Time  # noqa: N815  # Alertmanager's name
    endsAt: Time  # noqa: N815  # Alertmanager's name
    updatedAt: Time  # noqa: N815  # Alertmanager's name
    createdBy: str  # noqa: N815  # Alertmanager's name
    comment: str
    status: SilenceStatus
    matched: int = 0
    """How many firing alerts it matches now."""


class MaintenanceView(Shape):
    """A window of planned work: the active one, the next, or one that is over.

    `match` holds matchers where it is not about `services`; `excludes` names the services
    whose SLAs do not count its time.
    """

    name: str
    state: Literal["active", "pending", "expired"]
    start: Time
    end: Time | None
    """Null while it goes on for longer than is looked ahead."""
    services: list[str]
    match: list[str]
    excludes: list[str]
    recur: str | None
    timezone: str
    reason: str


class DaemonInfo(Shape):
    """The daemon itself."""

    pid: int
    version: str
    started_at: Time
    time: Time
    config: str
    checks: int = 0
    lag_ms: float = 0.0
    """Event loop lag, 99th percentile of the last minute."""
    lateness_ms: float = 0.0
    """Scheduling lateness, 99th percentile of the last minute."""
    outbox: int = 0
    """Notices not yet delivered."""
    queue: int = 0
    """Effects decided but not yet on disk."""
    database_bytes: int = 0
    cpu_percent: float = 0.0
    rss_bytes: int = 0
    workers: int = 0
    """How many worker processes there should be; 0 where the daemon itself probes."""
    workers_alive: int = 0
    worker_restarts: int = 0
    """How many were started in another's place."""
    reload_error: str | None = None
    problems: list[str] = []
    on_call: list[ScheduleView] = []
    """Who is on call, for each schedule."""


class Counts(Shape):
    """How many there are; incidents and alerts are the open ones, by effective severity."""

    checks: dict[str, int]
    services: dict[str, int]
    incidents: dict[str, int]
    alerts: dict[str, int]
    acknowledged: int = 0
    muted: int = 0


class StatusView(Shape):
    """The short answer: is all well? `status` is the worst service's status."""

    status: StatusWord
    counts: Counts
    daemon: DaemonInfo


class Operator(Shape):
    """An operator's action, as published on the stream."""

    time: Time
    by: str
    origin: str
    action: str
    subject: str
    detail: str


class State(Shape):
    """All a dashboard needs to start; then it follows the stream from `seq`."""

    seq: int
    daemon: DaemonInfo
    checks: list[CheckView]
    services: list[ServiceView]
    alerts: list[AlertView]
    incidents: list[IncidentView]
    silences: list[SilenceView]
    slas: list[SlaView]
    me: str = ""
    """Who the daemon takes this client for."""
    role: str = "viewer"
    history: dict[str, list[float | None]] = {}
    """Each service's recent latencies in milliseconds, oldest first, null for a failed run."""


class CheckDetail(Shape):
    """A check with its recent results, oldest first."""

    check: CheckView
    results: list[Last]


class ServiceDetail(Shape):
    """A service with what belongs to it; alerts and incidents are the open ones."""

    service: ServiceView
    checks: list[CheckView]
    alerts: list[AlertView]
    incidents: list[IncidentView]
    slas: list[SlaView]


class Reset(Shape):
    """The stream cannot go on from where the reader was: read the state anew.

    Events after `seq` follow on the same stream.
    """

    seq: int
    reason: str


class Problem(Shape):
    """RFC 9457 problem details; `problems` lists several faults of one request."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[dict[str, Any]] = []


EventKind = Literal[
    "incident", "alert", "check", "service", "sla", "silence", "delivery", "operator",
    "daemon", "reset",
]  # fmt: skip
"""The `event:` of the stream; `data:` is the shape of that name after the change."""
