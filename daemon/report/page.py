"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere.

The verdict comes first, then the objectives, those that were missed before the others. Charts are
drawn in SVG in the page. It reads on a screen, light and dark, and on a phone, and prints on A4
with page numbers. Nothing is said by colour alone: every verdict has a glyph and a word, every
chart a title for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon.api.schema.reports import ObjectiveReport, ReportView, ServiceReport
from daemon.report.article import BRIEF, article, brief, has_article
from daemon.report.drawing import legend, strip_bar
from daemon.report.html import badge, cover, document, head, table, text
from daemon.report.markdown import state_words, title
from daemon.report.words import length, moment, most, percent, period_words, share, target

_NAMED: Final = 5
"""So many missed objectives stand beside the verdict by name."""
_ORDER: Final = {False: 0, None: 1, True: 2}


def page(view: ReportView) -> str:
    """The whole report."""
    return document(head(title(view)), [*_cover(view), *_body(view)], _foot(view))


def _cover(view: ReportView) -> Iterator[str]:
    zone = view.period.timezone
    return cover(
        "Service report" + ("" if view.final else " · so far"),
        view.service or view.organization or "All services",
        period_words(view.period),
        {
            "From": moment(view.period.start, zone),
            "To": moment(view.period.end, zone),
            "Time zone": zone,
            "State": state_words(view),
        },
    )


def _body(view: ReportView) -> Iterator[str]:
    told = sorted(view.objectives, key=lambda one: _ORDER[one.sla.met])
    anchors = {id(one): f"objective-{number}" for number, one in enumerate(told, 1)}
    long = [one for one in told if has_article(one, view)]
    short = [one for one in told if not has_article(one, view)]
    yield from _summary(view, long, short, anchors)
    if long:
        yield '<section class="objectives" aria-labelledby="objectives">'
        yield f'<h2 id="objectives">{_heading(short)}</h2>'
        yield legend(view.slot)
        for one in long:
            yield from article(one, view, anchors[id(one)])
        yield "</section>"
    if short:
        yield from _kept(long, short, view)
    if view.services:
        yield from _services(view)
    yield from _method(view)


def _heading(short: Sequence[ObjectiveReport]) -> str:
    return "Objectives in detail" if short else "Objectives"


def _summary(
    view: ReportView,
    long: Sequence[ObjectiveReport],
    short: Sequence[ObjectiveReport],
    anchors: dict[int, str],
) -> Iterator[str]:
    yield '<section class="summary" aria-labelledby="summary"><h2 id="summary">Summary</h2>'
    yield from _verdict(view)
    yield _tiles(view)
    if short:
        yield _index(view, long, short)
    if long:
        yield _overview(long, view, anchors, "Objectives in detail" if short else "All objectives")
    yield "</section>"


def _verdict(view: ReportView) -> Iterator[str]:
    """What a reader came for, in a line, and what was missed by how much."""
    found = view.summary
    kind = "bad" if found.missed else "open" if found.unknown or not found.objectives else "good"
    yield f'<div class="outcome {kind}"><p class="lead">{text(_outcome(view))}</p>'
    missed = [one.sla for one in view.objectives if one.sla.met is False]
    if missed:
        lines = [
            f"{one.name}: {percent(one.shown)} of {target(one.target)} promised"
            for one in missed[:_NAMED]
        ]
        rest = [f"and {len(missed) - _NAMED} more, below"] if len(missed) > _NAMED else []
        yield f"<ul>{''.join(f'<li>{text(line)}</li>' for line in [*lines, *rest])}</ul>"
    yield "</div>"


def _outcome(view: ReportView) -> str:
    found, so_far = view.summary, "" if view.final else " so far"
    count = found.objectives
    if not count:
        return "No objective is configured here"
    of = f"of {count:,} objectives" if count > 1 else ""
    if found.missed:
        words = f"✕ {found.missed:,} {of} missed" if of else "✕ The objective was missed"
    elif found.unknown == count:
        words = "? Nothing was measured"
    elif found.unknown:
        words = f"? {found.unknown:,} {of} not measured, {found.met:,} met"
    else:
        words = f"✓ All {count:,} objectives met" if of else "✓ The objective was met"
    return words + so_far


