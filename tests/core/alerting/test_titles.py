"""An incident's title and summary."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

from daemon.core.alerting import titles
from daemon.core.alerting.sources import delivery_condition, self_condition
from daemon.core.events import SelfReport
from daemon.core.model import Terms
from daemon.core.severity import Severity
from daemon.notify.selftest import PROBLEM
from daemon.service import selfwatch
from tests.core.deciding import START, alert


def test_a_failing_check_names_its_service_and_status() -> None:
    assert titles.title(alert(annotations={"status": "degraded"})) == "shop is degraded"
    assert titles.title(alert(terms=Terms(down=True))) == "shop is down"
    assert titles.title(alert("web", labels={})) == "web is failing"


def test_a_rule_names_its_service_and_itself() -> None:
    slow = alert(source="rule:slow:web", name="checkout-slow")
    assert titles.title(slow) == "shop: checkout-slow"


def test_what_tocsin_says_of_itself_and_of_promises_is_put_in_words() -> None:
    fails = delivery_condition("ops {slack}", True, "", START)
    found = alert(source=fails.source, name=fails.name, labels=fails.labels)
    assert titles.title(found) == "Tocsin: channel ops {slack} does not deliver"
    burns = alert(source="sla:burn:web-99", name="SlaBurning", labels={"sla": "web-99"})
    assert titles.title(burns) == "SLA web-99 burns its budget too fast"
    shop = replace(burns, labels={"sla": "web-99", "service": "shop"})
    assert titles.title(shop) == "shop: SLA web-99 burns its budget too fast"
    mine = alert(source="rule:SlaBurning:web", name="SlaBurning")
    assert titles.title(mine) == "shop: SlaBurning", "a rule may be called anything"


def test_every_problem_that_the_daemon_finds_in_itself_has_words() -> None:
    problems = {*re.findall(r'found\["(\w+)"\]', inspect.getsource(selfwatch)), PROBLEM}
    assert len(problems) > 10
    for problem in problems:
        made = self_condition(SelfReport(problem, True, ""), START)
        title = titles.title(alert(source=made.source, name=made.name, labels=made.labels))
        assert title.startswith("Tocsin: ")
        assert made.name not in title


def test_the_summary_is_the_alerts_own_words_and_the_count_of_the_others() -> None:
    told = alert(annotations={"summary": "p95 is 900 ms"})
    assert titles.summary(told, 0) == "p95 is 900 ms"
    assert titles.summary(told, 1) == "p95 is 900 ms (and 1 more alert)"
    assert titles.summary(told, 7) == "p95 is 900 ms (and 7 more alerts)"
    assert titles.summary(alert(), 0) == "shop is failing"


def test_the_summary_is_bounded_and_keeps_the_count() -> None:
    text = titles.summary(alert(annotations={"summary": "x" * 9_999}), 3)
    assert len(text) == titles.LONGEST
    assert text.endswith("(and 3 more alerts)")


def test_the_gravest_speaks_then_the_one_that_fired_first() -> None:
    first, second = alert("b", fired_at=START), alert("a", fired_at=START + 1)
    grave = alert("z", effective=Severity.EMERGENCY, fired_at=START + 9)
    assert titles.worst([second, first]) == first
    assert titles.worst([second, first, grave]) == grave
    assert titles.worst([]) is None
