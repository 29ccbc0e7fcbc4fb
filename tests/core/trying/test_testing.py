"""Test alerts: they go the real way, are told as tests, and change nothing that is real."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from checks.result import Status
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import FireTest, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, IncidentState
from daemon.core.plan import CheckPlan, InhibitPlan, Plan, ServicePlan, SeverityPlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, Stand, condition, plan, route, said


def estate(**more: Any) -> Plan:
    """A shop with two checks and a database, with money and targets."""
    base = plan()
    own = {
        name: replace(check, labels={"check": name, "service": check.service})
        for name, check in base.checks.items()
    }
    own["db"] = replace(own["db"], service="db", labels={"check": "db", "service": "db"})
    shop = ServicePlan("shop", ("web", "api"), revenue_per_hour=Decimal(100), recovery_sla=HOUR)
    services = {"shop": shop, "db": ServicePlan("db", ("db",))}
    targets = {severity: SeverityPlan(mtta=MINUTE, mttr=HOUR) for severity in Severity}
    return replace(base, checks=own, services=services, severities=targets, **more)


def fired(stand: Stand, *services: str, **more: Any) -> Any:
    return stand.do(FireTest(ANA, services or ("shop",), more.pop("lasts", 2 * MINUTE), **more))


def test_a_test_alert_pages_by_the_real_routes_and_policy_and_says_what_it_is() -> None:
    stand = Stand(estate())
    told = fired(stand)
    assert said(told) == [
        ("slack", "firing"), ("ana via sms", "firing"), ("ana via mail", "firing")
    ]  # fmt: skip
    assert stand.incident.title == "[TEST] shop is down"
    assert stand.incident.summary == "[TEST] web is down: a test by ana"
    assert told[0].alerts[0].labels["test"] == "true"
    assert said(stand.wait(MINUTE)) == []


def test_it_resolves_by_itself_and_whoever_was_told_is_told_so() -> None:
    stand = Stand(estate())
    told = fired(stand)
    over = stand.wait(2 * MINUTE)
    assert {whom for whom, _ in said(over)} == {whom for whom, _ in said(told)}
    assert {kind for _, kind in said(over)} == {"resolved"}


def test_it_resolves_by_itself_after_a_restart_too() -> None:
    stand = Stand(estate())
    fired(stand)
    over = stand.restart(after=5 * MINUTE)
    assert stand.incident.state is IncidentState.RESOLVED
    assert ("slack", "resolved") in said(over)


def test_it_is_over_when_an_operator_resolves_it_and_leaves_no_alert_firing() -> None:
    stand = Stand(estate())
    fired(stand, lasts=HOUR)
    stand.do(Resolve(stand.incident.key, ANA))
    assert stand.incident.state is IncidentState.RESOLVED
    assert all(alert.resolved_at for alert in stand.decider.alerts.records.values())


def test_it_costs_nothing_and_is_timed_by_nothing() -> None:
    stand = Stand(estate())
    fired(stand, lasts=3 * HOUR)
    stand.wait(2 * HOUR)
    assert stand.incident.is_test
    assert stand.incident.lost(stand.now) is None
    assert stand.incident.recovery_due is None
    assert len(stand.incidents) == 1  # none that says it is late
    real = Stand(estate())
    real.see(condition("web", since=real.now))
    assert not real.incident.is_test
    assert real.incident.recovery_due


def test_it_is_never_a_part_of_a_real_incident_nor_a_real_alert_of_its() -> None:
    stand = Stand(estate())
    fired(stand)
    stand.see(condition("web"))
    stand.now += 1
    fired(stand)
    keys = [incident.alerts for incident in stand.incidents]
    assert len(keys) == 3
    assert {len(alerts) for alerts in keys} == {1}


def test_it_mutes_nothing_that_is_real_but_is_muted_as_the_failure_would_be() -> None:
    causes = InhibitPlan((parse_matcher("service=db"),), (parse_matcher("service=shop"),))
    stand = Stand(estate(inhibits=(causes,)))
    fired(stand, "db")
    assert said(stand.see(condition("web")))
    stand.see(condition("db", labels={"service": "db", "check": "db"}))
    assert said(fired(stand)) == []
    assert stand.incident.muted


def test_many_are_grouped_among_themselves_and_told_as_one_message() -> None:
    stand = Stand(estate(route=route(group_by=("service",))))
    told = fired(stand, "shop", "db", alerts=300, severity=Severity.HIGH)
    told += stand.wait(MINUTE)
    assert len(stand.incidents) == 2
    assert said(told).count(("slack", "firing")) == 2
    assert {len(incident.alerts) for incident in stand.incidents} == {150}
    over = stand.wait(5 * MINUTE)
    assert said(over).count(("slack", "resolved")) == 2


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"services": ("nothing",)}, NotFound),
        ({"services": ()}, NotFound),
        ({"alerts": 0}, Invalid),
        ({"alerts": 2_001}, Invalid),
        ({"lasts": 0}, Invalid),
        ({"lasts": 25 * HOUR}, Invalid),
    ],
)
def test_what_makes_no_sense_is_refused(more: dict[str, Any], refusal: type[Exception]) -> None:
    stand = Stand(estate())
    with pytest.raises(refusal):
        stand.do(replace(FireTest(ANA, ("shop",), MINUTE), **more))
    assert not stand.incidents


def test_a_service_without_checks_can_be_tested_and_each_check_of_others_is_in_turn() -> None:
    spec = estate()
    bare = ServicePlan("bare", (), owner="ana", labels={"env": "prod"})
    spec = replace(spec, services={**spec.services, "bare": bare})
    stand = Stand(spec)
    fired(stand, "bare")
    (alert,) = stand.decider.alerts.records.values()
    assert {"service": "bare", "owner": "ana", "env": "prod"}.items() <= alert.labels.items()
    stand = Stand(spec)
    fired(stand, alerts=4)
    alerts = stand.decider.alerts.records.values()
    assert sorted(alert.labels["check"] for alert in alerts) == ["api", "api", "web", "web"]


def test_its_severity_is_the_checks_own_or_what_was_asked_for() -> None:
    spec = estate()
    grave: CheckPlan = replace(spec.checks["web"], severity={Status.DOWN: Severity.EMERGENCY})
    stand = Stand(replace(spec, checks={**spec.checks, "web": grave}))
    fired(stand)
    assert stand.incident.severity is Severity.EMERGENCY
    stand.now += 1
    fired(stand, severity=Severity.LOW)
    assert stand.incident.severity is Severity.LOW