def _tiles(view: ReportView) -> str:
    found, incidents = view.summary, view.incidents
    tiles = [
        ("✓ met", f"{found.met:,}", "good" if found.met else "plain"),
        ("✕ missed", f"{found.missed:,}", "bad" if found.missed else "plain"),
        ("? not measured", f"{found.unknown:,}", "plain"),
        ("incidents", f"{incidents.total:,}", "plain"),
        ("mean time to acknowledge", most(incidents.mtta_ms), "plain"),
        ("mean time to resolve", most(incidents.mttr_ms), "plain"),
    ]
    shown = tiles if found.objectives else tiles[3:]
    cells = (
        f'<div class="tile {kind}"><dd>{text(value)}</dd><dt>{text(word)}</dt></div>'
        for word, value, kind in shown
    )
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _index(
    view: ReportView, long: Sequence[ObjectiveReport], short: Sequence[ObjectiveReport]
) -> str:
    """Where what stands, in a long page."""
    places = [
        ("objectives", "Objectives in detail", len(long)),
        ("kept", "Objectives that were met", len(short)),
        ("services", "Services", len(view.services)),
    ]
    links = "".join(
        f'<li><a href="#{anchor}">{words}</a> ({count:,})</li>'
        for anchor, words, count in places
        if count
    )
    return f'<nav aria-label="Contents"><ul>{links}<li><a href="#method">Method</a></li></ul></nav>'


def _overview(
    long: Sequence[ObjectiveReport], view: ReportView, anchors: dict[int, str], caption: str
) -> str:
    rows = (
        (
            f'<a href="#{anchors[id(one)]}">{text(one.sla.name)}</a>',
            text(target(one.sla.target)),
            f"<strong>{text(percent(one.sla.shown, '–'))}</strong>",
            badge(one.sla.met, view.final),
            text(share(one.sla.coverage)),
            text(length(one.sla.budget.left_ms)),
            f"{one.sla.credit_percent:g} %" if one.sla.credit_percent else "–",
        )
        for one in long
    )
    header = ("Objective", "Target", "Value", "Verdict", "Coverage", "Budget left", "Credit")
    return table(caption, header, rows, numbers={1, 2, 4, 5, 6})


def _kept(
    long: Sequence[ObjectiveReport], short: Sequence[ObjectiveReport], view: ReportView
) -> Iterator[str]:
    yield '<section aria-labelledby="kept"><h2 id="kept">Objectives that were met</h2>'
    header = [name or f"By {view.slot}" for name in BRIEF]
    rows = (brief(one, view) for one in short)
    if not long:
        yield legend(view.slot)
    yield table("Without a violation or an exclusion", header, rows, {2, 3, 4, 5, 6}, "strips")
    yield "</section>"


def _services(view: ReportView) -> Iterator[str]:
    yield '<section aria-labelledby="services"><h2 id="services">Services</h2>'
    rows = (_service(one, view) for one in view.services)
    header = ("Service", f"By {view.slot}", "Available", "Coverage", "Down", "Outages", "Longest")
    yield table("Availability, whatever is promised", header, rows, {2, 3, 4, 5, 6}, "strips")
    yield "</section>"


def _service(one: ServiceReport, view: ReportView) -> Sequence[str]:
    return (
        text(one.name),
        strip_bar(one.strip, view.slot, text(one.name), small=True),
        f"<strong>{text(percent(one.shown))}</strong>",
        text(share(one.coverage)),
        text(most(one.down_ms)),
        str(one.outages),
        text(most(one.longest_ms)) if one.outages else "–",
    )


def _method(view: ReportView) -> Iterator[str]:
    yield '<section class="rules" aria-labelledby="method"><h2 id="method">Method</h2><ul>'
    yield from (f"<li>{text(line)}</li>" for line in view.method)
    yield "</ul></section>"


def _foot(view: ReportView) -> str:
    made = moment(view.generated_at, view.period.timezone)
    return (
        f"<footer><p>Made by Tocsin, {text(made)}. Digest of the figures (SHA-256):"
        f" <code>{text(view.digest)}</code></p></footer>"
    )
