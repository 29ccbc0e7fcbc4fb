"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere.

Charts are drawn in SVG in the page. It reads on a screen, light and dark, and on a phone, and
prints on A4 with page numbers. Nothing is said by colour alone: every verdict has a glyph and a
word, every chart a title for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from checks.text import one_line
from daemon.api.schema.reports import ObjectiveReport, ReportView, ServiceReport
from daemon.report.drawing import budget_bar, legend, strip_bar, trend_bars
from daemon.report.markdown import excluded_rows, figure_rows, in_short, state_words, title
from daemon.report.style import STYLE
from daemon.report.words import length, moment, percent, share, target, verdict

_LONGEST: Final = 500
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(view: ReportView) -> str:
    """The whole report."""
    parts = [_head(view), "<body>", "<main>", *_cover(view), *_body(view), "</main>"]
    return "\n".join([*parts, _foot(view), "</body>", "</html>"]) + "\n"


def _head(view: ReportView) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="generator" content="Tocsin">
<meta name="color-scheme" content="light dark">
<title>{_text(title(view))}</title>
<style>{STYLE}</style>
</head>"""


def _cover(view: ReportView) -> Iterator[str]:
    zone = view.period.timezone
    about = view.service or view.organization or "All services"
    yield '<header class="cover">'
    yield f'<p class="kind">Service report{"" if view.final else " · so far"}</p>'
    yield f"<h1>{_text(about)}</h1>"
    yield f'<p class="period">{_text(view.period.label)}</p>'
    yield '<dl class="about">'
    yield _pair("From", moment(view.period.start, zone))
    yield _pair("To", moment(view.period.end, zone))
    yield _pair("Time zone", zone)
    yield _pair("State", state_words(view))
    yield "</dl></header>"


def _body(view: ReportView) -> Iterator[str]:
    yield '<section aria-labelledby="summary"><h2 id="summary">Summary</h2>'
    yield f'<p class="lead">{_text(in_short(view))}</p>'
    yield _tiles(view)
    if view.objectives:
        yield _overview(view)
    yield "</section>"
    if view.objectives:
        yield '<section class="objectives" aria-labelledby="objectives">'
        yield '<h2 id="objectives">Objectives</h2>'
        yield legend(view.slot)
        for one in view.objectives:
            yield from _objective(one, view)
        yield "</section>"
    if view.services:
        yield from _services(view)
    yield from _method(view)


def _tiles(view: ReportView) -> str:
    found, incidents = view.summary, view.incidents
    tiles = [
        ("✓ met", str(found.met), "good"),
        ("✕ missed", str(found.missed), "bad" if found.missed else "plain"),
        ("? not measured", str(found.unknown), "plain"),
        ("incidents", str(incidents.total), "plain"),
        ("to acknowledge", length(incidents.mtta_ms), "plain"),
        ("to resolve", length(incidents.mttr_ms), "plain"),
    ]
    shown = tiles if found.objectives else tiles[3:]
    cells = (
        f'<div class="tile {kind}"><dd>{_text(value)}</dd><dt>{_text(word)}</dt></div>'
        for word, value, kind in shown
    )
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _overview(view: ReportView) -> str:
    rows = (
        (
            f'<a href="#{_anchor(number)}">{_text(one.sla.name)}</a>',
            _text(target(one.sla.target)),
            f"<strong>{_text(percent(one.sla.shown))}</strong>",
            _verdict(one.sla.met, view.final),
            _text(share(one.sla.coverage)),
            _text(length(one.sla.budget.left_ms)),
            f"{one.sla.credit_percent:g} %" if one.sla.credit_percent else "–",
        )
        for number, one in enumerate(view.objectives)
    )
    header = ("Objective", "Target", "Value", "Verdict", "Coverage", "Budget left", "Credit")
    return _table("All objectives", header, rows, numbers={1, 2, 4, 5, 6})


def _objective(one: ObjectiveReport, view: ReportView) -> Iterator[str]:
    number = next(n for n, each in enumerate(view.objectives) if each is one)
    figures, zone, anchor = one.sla, one.timezone, _anchor(number)
    yield f'<article id="{anchor}" aria-labelledby="{anchor}-title"><div class="whole">'
    yield f'<h3 id="{anchor}-title">{_text(figures.name)} {_verdict(figures.met, view.final)}</h3>'
    yield f'<p class="method">{_text(one.method)}</p>'
    yield strip_bar(one.strip, view.slot, _text(figures.name))
    yield f'<p class="ends"><span>{_text(moment(figures.period.start, zone))}</span>'
    yield f"<span>{_text(moment(figures.period.end, zone))}</span></p>"
    yield budget_bar(figures.budget.total_ms, figures.budget.left_ms)
    yield _facts(figure_rows(one, view))
    yield f"{trend_bars(one.trend, figures.target)}</div>"
    if figures.violations:
        rows = (
            (
                _text(moment(each.start, zone)),
                _text(moment(each.end, zone, "lasts")),
                _text(length(each.depth_ms)),
                _text("; ".join(note.text for note in each.notes)) or "–",
            )
            for each in figures.violations
        )
        header = ("From", "To", "Depth", "What was done")
        yield _table("Violations", header, rows, numbers={2})
    if one.planned or figures.exclusions:
        yield _table("Excluded time", ("From", "To", "Why"), _excluded(one))
    yield f'<p class="small">Times are of {_text(zone)}.</p></article>'


def _excluded(one: ObjectiveReport) -> Iterator[Sequence[str]]:
    for start, end, why in excluded_rows(one):
        yield _text(start), _text(end), _text(why)


def _services(view: ReportView) -> Iterator[str]:
    yield '<section aria-labelledby="services"><h2 id="services">Services</h2>'
    rows = (_service(one, view) for one in view.services)
    header = ("Service", f"By {view.slot}", "Available", "Coverage", "Down", "Outages", "Longest")
    yield _table("Availability, whatever is promised", header, rows, numbers={2, 3, 4, 5, 6})
    yield "</section>"


def _service(one: ServiceReport, view: ReportView) -> Sequence[str]:
    return (
        _text(one.name),
        strip_bar(one.strip, view.slot, _text(one.name), small=True),
        f"<strong>{_text(percent(one.shown))}</strong>",
        _text(share(one.coverage)),
        _text(length(one.down_ms)),
        str(one.outages),
        _text(length(one.longest_ms)) if one.outages else "–",
    )


def _method(view: ReportView) -> Iterator[str]:
    yield '<section class="rules" aria-labelledby="method"><h2 id="method">Method</h2><ul>'
    yield from (f"<li>{_text(line)}</li>" for line in view.method)
    yield "</ul></section>"


def _foot(view: ReportView) -> str:
    made = moment(view.generated_at, view.period.timezone)
    return (
        f"<footer><p>Made by Tocsin, {_text(made)}. Digest of the figures (SHA-256):"
        f" <code>{_text(view.digest)}</code></p></footer>"
    )


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    return f'<dl class="facts">{"".join(_pair(name, value) for name, value in rows)}</dl>'


def _table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Iterable[int] = (),
) -> str:
    """A table of cells that are HTML already; these columns hold numbers."""
    right = {*numbers}
    marks = ['class="n"' if index in right else "" for index in range(len(header))]
    head = "".join(
        f'<th scope="col" {mark}>{_text(one)}</th>' for one, mark in zip(header, marks, strict=True)
    )
    lines = []
    for row in rows:
        first = f'<th scope="row">{row[0]}</th>'
        rest = "".join(
            f'<td {mark} data-name="{_text(name)}">{cell}</td>'
            for cell, mark, name in zip(row[1:], marks[1:], header[1:], strict=True)
        )
        lines.append(f"<tr>{first}{rest}</tr>")
    return (
        f'<div class="scroll"><table class="rows"><caption>{_text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _verdict(met: bool | None, final: bool) -> str:
    kind = {True: "good", False: "bad", None: "open"}[met]
    return f'<span class="verdict {kind}">{_text(verdict(met, final))}</span>'


def _pair(name: str, value: str) -> str:
    return f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"


def _anchor(number: int) -> str:
    return f"objective-{number + 1}"


def _text(text: str) -> str:
    """Text from outside: one line, without controls, never markup."""
    return escape(one_line(text, _LONGEST))
