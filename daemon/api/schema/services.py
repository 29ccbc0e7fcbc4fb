"""Shapes of services and of their SLAs.

They stand together because an SLA is always a service's, and a service is shown with its SLAs.
"""

from __future__ import annotations

from daemon.api.schema.alerts import AlertView
from daemon.api.schema.base import Shape, StatusWord, Time
from daemon.api.schema.checks import CheckView
from daemon.api.schema.incidents import IncidentView


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


class ServiceDetail(Shape):
    """A service with what belongs to it; alerts and incidents are the open ones."""

    service: ServiceView
    checks: list[CheckView]
    alerts: list[AlertView]
    incidents: list[IncidentView]
    slas: list[SlaView]
