"""What is observed, as the engine sees it: checks, services, the uplink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Final

from checks.result import Status
from daemon.core.model import SECOND, AtRisk, Millis, Promotion
from daemon.core.record import record
from daemon.core.severity import Severity

DEFAULT_SEVERITY: Final[Mapping[Status, Severity]] = {
    Status.DOWN: Severity.CRITICAL,
    Status.DEGRADED: Severity.MEDIUM,
    Status.UNKNOWN: Severity.LOW,
}
"""What a failure means where no context says otherwise."""


@record(frozen=True, slots=True)
class HeartbeatPlan:
    """When a heartbeat is due: every `period`, or as `cron` says in `timezone`; plus `grace`."""

    period: Millis | None
    cron: str | None
    timezone: str
    grace: Millis


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
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
    at_risk: tuple[AtRisk, ...] = ()
    update_every: Millis | None = None


@record(frozen=True, slots=True)
class UplinkPlan:
    """The monitor's own connection: unknown results while all of `checks` fail."""

    checks: tuple[str, ...]
