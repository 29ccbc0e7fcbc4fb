"""Shapes of reports: a period's figures of objectives, services and incidents."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import Shape, Time
from daemon.api.schema.slas import Period, SlaView


class ReportPeriod(Shape):
    """What the report is about; `timezone` is the calendar of what has no other."""

    label: str
    start: Time
    end: Time
    timezone: str


class TrendPoint(Shape):
    """An objective in an earlier period of the same length; null where nothing was measured."""

    label: str
    value: float | None
    shown: str | None
    met: bool | None


class ObjectiveReport(Shape):
    """An objective over the period.

    `sla` are its figures; of its outages the longest 20, `outages` is how many there were.
    `strip` has a letter for each of the report's slots: `.` up, `~` degraded for a time, `#`
    down for a time, `?` unknown throughout, `x` excluded throughout, `-` still to come.
    `planned` is the maintenance that was left out. `incidents` fired in the period on its
    services, `acknowledged` of them within it; `mtta_ms` is the mean of these.
    """

    sla: SlaView
    timezone: str
    method: str
    strip: str
    trend: list[TrendPoint]
    planned: list[Period]
    outages: int
    incidents: int
    acknowledged: int
    mtta_ms: int | None


class ServiceReport(Shape):
    """A service over the period, whatever is promised of it; degraded time counts as up.

    The five `_ms` figures add up to the elapsed period. `value` is in percent, rounded down.
    """

    name: str
    organization: str | None
    value: float | None
    shown: str | None
    coverage: float
    up_ms: int
    degraded_ms: int
    unknown_ms: int
    down_ms: int
    excluded_ms: int
    outages: int
    longest_ms: int
    mttr_ms: int | None
    mtbf_ms: int | None
    incidents: int
    acknowledged: int
    mtta_ms: int | None
    strip: str


class IncidentTotals(Shape):
    """The incidents that fired in the period; what came of them within it."""

    total: int
    acknowledged: int
    resolved: int
    by_severity: dict[str, int]
    mtta_ms: int | None
    mttr_ms: int | None


class ReportSummary(Shape):
    """How many objectives were met, missed, and cannot be told; how many services there are."""

    objectives: int
    met: int
    missed: int
    unknown: int
    services: int


class ReportView(Shape):
    """A report.

    `final`: the period is over and nothing can change what was measured in it; else the figures
    are those so far. `digest` is the SHA-256 of the figures: the same figures have the same.
    `as_of` is up to when was counted. `slot` is what a letter of a strip stands for. `id` is null
    unless it is kept, `name` that of the `[[report]]` which made it.
    """

    period: ReportPeriod
    generated_at: Time
    as_of: Time
    final: bool
    digest: str
    summary: ReportSummary
    slot: Literal["hour", "day", "week", "month"]
    method: list[str]
    objectives: list[ObjectiveReport]
    services: list[ServiceReport]
    incidents: IncidentTotals
    service: str | None = None
    organization: str | None = None
    id: str | None = None
    name: str | None = None
    made_by: str | None = None


class ReportLine(Shape):
    """A kept report, without its figures; `kind`: whether it tells of SLAs or a day's alerts."""

    id: str
    name: str | None
    label: str
    period: Period
    generated_at: Time
    made_by: str
    final: bool
    digest: str
    service: str | None = None
    organization: str | None = None
    kind: Literal["sla", "alerts"] = "sla"
