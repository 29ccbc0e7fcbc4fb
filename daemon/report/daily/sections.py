"""The tables of a daily report in plain text, in the order in which they are read; Markdown and
the page are both written from these. A table that has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from daemon.api.schema.daily import DailyView, DayAnswers, DayCount, DayIncident, DayMute
from daemon.core.record import record
from daemon.report.daily.words import brief, clock, count, is_over, usual

Row = Sequence[str]

LONGEST: Final = 30
"""So many incidents stand in a table; JSON and CSV have more."""


@record(frozen=True, slots=True)
class Section:
    """A table under a heading.

    Attributes:
        numbers: The columns that hold numbers.
        lead: What is said before it.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Row]
    numbers: frozenset[int] = frozenset()
    lead: str = ""


def sections(view: DailyView) -> list[Section]:
    """Those that have something to say."""
    found = [
        _open(view),
        _muted(view),
        _severities(view),
        _services(view),
        _over(view),
        _escalated(view),
        _pages(view),
        _failures(view),
        _top(view),
        _noise(view),
        _shortest(view),
        _mutes(view),
        _own(view),
        _on_call(view),
    ]
    return [one for one in found if one.rows]


def _open(view: DailyView) -> Section:
    mine = [one for one in view.incidents if one.resolved_at is None]
    left = view.open - len(mine)
    return Section(
        "Still open at the end of the day" if is_over(view) else "Still open",
        ("Incident", "Severity", "Service", "Fired", "Acknowledged", "Level", "Lost"),
        [
            (
                _name(one),
                one.severity,
                one.service or "–",
                clock(one.fired_at, view),
                _taken(one, view),
                str(one.level or "–"),
                _lost(one.lost, one.currency),
            )
            for one in mine
        ],
        frozenset({5, 6}),
        f"The worst; {left} more are not listed here." if left else "",
    )


def _over(view: DailyView) -> Section:
    over = [one for one in view.incidents if one.resolved_at is not None]
    shown = over[:LONGEST]
    left = view.resolved - len(shown)
    return Section(
        "Resolved",
        ("Incident", "Severity", "Service", "Fired", "Acknowledged", "Resolved", "After", "Lost"),
        [
            (
                _name(one),
                one.severity,
                one.service or "–",
                clock(one.fired_at, view),
                _taken(one, view),
                clock(one.resolved_at, view),
                brief(one.to_resolve_ms) + (", late" if "fix" in one.late else ""),
                _lost(one.lost, one.currency),
            )
            for one in shown
        ],
        frozenset({6, 7}),
        f"The worst; {left} more are not listed here." if left else "",
    )


def _name(one: DayIncident) -> str:
    return f"{one.title} ({one.id})"


def _taken(one: DayIncident, view: DailyView) -> str:
    late = ", late" if "ack" in one.late else ""
    if one.acknowledged_at is None:
        return f"nobody{late}"
    by = f" by {one.acknowledged_by}" if one.acknowledged_by else ""
    return f"{clock(one.acknowledged_at, view)}{by}, {brief(one.to_acknowledge_ms)}{late}"


def _lost(amount: str | None, currency: str | None) -> str:
    if amount is None or not Decimal(amount):
        return "–"
    return f"{amount} {currency or ''}".strip()


def _muted(view: DailyView) -> Section:
    return Section(
        "Still muted",
        ("Incident", "Severity", "Service", "Since", "Why"),
        [
            (
                f"{one.title} ({one.id})",
                one.severity,
                one.service or "–",
                clock(one.since, view),
                one.reason,
            )
            for one in view.muted
        ],
    )


def _compared(one: DayCount) -> tuple[str, str, str]:
    return str(one.count), count(one.day_before), usual(one.usual)


def _severities(view: DailyView) -> Section:
    rows = [*view.severities, view.total] if len(view.severities) > 1 else view.severities
    return Section(
        "By severity",
        (
            *("Severity", "Alerts", "Day before", "Usually"),
            *("Incidents", "Day before", "Usually", "To acknowledge", "To resolve"),
        ),
        [
            (
                one.severity or "all",
                *_compared(one.alerts),
                *_compared(one.incidents),
                _answered(one.acknowledged),
                _answered(one.resolved),
            )
            for one in rows
        ],
        frozenset(range(1, 7)),
    )


def _answered(one: DayAnswers) -> str:
    text = brief(one.mean_ms)
    if one.target_ms is not None:
        text += f" of {brief(one.target_ms)}"
    return f"{text}, {one.late} late" if one.late else text


