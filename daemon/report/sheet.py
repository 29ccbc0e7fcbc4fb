"""A report as CSV (RFC 4180): rows of several kinds, which the first column names.

`objective` and `service` rows have the figures; `violation`, `exclusion` and `maintenance` rows
what happened to an objective and when. All have the same columns; what a kind has not is empty.
What a spreadsheet would take for a formula is written with an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from daemon.api.schema.reports import ObjectiveReport, ReportView, ServiceReport

COLUMNS: Final = (
    *("kind", "name", "service", "period", "start", "end", "target", "value", "shown", "met"),
    *("unamended_value", "coverage", "up_ms", "degraded_ms", "unknown_ms", "down_ms"),
    *("excluded_ms", "budget_total_ms", "budget_left_ms", "credit_percent", "outages", "mttr_ms"),
    *("mtbf_ms", "incidents", "acknowledged", "mtta_ms", "depth_ms", "text", "final", "digest"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, object]


def sheet(view: ReportView) -> str:
    """The whole report."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(view):
        writer.writerow({name: cell(value) for name, value in row.items()})
    return out.getvalue()


def _rows(view: ReportView) -> Iterator[Row]:
    common = {"period": view.period.label, "final": view.final, "digest": view.digest}
    for objective in view.objectives:
        yield common | _objective(objective)
    for service in view.services:
        times = {"start": view.period.start, "end": view.period.end}
        yield common | times | _service(service)
    for objective in view.objectives:
        for row in _happened(objective):
            yield common | row


def _objective(one: ObjectiveReport) -> dict[str, object]:
    figures = one.sla
    return {
        "kind": "objective",
        "name": figures.name,
        "service": figures.service,
        "start": figures.period.start,
        "end": figures.period.end,
        "target": figures.target,
        "value": figures.value,
        "shown": figures.shown,
        "met": figures.met,
        "unamended_value": figures.unamended_value,
        "coverage": figures.coverage,
        "up_ms": figures.up_ms,
        "degraded_ms": figures.degraded_ms,
        "unknown_ms": figures.unknown_ms,
        "down_ms": figures.down_ms,
        "excluded_ms": figures.excluded_ms,
        "budget_total_ms": figures.budget.total_ms,
        "budget_left_ms": figures.budget.left_ms,
        "credit_percent": figures.credit_percent,
        "outages": one.outages,
        "mttr_ms": figures.mttr_ms,
        "mtbf_ms": figures.mtbf_ms,
        "incidents": one.incidents,
        "acknowledged": one.acknowledged,
        "mtta_ms": one.mtta_ms,
        "text": one.method,
    }


def _service(one: ServiceReport) -> dict[str, object]:
    return {
        "kind": "service",
        "name": one.name,
        "service": one.name,
        "value": one.value,
        "shown": one.shown,
        "coverage": one.coverage,
        "up_ms": one.up_ms,
        "degraded_ms": one.degraded_ms,
        "unknown_ms": one.unknown_ms,
        "down_ms": one.down_ms,
        "excluded_ms": one.excluded_ms,
        "outages": one.outages,
        "mttr_ms": one.mttr_ms,
        "mtbf_ms": one.mtbf_ms,
        "incidents": one.incidents,
        "acknowledged": one.acknowledged,
        "mtta_ms": one.mtta_ms,
    }


def _happened(one: ObjectiveReport) -> Iterator[dict[str, object]]:
    about: dict[str, object] = {"name": one.sla.name, "service": one.sla.service}
    for violation in one.sla.violations:
        yield about | {
            "kind": "violation",
            "start": violation.start,
            "end": violation.end,
            "depth_ms": violation.depth_ms,
            "text": "; ".join(note.text for note in violation.notes),
        }
    for exclusion in one.sla.exclusions:
        yield about | {
            "kind": "exclusion",
            "start": exclusion.start,
            "end": exclusion.end,
            "text": exclusion.text,
        }
    for span in one.planned:
        yield about | {"kind": "maintenance", "start": span.start, "end": span.end}


def cell(value: object) -> object:
    """As it is written: numbers as they are, words that no spreadsheet reckons with."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
