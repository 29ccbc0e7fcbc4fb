"""How a report was reckoned, in words that stand in the report."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.plan import MetricFunction, MetricPlan, SlaKind, SlaPlan, UnknownTime
from daemon.core.sla.showing import percent_text
from daemon.report.reckon import Reckoned
from daemon.report.words import length

_UNKNOWN = {
    UnknownTime.EXCLUDE: "unknown time is not counted",
    UnknownTime.DOWN: "unknown time counts as down",
    UnknownTime.UP: "unknown time counts as up",
}


def rules(reckoned: Reckoned) -> Iterator[str]:
    """What holds for all of the report."""
    yield (
        "Every millisecond of the period is one of up, degraded, unknown, down or excluded; these"
        " five add up to it exactly."
    )
    yield (
        "Unknown is time in which nothing was measured. Coverage is the share of the time that is"
        " not unknown."
    )
    yield (
        "Excluded is planned maintenance, and what operators excluded afterwards with a reason;"
        " where that was done, the value without it stands beside the value."
    )
    yield (
        "Whether an objective is met is decided by exact fractions. Percentages are rounded down,"
        " so 99.8999 is shown as 99.89; lengths have two units, and what was not up is rounded up."
    )
    yield (
        "The budget of an objective is the bad time that its target allows in this period. A"
        " violation begins with the first millisecond that overspends it; its depth is by how much"
        " it does."
    )
    yield (
        "An outage is down time without a break. MTTR is the mean length of the outages that are"
        " over, MTBF the counted time that was not down for each outage, MTTA the mean time from an"
        " incident to its first acknowledgement, of those that were acknowledged in the period."
    )
    if not reckoned.final:
        yield "These are the figures so far: the period, or what is known of it, is not closed yet."


def method_of(plan: SlaPlan) -> str:
    """How this objective counts."""
    target = f"{percent_text(plan.target, plan.target)} %"
    parts = [_PROMISES[plan.kind](plan, target)]
    if plan.kind is SlaKind.AVAILABILITY:
        parts.append(_degraded(plan))
    parts.append(_UNKNOWN[plan.unknown])
    return "; ".join(parts) + "."


def _degraded(plan: SlaPlan) -> str:
    if plan.degraded_weight == 1:
        return "degraded counts as up"
    if plan.degraded_weight == 0:
        return "degraded counts as down"
    return f"a degraded millisecond counts as {plan.degraded_weight.normalize():f} of one up"


def _availability(plan: SlaPlan, target: str) -> str:
    if not plan.is_group:
        return f"At least {target} of the counted time up"
    together = "all of them" if plan.quorum is None else f"{plan.quorum} of them"
    return f"At least {target} of the counted time up: {together}, of {', '.join(plan.services)}"


def _latency(plan: SlaPlan, target: str) -> str:
    return f"At least {target} of the runs that answered took {length(plan.under or 0)} at most"


def _error_rate(_: SlaPlan, target: str) -> str:
    return f"At least {target} of the runs did not fail"


def _metric(plan: SlaPlan, target: str) -> str:
    if plan.metric is None:
        return f"At least {target} of the windows were good"
    window = length(plan.metric.window)
    return f"In at least {target} of the windows of {window}, {_where(plan.metric)}"


def _where(metric: MetricPlan) -> str:
    words = {
        MetricFunction.AVG: f"the mean of {metric.name}",
        MetricFunction.PERCENTILE: f"percentile {metric.percentile} of {metric.name}",
        MetricFunction.COUNT: f"the number of values of {metric.name}",
        MetricFunction.RATIO: f"the ratio of {metric.name} to {metric.of}",
    }[metric.function]
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", metric.at_least), ("at most", metric.at_most))
        if bound is not None
    ]
    return f"{words} was {' and '.join(bounds)}"


_PROMISES = {
    SlaKind.AVAILABILITY: _availability,
    SlaKind.LATENCY: _latency,
    SlaKind.ERROR_RATE: _error_rate,
    SlaKind.METRIC: _metric,
}
