"""An objective in a report's page: verdict, strip, budget, figures, violations, what was excluded.

In a large estate only an objective with something to tell has an article; of the others a line in
a table says all there is. A list that would go on for pages is cut where the rest is of no weight,
and says what was cut; the CSV and the JSON of the same report hold everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon.api.schema import Violation
from daemon.api.schema.reports import ObjectiveReport, ReportView
from daemon.api.times import parse_stamp
from daemon.core.model import Millis
from daemon.report.drawing import budget_bar, strip_bar, trend_bars
from daemon.report.html import badge, facts, table, text
from daemon.report.markdown import excluded_rows, figure_rows
from daemon.report.words import length, moment, most, percent, share, target

MANY: Final = 20
"""With more objectives than these, those with nothing to tell are lines of a table."""
LISTED: Final = 20
"""So many violations of an objective are listed."""
WINDOWS: Final = 6
"""So many windows of planned work are."""

_ABOVE: Final = frozenset({"value", "budget"})
"""Figures that the heading and the budget's bar show already."""


def has_article(one: ObjectiveReport, view: ReportView) -> bool:
    """Whether an objective is told at length."""
    figures = one.sla
    told = figures.met is not True or figures.violations or figures.exclusions
    return len(view.objectives) <= MANY or bool(told)


def article(one: ObjectiveReport, view: ReportView, anchor: str) -> Iterator[str]:
    """All there is to say of an objective."""
    figures, zone = one.sla, one.timezone
    name = text(figures.name)
    yield f'<article id="{anchor}" aria-labelledby="{anchor}-title"><div class="whole">'
    yield f'<h3 id="{anchor}-title"><span>{name}</span> {badge(figures.met, view.final)}'
    yield f'<strong class="value">{text(percent(figures.shown, ""))}</strong></h3>'
    yield f'<p class="method">{text(_about(one))}</p>'
    yield strip_bar(one.strip, view.slot, name)
    yield f'<p class="ends"><span>{text(moment(figures.period.start, zone))}</span>'
    yield f"<span>{text(zone)}</span>"
    yield f"<span>{text(moment(figures.period.end, zone))}</span></p>"
    yield budget_bar(figures.budget.total_ms, figures.budget.left_ms)
    shown = (row for row in figure_rows(one, view) if row[0] not in _ABOVE)
    yield f'<div class="beside">{facts(shown)}'
    yield f"{trend_bars(one.trend, figures.target)}</div></div>"
    if figures.violations:
        yield _violations(figures.violations, zone)
    if one.planned or figures.exclusions:
        rows = [[text(start), text(end), text(why)] for start, end, why in _excluded(one)]
        yield table("Excluded time", ("From", "To", "Why"), rows, kind="spans")
    yield "</article>"


def _about(one: ObjectiveReport) -> str:
    """Whose promise it is, and how it is counted."""
    services = ", ".join(one.sla.services) or one.sla.service
    return one.method if services == one.sla.name else f"{services}. {one.method}"


def _violations(found: Sequence[Violation], zone: str) -> str:
    """In order of time; of very many the deepest."""
    deepest = sorted(found, key=lambda one: -one.depth_ms)[:LISTED]
    rows = [
        (
            text(moment(each.start, zone)),
            text(moment(each.end, zone, "lasts")),
            text(most(each.depth_ms)),
            "<br>".join(text(note.text) for note in each.notes) or "–",
        )
        for each in sorted(deepest, key=lambda one: parse_stamp(one.start))
    ]
    rest = len(found) - len(deepest)
    if rest:
        depth_ms = sum(one.depth_ms for one in found) - sum(one.depth_ms for one in deepest)
        rows.append((f"{rest} more, less deep", "", text(most(depth_ms)), ""))
    header = ("From", "To", "Overspent by", "What was done")
    return table("Violations: bad time after the budget was spent", header, rows, {2}, "spans")


def _excluded(one: ObjectiveReport) -> Iterator[tuple[str, str, str]]:
    """In order of time; of very many windows of planned work the first ones."""
    yield from excluded_rows(one, WINDOWS)
    rest = one.planned[WINDOWS:]
    if rest:
        more_ms: Millis = sum(parse_stamp(each.end) - parse_stamp(each.start) for each in rest)
        yield f"{len(rest)} more", "", f"planned maintenance, {most(more_ms)} together"


def brief(one: ObjectiveReport, view: ReportView) -> Sequence[str]:
    """An objective that was kept, as a line of a table."""
    figures = one.sla
    return (
        text(figures.name),
        strip_bar(one.strip, view.slot, text(figures.name), small=True),
        text(target(figures.target)),
        f"<strong>{text(percent(figures.shown))}</strong>",
        text(share(figures.coverage)),
        text(length(figures.budget.left_ms)),
        str(one.outages),
    )


BRIEF: Final = ("Objective", "", "Target", "Value", "Coverage", "Budget left", "Outages")
"""The columns of `brief`; the second is named for its slots."""
