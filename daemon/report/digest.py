"""The digest of a report: SHA-256 over its figures in one canonical form.

Only figures are in it, whole milliseconds and exact fractions, and what they were reckoned by: not
when or by whom the report was made, no names of persons, no notes, no earlier periods. So it is the
same whenever the same is known of the period, and another as soon as one millisecond is.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final

import msgspec

from daemon.core.plan import MetricPlan, SlaPlan
from daemon.core.sla.values import Reliability
from daemon.report.answered import Answered
from daemon.report.reckon import Objective, Reckoned, Service

_VIOLATION: Final = attrgetter("start", "end", "depth_ms")
_OUTAGE: Final = attrgetter("start", "end", "length_ms")

FORM = 1
"""Which form it is; a change of what is in it is another."""


def digest(reckoned: Reckoned) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(_text(canonical(reckoned))).hexdigest()


def _text(told: object) -> bytes:
    """Canonical JSON: keys in order, no spaces, ASCII alone. msgspec writes the same, only faster,
    as long as nothing but ASCII is in it."""
    fast = msgspec.json.encode(told, order="sorted")
    if fast.isascii() and b"\x7f" not in fast:
        return fast
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def canonical(reckoned: Reckoned) -> dict[str, Any]:
    """All that the digest is made of."""
    question = reckoned.question
    return {
        "form": FORM,
        "period": [question.period.label, question.period.zone, *reckoned.span],
        "until": reckoned.until,
        "scope": [question.service, question.organization],
        "objectives": [_objective(one) for one in reckoned.objectives],
        "services": [_service(one) for one in reckoned.services],
        "incidents": _answered(reckoned.answered),
    }


def _objective(one: Objective) -> dict[str, Any]:
    figures = one.figures
    return {
        "promise": _promise(one.plan, one.zone),
        "span": [figures.start, figures.end, figures.now],
        "ms": [
            *(figures.up_ms, figures.degraded_ms, figures.unknown_ms, figures.down_ms),
            *(figures.excluded_ms, figures.planned_ms, figures.approved_ms),
        ],
        "availability": _share(figures.availability),
        "unamended": _share(figures.unamended),
        "met": figures.met,
        "budget": [figures.budget_total_ms, figures.budget_left_ms],
        "credit": str(figures.credit_percent),
        "violations": list(map(_VIOLATION, figures.violations)),
        "excluded": [[a.start, a.end] for a in figures.exclusions],
        "planned": [list(span) for span in one.planned],
        "outages": _outages(figures.reliability),
        "incidents": _answered(one.answered),
    }


def _promise(plan: SlaPlan, zone: str) -> dict[str, Any]:
    """What decides how is counted; not when somebody is warned."""
    return {
        "name": plan.name,
        "services": list(plan.members),
        "quorum": plan.quorum if plan.is_group else None,
        "kind": plan.kind.value,
        "target": str(plan.target.normalize()),
        "timezone": zone,
        "degraded": str(plan.degraded_weight.normalize()),
        "unknown": plan.unknown.value,
        "under": plan.under,
        "metric": None if plan.metric is None else _metric(plan.metric),
        "credits": [[str(c.below.normalize()), str(c.percent.normalize())] for c in plan.credits],
    }


def _metric(plan: MetricPlan) -> list[Any]:
    how = (plan.name, plan.function.value, plan.of, plan.percentile)
    return [*how, plan.window, plan.at_most, plan.at_least]


def _service(one: Service) -> dict[str, Any]:
    return {
        "name": one.plan.name,
        "ms": [*one.totals, one.excluded_ms],
        "outages": _outages(one.reliability),
        "incidents": _answered(one.answered),
    }


def _outages(found: Reliability) -> list[Any]:
    return list(map(_OUTAGE, found.outages))


def _answered(one: Answered) -> list[Any]:
    counts = (one.total, one.acknowledged, one.resolved, one.mtta_ms, one.mttr_ms)
    return [*counts, dict(one.by_severity)]


def _share(share: Fraction | None) -> str | None:
    return None if share is None else f"{share.numerator}/{share.denominator}"
