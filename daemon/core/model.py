"""The records of the engine: what it keeps, what the store mirrors, what a restart restores.

Every record is a frozen value that names itself with `key`; a change makes a new value, so
an effect can carry a record without copying it. Times are `Instant`s (milliseconds since
the Unix epoch, UTC), spans are `Millis`; absent is None.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from checks.result import Status
from daemon.core.labels import Matcher
from daemon.core.severity import Severity

Instant = int
Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


class AlertState(enum.StrEnum):
    """The life of an alert."""

    PENDING = "pending"
    """Its condition holds, but not yet for as long as the rule asks."""
    FIRING = "firing"
    RESOLVED = "resolved"


class IncidentState(enum.StrEnum):
    """The life of an incident."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class MuteKind(enum.StrEnum):
    """Why an alert is muted."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    INHIBITION = "inhibition"
    DEPENDENCY = "dependency"
    FLAPPING = "flapping"
    TIME = "time"
    """The hours of the routes."""
    SUPPRESSION = "suppression"
    """It does not fire for long enough yet for the routes to tell it."""


@dataclass(frozen=True, slots=True)
class Mute:
    """One reason why an alert is not told.

    Attributes:
        by: What mutes it: a silence's id, a maintenance window's name, the inhibiting alert's
            fingerprint, a service, a time interval, `suppress`.
        reason: One line that says so to an operator.
        until: When it ends, if that is known.
    """

    kind: MuteKind
    by: str
    reason: str
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and from where.

    Attributes:
        name: A user's name, or `tocsin` for the engine itself.
        origin: How they came: `unix uid 1000`, `engine`.
    """

    name: str
    origin: str


ENGINE = Actor("tocsin", "engine")


