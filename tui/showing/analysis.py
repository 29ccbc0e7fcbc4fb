"""What the analysis place says of a service, or of all: health, trends, the week, alerts, noise.

Pure. Each panel is an answer of its own: while it is awaited it says so, what came last stays
with its time when the daemon does not answer, and where nothing happened that is said too.
`docs/analysis.md` defines every figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from daemon.api.schema import (
    DurationsView,
    HealthPart,
    HealthView,
    NoiseView,
    StatisticsView,
    TopAlertView,
    TrendsView,
)
from daemon.core.model import DAY, Millis
from tui.asked import Answer
from tui.drawing import words
from tui.drawing.bars import stroke
from tui.drawing.charts import columns
from tui.drawing.text import Column, Layout, Line, fit
from tui.drawing.theme import GLYPHS
from tui.drawing.words import instant, percent, plural, span
from tui.showing.rows import Moment, Row, status_line
from tui.showing.sections import Section, fact, heading, prose, section

T = TypeVar("T")

ALL: Final = "*"
"""The key of the row of all services together."""
SPANS: Final[tuple[Millis, ...]] = (7 * DAY, 30 * DAY, 90 * DAY, DAY)
"""How far back one may look, in the order in which the key goes through them."""
SPAN_WORDS: Final = {DAY: "24 hours", 7 * DAY: "7 days", 30 * DAY: "30 days", 90 * DAY: "90 days"}
BANDS: Final = {"excellent": "good", "good": "good", "fair": "medium", "poor": "warn",
                "critical": "bad"}  # fmt: skip
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES: Final = ("·", "░", "▒", "▓", "█")
PART_WIDTH: Final = 14
"""Cells of the name of a part of a score."""
TREND_ROWS: Final = 4
TREND_MOST: Final = 96
"""Cells of a trend at most."""

HEALTH_COLUMNS: Final = (
    Column("score", "health", 6, align="right"),
    Column("band", "", 9),
    Column("service", "service", 14, flex=3),
    Column("gauge", "", 10, flex=2, from_width=56),
    Column("status", "now", 12, from_width=48),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a service in a span; of all services together `health` is None."""

    span_ms: Millis
    health: HealthView | None
    statistics: Answer[StatisticsView]
    trends: Answer[TrendsView]
    top: Answer[list[TopAlertView]]
    noise: Answer[list[NoiseView]]


def health_row(service: str, health: HealthView | None, layout: Layout) -> Row:
    """A service in the list; before the scores came only its name."""
    if health is None or health.score is None or health.band is None:
        word = "" if health is None else "unknown"
        return {"score": (("–", "faint"),), "band": ((word, "faint"),),
                "service": ((service, "bold"),)}  # fmt: skip
    style = BANDS[health.band]
    return {
        "score": ((str(health.score), f"{style} bold"),),
        "band": ((health.band, style),),
        "service": ((service, "bold"),),
        "gauge": stroke(health.score / 100, layout.width("gauge"), style),
        "status": status_line(health.status),
    }


def all_row(count: int) -> Row:
    """The row of all services together."""
    return {"service": (("all services", "bold"), (f"  {count:,}", "faint"))}


def sections(known: Known, width: int, moment: Moment) -> list[Section]:
    """Every panel, one below the other."""
    over = SPAN_WORDS[known.span_ms]

    def panel(title: str, answer: Answer[T], make: Callable[[T], list[Line]]) -> list[Section]:
        return _panel(title, over, answer, make, width, moment)

    return [
        *(_health(known.health, width) if known.health is not None else ()),
        *panel("Incidents", known.statistics, lambda one: _statistics(one, width)),
        *panel("Trend", known.trends, lambda one: _trend(one, width, moment)),
        *panel("The week", known.statistics, _week),
        *panel("Top alerts", known.top, lambda one: _top(one, width)),
        *panel("What to tune", known.noise, lambda one: _noise(one, width)),
    ]


def _panel(
    title: str,
    over: str,
    answer: Answer[T],
    make: Callable[[T], list[Line]],
    width: int,
    moment: Moment,
) -> list[Section]:
    lines: list[Line] = []
    if answer.value is not None:
        lines = make(answer.value)
    elif not answer.fault:
        lines = [(("asking …", "faint"),)]
    if answer.fault:
        at = "" if answer.at is None else f"as of {words.clock(answer.at, moment.zone)}: "
        lines = [*prose("", f"{at}{answer.fault}", width, "warn"), *lines]
    return [heading(title, over), section([fit(line, width) for line in lines])]


def _health(health: HealthView, width: int) -> list[Section]:
    """The score and what it is made of."""
    word = health.band or "unknown"
    style = BANDS.get(word, "faint")
    score = "–" if health.score is None else str(health.score)
    limit = f"  at most {health.limit} while {health.status}" if health.limit is not None else ""
    head: Line = ((score, f"{style} bold"), (" of 100, ", "faint"), (word, style), (limit, "faint"))
    lines = [fit(head, width), *(_part(part, width) for part in health.parts)]
    return [heading("Health", health.service), section(lines)]


def _part(part: HealthPart, width: int) -> Line:
    known = part.score is not None
    score = part.score or 0.0
    style = "good" if score >= 85 else "warn" if score >= 50 else "bad"
    bar = stroke(score / 100, 12, style) if known else ((" " * 12, ""),)
    shown = f"{score:.0f}" if known else "–"
    weight = f"  ×{part.weight:<4}"
    name = (part.name.ljust(PART_WIDTH), "faint")
    line: Line = (name, *bar, (shown.rjust(4), "bold"), (weight, "faint"), (part.text, ""))
    return fit(line, width)


