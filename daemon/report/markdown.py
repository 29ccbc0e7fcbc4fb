"""A report as Markdown (tables as GitHub has them); all text from outside is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from checks.text import one_line
from daemon.api.schema.reports import ObjectiveReport, ReportView, ServiceReport
from daemon.report.words import article, length, many, moment, most, percent, share, target, verdict

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_LONGEST: Final = 500
LEGEND: Final = (
    "`.` up, `~` degraded for a time, `#` down for a time, `?` not measured, `x` excluded,"
    " `-` still to come"
)


def markdown(view: ReportView) -> str:
    """The whole report."""
    blocks = [
        f"# {text(title(view))}",
        table(("", ""), _about(view)),
        "## Summary",
        text(in_short(view)),
        *_objectives(view),
        *_services(view),
        "## Incidents",
        table(("", ""), _incidents(view)),
        "## Method",
        "\n".join(f"- {text(line)}" for line in view.method),
        f"Digest of the figures (SHA-256): `{view.digest}`",
    ]
    return "\n\n".join(blocks) + "\n"


def title(view: ReportView) -> str:
    """What the report is called."""
    about = view.service or view.organization or "all services"
    return f"Service report {view.period.label}: {about}"


def in_short(view: ReportView) -> str:
    """The summary, in a sentence or two."""
    found = view.summary
    so_far = "" if view.final else " so far"
    if not found.objectives:
        return f"No objective is configured here; {many(found.services, 'service')}."
    parts = [f"{found.met} of {many(found.objectives, 'objective')} met{so_far}"]
    if found.missed:
        names = [one.sla.name for one in view.objectives if one.sla.met is False]
        shown = ", ".join(names[:10]) + (" and others" if len(names) > 10 else "")
        parts.append(f"{found.missed} missed: {shown}")
    if found.unknown:
        parts.append(f"{found.unknown} not measured")
    return "; ".join(parts) + "."


def _about(view: ReportView) -> Iterator[tuple[str, str]]:
    zone = view.period.timezone
    yield "Period", f"{moment(view.period.start, zone)} to {moment(view.period.end, zone)}"
    yield "Time zone", text(zone)
    yield "State", state_words(view)
    yield "Made", moment(view.generated_at, zone)


def state_words(view: ReportView) -> str:
    """Whether anything can still change it."""
    if view.final:
        return "final"
    return f"so far: counted up to {moment(view.as_of, view.period.timezone)}"


def _objectives(view: ReportView) -> Iterator[str]:
    if not view.objectives:
        return
    yield "## Objectives"
    header = ("objective", "service", "target", "value", "", "coverage", "budget left", "credit")
    yield table(header, (_line(one, view) for one in view.objectives))
    yield f"Each letter below is {article(view.slot)}: {LEGEND}."
    for one in view.objectives:
        yield from _objective(one, view)


def _line(one: ObjectiveReport, view: ReportView) -> Sequence[str]:
    figures = one.sla
    return (
        text(figures.name),
        text(figures.service),
        target(figures.target),
        percent(figures.shown),
        verdict(figures.met, view.final),
        share(figures.coverage),
        length(figures.budget.left_ms),
        f"{figures.credit_percent:g} %" if figures.credit_percent else "none",
    )


def _objective(one: ObjectiveReport, view: ReportView) -> Iterator[str]:
    figures, zone = one.sla, one.timezone
    yield f"### {text(figures.name)}"
    yield f"{text(one.method)} Times are of {text(zone)}."
    yield f"`{one.strip}`"
    yield table(("figure", ""), figure_rows(one, view))
    if figures.violations:
        rows = (
            (
                moment(each.start, zone),
                moment(each.end, zone, "lasts"),
                most(each.depth_ms),
                text("; ".join(note.text for note in each.notes)) or "–",
            )
            for each in figures.violations
        )
        yield "Violations:\n\n" + table(("from", "to", "depth", "notes"), rows)
    if one.planned or figures.exclusions:
        yield "Excluded:\n\n" + table(("from", "to", "why"), _excluded(one))
    if any(point.value is not None for point in one.trend):
        earlier = ((p.label, percent(p.shown), verdict(p.met, True)) for p in one.trend)
        yield "Earlier periods:\n\n" + table(("period", "value", ""), earlier)


def figure_rows(one: ObjectiveReport, view: ReportView) -> Iterator[tuple[str, str]]:
    """The figures of an objective, each with its name."""
    figures = one.sla
    yield "value", f"{percent(figures.shown)} ({verdict(figures.met, view.final)})"
    if figures.exclusions:
        yield "without later exclusions", share(figures.unamended_value)
    yield "up", length(figures.up_ms)
    yield "degraded", most(figures.degraded_ms)
    yield "down", most(figures.down_ms)
    yield "unknown", most(figures.unknown_ms)
    yield "excluded", most(figures.excluded_ms)
    yield "coverage", share(figures.coverage)
    yield "budget", f"{length(figures.budget.total_ms)}, left {length(figures.budget.left_ms)}"
    yield "outages", str(one.outages)
    yield "MTTR", most(figures.mttr_ms)
    yield "MTBF", length(figures.mtbf_ms)
    yield "incidents", f"{one.incidents}, {one.acknowledged} acknowledged"
    yield "MTTA", most(one.mtta_ms)
    yield "credit", f"{figures.credit_percent:g} %" if figures.credit_percent else "none"


def excluded_rows(
    one: ObjectiveReport, windows: int | None = None
) -> Iterator[tuple[str, str, str]]:
    """From when to when, and why, in order of time; all or so many windows of planned work."""
    rows = [(span.start, span.end, "planned maintenance") for span in one.planned[:windows]]
    rows += [
        (each.start, each.end, f"{each.text} (excluded afterwards by {each.made_by})")
        for each in one.sla.exclusions
    ]
    for start, end, why in sorted(rows):
        yield moment(start, one.timezone), moment(end, one.timezone), why


def _excluded(one: ObjectiveReport) -> Iterator[Sequence[str]]:
    for start, end, why in excluded_rows(one):
        yield start, end, text(why)


def _services(view: ReportView) -> Iterator[str]:
    if not view.services:
        return
    yield "## Services"
    header = ("service", "available", "coverage", "down", "outages", "longest", "MTTR", "incidents")
    yield table(header, map(_service, view.services))


def _service(one: ServiceReport) -> Sequence[str]:
    return (
        text(one.name),
        percent(one.shown),
        share(one.coverage),
        most(one.down_ms),
        str(one.outages),
        most(one.longest_ms) if one.outages else "–",
        most(one.mttr_ms),
        str(one.incidents),
    )


def _incidents(view: ReportView) -> Iterator[tuple[str, str]]:
    found = view.incidents
    kinds = ", ".join(f"{count} {word}" for word, count in found.by_severity.items())
    yield "incidents", f"{found.total}" + (f" ({kinds})" if kinds else "")
    yield "acknowledged in the period", str(found.acknowledged)
    yield "resolved in the period", str(found.resolved)
    yield "mean time to acknowledge", most(found.mtta_ms)
    yield "mean time to resolve", most(found.mttr_ms)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text(words: str) -> str:
    """Text from outside: one line, without controls, never markup."""
    return _MARKUP.sub(r"\\\1", one_line(words, _LONGEST))