def _services(view: DailyView) -> Section:
    return Section(
        "By service",
        (
            *("Service", "Health", "Available", "Down", "Not measured"),
            *("Alerts", "Day before", "Usually", "Incidents", "Lost"),
        ),
        [
            (
                one.service or "(of no service)",
                "–" if one.score is None else f"{one.score} {one.band}",
                "–" if one.shown is None else f"{one.shown} %",
                brief(one.down_ms),
                brief(one.unknown_ms),
                *_compared(one.alerts),
                str(one.incidents.count),
                _lost(one.lost, one.currency),
            )
            for one in view.services
        ],
        frozenset(range(1, 10)),
    )


def _escalated(view: DailyView) -> Section:
    mine = [one for one in view.incidents if one.level > 1 and one.fired_at >= view.period.start]
    left = view.escalated - len(mine[:LONGEST])
    return Section(
        "Escalated beyond the first level",
        ("Incident", "Severity", "Policy", "Level", "Acknowledged"),
        [
            (_name(one), one.severity, one.policy or "–", str(one.level), _taken(one, view))
            for one in mine[:LONGEST]
        ],
        frozenset({3}),
        f"The worst; {left} more are not listed here." if left else "",
    )


def _pages(view: DailyView) -> Section:
    return Section(
        "Pages",
        ("Person", "Pages", "At night", "Not delivered", "By the clock of"),
        [
            (one.person, str(one.pages), str(one.at_night), str(one.failed), one.timezone)
            for one in view.pages
        ],
        frozenset({1, 2, 3}),
    )


def _failures(view: DailyView) -> Section:
    found = view.deliveries
    return Section(
        "Not delivered",
        ("Channel", "Messages", "The last reason"),
        [(one.channel, str(one.count), one.detail) for one in found.failures],
        frozenset({1}),
        f"Of {found.total} messages {found.sent} were delivered and {found.failed} failed.",
    )


def _top(view: DailyView) -> Section:
    return Section(
        "Top alerts",
        ("Alert", "What", "Severity", "Times", "Firing", "Longest", "Escalated", "Untaken"),
        [
            (
                one.name,
                one.source,
                one.severity,
                str(one.count),
                brief(one.firing_ms),
                brief(one.longest_ms),
                str(one.escalated),
                str(one.unacknowledged),
            )
            for one in view.top
        ],
        frozenset(range(3, 8)),
    )


def _noise(view: DailyView) -> Section:
    return Section(
        "Noise",
        ("Alert", "Times", "What to tune"),
        [
            (
                one.alert.name,
                str(one.alert.count),
                "; ".join(f"{each.table} {each.key}: {each.text}" for each in one.advice),
            )
            for one in view.noise.alerts
        ],
        frozenset({1}),
        f"Of the day's alerts {view.noise.unacknowledged} were of incidents that nobody took;"
        f" {view.noise.again} came back within ten minutes, {view.noise.short} were over within"
        " one.",
    )


def _shortest(view: DailyView) -> Section:
    return Section(
        "Shortest alerts",
        ("Alert", "What", "Times", "Shortest"),
        [
            (one.name, one.source, str(one.count), brief(one.shortest_ms))
            for one in view.noise.shortest
        ],
        frozenset({2, 3}),
    )


def _mutes(view: DailyView) -> Section:
    return Section(
        "Silences and maintenance",
        ("What", "Mutes", "By", "Why", "From", "To"),
        [
            (
                one.kind if one.kind == "silence" else f"maintenance {one.name}",
                one.what,
                one.by or "configuration",
                one.reason or "–",
                clock(one.start, view),
                _ends(one, view),
            )
            for one in view.mutes
        ],
    )


def _ends(one: DayMute, view: DailyView) -> str:
    text = clock(one.end, view, "no end known")
    return f"{text} (the next day)" if one.ends_next_day else text


def _own(view: DailyView) -> Section:
    return Section(
        "Of Tocsin itself",
        ("Alert", "What", "Times", "Firing", "Still firing"),
        [
            (
                one.name,
                one.source,
                str(one.count),
                brief(one.firing_ms),
                "yes" if one.open else "no",
            )
            for one in view.tocsin
        ],
        frozenset({2, 3}),
    )


def _on_call(view: DailyView) -> Section:
    return Section(
        "On call",
        ("Schedule", "From", "To", "Who"),
        [
            (
                one.schedule + (" (without its calendar)" if one.without_calendar else ""),
                clock(shift.start, view),
                clock(shift.end, view),
                ", ".join(shift.persons) or "nobody",
            )
            for one in view.on_call
            for shift in one.shifts
        ],
    )
