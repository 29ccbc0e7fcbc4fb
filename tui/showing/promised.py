"""The rows of services and of their SLAs, as lines: what is promised, and how much is left of it.

Pure functions of the mirror's objects and the time, as `rows`.
"""

from __future__ import annotations

from typing import Final

from daemon.api.schema import ServiceView, SlaView
from tui.drawing import words
from tui.drawing.bars import gauge, gauge_style, sparkline
from tui.drawing.text import BLANK, Column, Layout, Line
from tui.drawing.words import instant, latency, most, rough, span
from tui.mirror import Mirror
from tui.showing.figures import budget_left, tightest_sla
from tui.showing.rows import Moment, Row, status_line


def met_line(sla: SlaView, *, short: bool = False) -> Line:
    """An SLA's value, in the style of whether it is met."""
    if sla.value is None:
        return (("not measured", "faint"),)
    style = "bad bold" if sla.met is False else "good"
    value = words.percent(sla.value, sla.target)
    if short:
        return ((value, style),)
    return ((f"{value} {'missed' if sla.met is False else 'met'}", style),)


def budget_words(left_ms: int) -> str:
    """A budget's rest in words: `41m3s`, or how far it is overspent, rounded up."""
    return f"−{most(-left_ms)}" if left_ms < 0 else span(left_ms)


def burn_words(rate: float) -> str:
    """A burn rate in at most six cells: 1 spends exactly the budget by the period's end."""
    if rate >= 10_000:
        return ">9999×"
    return f"{rate:.0f}×" if rate >= 100 else f"{rate:.1f}×"


# Services

SERVICE_COLUMNS: Final = (
    Column("status", "status", 13),
    Column("service", "service", 16, flex=2),
    Column("since", "for", 4, align="right", from_width=56),
    Column("latency", "latency", 7, align="right"),
    Column("spark", "", 6, flex=2, from_width=72),
    Column("sla", "SLA", 8, align="right"),
    Column("gauge", "budget left", 11, flex=1, from_width=64),
    Column("left", "", 8, align="right", from_width=84),
)


def service_row(mirror: Mirror, service: ServiceView, layout: Layout, moment: Moment) -> Row:
    """One service: its status, its latency, and its tightest SLA."""
    since = instant(service.since)
    history = mirror.history.get(service.name, ())
    values = list(history)
    newest = values[-1] if values else None
    if all(value is None for value in values) and service.status == "up":
        values = []  # heartbeats are up without a latency: that is no failure
    sla = tightest_sla(mirror, service)
    row: dict[str, Line] = {
        "status": _service_status(service),
        "service": ((service.name, "bold"),),
        "since": ((rough(moment.now - since) if since is not None else "–", "faint"),),
        "latency": ((latency(newest), "" if newest is not None else "faint"),),
        "spark": sparkline(values, layout.width("spark")),
        "sla": (("no SLA", "faint"),),
    }
    if sla is not None:
        row |= _budget_cells(sla, layout)
    return row


def _service_status(service: ServiceView) -> Line:
    if service.unreachable:
        return (("◌ unreachable", "unknown"),)
    return status_line(service.status)


def _budget_cells(sla: SlaView, layout: Layout) -> Row:
    left = budget_left(sla)
    unmeasured = sla.value is None
    value: Line = (("–", "faint"),) if sla.value is None else met_line(sla, short=True)
    return {
        "sla": value,
        "gauge": BLANK if unmeasured else gauge(left, layout.width("gauge")),
        "left": ((budget_words(sla.budget.left_ms), gauge_style(left)),),
    }


# SLAs

UNKNOWN: Final[Line] = (("–", "faint"),)
SLA_COLUMNS: Final = (
    Column("met", "SLA", 16),
    Column("name", "objective", 16, flex=2),
    Column("target", "target", 8, align="right", from_width=84),
    Column("gauge", "budget left", 12, flex=2, from_width=66),
    Column("left", "", 8, align="right"),
    Column("burn", "burn", 6, align="right", from_width=52),
    Column("coverage", "measured", 8, align="right", from_width=90),
    Column("ends", "ends in", 7, align="right", from_width=100),
)


def sla_row(sla: SlaView, layout: Layout, moment: Moment) -> Row:
    """One SLA; of what was not measured no budget is told."""
    left, known = budget_left(sla), sla.value is not None
    end = instant(sla.period.end)
    burning = "bad" if sla.burn_rate > 1 else "faint"
    return {
        "met": met_line(sla),
        "name": ((sla.name, "bold"),),
        "target": ((words.percent(sla.target, sla.target), "faint"),),
        "gauge": gauge(left, layout.width("gauge")) if known else BLANK,
        "left": ((budget_words(sla.budget.left_ms), gauge_style(left)),) if known else UNKNOWN,
        "burn": ((burn_words(sla.burn_rate), burning),) if known else UNKNOWN,
        "coverage": ((words.percent(sla.coverage), "faint"),),
        "ends": ((rough(end - moment.now) if end is not None else "–", "faint"),),
    }
