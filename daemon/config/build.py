"""From good settings to the `Plan` the engine works by: names resolved, defaults filled in.

The fourth stage of loading; nothing is checked here any more. The parts are made by subject:
checks and services in `build_checks`, who is told of what in `build_alerting`, and what goes by
the calendar beside its settings (`oncall`, `maintenance`, `intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from daemon.config.build_alerting import (
    channel_plan,
    inhibit_plan,
    person_plan,
    policy_plan,
    routing_tree,
    rule_plan,
)
from daemon.config.build_checks import check_plans, enabled, service_plans
from daemon.config.correlate import correlate_plan
from daemon.config.intervals import interval_plan
from daemon.config.maintenance import maintenance_plan
from daemon.config.objectives import sla_plan
from daemon.config.oncall import schedule_plan, team_plan
from daemon.config.responses import response_plan
from daemon.config.validate import Settings
from daemon.core.plan import AckPlan, Plan, SeverityPlan, UplinkPlan
from daemon.core.severity import parse_severity

K = TypeVar("K")
T = TypeVar("T")


def plan(settings: Settings) -> Plan:
    """The whole plan."""
    specs = enabled(settings)
    services = service_plans(settings, specs)
    made = check_plans(settings, services, specs)
    zone = settings.daemon.timezone
    return Plan(
        checks=_frozen(made),
        services=_frozen(services),
        rules=_frozen({n: rule_plan(n, one) for n, one in settings.rules.items() if one.enabled}),
        route=routing_tree(settings.routes),
        policies=_frozen({n: policy_plan(n, one) for n, one in settings.policies.items()}),
        persons=_frozen({n: person_plan(n, one) for n, one in settings.persons.items()}),
        teams=_frozen({n: team_plan(n, one) for n, one in settings.teams.items()}),
        schedules=_frozen({n: schedule_plan(n, o, zone) for n, o in settings.schedules.items()}),
        channels=_frozen({n: channel_plan(n, one) for n, one in settings.channels.items()}),
        inhibits=tuple(inhibit_plan(one) for one in settings.inhibits),
        correlates=tuple(correlate_plan(one) for one in settings.correlates.values()),
        maintenance=_frozen(
            {n: maintenance_plan(o, zone, services, made) for n, o in settings.maintenance.items()}
        ),
        intervals=_frozen({n: interval_plan(n, o, zone) for n, o in settings.intervals.items()}),
        severities=_frozen(
            {
                parse_severity(word): SeverityPlan(one.mtta, one.mttr, one.update_every)
                for word, one in settings.severities.items()
            }
        ),
        ack=AckPlan(
            reopen_on_severity="severity" in settings.ack.reopen_on,
            reopen_on_new_alert="new_alert" in settings.ack.reopen_on,
            remind_every=settings.ack.remind_every,
        ),
        slas=_frozen({n: sla_plan(one, zone, services) for n, one in settings.slas.items()}),
        responses=_frozen(
            {n: response_plan(one) for n, one in settings.responses.items() if one.enabled}
        ),
        warn_before=settings.silence.warn_before,
        uplink=UplinkPlan(settings.uplink.checks) if settings.uplink is not None else None,
    )


def _frozen(mapping: dict[K, T]) -> Mapping[K, T]:
    return MappingProxyType(mapping)
