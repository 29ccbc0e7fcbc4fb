"""The whole configuration as one value, by name and in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from daemon.core.model import Millis
from daemon.core.plan.alerting import (
    AckPlan,
    CorrelatePlan,
    InhibitPlan,
    RoutePlan,
    RulePlan,
    SeverityPlan,
)
from daemon.core.plan.calendar import IntervalPlan, MaintenancePlan, SchedulePlan
from daemon.core.plan.observed import CheckPlan, ServicePlan, UplinkPlan
from daemon.core.plan.people import ChannelPlan, PersonPlan, PolicyPlan, TeamPlan
from daemon.core.plan.promised import SlaPlan
from daemon.core.plan.responding import ResponsePlan
from daemon.core.record import record
from daemon.core.severity import Severity


@record(frozen=True, slots=True)
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
    correlates: tuple[CorrelatePlan, ...] = ()
    maintenance: Mapping[str, MaintenancePlan] = field(default_factory=dict)
    intervals: Mapping[str, IntervalPlan] = field(default_factory=dict)
    severities: Mapping[Severity, SeverityPlan] = field(default_factory=dict)
    ack: AckPlan = field(default_factory=AckPlan)
    slas: Mapping[str, SlaPlan] = field(default_factory=dict)
    uplink: UplinkPlan | None = None
    warn_before: Millis = 0
    """How long before the end of a silence that is told, and then its end; 0 for never."""
    responses: Mapping[str, ResponsePlan] = field(default_factory=dict)
