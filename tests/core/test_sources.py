"""Whether a source still exists, and what Tocsin says of itself."""

from __future__ import annotations

from daemon.core.events import SelfReport
from daemon.core.labels import parse_matcher
from daemon.core.plan import Plan, RulePlan
from daemon.core.severity import Severity
from daemon.core.sources import lives, self_condition
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


def test_names_may_hold_colons() -> None:
    assert lives("rule:a:b:web", with_rule("a:b"))


def test_what_tocsin_says_of_itself_never_leaves() -> None:
    assert lives("self:database", plan())


def test_a_report_is_a_condition_of_the_service_tocsin() -> None:
    told = self_condition(SelfReport("disk_full", True, "no space left"), START)
    assert (told.source, told.name, told.severity) == (
        "self:disk_full", "TocsinDiskFull", Severity.HIGH,
    )  # fmt: skip
    assert told.labels == {"alertname": "TocsinDiskFull", "service": "tocsin"}
    assert told.annotations == {"summary": "no space left"}
