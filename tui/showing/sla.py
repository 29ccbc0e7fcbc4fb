"""An SLA's details: value, budget and how it went, what is left and what more would do.

Pure. What every event carries (the figures) is shown at once; what is asked for when somebody
looks (the budget's course, burn rates over windows) as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.api.schema import (
    AmendmentView,
    BurnWindowView,
    SlaCourseView,
    SlaView,
    Violation,
    WhatIf,
)
from daemon.core.model import HOUR, Millis
from tui.asked import Answer
from tui.drawing import words
from tui.drawing.bars import gauge, gauge_style, shares, stroke
from tui.drawing.charts import Series, plot
from tui.drawing.text import Line, apart, fit, width_of, wrap
from tui.drawing.words import instant, percent, plural, rough, span
from tui.showing.figures import budget_left
from tui.showing.promised import budget_words, burn_words, met_line
from tui.showing.rows import Moment
from tui.showing.sections import NAME_WIDTH, Section, fact, heading, prose, section

PERIODS: Final = ((25, "today"), (8 * 24, "this week"), (32 * 24, "this month"),
                  (93 * 24, "this quarter"), (367 * 24, "this year"))  # fmt: skip
CHART_ROWS: Final = 7
CHART_MOST: Final = 110
"""Cells of a chart at most."""
LEVELS: Final = {"warning": ("close to it", "warn"), "critical": ("very close to it", "critical")}


@dataclass(frozen=True, slots=True)
class Tried:
    """So much more down time, and what the daemon says of it."""

    more_ms: Millis
    answer: Answer[SlaCourseView]


def sla_head(sla: SlaView, width: int, moment: Moment) -> list[Section]:
    """An SLA's value and what is left of its budget."""
    left, end = budget_left(sla), instant(sla.period.end)
    target, near = percent(sla.target, sla.target), LEVELS.get(sla.level)
    ends = ""
    if end is not None and end > moment.now:
        ends = f", ends {words.day(end, moment.zone)} in {rough(end - moment.now)}"
    head = heading(sla.name, ", ".join(sla.services) or sla.service)
    value = fact("is", *met_line(sla), (f"  of {target} {sla.kind.replace('_', ' ')}", "faint"),
                 *((("  ", ""), near) if near else ()))  # fmt: skip
    if sla.value is None:
        period = words.day(instant(sla.period.start) or 0, moment.zone)
        return [head, section([value, fact("since", (f"{period}{ends}", "faint"))])]
    lines: list[Line] = [
        value,
        fact("left", *gauge(left, max(8, min(28, width - NAME_WIDTH - 44))),
             (f" {budget_words(sla.budget.left_ms)}", "bold"), (_left_words(sla), "")),
        fact("", (f"of {span(sla.budget.total_ms)}, burning {burn_words(sla.burn_rate)}{ends}",
                  "faint")),
    ]  # fmt: skip
    return [head, section(lines)]


def sla_sections(
    sla: SlaView, course: Answer[SlaCourseView], tried: Tried | None, width: int, moment: Moment
) -> list[Section]:
    """All that is known of an SLA's period, and what is tried on it."""
    known = course.value
    sections = [*sla_head(sla, width, moment), section(_outlook(sla, moment))]
    if tried is not None:
        sections.append(section([_tried_line(tried, width)]))
    elif known is not None:
        sections.append(section(_best_lines(known.what_if, width)))
    if known is not None:
        sections += _burn_down(known, sla, width, moment)
    sections += _asking(course, moment)
    if known is not None:
        sections += _burning(known.windows, width)
    sections += [heading("Time", f"{percent(sla.coverage)} of it measured")]
    sections.append(section(_time_lines(sla, width)))
    return [*sections, *_outages(sla), *_violations(sla, width, moment), *_excluded(sla, width)]


def _outlook(sla: SlaView, moment: Moment) -> list[Line]:
    """Whether it will last, and what is owed."""
    exhausts = instant(sla.budget.exhausts_at)
    lines: list[Line] = []
    if exhausts is not None:
        at = words.moment(exhausts, moment.now, moment.zone)
        rest = f"  in {span(exhausts - moment.now)}, as it burns now"
        lines.append(fact("spent by", (at, "bad"), (rest, "faint")))
    if sla.credit_percent:
        lines.append(fact("credit", (f"{sla.credit_percent:g}% is to be given back", "bad")))
    return lines


