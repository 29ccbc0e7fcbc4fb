"""Whether a source still exists, and what Tocsin says of itself."""

from __future__ import annotations

from decimal import Decimal

from daemon.core.alerting.sources import (
    delivery_condition,
    lives,
    outlives_restart,
    self_condition,
    service_of,
)
from daemon.core.events import SelfReport
from daemon.core.labels import parse_matcher
from daemon.core.plan import Plan, RulePlan, SlaPlan, UplinkPlan
from daemon.core.severity import Severity
from tests.core.deciding import START, plan


def with_rule(name: str = "slow", select: str = "check=web") -> Plan:
    return plan(rules={name: RulePlan(name, (parse_matcher(select),), when="true")})


def test_a_check_lives_while_the_plan_has_it() -> None:
    assert lives("check:web", plan())
    assert not lives("check:gone", plan())


def test_a_rule_lives_while_it_selects_the_check() -> None:
    assert lives("rule:slow:web", with_rule())
    assert not lives("rule:slow:api", with_rule())
    assert not lives("rule:slow:gone", with_rule(select="check=gone"))
    assert not lives("rule:slow:web", plan())
    assert lives("rule:slow:web", with_rule(select="kind=http"))


def test_the_service_of_a_source_is_the_one_that_its_alerts_carry() -> None:
    mine = SlaPlan("kept:well", "shop", Decimal(99), "month", labels={"service": "shop"})
    both = SlaPlan("both", "all", Decimal(99), "month", services=("shop", "bank"))
    known = plan(slas={one.name: one for one in (mine, both)})
    web = known.checks["web"].service
    expected = {
        "check:web": web, "rule:slow:web": web, "rule:a:b:web": web, "check:gone": None,
        "sla:burn:kept:well": "shop", "sla:level:kept:well": "shop", "sla:burn:both": None,
        "sla:burn:gone": None, "self:database": "tocsin", "manual:1": None,
    }  # fmt: skip
    assert {source: service_of(source, known) for source in expected} == expected


def test_names_may_hold_colons() -> None:
    assert lives("rule:a:b:web", with_rule("a:b"))


def test_what_tocsin_says_of_itself_leaves_with_what_it_is_about() -> None:
    assert lives("self:database", plan())
    assert not lives("self:uplink", plan())
    assert lives("self:uplink", plan(uplink=UplinkPlan(("web",))))
    assert lives("self:delivery:slack", plan())
    assert not lives("self:delivery:gone", plan())


def test_only_what_the_engine_finds_out_itself_outlives_a_restart() -> None:
    own = ("self:uplink", "self:delivery:slack", "check:web", "rule:slow:web")
    assert all(outlives_restart(source) for source in own)
    assert not outlives_restart("self:outbox")


def test_a_channel_that_fails_is_an_alert_of_its_own() -> None:
    delivery = delivery_condition("slack", True, "refused", START)
    assert (delivery.source, delivery.name) == ("self:delivery:slack", "TocsinDelivery")
    assert delivery.labels["channel"] == "slack"


def test_a_report_is_a_condition_of_the_service_tocsin() -> None:
    told = self_condition(SelfReport("disk_full", True, "no space left"), START)
    assert (told.source, told.name, told.severity) == (
        "self:disk_full", "TocsinDiskFull", Severity.HIGH,
    )  # fmt: skip
    assert told.labels == {"alertname": "TocsinDiskFull", "service": "tocsin"}
    assert told.annotations == {"summary": "no space left"}
