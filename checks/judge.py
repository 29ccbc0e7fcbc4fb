"""An observation held against a check's conditions gives the verdict of a run.

The order is the design's (4.2): a fault of our own is unknown, a fault of the target is
down; then every `expect` must hold; then any `degraded_if` that holds degrades.
"""

from __future__ import annotations

from checks.conditions import Condition, ConditionFailed, NotMeasured
from checks.result import Fault, Observation, Result, Status
from checks.text import one_line

NO_ANSWER = frozenset(
    {
        Fault.RESOLVE,
        Fault.REFUSED,
        Fault.UNREACHABLE,
        Fault.RESET,
        Fault.TLS,
        Fault.PROGRAM,
        Fault.INTERNAL,
    }
)
"""Faults after which the time spent says nothing of how fast the target answers: such a run
has no latency, so an outage cannot make a service look quick."""

_SHOWN = 3
"""How many failed conditions a message names."""


def judge(
    check: str,
    at: int,
    seen: Observation,
    expect: tuple[Condition, ...],
    degraded_if: tuple[Condition, ...],
) -> Result:
    """The result of one run of `check`, begun at `at` (milliseconds since the epoch)."""
    status, message, fault = _verdict(seen, expect, degraded_if)
    return Result(
        check=check,
        at=at,
        status=status,
        latency_ms=None if fault in NO_ANSWER else seen.latency_ms,
        message=one_line(message),
        fault=fault,
        phases=seen.phases,
        metrics=seen.metrics,
    )


def _verdict(
    seen: Observation, expect: tuple[Condition, ...], degraded_if: tuple[Condition, ...]
) -> tuple[Status, str, Fault | None]:
    if seen.fault is Fault.INTERNAL or seen.unknown:
        return Status.UNKNOWN, seen.message, seen.fault
    if seen.fault is not None:
        return Status.DOWN, seen.message, seen.fault
    if expect:
        failed, unmeasured = _failures(seen, expect)
        if failed:
            return Status.DOWN, _joined(failed), Fault.CONDITION
        if unmeasured:
            return Status.UNKNOWN, _joined(unmeasured), Fault.CONDITION
    if degraded_if and (degraded := _degradations(seen, degraded_if)):
        return Status.DEGRADED, _joined(degraded), None
    return (Status.DEGRADED if seen.degraded else Status.UP), seen.message, None


def _failures(seen: Observation, expect: tuple[Condition, ...]) -> tuple[list[str], list[str]]:
    """The conditions that do not hold or have no answer, and those that were not measured."""
    failed: list[str] = []
    unmeasured: list[str] = []
    for condition in expect:
        try:
            if not condition.holds(seen.fields):
                failed.append(condition.explain(seen.fields))
        except NotMeasured as why:
            unmeasured.append(str(why))
        except ConditionFailed as why:
            failed.append(str(why))
    return failed, unmeasured


def _degradations(seen: Observation, degraded_if: tuple[Condition, ...]) -> list[str]:
    """The conditions that hold; one without an answer counts, for it cannot say all is well."""
    found: list[str] = []
    for condition in degraded_if:
        try:
            if condition.holds(seen.fields):
                found.append(condition.explain(seen.fields))
        except ConditionFailed as why:
            found.append(str(why))
    return found


def _joined(texts: list[str]) -> str:
    more = f" (and {len(texts) - _SHOWN} more)" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
