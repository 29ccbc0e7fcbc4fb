"""What may be alerted on without any rule: each check's hard status, and the uplink.

The observatory adds these to the turn when something changed that people are told: the
status, its severity, the kind of failure, unreachability, flapping. While `holds` is not
True, severity and annotations say nothing.
"""

from __future__ import annotations

from typing import Final

from checks.result import Result, Status
from daemon.core.labels import Labels
from daemon.core.model import CheckState, Instant
from daemon.core.observing.uplink import CAUSE
from daemon.core.plan import DEFAULT_SEVERITY, CheckPlan
from daemon.core.severity import Severity
from daemon.core.turn import Condition

CHECK_FAILING: Final = "CheckFailing"
UPLINK_DOWN: Final = "UplinkDown"


def of_check(
    plan: CheckPlan,
    state: CheckState,
    last: Result | None,
    now: Instant,
    *,
    labels: Labels | None = None,
    behind_uplink: bool = False,
    hides: int = 0,
) -> Condition:
    """The implicit rule of a check: it holds while the hard status is not up.

    It cannot be told while nothing could be measured, or while the check is one of the
    uplink's targets and the uplink as a whole is down (`behind_uplink`), which is told once.
    What the uplink hides, be it a target or a remote check, is muted as if behind a parent.

    Args:
        labels: What `labels_of` says of its plan, where that is at hand.
        hides: How many checks stand behind it, and are told by this one while it is down.
    """
    behind_uplink = behind_uplink or state.cause == CAUSE
    holds: bool | None = state.status is not Status.UP
    if not state.measured or (behind_uplink and holds):
        holds = None
    return Condition(
        source=f"check:{plan.name}",
        name=CHECK_FAILING,
        labels=labels_of(plan) if labels is None else labels,
        severity=_severity(plan, state.status),
        holds=holds,
        since=now if state.since is None else state.since,
        annotations=_annotations(state, last, hides),
        promote=plan.promote,
        acknowledgeable=plan.acknowledgeable,
        unreachable=state.unreachable or ("uplink" if holds is None and behind_uplink else None),
        flapping=state.flapping,
        down=bool(holds) and state.status is Status.DOWN,
    )


def labels_of(plan: CheckPlan) -> Labels:
    """The labels of a check's implicit alert: its identity."""
    return {**plan.labels, "alertname": CHECK_FAILING}


def of_uplink(active: bool, now: Instant, names: frozenset[str]) -> Condition:
    """The one alert of a lost uplink."""
    return Condition(
        source="self:uplink",
        name=UPLINK_DOWN,
        labels={"alertname": UPLINK_DOWN, "service": "tocsin", "category": "self"},
        severity=Severity.CRITICAL,
        holds=active,
        since=now,
        annotations={
            "summary": CAUSE,
            "message": f"none of {', '.join(sorted(names))} answers;"
            " failures of remote checks are unknown until one does",
        },
    )


def _severity(plan: CheckPlan, status: Status) -> Severity:
    worst = Status.DOWN if status is Status.UP else status
    return plan.severity.get(worst, DEFAULT_SEVERITY[worst])


def _annotations(state: CheckState, last: Result | None, hides: int) -> dict[str, str]:
    message = state.cause or (last.message if last else "")
    told = {"status": state.status.word, "message": message}
    if last is not None and last.fault is not None and state.status is not Status.UP:
        told["fault"] = last.fault.value
    summary = f"{state.key} is {state.status.word}"
    summary = f"{summary}: {message}" if message else summary
    if hides:
        told["behind"] = str(hides)
        summary += f"; {hides} {'check stands' if hides == 1 else 'checks stand'} behind it"
    return {"summary": summary, **told}