@dataclass(frozen=True, slots=True)
class CheckState:
    """What the engine knows of a check, apart from its newest result.

    Attributes:
        status: The confirmed (hard) status.
        since: When `status` began: the first failed run of a confirmed failure, the first
            good run of a recovery.
        hard: False while the newest runs disagree with `status` and are not yet confirmed.
        soft_status: The newest run's own verdict.
        soft_since: When the run of equal verdicts that is being confirmed began.
        attempts: How many runs in a row disagreed with `status`, counted up to what confirms
            it.
        soft_floor: The mildest of those runs: what the failure is confirmed as.
        measured: Whether `status` was found by runs; False while nothing could be measured
            (not yet, a gap, an unreachable parent, a lost uplink), and then `status` is unknown.
        cause: Why `status` is unknown, in words: `orders-db is down`, `uplink is down`.
        unreachable: The down parent that hides this check, if any.
        flap_window: The last 20 transitions as bits, newest lowest; 1 is a change.
        last_ping, started, expires: A heartbeat's last ping, open start, and deadline.
    """

    key: str
    status: Status = Status.UNKNOWN
    since: Instant | None = None
    hard: bool = True
    soft_status: Status = Status.UNKNOWN
    soft_since: Instant | None = None
    attempts: int = 0
    soft_floor: Status = Status.UP
    measured: bool = False
    cause: str | None = "not measured yet"
    unreachable: str | None = None
    flapping: bool = False
    flap_window: int = 0
    last_ping: Instant | None = None
    started: Instant | None = None
    expires: Instant | None = None


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service's status, and up to when its timeline is settled in the store.

    Attributes:
        settled: Up to here its state intervals are final and stored.
    """

    key: str
    status: Status = Status.UNKNOWN
    since: Instant | None = None
    unreachable: str | None = None
    settled: Instant | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """After `after` of firing, the effective severity is at least `to`."""

    after: Millis
    to: Severity


@dataclass(frozen=True, slots=True)
class Terms:
    """What an alert's condition last asked for; kept with the alert, so that its timers go on
    after a restart without the condition being stated again.

    Attributes:
        since: When the condition began to hold; down time counts from there.
        unreachable: The down parent that hides its check.
        flapping: Its check flaps.
        down: It is a confirmed outage while the condition holds.
    """

    since: Instant | None = None
    for_: Millis = 0
    keep_for: Millis = 0
    cooldown: Millis = 0
    auto_resolve: bool = True
    acknowledgeable: bool = True
    promote: tuple[Promotion, ...] = ()
    unreachable: str | None = None
    flapping: bool = False
    down: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """One labelled condition that holds or held. Its key is its fingerprint.

    Attributes:
        source: What made it: `check:NAME`, `rule:NAME:CHECK`, `self:NAME`.
        labels: Its identity. Severity is not among them, but matchers see it.
        severity: The severity it was given when it fired, or its condition's newer one.
        effective: That severity after promotion with age.
        pending_at: When its condition first held, this time.
        clears_at: When it resolves, if its condition stays away (`keep_for`).
        quiet_until: A resolved alert does not fire again before this (`cooldown`).
        holds: Whether the condition holds now; None while that cannot be told.
        occurrence: How many times it has fired.
        dismissed: Its incident was resolved by hand while it fired: it resolves without
            waiting for an operator, and opens no incident before it fires anew.
    """

    key: str
    source: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    state: AlertState = AlertState.PENDING
    severity: Severity = Severity.MEDIUM
    effective: Severity = Severity.MEDIUM
    holds: bool | None = True
    pending_at: Instant | None = None
    fired_at: Instant | None = None
    resolved_at: Instant | None = None
    clears_at: Instant | None = None
    quiet_until: Instant | None = None
    incident: str | None = None
    muted: tuple[Mute, ...] = ()
    occurrence: int = 0
    terms: Terms = field(default_factory=Terms)
    dismissed: bool = False

    @property
    def matchable(self) -> dict[str, str]:
        """The labels as matchers see them: with the effective severity."""
        return {**self.labels, "severity": self.effective.word}


@dataclass(frozen=True, slots=True)
class Silence:
    """An operator's mute: matchers with a start and an end. Its key is its id."""

    key: str
    matchers: tuple[Matcher, ...]
    starts_at: Instant
    ends_at: Instant
    created_by: str
    comment: str
    updated_at: Instant

    def state(self, now: Instant) -> str:
        """`pending`, `active` or `expired`."""
        if now < self.starts_at:
            return "pending"
        return "active" if now < self.ends_at else "expired"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an escalation policy.

    Attributes:
        after: Milliseconds since the incident triggered.
        notify: Targets: `channel:NAME` or `person:NAME`.
        repeat: Tell this level again that often until the next one; None for once.
    """

    after: Millis
    notify: tuple[str, ...]
    repeat: Millis | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where an incident stands in its policy, which is copied when the incident begins.

    Attributes:
        level: The last level that was run, from 0; -1 before the first.
        next_at: When the next step is due; None while paused or when spent.
        started_at: The time the levels' `after` count from; pauses move it.
        paused_at: Since when it rests (acknowledged or muted).
        round: How many times the whole policy has been repeated.
        round_every: How long after its last level it starts over, or turns to `then`.
        not_before: No step runs before this (the group's `group_wait` ends).
        stepped_at: When the last step ran; pauses move it.
        brought_by: The key of the group whose route brought it; empty for the incident's own.
    """

    policy: str
    levels: tuple[Level, ...]
    rounds: int = 0
    then: tuple[str, ...] = ()
    level: int = -1
    round: int = 0
    started_at: Instant | None = None
    next_at: Instant | None = None
    paused_at: Instant | None = None
    spent: bool = False
    round_every: Millis = 5 * MINUTE
    not_before: Instant | None = None
    stepped_at: Instant | None = None
    brought_by: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a recipient was last told of an incident.

    Attributes:
        channel, recipient: A channel's name, and the person's name on it, or "".
        firing: The fingerprints that were firing then; empty once told it is over.
        severity: The severity it was told with.
        address: Where on the channel, as when it was told.
        notice: The key of the notice that said it, while nobody knows what became of it.
        reached: Something of the incident was delivered to them.
        lost: What they were last told could not be delivered: it is to be told again.
    """

    channel: str
    recipient: str
    at: Instant
    firing: tuple[str, ...]
    severity: Severity
    resolved: bool = False
    address: str | None = None
    notice: str = ""
    reached: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts that one route gathers by their `group_by` labels, and its timers.

    Attributes:
        key: `ROUTE:{labels}`, as Alertmanager writes it; with `@INCIDENT` where it only
            notifies.
        route: The route's path in the tree, `0`, `1.2`, ...
        incident: The incident it belongs to.
        owner: Whether this group's route owns the incident, or only notifies.
        flush_at: When it next looks whether to tell something.
        channels, wait, interval, repeat: As its route said when the group began; so are
            `mute_in` and `active_in` (names of time intervals) and `suppress`.
        default_wait: `wait` follows from severity, not from the route.
    """

    key: str
    route: str
    labels: Mapping[str, str]
    incident: str
    owner: bool
    alerts: tuple[str, ...]
    opened_at: Instant
    flush_at: Instant | None
    flushed_at: Instant | None = None
    told: tuple[Told, ...] = ()
    channels: tuple[str, ...] = ()
    wait: Millis = 0
    interval: Millis = 5 * MINUTE
    repeat: Millis = 4 * HOUR
    default_wait: bool = False
    mute_in: tuple[str, ...] = ()
    active_in: tuple[str, ...] = ()
    suppress: Millis = 0


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

    def lost(self, now: Instant) -> Decimal | None:
        """Money lost so far: revenue per hour x confirmed down time. None without revenue."""
        if self.revenue_per_hour is None:
            return None
        open_ms = 0 if self.down_since is None else max(0, now - self.down_since)
        return self.revenue_per_hour * (self.down_ms + open_ms) / HOUR


Record = CheckState | ServiceState | Alert | Silence | Group | Incident
"""What `Save` carries: the newest value of something with a key."""