def _left_words(sla: SlaView) -> str:
    """What is left, in words; of a spent budget that nothing is."""
    start, end = instant(sla.period.start), instant(sla.period.end)
    hours = 0.0 if start is None or end is None else (end - start) / HOUR
    when = next((word for most, word in PERIODS if hours <= most), "in the period")
    spent = "nothing more may fail" if sla.budget.left_ms <= 0 else "of down time"
    return f" {spent} {when}"


def _best_lines(best: WhatIf, width: int) -> list[Line]:
    """How the period ends if nothing fails any more."""
    if best.met is None:
        return []
    line = fact("at best", *_verdict(best), (" if all stays up", ""))
    asks: Line = (("  d tries more down time", "faint"),)
    if width_of(line) + width_of(asks) <= width:
        line = (*line, *asks)
    return [fit(line, width)]


def _tried_line(tried: Tried, width: int) -> Line:
    """How it ends with what is tried."""
    trial = tried.answer.value
    more = (f"{span(tried.more_ms)} more down: ", "")
    if trial is None:
        return fit(fact("what if", more, (tried.answer.fault or "asking …", "faint")), width)
    left = (f", {budget_words(trial.what_if.left_ms)} left", "")
    return fit(fact("what if", more, *_verdict(trial.what_if), left), width)


def _verdict(trial: WhatIf) -> Line:
    verdict = {True: ("met", "good"), False: ("missed", "bad bold"), None: ("unknown", "faint")}
    word, style = verdict[trial.met]
    shown = f"{trial.shown}% {word}" if trial.shown is not None else word
    owed = f", {trial.credit_percent:g}% given back" if trial.credit_percent else ""
    return ((shown, style), (owed, ""))


def _burn_down(course: SlaCourseView, sla: SlaView, width: int, moment: Moment) -> list[Section]:
    """The budget over the period, beside an even spending, with what it comes to as it burns."""
    start, end = instant(course.period.start) or 0, instant(course.period.end) or 0
    points = [(float(instant(one.at) or 0), float(one.left_ms)) for one in course.points]
    if len(points) < 2 or course.total_ms <= 0:
        return []
    most, least = float(course.total_ms), min(0.0, *(left for _, left in points))
    label = max(len(budget_words(int(most))), len(budget_words(int(least)))) + 1
    room = max(10, min(CHART_MOST, width - label - 1))
    now, left = points[-1]
    exhausts = instant(sla.budget.exhausts_at)
    series = [
        Series([(start, 0.0), (end, 0.0)], "track", 4),
        Series([(start, most), (end, 0.0)], "faint", 3),
        *([Series([(now, left), (exhausts, 0.0)], "bad", 2)] if exhausts else []),
        Series(points, gauge_style(budget_left(sla))),
    ]
    drawn = plot(series, room, CHART_ROWS, (start, max(end, now)), (least, most))
    nothing = round(most / (most - least) * (CHART_ROWS * 4 - 1)) // 4
    lowest = budget_words(int(least)) if least else "0"
    marks = {nothing: "0", CHART_ROWS - 1: lowest, 0: budget_words(int(most))}
    lines: list[Line] = [
        ((marks.get(at, "").rjust(label), "faint"), ("▏", "track"), *line)
        for at, line in enumerate(drawn)
    ]
    lines.append(_dates(start, max(end, int(now)), int(now), label, room, moment))
    return [heading("Budget", "dotted: spent evenly" + (", and as it burns" * bool(exhausts))),
            section(lines)]  # fmt: skip


def _dates(start: int, end: int, now: int, label: int, room: int, moment: Moment) -> Line:
    """The period's first and last day, and now between them where it fits."""
    first, last = words.day(start, moment.zone), words.day(end, moment.zone)
    at = int((now - start) / ((end - start) or 1) * room)
    free = at - len(first) > 2 and room - at - 3 - len(last) > 1
    left = f"{first}{'now'.rjust(at + 2 - len(first))}" if free else first
    return ((" " * (label + 1), ""), *apart(((left, "faint"),), ((last, "faint"),), room))


def _asking(course: Answer[SlaCourseView], moment: Moment) -> list[Section]:
    """That it is asked for, or why it did not come."""
    if course.fault:
        age = f"; above as of {words.clock(course.at, moment.zone)}" if course.at else ""
        return [section([(), ((f"{course.fault}{age}", "warn"),)])]
    if course.value is None:
        return [section([(), (("asking how the budget went …", "faint"),)])]
    return []


