"""A daily report as CSV (RFC 4180): rows of several kinds, which the first column names.

`day` has the totals, `hour` those of an hour; `severity` and `service` rows counts beside those of
earlier days; `incident` rows what happened; `person`, `failure`, `alert`, `noise`, `self`, `mute`,
`muted`, `shift` and `blind` the rest. All have the same columns; what a kind has not is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from daemon.api.schema.analysis import TopAlertView
from daemon.api.schema.daily import DailyView, DayCount, DayIncident, DayService, MutedIncident
from daemon.report.sheet import Row, cell

COLUMNS: Final = (
    *("kind", "date", "name", "id", "service", "severity", "start", "end", "acknowledged"),
    *("by", "count", "day_before", "usual", "incidents", "resolved", "open", "escalated"),
    *("level", "late", "mtta_ms", "mtta_target_ms", "mttr_ms", "mttr_target_ms", "down_ms"),
    *("unknown_ms", "coverage", "score", "lost", "currency", "at_night", "failed", "text"),
    *("final", "digest"),
)


def sheet(view: DailyView) -> str:
    """The whole report."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    common = {"date": view.period.label, "final": view.final, "digest": view.digest}
    for row in _rows(view):
        writer.writerow({name: cell(value) for name, value in (common | {**row}).items()})
    return out.getvalue()


def _rows(view: DailyView) -> Iterator[Row]:
    yield {
        "kind": "day",
        "name": view.service or view.organization,
        "start": view.period.start,
        "end": view.period.end,
        **_compared(view.total.alerts),
        "incidents": view.fired,
        "resolved": view.resolved,
        "open": view.open,
        "escalated": view.escalated,
        "mtta_ms": view.total.acknowledged.mean_ms,
        "mttr_ms": view.total.resolved.mean_ms,
        "coverage": view.coverage.share,
        "unknown_ms": view.coverage.blind_ms,
        "failed": view.deliveries.failed,
    }
    for span in view.coverage.blind:
        yield {"kind": "blind", "start": span.start, "end": span.end}
    for hour in view.hours:
        yield {"kind": "hour", "start": hour.start, "incidents": hour.fired, "text": hour.letter}
    yield from _counts(view)
    yield from _incidents(view)
    yield from _people(view)
    yield from _alerts(view)
    for mute in view.mutes:
        yield {
            "kind": "mute",
            "name": mute.name,
            "text": "; ".join(part for part in (mute.what, mute.reason) if part),
            "by": mute.by,
            "start": mute.start,
            "end": mute.end,
            "open": mute.open,
        }


def _compared(one: DayCount) -> Row:
    return {"count": one.count, "day_before": one.day_before, "usual": one.usual}


def _lost(one: DayService | DayIncident) -> Row:
    return {"lost": one.lost, "currency": one.currency}


def _titled(one: DayIncident | MutedIncident) -> Row:
    return {"name": one.title, "id": one.id, "service": one.service, "severity": one.severity}


def _named(one: TopAlertView) -> Row:
    return {"name": one.name, "id": one.source, "count": one.count}


def _counts(view: DailyView) -> Iterator[Row]:
    for grave in view.severities:
        yield {
            "kind": "severity",
            "severity": grave.severity,
            **_compared(grave.alerts),
            "incidents": grave.incidents.count,
            "mtta_ms": grave.acknowledged.mean_ms,
            "mtta_target_ms": grave.acknowledged.target_ms,
            "mttr_ms": grave.resolved.mean_ms,
            "mttr_target_ms": grave.resolved.target_ms,
            "late": grave.acknowledged.late + grave.resolved.late,
        }
    for one in view.services:
        yield {
            "kind": "service",
            "name": one.service,
            "service": one.service,
            **_compared(one.alerts),
            **_lost(one),
            "incidents": one.incidents.count,
            "score": one.score,
            "down_ms": one.down_ms,
            "unknown_ms": one.unknown_ms,
        }


def _incidents(view: DailyView) -> Iterator[Row]:
    for one in view.incidents:
        yield {
            "kind": "incident",
            **_titled(one),
            **_lost(one),
            "start": one.fired_at,
            "end": one.resolved_at,
            "acknowledged": one.acknowledged_at,
            "by": one.acknowledged_by,
            "level": one.level,
            "late": " ".join(one.late),
        }
    for muted in view.muted:
        yield {
            "kind": "muted",
            **_titled(muted),
            "start": muted.since,
            "text": muted.reason,
        }


def _people(view: DailyView) -> Iterator[Row]:
    for one in view.pages:
        yield {
            "kind": "person",
            "name": one.person,
            "count": one.pages,
            "at_night": one.at_night,
            "failed": one.failed,
            "text": one.timezone,
        }
    for failure in view.deliveries.failures:
        yield {
            "kind": "failure",
            "name": failure.channel,
            "count": failure.count,
            "text": failure.detail,
        }
    for schedule in view.on_call:
        for shift in schedule.shifts:
            yield {
                "kind": "shift",
                "name": schedule.schedule,
                "start": shift.start,
                "end": shift.end,
                "by": ", ".join(shift.persons),
            }


def _alerts(view: DailyView) -> Iterator[Row]:
    for noise in view.noise.alerts:
        yield {
            "kind": "noise",
            **_named(noise.alert),
            "text": "; ".join(f"{one.table} {one.key}: {one.text}" for one in noise.advice),
        }
    for kind, found in (("alert", view.top), ("self", view.tocsin)):
        for one in found:
            yield {
                "kind": kind,
                **_named(one),
                "service": one.service,
                "severity": one.severity,
                "open": one.open,
                "escalated": one.escalated,
            }
