"""What a metric objective makes of the values in a window: one number, and whether it is good."""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.result import Result, Status
from daemon.core.plan import MetricFunction, MetricPlan

Sample = tuple[float, float]
"""A run's value, and that of the metric it is divided by (0 where there is none)."""


def sample(plan: MetricPlan, result: Result) -> Sample | None:
    """What this run says; None if it has not all that is asked for."""
    if result.status is Status.UNKNOWN:
        return None
    value = _number(result, plan.name)
    other = 0.0 if plan.of is None else _number(result, plan.of)
    return None if value is None or other is None else (value, other)


def _number(result: Result, name: str) -> float | None:
    value = result.latency_ms if name == "latency_ms" else result.metrics.get(name)
    if not isinstance(value, (bool, int, float)) or not math.isfinite(value):
        return None
    return float(value)


def made_of(plan: MetricPlan, samples: Sequence[Sample]) -> float | None:
    """The function's value over a window; None if it has none."""
    values = [value for value, _ in samples]
    match plan.function:
        case MetricFunction.COUNT:
            return float(len(values))
        case MetricFunction.RATIO:
            whole = math.fsum(other for _, other in samples)
            return math.fsum(values) / whole if whole else None
        case MetricFunction.PERCENTILE:
            rank = -(-(plan.percentile or 100) * len(values) // 100)
            return sorted(values)[max(0, rank - 1)] if values else None
        case MetricFunction.AVG:
            return math.fsum(values) / len(values) if values else None


def is_good(plan: MetricPlan, samples: Sequence[Sample]) -> bool | None:
    """Whether the window was where it should be; None if that cannot be told."""
    found = made_of(plan, samples)
    if found is None:
        return None
    low, high = plan.at_least, plan.at_most
    return (low is None or found >= low) and (high is None or found <= high)
