"""The verdict of a run: whose fault, which conditions, in which order."""

from __future__ import annotations

import pytest

from checks.conditions import compile_condition
from checks.http import FIELDS
from checks.judge import judge
from checks.result import Fault, Observation, Result, Status


def verdict(
    seen: Observation, expect: tuple[str, ...] = (), degraded_if: tuple[str, ...] = ()
) -> Result:
    return judge(
        "c",
        5,
        seen,
        tuple(compile_condition(text, FIELDS, "expect") for text in expect),
        tuple(compile_condition(text, FIELDS, "degraded_if") for text in degraded_if),
    )


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (Observation(), Status.UP),
        (Observation(degraded=True), Status.DEGRADED),
        (Observation(fault=Fault.REFUSED), Status.DOWN),
        (Observation(fault=Fault.INTERNAL), Status.UNKNOWN),
        (Observation(fault=Fault.RESOLVE, unknown=True), Status.UNKNOWN),
        (Observation(unknown=True), Status.UNKNOWN),
        (Observation(fault=Fault.TIMEOUT, degraded=True), Status.DOWN),
    ],
)
def test_a_fault_of_ours_is_unknown_and_one_of_the_target_is_down(
    seen: Observation, status: Status
) -> None:
    found = verdict(seen)
    assert found.status is status
    assert found.fault is seen.fault


def test_conditions_are_not_asked_about_an_exchange_that_failed() -> None:
    found = verdict(Observation(fault=Fault.REFUSED, message="refused"), ("status == 200",))
    assert (found.status, found.message) == (Status.DOWN, "refused")


def test_all_failed_conditions_are_named_up_to_three() -> None:
    texts = tuple(f"status == {code}" for code in range(200, 205))
    found = verdict(Observation(fields={"status": 500}), texts)
    assert found.message.startswith("status == 200 (status is 500); status == 201 (")
    assert found.message.endswith("(and 2 more)")
    assert found.fault is Fault.CONDITION


def test_down_goes_before_degraded_and_unmeasured() -> None:
    seen = Observation(fields={"status": 500})
    found = verdict(seen, ("cert_days > 1", "status == 200"), ("status == 500",))
    assert found.status is Status.DOWN
    assert found.message == "status == 200 (status is 500)"


def test_an_expectation_that_was_not_measured_is_unknown() -> None:
    found = verdict(Observation(fields={"status": 200}), ("cert_days > 1",), ("status == 200",))
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.CONDITION)
    assert found.message == "cert_days > 1 (cert_days has no value in this run)"


def test_a_degrading_condition_without_an_answer_degrades() -> None:
    found = verdict(Observation(fields={"status": 200}), (), ("cert_days < 14.0",))
    assert found.status is Status.DEGRADED
    assert "no value in this run" in found.message


def test_a_good_run_tells_what_the_probe_said_in_one_clean_line() -> None:
    seen = Observation(message="fine\n\x1b[2Jreally", latency_ms=3.0, metrics={"a": 1})
    found = verdict(seen)
    assert found == Result("c", 5, Status.UP, 3.0, "fine really", None, {}, {"a": 1})