def _statistics(one: StatisticsView, width: int) -> list[Line]:
    if not one.total:
        return [(("none fired", "good"),)]
    states = f"{one.open} open, {one.acknowledged} acknowledged, {one.resolved} resolved"
    bad = f", {one.escalated} escalated" if one.escalated else ""
    kinds: list[tuple[str, str]] = []
    for severity, glyph in GLYPHS.items():
        count = one.by_severity.get(severity, 0)
        if count:
            kinds.append((f"{glyph} {count} {severity}  ", severity))
    lines: list[Line] = [fact("fired", (f"{one.total:,}", "bold"), (f"  {states}{bad}", ""))]
    lines.append(fact("", *kinds))
    lines.append(fact("taken", *_durations(one.to_acknowledge)))
    lines.append(fact("ended", *_durations(one.to_resolve)))
    if len(one.by_service) > 1:
        most = [f"{name or 'no service'} {count}" for name, count in one.by_service.items()][:5]
        lines.append(fact("most", (", ".join(most), "")))
    return [fit(line, width) for line in lines]


def _durations(one: DurationsView) -> Line:
    if not one.count or one.median_ms is None or one.p95_ms is None:
        return (("none yet", "faint"),)
    rest = f"  95% within {span(one.p95_ms)}, {one.count:,} of them"
    return (("half within ", ""), (span(one.median_ms), "bold"), (rest, "faint"))


def _trend(one: TrendsView, width: int, moment: Moment) -> list[Line]:
    """Down time and incidents in each step, and the availability of all of it."""
    line, room = one.total, min(TREND_MOST, width - 2)
    up = sum(line.up_ms) + sum(line.degraded_ms)
    measured = up + sum(line.down_ms)
    share = percent(100 * up / measured) if measured else "not measured"
    said = f"  {span(sum(line.down_ms))} down, {span(sum(line.degraded_ms))} degraded"
    lines: list[Line] = [fact("available", (share, "bold"), (said, "faint"))]
    first, last = (instant(one.starts[at]) if one.starts else None for at in (0, -1))
    dates = ""
    if first is not None and last is not None:
        dates = f"{words.moment(first, moment.now, moment.zone)} to now, by the {one.unit}"
    step = "an hour" if one.unit == "hour" else "a day"
    for title, values, style in (
        ("down time", [float(ms) for ms in line.down_ms], "down"),
        ("incidents", [float(count) for count in line.incidents], "spark"),
    ):
        most = max(values, default=0.0)
        if not most:
            lines.append(fact(title, ("none", "good")))
            continue
        peak = span(round(most)) if style == "down" else f"{most:.0f}"
        lines.append(((f"{title}, at most {peak} in {step}", "faint"),))
        lines += columns(values, room, TREND_ROWS, style)
    return [*lines, ((dates, "faint"),)]


def _week(one: StatisticsView) -> list[Line]:
    """When incidents fire: a row a day, a cell an hour, the darker the more."""
    counts = one.by_hour_of_week
    most = max(counts, default=0)
    if not most or len(counts) != len(DAYS) * 24:
        return [(("none fired", "good"),)]
    hours = "".join(f"{hour:02}".ljust(12) for hour in range(0, 24, 6))
    lines: list[Line] = [((f"     {hours}", "faint"), (one.timezone, "faint"))]
    for day, name in enumerate(DAYS):
        row = counts[day * 24 : day * 24 + 24]
        cells = [(_shade(count, most) * 2, "spark" if count else "track") for count in row]
        lines.append(((f"{name}  ", ""), *cells, (f"  {sum(row) or ''}", "faint")))
    lines.append(((f"     at most {plural(most, 'incident')} in an hour of the week", "faint"),))
    return lines


def _shade(count: int, most: int) -> str:
    return SHADES[-(-count * (len(SHADES) - 1) // most)] if count else SHADES[0]


def _top(alerts: Sequence[TopAlertView], width: int) -> list[Line]:
    if not alerts:
        return [(("none fired", "good"),)]
    most = max(alert.count for alert in alerts)
    lines: list[Line] = []
    for one in alerts:
        long = f"  {span(one.firing_ms)} in all"
        up = f", {one.escalated} escalated" if one.escalated else ""
        bar = stroke(one.count / most, 8, one.severity)
        name = f" {one.name}"
        where = f"  {one.service or one.source}"
        count = (f"{one.count:>5}× ", "bold")
        sign = (f" {GLYPHS[one.severity]}", one.severity)
        lines.append((count, *bar, sign, (name, "bold"), (where, ""), (long + up, "faint")))
    return [fit(line, width) for line in lines]


def _noise(found: Sequence[NoiseView], width: int) -> list[Line]:
    """What disturbs more than it says, and which key mends it."""
    if not found:
        return [(("nothing disturbs for nothing", "good"),)]
    lines: list[Line] = []
    for one in found:
        name = (one.alert.name, "bold")
        where = (f"  {one.alert.service or one.alert.source}", "")
        lines.append((name, where, (f"  fired {one.alert.count}×", "faint")))
        for advice in one.advice:
            lines += prose(f"  {advice.key}", advice.text, width)
    return lines
