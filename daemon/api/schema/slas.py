"""Shapes of SLAs: their figures, and what operators said of their past."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import SeverityWord, Shape, Time


class Period(Shape):
    """From `start` (inclusive) to `end` (exclusive)."""

    start: Time
    end: Time


class Budget(Shape):
    """The error budget of a period in milliseconds; `left_ms` is negative when overspent.

    `exhausts_at`: when it will be spent at the present burn rate, if within the period.
    """

    total_ms: int
    left_ms: int
    exhausts_at: Time | None = None


class AmendmentView(Shape):
    """What an operator said of [start, end) of an SLA: an exclusion of it, or a note on it."""

    id: str
    kind: Literal["exclusion", "note"]
    sla: str
    start: Time
    end: Time
    text: str
    made_by: str
    made_at: Time


class Violation(Shape):
    """An interval in which the SLA was broken.

    `depth_ms` is by how much it overspent the budget; `notes` are what operators wrote on it.
    """

    start: Time
    end: Time | None
    depth_ms: int = 0
    notes: list[AmendmentView] = []


class Standing(Shape):
    """An SLA's figures in few; each as in `SlaView`."""

    value: float | None
    shown: str | None
    met: bool | None
    level: Literal["good", "warning", "critical", "missed", "unknown"]
    left_ms: int
    credit_percent: float


class ExclusionPreview(Shape):
    """What excluding a stretch of an SLA's past would make of its figures."""

    before: Standing
    after: Standing


class OutageView(Shape):
    """Down time without a break; `end` null: it lasts."""

    start: Time
    end: Time | None
    length_ms: int


class SlaView(Shape):
    """An SLA so far in its current period.

    `value` is the availability in percent, rounded down to four places and never across the
    target; null when nothing was measured. `coverage` is the share of the elapsed period, in
    percent, that was measured. The five `_ms` figures add up to the elapsed period.

    `shown` is the value as people read it, cut to two places or those of the target. Of
    `excluded_ms`, `planned_ms` is maintenance and `approved_ms` what operators excluded
    afterwards (`exclusions`); `unamended_value` is the value as it was without that. `level`
    says how close it is to its target. `service` is, of several `services`, the name they are
    shown under. `burn_rate` is rounded up.
    """

    name: str
    service: str
    kind: str
    target: float
    period: Period
    value: float | None
    met: bool | None
    up_ms: int
    down_ms: int
    degraded_ms: int
    unknown_ms: int
    excluded_ms: int
    coverage: float
    budget: Budget
    burn_rate: float
    violations: list[Violation]
    shown: str | None = None
    level: Literal["good", "warning", "critical", "missed", "unknown"] = "unknown"
    services: list[str] = []
    planned_ms: int = 0
    approved_ms: int = 0
    exclusions: list[AmendmentView] = []
    unamended_value: float | None = None
    credit_percent: float = 0.0
    outages: list[OutageView] = []
    mttr_ms: int | None = None
    mtbf_ms: int | None = None


class BudgetPoint(Shape):
    """What was left of the budget at a moment; negative when overspent."""

    at: Time
    left_ms: int


class BurnWindowView(Shape):
    """How fast the budget burns over a long and a short window; rates are rounded up, null where
    nothing was counted.

    `alerts`: the SLA has an alert of this window, of `severity`; `exceeded`: both rates are at
    least `rate`.
    """

    long_ms: int
    short_ms: int
    rate: float
    severity: SeverityWord
    long_rate: float | None
    short_rate: float | None
    exceeded: bool
    alerts: bool


class WhatIf(Shape):
    """How the period would end with `more_ms` more of down time, and no other.

    `value`, `shown` and `met` as an SLA's; `credit_percent` is what would be given back.
    """

    more_ms: int
    left_ms: int
    value: float | None
    shown: str | None
    met: bool | None
    credit_percent: float


class SlaCourseView(Shape):
    """How an SLA's budget went in its current period until `until`.

    `points` are from the period's start to `until` at equal steps; the last is the budget left.
    Without alerts of its own, `windows` are the usual ones, as far as history reaches.
    """

    name: str
    period: Period
    until: Time
    total_ms: int
    points: list[BudgetPoint]
    windows: list[BurnWindowView]
    what_if: WhatIf
