"""The figures of a report in the API's shape, which all forms are made of and which is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from heapq import nlargest
from operator import attrgetter

from checks.result import Status
from daemon.api import schema
from daemon.api.schema.reports import (
    IncidentTotals,
    ObjectiveReport,
    ReportPeriod,
    ReportSummary,
    ReportView,
    ServiceReport,
    TrendPoint,
)
from daemon.api.times import stamp
from daemon.api.views.sla import sla_view
from daemon.core.sla.showing import cut, percent_text, reaches, value_of
from daemon.core.sla.values import Reliability
from daemon.report.answered import Answered
from daemon.report.digest import digest
from daemon.report.method import method_of, rules
from daemon.report.question import Question
from daemon.report.reckon import Earlier, Objective, Reckoned, Service, reckon

LONGEST_OUTAGES = 20
"""So many outages of an objective stand in a report by themselves."""


def make(connection: sqlite3.Connection, question: Question) -> ReportView:
    """The whole report. To be asked in a process of its own (`Analysis.ask_apart`).

    Raises:
        StoreUnusable: The file has another version's tables.
        sqlite3.Error: It cannot be read.
    """
    return view(reckon(connection, question))


def view(reckoned: Reckoned) -> ReportView:
    """The figures as a shape."""
    question, period = reckoned.question, reckoned.question.period
    objectives = [_objective(one) for one in reckoned.objectives]
    judged = [one.sla.met for one in objectives]
    return ReportView(
        period=ReportPeriod(
            label=period.label,
            start=stamp(reckoned.span[0]),
            end=stamp(reckoned.span[1]),
            timezone=period.zone,
        ),
        generated_at=stamp(question.now),
        as_of=stamp(reckoned.until),
        final=reckoned.final,
        digest=digest(reckoned),
        summary=ReportSummary(
            objectives=len(judged),
            met=judged.count(True),
            missed=judged.count(False),
            unknown=judged.count(None),
            services=len(reckoned.services),
        ),
        slot=reckoned.unit,
        method=list(rules(reckoned)),
        objectives=objectives,
        services=[_service(one) for one in reckoned.services],
        incidents=_totals(reckoned.answered),
        service=question.service,
        organization=question.organization,
    )


def _objective(one: Objective) -> ObjectiveReport:
    outages = one.figures.reliability.outages
    longest = nlargest(LONGEST_OUTAGES, outages, key=attrgetter("length_ms"))
    shown = replace(one.figures.reliability, outages=tuple(sorted(longest)))
    figures = sla_view(replace(one.figures, reliability=shown))
    return ObjectiveReport(
        sla=figures,
        timezone=one.zone,
        method=method_of(one.plan),
        strip=one.strip,
        trend=list(_trend(one)),
        planned=[schema.Period(start=stamp(low), end=stamp(high)) for low, high in one.planned],
        outages=len(outages),
        incidents=one.answered.total,
        acknowledged=one.answered.acknowledged,
        mtta_ms=one.answered.mtta_ms,
    )


def _trend(one: Objective) -> Iterator[TrendPoint]:
    for point in one.trend:
        yield _point(one, point)


def _point(one: Objective, point: Earlier) -> TrendPoint:
    target, share = one.plan.target, point.share
    if share is None:
        return TrendPoint(label=point.label, value=None, shown=None, met=None)
    percent = share * 100
    return TrendPoint(
        label=point.label,
        value=float(value_of(share, target)),
        shown=percent_text(percent, target),
        met=reaches(percent, target),
    )


def _service(one: Service) -> ServiceReport:
    up, degraded, unknown, down = one.totals
    counted, elapsed = up + degraded + down, sum(one.totals) + one.excluded_ms
    share = Fraction(up + degraded, counted) if counted else None
    mended: Reliability = one.reliability
    lengths = [outage.length_ms for outage in mended.outages]
    return ServiceReport(
        name=one.plan.name,
        organization=one.plan.organization,
        value=None if share is None else float(cut(share * 100)),
        shown=None if share is None else percent_text(share * 100),
        coverage=float(cut(Fraction(100 * (elapsed - one.totals[Status.UNKNOWN]), elapsed or 1))),
        up_ms=up,
        degraded_ms=degraded,
        unknown_ms=unknown,
        down_ms=down,
        excluded_ms=one.excluded_ms,
        outages=len(lengths),
        longest_ms=max(lengths, default=0),
        mttr_ms=mended.mttr_ms,
        mtbf_ms=mended.mtbf_ms,
        incidents=one.answered.total,
        acknowledged=one.answered.acknowledged,
        mtta_ms=one.answered.mtta_ms,
        strip=one.strip,
    )


def _totals(answered: Answered) -> IncidentTotals:
    return IncidentTotals(
        total=answered.total,
        acknowledged=answered.acknowledged,
        resolved=answered.resolved,
        by_severity=dict(answered.by_severity),
        mtta_ms=answered.mtta_ms,
        mttr_ms=answered.mttr_ms,
    )
