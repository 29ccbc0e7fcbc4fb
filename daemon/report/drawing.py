"""The charts of a report's page, in SVG: a strip of the period, the budget, earlier periods."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from daemon.api.schema.reports import TrendPoint
from daemon.core.model import Millis
from daemon.report.slots import AHEAD, DEGRADED, DOWN, EXCLUDED, UNKNOWN, UP
from daemon.report.words import article, length, most

_KINDS: Final = {
    UP: ("up", "up"),
    DEGRADED: ("degraded", "degraded for a time"),
    DOWN: ("down", "down for a time"),
    UNKNOWN: ("unknown", "not measured"),
    EXCLUDED: ("excluded", "excluded"),
    AHEAD: ("ahead", "still to come"),
}
_STEP: Final = 10
_DISTINCT: Final = 25
"""So many slots of a small strip are told apart."""
_LABELS: Final = 72
"""Where the bars of earlier periods begin."""
_BARS: Final = 148
"""How long the longest of them is."""


def strip_bar(letters: str, slot: str, name: str, *, small: bool = False) -> str:
    """The period as a row of slots; `name` is HTML already. What is down is tall, what is degraded
    less so, so that it is seen without colours. In a small one of many, equal neighbours are one
    bar."""
    counts = {letter: letters.count(letter) for letter in _KINDS if letter in letters}
    words = ", ".join(f"{n} {_KINDS[letter][1]}" for letter, n in counts.items())
    label = f"{name} by {slot}: {escape(words or 'nothing')}"
    width, height = max(1, len(letters)) * _STEP, 16 if small else 34
    bars: dict[str, list[str]] = {}
    at = 0
    for letter, group in groupby(letters):
        count = len(list(group))
        each = count if small and len(letters) > _DISTINCT else 1
        bars.setdefault(letter, []).extend(
            _bar(letter, (at + index) * _STEP, each * _STEP, height)
            for index in range(0, count, each)
        )
        at += count
    drawn = "".join(f'<path class="{_KINDS[one][0]}" d="{"".join(d)}"/>' for one, d in bars.items())
    return (
        f'<svg class="strip{" small" if small else ""}" role="img" viewBox="0 0 {width} {height}"'
        f' preserveAspectRatio="none"><title>{label}</title>{drawn}</svg>'
    )


def _bar(letter: str, x: int, width: int, height: int) -> str:
    """A bar that stands on the ground, with a gap beside it."""
    tall = round(height * {DOWN: 1.0, DEGRADED: 0.8}.get(letter, 0.6))
    return f"M{x + 1} {height - tall}h{width - 2}v{tall}h-{width - 2}z"


def legend(slot: str) -> str:
    """What the colours and heights of a strip stand for."""
    parts = (
        f'<li><svg viewBox="0 0 10 16" aria-hidden="true"><path class="{kind}"'
        f' d="{_bar(letter, 0, _STEP, 16)}"/></svg>{escape(words)}</li>'
        for letter, (kind, words) in _KINDS.items()
    )
    return f'<ul class="legend"><li>Each bar is {escape(article(slot))}:</li>{"".join(parts)}</ul>'


def budget_bar(total_ms: Millis, left_ms: Millis) -> str:
    """How much of the budget was spent."""
    spent_ms = total_ms - left_ms
    share = min(1.0, spent_ms / total_ms) if total_ms > 0 else float(spent_ms > 0)
    over = left_ms < 0
    words = f"{most(spent_ms)} of {length(total_ms)} spent"
    words += f", overspent by {most(-left_ms)}" if over else f", {length(left_ms)} left"
    kind = "over" if over else "spent"
    return (
        f'<figure class="budget"><figcaption>Budget: {escape(words)}</figcaption>'
        f'<svg role="img" viewBox="0 0 300 14" preserveAspectRatio="none">'
        f"<title>Budget: {escape(words)}</title>"
        f'<rect class="room" x="0" y="0" width="300" height="14"/>'
        f'<rect class="{kind}" x="0" y="0" width="{round(300 * share, 1)}" height="14"/>'
        "</svg></figure>"
    )


def trend_bars(points: Sequence[TrendPoint], target: float) -> str:
    """Earlier periods beside each other; what is shown is the bad share, against the allowed."""
    known = [point for point in points if point.value is not None]
    if not known:
        return ""
    allowed = max(100 - target, 1e-9)
    points = points[points.index(known[0]) :]
    worst = max([allowed, *(100 - (point.value or 0) for point in known)])
    scale, rows = _BARS / worst, []
    line, high = _LABELS + allowed * scale, len(points) * 20
    for index, point in enumerate(points):
        y = index * 20
        rows.append(f'<text x="0" y="{y + 14}">{escape(_short(point.label))}</text>')
        if point.value is None:
            rows.append(f'<text x="{_LABELS}" y="{y + 14}" class="faint">not measured</text>')
            continue
        wide = max(1.0, (100 - point.value) * scale)
        kind, mark = ("spent", "✓") if point.met else ("over", "✕")
        rows.append(
            f'<rect class="{kind}" x="{_LABELS}" y="{y + 4}" width="{wide:.1f}" height="12"/>'
        )
        shown = f"{point.shown} % {mark}"
        beyond = max(_LABELS + wide, line) + 5  # the line crosses no figure
        rows.append(f'<text x="{beyond:.1f}" y="{y + 14}">{shown}</text>')
    rows.insert(0, f'<path class="target" d="M{line:.1f} 0v{high}"/>')
    told = ", ".join(f"{point.label}: {point.shown} %" for point in known)
    return (
        '<figure class="trend"><figcaption>Earlier periods: bad time; the line is what the target'
        f' allows</figcaption><svg role="img" viewBox="0 0 310 {high}">'
        f"<title>Earlier periods: {escape(told)}</title>{''.join(rows)}</svg></figure>"
    )


def _short(label: str) -> str:
    return label if len(label) <= 12 else label.partition("..")[0]
