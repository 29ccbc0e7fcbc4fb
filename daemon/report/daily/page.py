"""A daily report as one HTML file that needs nothing else, in the manner of all reports' pages.

Above all stands what was not seen: a quiet page must not come from a daemon that was off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from daemon.api.schema.daily import DailyView
from daemon.api.times import parse_stamp
from daemon.report.daily.sections import Section, sections
from daemon.report.daily.words import (
    brief,
    in_short,
    is_over,
    measured_words,
    state_words,
    title,
    warnings,
    weekday,
)
from daemon.report.drawing import legend, strip_bar
from daemon.report.html import cover, document, head, table, text
from daemon.report.words import moment

STYLE: Final = """
.warn{margin:0 0 10px;padding:8px 14px;background:var(--wash);border-left:4px solid var(--down)}
.hours{margin:22px 0 4px}.hours .chart{display:block;width:100%;min-width:520px}
.hours .inner{min-width:520px}
.hours+.legend{margin-top:10px}
.tiles{grid-template-columns:repeat(auto-fill,minmax(min(46%,230px),1fr))}
.hours text{font-size:11px;fill:var(--soft)}.hours .bar{fill:var(--ink)}
.hours .base{stroke:var(--line);stroke-width:1}
.lead+.warn{margin-top:4px}.note{margin:0;color:var(--soft);break-after:avoid}
@media (max-width:640px){.hours text{font-size:19px}}
@media print{.hours .inner,.hours .chart{min-width:0}section{break-inside:auto}}
"""
_STEP, _HIGH = 40, 110
"""Of the chart: how wide an hour is, and how high the most of them."""
_LABELS = 3
"""Every so many hours the clock stands below."""


def page(view: DailyView) -> str:
    """The whole report."""
    return document(head(title(view), STYLE), [*_cover(view), *_body(view)], _foot(view))


def _cover(view: DailyView) -> Iterator[str]:
    zone = view.period.timezone
    return cover(
        "Daily alert report" + ("" if is_over(view) else " · so far"),
        view.service or view.organization or "All services",
        weekday(view),
        {
            "From": moment(view.period.start, zone),
            "To": moment(view.period.end, zone),
            "Time zone": zone,
            "State": state_words(view),
        },
    )


def _body(view: DailyView) -> Iterator[str]:
    yield '<section aria-labelledby="summary"><h2 id="summary">Summary</h2>'
    yield f'<p class="lead">{text(in_short(view))}</p>'
    yield from (f'<p class="warn">{text(one)}</p>' for one in warnings(view))
    yield _tiles(view)
    yield from _hours(view)
    yield "</section>"
    for number, section in enumerate(sections(view)):
        yield from _section(section, f"part-{number + 1}")
    yield '<section class="rules" aria-labelledby="method"><h2 id="method">Method</h2><ul>'
    yield from (f"<li>{text(line)}</li>" for line in view.method)
    yield "</ul></section>"


def _tiles(view: DailyView) -> str:
    total = view.total
    unseen = bool(view.coverage.blind_ms)
    tiles = [
        ("incidents fired", str(view.fired), "plain"),
        ("still open", str(view.open), "bad" if view.open else "good"),
        ("to acknowledge", brief(total.acknowledged.mean_ms), "plain"),
        ("to resolve", brief(total.resolved.mean_ms), "plain"),
        ("pages", _paged(view), "plain"),
        ("measured", measured_words(view), "bad" if unseen else "plain"),
    ]
    tiles += [("lost", f"{one.amount} {one.currency or ''}".strip(), "bad") for one in view.lost]
    cells = (
        f'<div class="tile {kind}"><dd>{text(value)}</dd><dt>{text(word)}</dt></div>'
        for word, value, kind in tiles
    )
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _paged(view: DailyView) -> str:
    night = sum(one.at_night for one in view.pages)
    pages = str(sum(one.pages for one in view.pages))
    return f"{pages}, {night} at night" if night else pages


def _hours(view: DailyView) -> Iterator[str]:
    """When in the day incidents fired, and what the services were then."""
    if not view.hours:
        return
    letters = "".join(one.letter for one in view.hours)
    yield '<figure class="hours"><figcaption>By the hour: incidents, and what services were at'
    yield 'worst</figcaption><div class="scroll"><div class="inner">'
    if view.fired:
        yield _chart(view)
    yield strip_bar(letters, "hour", "All services", small=True)
    yield "</div></div></figure>"
    yield legend("hour")


def _chart(view: DailyView) -> str:
    zone, most = ZoneInfo(view.period.timezone), max(1, *(one.fired for one in view.hours))
    parts, told = [], []
    for index, one in enumerate(view.hours):
        local = datetime.fromtimestamp(parse_stamp(one.start) // 1000, zone)
        x = index * _STEP
        if local.hour % _LABELS == 0:
            parts.append(f'<text x="{x}" y="{_HIGH + 36}">{local:%H:%M}</text>')
        if not one.fired:
            continue
        told.append(f"{one.fired} from {local:%H:%M}")
        size = round(_HIGH * one.fired / most, 1)
        y = round(_HIGH + 18 - size, 1)
        parts.append(
            f'<rect class="bar" x="{x + 4}" y="{y}" width="{_STEP - 8}" height="{size}"/>'
            f'<text x="{x + _STEP / 2:g}" y="{y - 5}" text-anchor="middle">{one.fired}</text>'
        )
    wide, base = len(view.hours) * _STEP, _HIGH + 18
    words = "; ".join(told) or "none fired"
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {wide} {_HIGH + 42}">'
        f"<title>Incidents by the hour: {text(words)}</title>"
        f'<line class="base" x1="0" x2="{wide}" y1="{base}" y2="{base}"/>{"".join(parts)}</svg>'
    )


def _section(section: Section, anchor: str) -> Iterator[str]:
    yield f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{text(section.title)}</h2>'
    if section.lead:
        yield f'<p class="note">{text(section.lead)}</p>'
    rows = ([text(cell) for cell in row] for row in section.rows)
    yield table("", section.header, rows, section.numbers)
    yield "</section>"


def _foot(view: DailyView) -> str:
    made = moment(view.generated_at, view.period.timezone)
    return (
        f"<footer><p>Made by Tocsin, {text(made)}. Digest of the figures (SHA-256):"
        f" <code>{text(view.digest)}</code></p></footer>"
    )
