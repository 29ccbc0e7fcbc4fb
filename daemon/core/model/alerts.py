"""The records of alerts, and of what keeps them from being told: mutes and silences.

Their life is decided in `daemon.core.alerting.lifecycle`, what mutes them in
`daemon.core.muting.mute`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field

from daemon.core.labels import Matcher
from daemon.core.model.basics import Instant, Millis
from daemon.core.record import record
from daemon.core.severity import Severity


class AlertState(enum.StrEnum):
    """The life of an alert."""

    PENDING = "pending"
    """Its condition holds, but not yet for as long as the rule asks."""
    FIRING = "firing"
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
    CORRELATION = "correlation"
    """It joined a storm, and waits to be told with the rest of it."""
    SUPPRESSION = "suppression"
    """It does not fire for long enough yet for the routes to tell it."""


@record(frozen=True, slots=True)
class Mute:
    """One reason why an alert is not told.

    Attributes:
        by: What mutes it: a silence's id, a maintenance window's name, the inhibiting alert's
            fingerprint, a service, a time interval, a correlation rule, `suppress`.
        reason: One line that says so to an operator.
        until: When it ends, if that is known.
    """

    kind: MuteKind
    by: str
    reason: str
    until: Instant | None = None


@record(frozen=True, slots=True)
class Promotion:
    """After `after` of firing, the effective severity is at least `to`."""

    after: Millis
    to: Severity


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
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
        storm: The key of the storm it belongs to.
        held_back: Why its routes tell nothing of it yet: their hours, or that it is too young.
        merged_at: When an operator last moved it into its incident by a merge.
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
    storm: str | None = None
    held_back: tuple[Mute, ...] = ()
    merged_at: Instant | None = None

    @property
    def matchable(self) -> dict[str, str]:
        """The labels as matchers see them: with the effective severity."""
        return {**self.labels, "severity": self.effective.word}


@record(frozen=True, slots=True)
class Recurrence:
    """A silence comes again: as `cron` says on the clock of the zone, for `lasts`."""

    cron: str
    lasts: Millis
    timezone: str


@record(frozen=True, slots=True)
class Silence:
    """An operator's mute: matchers with a start and an end. Its key is its id.

    Attributes:
        starts_at, ends_at: Of one that recurs: this time, or the next.
        recurs: How it comes again; None for once.
        warned_at: When it was told that it is about to end, this time.
    """

    key: str
    matchers: tuple[Matcher, ...]
    starts_at: Instant
    ends_at: Instant
    created_by: str
    comment: str
    updated_at: Instant
    recurs: Recurrence | None = None
    warned_at: Instant | None = None

    def state(self, now: Instant) -> str:
        """`pending`, `active` or `expired`."""
        if now < self.starts_at:
            return "pending"
        return "active" if now < self.ends_at else "expired"
