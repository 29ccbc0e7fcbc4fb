"""The configuration as the engine sees it: plain values, names resolved, spans in milliseconds.

`daemon.config` makes a `Plan` from a file it has found good, so nothing here is validated
again. `Plan`s compare by value: a reload keeps what is equal.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from checks.result import Status
from daemon.core.labels import Matcher
from daemon.core.model import HOUR, MINUTE, SECOND, Level, Millis
from daemon.core.model import Promotion as Promotion  # part of a plan, kept with an alert
from daemon.core.severity import Severity

DEFAULT_SEVERITY: Final[Mapping[Status, Severity]] = {
    Status.DOWN: Severity.CRITICAL,
    Status.DEGRADED: Severity.MEDIUM,
    Status.UNKNOWN: Severity.LOW,
}
"""What a failure means where no context says otherwise."""

DEFAULT_GROUP_WAIT: Final[Mapping[Severity, Millis]] = {
    Severity.EMERGENCY: 0,
    Severity.CRITICAL: 0,
    Severity.HIGH: 30 * SECOND,
    Severity.MEDIUM: 30 * SECOND,
    Severity.LOW: 60 * SECOND,
    Severity.INFO: 60 * SECOND,
}


@dataclass(frozen=True, slots=True)
class HeartbeatPlan:
    """When a heartbeat is due: every `period`, or as `cron` says in `timezone`; plus `grace`."""

    period: Millis | None
    cron: str | None
    timezone: str
    grace: Millis


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """A check as the engine schedules and judges it.

    Attributes:
        labels: What its alerts carry: check, service, context, owner, category, own labels.
        parents: Redundancy groups of checks; unreachable when all of one group are down.
        remote: The uplink guard applies: its target is not on this host.
        heartbeat: Set for the kind that is pinged instead of probed.
        severity: What each failing status means (the context's mapping, or the default).
    """

    name: str
    kind: str
    service: str
    every: Millis
    retry_every: Millis
    every_down: Millis
    down_after: int
    up_after: int
    labels: Mapping[str, str]
    parents: tuple[tuple[str, ...], ...] = ()
    remote: bool = True
    heartbeat: HeartbeatPlan | None = None
    flap_start: float = 20.0
    flap_stop: float = 5.0
    severity: Mapping[Status, Severity] = field(default_factory=lambda: DEFAULT_SEVERITY)
    promote: tuple[Promotion, ...] = ()
    acknowledgeable: bool = True
    count_from: str = "first_failure"
    """Down time starts at the `first_failure` or at the `confirmation`."""
    timeout: Millis = 30 * SECOND
    """A run that has not ended this long after its start (and a little) is given up."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """A service. A check without one belongs to a service of the check's own name.

    Attributes:
        checks: The names of its checks.
        parents: Redundancy groups of services, as for checks.
        quorum: It is down only when fewer than this many of its checks are up or
            degraded; None: as bad as its worst check.
    """

    name: str
    checks: tuple[str, ...]
    context: str | None = None
    organization: str | None = None
    owner: str | None = None
    rank: int = 0
    parents: tuple[tuple[str, ...], ...] = ()
    quorum: int | None = None
    revenue_per_hour: Decimal | None = None
    currency: str | None = None
    impact: str | None = None
    runbook: str | None = None
    dashboard: str | None = None
    recovery_sla: Millis | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A rule: for each selected check, an alert while its condition holds.

    Attributes:
        select: Matchers over the checks' labels (and `kind`, `check`).
        when, clear_when: CEL texts, known to compile.
    """

    name: str
    select: tuple[Matcher, ...]
    when: str
    clear_when: str | None = None
    for_: Millis = 0
    keep_for: Millis = 0
    cooldown: Millis = 0
    auto_resolve: bool = True
    acknowledgeable: bool = True
    severity: Severity = Severity.MEDIUM
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    promote: tuple[Promotion, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A node of the routing tree, with what it inherits already filled in.

    Attributes:
        path: Its place in the tree: `""` the root, `0`, `0.1`, ...
        group_wait: None for the default by severity.
        policy: The escalation policy's name.
        mute_time_intervals: Names of intervals in which the route tells nothing.
        active_time_intervals: Names of the only intervals in which it does; empty for always.
        suppress: An alert that has not fired for so long is not told yet.
    """

    path: str
    match: tuple[Matcher, ...] = ()
    channels: tuple[str, ...] = ()
    policy: str | None = None
    group_by: tuple[str, ...] = ("service",)
    group_wait: Millis | None = None
    group_interval: Millis = 5 * MINUTE
    repeat_interval: Millis = 4 * HOUR
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    suppress: Millis = 0
    continue_: bool = False
    routes: tuple[RoutePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """An escalation policy. After the last level it starts over `rounds` times, then tells
    the `then` targets once."""

    name: str
    levels: tuple[Level, ...]
    rounds: int = 0
    then: tuple[str, ...] = ()
    round_every: Millis = 5 * MINUTE
    """How long after its last level a policy starts over, or turns to `then`."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach a person: a channel and the address there (None: the channel's own)."""

    channel: str
    address: str | None


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """Somebody who is notified. `high` contacts are used for critical and worse, `low` else
    (each falls back to the other where it is empty)."""

    name: str
    high: tuple[Contact, ...]
    low: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """Persons who are told together."""

    name: str
    members: tuple[str, ...]


class Rotation(enum.StrEnum):
    """What a layer's shifts are counted in."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Restriction:
    """Hours of days. Where `end_minute` is not after `start_minute` they end on the next day.

    Attributes:
        days: On which they begin; 0 is Monday.
        start_minute, end_minute: Minutes since midnight by the clock; the end is up to 1,440.
    """

    days: frozenset[int]
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """A rotation of a schedule. Times are local, without a zone.

    Attributes:
        length: How many hours, days, weeks or months a shift lasts.
        start: When the first shift of the first person begins.
        until: When the layer ends; None for never.
        restrictions: When it is in force; empty for always.
    """

    rotation: Rotation
    length: int
    start: datetime
    persons: tuple[str, ...]
    until: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class OverridePlan:
    """From `start` to before `end` (local times) these persons are on call: in place of
    everybody, or of the one that it `replaces`."""

    start: datetime
    end: datetime
    persons: tuple[str, ...]
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """Who is on call when; see `daemon.core.oncall`. Of layers the last that has somebody
    counts, overrides count in their order."""

    name: str
    timezone: str
    layers: tuple[LayerPlan, ...] = ()
    overrides: tuple[OverridePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What the engine needs of a channel: `send_resolved` and where to turn when it fails."""

    name: str
    kind: str
    fallback: str | None = None
    send_resolved: bool = True


@dataclass(frozen=True, slots=True)
class InhibitPlan:
    """A firing alert that matches `source` mutes those that match `target` and have equal
    values of the `equal` labels."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MaintenancePlan:
    """Planned work; see `daemon.core.maintenance`. It comes as `cron` says and lasts for
    `duration`, or once, from `start` to `end` (local times).

    Attributes:
        services: Whose alerts are muted; empty where `match` says which.
        excludes: Services whose SLAs do not count this time.
    """

    name: str
    timezone: str
    services: tuple[str, ...] = ()
    match: tuple[Matcher, ...] = ()
    excludes: tuple[str, ...] = ()
    cron: str | None = None
    duration: Millis = 0
    start: datetime | None = None
    end: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HoursPlan:
    """One alternative of a time interval: every field that is not empty must match.

    Attributes:
        times: Minutes since midnight, from and to before, in order; the end is up to 1,440.
        weekdays: 0 is Monday.
        days_of_month: Ranges, both ends included; negative days count from the month's end.
        years: Ranges, both ends included.
    """

    timezone: str
    times: tuple[tuple[int, int], ...] = ((0, 1_440),)
    weekdays: frozenset[int] = frozenset()
    days_of_month: tuple[tuple[int, int], ...] = ()
    months: frozenset[int] = frozenset()
    years: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class IntervalPlan:
    """A time interval; see `daemon.core.intervals`. It matches when one of `any_of` does."""

    name: str
    any_of: tuple[HoursPlan, ...]


@dataclass(frozen=True, slots=True)
class SeverityPlan:
    """Targets for how fast incidents of a severity are acknowledged and resolved."""

    mtta: Millis | None = None
    mttr: Millis | None = None


@dataclass(frozen=True, slots=True)
class AckPlan:
    """When an acknowledged incident reopens."""

    reopen_on_severity: bool = True
    reopen_on_new_alert: bool = True


@dataclass(frozen=True, slots=True)
class SlaPlan:
    """An availability objective of a service.

    Attributes:
        target: Percent, exact: `Decimal("99.9")`.
        period: `month`, `quarter`, `year`, or a rolling span in milliseconds.
        timezone: The zone whose calendar a calendar period follows.
        degraded_weight: What a degraded millisecond counts as: 1 up, 0 down, or between.
    """

    name: str
    service: str
    target: Decimal
    period: str | Millis
    timezone: str = "UTC"
    degraded_weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class UplinkPlan:
    """The monitor's own connection: unknown results while all of `checks` fail."""

    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the engine is configured with. Mappings are by name, in the file's order."""

    checks: Mapping[str, CheckPlan] = field(default_factory=dict)
    services: Mapping[str, ServicePlan] = field(default_factory=dict)
    rules: Mapping[str, RulePlan] = field(default_factory=dict)
    route: RoutePlan = field(default_factory=lambda: RoutePlan(path=""))
    policies: Mapping[str, PolicyPlan] = field(default_factory=dict)
    persons: Mapping[str, PersonPlan] = field(default_factory=dict)
    teams: Mapping[str, TeamPlan] = field(default_factory=dict)
    schedules: Mapping[str, SchedulePlan] = field(default_factory=dict)
    channels: Mapping[str, ChannelPlan] = field(default_factory=dict)
    inhibits: tuple[InhibitPlan, ...] = ()
    maintenance: Mapping[str, MaintenancePlan] = field(default_factory=dict)
    intervals: Mapping[str, IntervalPlan] = field(default_factory=dict)
    severities: Mapping[Severity, SeverityPlan] = field(default_factory=dict)
    ack: AckPlan = field(default_factory=AckPlan)
    slas: Mapping[str, SlaPlan] = field(default_factory=dict)
    uplink: UplinkPlan | None = None
