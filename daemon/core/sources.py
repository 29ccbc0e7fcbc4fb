"""Where alerts come from: Tocsin's own reports, and whether a source still exists."""

from __future__ import annotations

from daemon.core.events import SelfReport
from daemon.core.labels import match_all
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.core.turn import Condition


def self_condition(report: SelfReport, now: Instant) -> Condition:
    """What Tocsin says of itself, as a condition: `TocsinDatabase`, severity high."""
    name = "Tocsin" + "".join(word.capitalize() for word in report.problem.split("_"))
    return Condition(
        source=f"self:{report.problem}",
        name=name,
        labels={"alertname": name, "service": "tocsin"},
        severity=Severity.HIGH,
        holds=report.holds,
        since=now,
        annotations={"summary": report.message},
    )


def lives(source: str, plan: Plan) -> bool:
    """Whether the plan still has the check, or the rule and a check that it selects."""
    kind, _, rest = source.partition(":")
    if kind == "check":
        return rest in plan.checks
    if kind != "rule":
        return True
    parts = rest.split(":")
    splits = ((":".join(parts[:cut]), ":".join(parts[cut:])) for cut in range(1, len(parts)))
    return any(_selects(plan, rule, check) for rule, check in splits)


def _selects(plan: Plan, rule: str, check: str) -> bool:
    """A name may hold colons itself, so the halves are looked up, not guessed."""
    if rule not in plan.rules or check not in plan.checks:
        return False
    spec = plan.checks[check]
    seen = {**spec.labels, "check": check, "kind": spec.kind}
    return match_all(plan.rules[rule].select, seen)
