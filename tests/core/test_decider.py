"""The deciding half as a whole: what a restart ends, and what it goes on with."""

from __future__ import annotations

from daemon.core.events import SelfReport
from daemon.core.model import HOUR, MINUTE, IncidentState
from tests.core.deciding import Stand, plan, route, said

OUTBOX = SelfReport("outbox", True, "a notification has not been delivered for 6 min")


def test_what_the_service_said_of_itself_ends_with_its_process() -> None:
    stand = Stand(plan(route=route()))
    assert said(stand.do(OUTBOX)) == [("slack", "firing")]
    assert said(stand.restart(MINUTE)) == [("slack", "resolved")]
    assert stand.incident.state is IncidentState.RESOLVED


def test_a_problem_of_tocsin_that_comes_after_a_restart_is_told() -> None:
    stand = Stand(plan(route=route()))
    stand.do(OUTBOX)
    stand.restart(MINUTE)
    stand.wait(10 * HOUR)
    assert said(stand.do(OUTBOX)) == [("slack", "firing")]


def test_a_restart_without_problems_says_nothing() -> None:
    stand = Stand(plan(route=route()))
    stand.do(OUTBOX)
    stand.do(SelfReport("outbox", False, "well again"))
    assert stand.restart(MINUTE) == []