def _burning(windows: Sequence[BurnWindowView], width: int) -> list[Section]:
    if not windows:
        return []
    note = "alerts when both reach the rate" if windows[0].alerts else "no burn alerts"
    bar = max(4, min(24, width - 46))
    lines: list[Line] = []
    for one in windows:
        long, short = one.long_rate, one.short_rate
        style = "bad" if one.exceeded else "warn" if (long or 0) >= one.rate else "good"
        sign = "✕ too fast" if one.exceeded else "◐ over it" if style == "warn" else "✓"
        lines.append(
            (
                (f"{span(one.long_ms):>6}", "bold"),
                (f"{_rate(long):>8}", style),
                (f"{span(one.short_ms):>7}", "bold"),
                (f"{_rate(short):>8}  ", "faint" if (short or 0) < one.rate else style),
                *stroke((long or 0.0) / one.rate, bar, style),
                (f" of {one.rate:g}× ", "faint"),
                (sign, style),
            )
        )
    return [heading("Burn rates", note), section([fit(line, width) for line in lines])]


def _rate(rate: float | None) -> str:
    return "–" if rate is None else burn_words(rate)


def _time_lines(sla: SlaView, width: int) -> list[Line]:
    parts = (
        (sla.up_ms, "█", "up"), (sla.degraded_ms, "▓", "degraded"), (sla.down_ms, "▒", "down"),
        (sla.unknown_ms, "░", "unknown"), (sla.excluded_ms, "·", "faint"),
    )  # fmt: skip
    names = {"faint": "excluded"}
    total = sum(amount for amount, _, _ in parts)
    lines = [shares(parts, min(width, 60))]
    for amount, glyph, style in parts:
        share = percent(100 * amount / total) if total else "–"
        share = "<0.01%" if amount and share == "0%" else share
        lines.append(
            (
                (f"{glyph} ", style),
                (names.get(style, style).ljust(10), ""),
                (span(amount).rjust(9), "bold" if amount else "faint"),
                (share.rjust(10), "faint"),
            )
        )
    return lines


def _outages(sla: SlaView) -> list[Section]:
    if not sla.outages:
        return []
    longest = max(one.length_ms for one in sla.outages)
    mended = f", mended in {span(sla.mttr_ms)} on average" if sla.mttr_ms is not None else ""
    between = f", {span(sla.mtbf_ms)} up for each" if sla.mtbf_ms is not None else ""
    said = f"the longest {span(longest)}{mended}{between}"
    return [heading("Outages", plural(len(sla.outages), "outage")), section([((said, ""),)])]


def _violations(sla: SlaView, width: int, moment: Moment) -> list[Section]:
    if not sla.violations:
        return [heading("Violations"), section([(("none in this period", "good"),)])]
    lines: list[Line] = []
    for one in reversed(sla.violations):
        lines.append(_violation(one, moment))
        for note in one.notes:
            lines += _said(note, width)
    return [heading("Violations", plural(len(sla.violations), "interval")), section(lines)]


def _violation(one: Violation, moment: Moment) -> Line:
    start, end = instant(one.start) or 0, instant(one.end)
    at = words.moment(start, moment.now, moment.zone)
    deep = f"  overspent by {words.most(one.depth_ms)}" if one.depth_ms else ""
    return (
        (f"{at}  ", "faint"),
        (words.most((end or moment.now) - start), "bold"),
        ("  and counting" if end is None else "", "bad"),
        (deep, "faint"),
    )


def _said(note: AmendmentView, width: int) -> list[Line]:
    lines = wrap(f"{note.text} ({note.made_by})", width - 2)
    return [((" " * 2, ""), *line) for line in lines]


def _excluded(sla: SlaView, width: int) -> list[Section]:
    """What operators took out afterwards, and the value without that."""
    if not sla.exclusions:
        return []
    lines: list[Line] = []
    if sla.unamended_value is not None:
        without = percent(sla.unamended_value, sla.target)
        lines.append(fact("without", (without, "bold"), ("  is the value then", "faint")))
    for one in sla.exclusions:
        length = (instant(one.end) or 0) - (instant(one.start) or 0)
        lines += prose(span(length), f"{one.text} ({one.made_by})", width)
    return [heading("Excluded afterwards", span(sla.approved_ms)), section(lines)]
