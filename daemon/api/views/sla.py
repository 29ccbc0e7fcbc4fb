"""The shapes of SLAs from their figures; every rounding is `daemon.core.sla.showing`'s."""

from __future__ import annotations

from decimal import Decimal

from daemon.api import schema
from daemon.api.times import stamp, stamp_or_none
from daemon.core.model import Amendment
from daemon.core.sla.course import Burning, Course, Trial
from daemon.core.sla.showing import cut, percent_text, raised
from daemon.core.sla.values import Outage, SlaFigures, Violation


def _percent(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def sla_view(figures: SlaFigures) -> schema.SlaView:
    """An SLA's figures."""
    mended = figures.reliability
    share = figures.availability
    return schema.SlaView(
        name=figures.name,
        service=figures.service,
        services=list(figures.services),
        kind=figures.kind.value,
        target=float(figures.target),
        period=schema.Period(start=stamp(figures.start), end=stamp(figures.end)),
        value=_percent(figures.value),
        shown=None if share is None else percent_text(share * 100, figures.target),
        met=figures.met,
        level=figures.level.value,
        up_ms=figures.up_ms,
        down_ms=figures.down_ms,
        degraded_ms=figures.degraded_ms,
        unknown_ms=figures.unknown_ms,
        excluded_ms=figures.excluded_ms,
        planned_ms=figures.planned_ms,
        approved_ms=figures.approved_ms,
        exclusions=[amendment_view(one) for one in figures.exclusions],
        unamended_value=_percent(figures.unamended_value),
        coverage=float(cut(figures.coverage)),
        budget=schema.Budget(
            total_ms=figures.budget_total_ms,
            left_ms=figures.budget_left_ms,
            exhausts_at=stamp_or_none(figures.exhausts_at),
        ),
        burn_rate=float(raised(figures.burn_rate)),
        credit_percent=float(figures.credit_percent),
        violations=[_violation(one) for one in figures.violations],
        outages=[_outage(one) for one in mended.outages],
        mttr_ms=mended.mttr_ms,
        mtbf_ms=mended.mtbf_ms,
    )


def standing(figures: SlaFigures) -> schema.Standing:
    """An SLA's figures in few."""
    share = figures.availability
    return schema.Standing(
        value=_percent(figures.value),
        shown=None if share is None else percent_text(share * 100, figures.target),
        met=figures.met,
        level=figures.level.value,
        left_ms=figures.budget_left_ms,
        credit_percent=float(figures.credit_percent),
    )


def _violation(one: Violation) -> schema.Violation:
    start, end, depth_ms, notes = one
    return schema.Violation(
        start=stamp(start),
        end=None if end is None else stamp(end),
        depth_ms=depth_ms,
        notes=[amendment_view(note) for note in notes] if notes else [],
    )


def _outage(one: Outage) -> schema.OutageView:
    return schema.OutageView(
        start=stamp(one.start), end=stamp_or_none(one.end), length_ms=one.length_ms
    )


def amendment_view(one: Amendment) -> schema.AmendmentView:
    """What an operator said of an SLA's past."""
    return schema.AmendmentView(
        id=one.key,
        kind=one.kind.value,
        sla=one.sla,
        start=stamp(one.start),
        end=stamp(one.end),
        text=one.text,
        made_by=one.made_by.name,
        made_at=stamp(one.made_at),
    )


def course_view(course: Course) -> schema.SlaCourseView:
    """How a budget went."""
    made = course.figures
    return schema.SlaCourseView(
        name=made.name,
        period=schema.Period(start=stamp(made.start), end=stamp(made.end)),
        until=stamp(made.now),
        total_ms=made.budget_total_ms,
        points=[schema.BudgetPoint(at=stamp(p.at), left_ms=p.left_ms) for p in course.points],
        windows=[_window(one) for one in course.burning],
        what_if=_what_if(course.trial, made.target),
    )


def _window(one: Burning) -> schema.BurnWindowView:
    return schema.BurnWindowView(
        long_ms=one.window.long,
        short_ms=one.window.short,
        rate=float(one.window.rate),
        severity=one.window.severity.word,  # type: ignore[arg-type]  # the enum's words are the literal's
        long_rate=None if one.long_rate is None else float(raised(one.long_rate)),
        short_rate=None if one.short_rate is None else float(raised(one.short_rate)),
        exceeded=one.exceeded,
        alerts=one.alerts,
    )


def _what_if(trial: Trial, target: Decimal) -> schema.WhatIf:
    share = trial.availability
    return schema.WhatIf(
        more_ms=trial.more_ms,
        left_ms=trial.left_ms,
        value=_percent(trial.value),
        shown=None if share is None else percent_text(share * 100, target),
        met=trial.met,
        credit_percent=float(trial.credit_percent),
    )
