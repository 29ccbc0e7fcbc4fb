"""What a check's implicit rule says in each state."""

from __future__ import annotations

import pytest

from checks.result import Fault, Result, Status
from daemon.core.model import CheckState
from daemon.core.ruling.conditions import of_check, of_uplink
from daemon.core.severity import Severity
from tests.core.watching import T0, check

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def state(status: Status, **changes: object) -> CheckState:
    values: dict[str, object] = {"measured": True, "since": T0, "cause": None} | changes
    return CheckState("web", status=status, **values)  # type: ignore[arg-type]  # values fit


@pytest.mark.parametrize(
    ("status", "holds", "down", "severity"),
    [
        (UP, False, False, Severity.CRITICAL),
        (DEGRADED, True, False, Severity.MEDIUM),
        (UNKNOWN, True, False, Severity.LOW),
        (DOWN, True, True, Severity.CRITICAL),
    ],
)
def test_it_holds_while_the_hard_status_is_not_up(
    status: Status, holds: bool, down: bool, severity: Severity
) -> None:
    condition = of_check(check("web"), state(status), None, T0)
    assert (condition.holds, condition.down, condition.severity) == (holds, down, severity)


def test_it_cannot_be_told_before_anything_was_measured() -> None:
    assert of_check(check("web"), CheckState("web"), None, T0).holds is None


def test_an_unreachable_check_names_what_hides_it() -> None:
    hidden = state(UNKNOWN, measured=False, unreachable="db", cause="db is down")
    condition = of_check(check("web"), hidden, None, T0)
    assert (condition.holds, condition.unreachable) == (None, "db")
    assert condition.annotations["message"] == "db is down"


def test_a_failing_uplink_target_is_told_through_the_uplink() -> None:
    condition = of_check(check("dns"), state(DOWN), None, T0, behind_uplink=True)
    assert (condition.holds, condition.unreachable, condition.down) == (None, "uplink", False)


def test_the_context_decides_the_severity() -> None:
    plan = check("web", severity={DOWN: Severity.EMERGENCY})
    assert of_check(plan, state(DOWN), None, T0).severity is Severity.EMERGENCY
    assert of_check(plan, state(DEGRADED), None, T0).severity is Severity.MEDIUM


def test_annotations_say_what_is_wrong() -> None:
    last = Result("web", T0, DOWN, None, "connection refused", Fault.REFUSED)
    assert of_check(check("web"), state(DOWN), last, T0).annotations == {
        "summary": "web is down: connection refused",
        "status": "down",
        "message": "connection refused",
        "fault": "refused",
    }


def test_the_uplinks_condition_names_its_targets() -> None:
    condition = of_uplink(True, T0, frozenset({"b", "a"}))
    assert (condition.source, condition.holds) == ("self:uplink", True)
    assert "none of a, b answers" in condition.annotations["message"]


def test_a_cause_says_how_many_checks_stand_behind_it_while_it_is_down() -> None:
    told = of_check(check("db"), state(DOWN), None, T0, hides=999).annotations
    assert told["summary"] == "web is down; 999 checks stand behind it"
    assert told["behind"] == "999"
    told = of_check(check("db"), state(DOWN), None, T0, hides=1).annotations
    assert told["summary"].endswith("; 1 check stands behind it")
    assert "behind" not in of_check(check("db"), state(DOWN), None, T0).annotations
