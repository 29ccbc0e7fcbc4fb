"""What `history` and `stats` show people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemon.cli.ask import say, write_table
from daemon.cli.drawn import bars, heat_map
from daemon.cli.shown import ID_LENGTH, Row, incident_state
from daemon.cli.table import Cell, word
from daemon.cli.times import instant, local, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.api import schema

INCIDENTS: Final = ["ID", "SEVERITY", "FIRED", "TOOK", "STATE", "SERVICE", "TITLE"]
TOP: Final = ["ALERT", "WHAT", "SEVERITY", "TIMES", "FIRING", "ESCALATED", "UNTAKEN"]
PATTERNS: Final = ["NAME", "INCIDENTS", "ESCALATED", "SHARE", "ANSWERED", "BY LEVEL", "TAKEN IN"]
DURATIONS: Final = ["", "COUNT", "AVERAGE", "MEDIAN", "95 %", "SHORTEST", "LONGEST"]
_SERVICES: Final = 10


def incident(one: schema.IncidentView) -> Row:
    """One line of `tocsin history`."""
    fired, ended = instant(one.fired_at), instant(one.resolved_at)
    took = "–" if fired is None or ended is None else span(ended - fired)
    return [
        Cell(one.id[:ID_LENGTH], "bold"),
        word(one.severity),
        local(one.fired_at),
        took,
        incident_state(one),
        one.service or "–",
        one.title,
    ]


def tell_statistics(
    statistics: schema.StatisticsView, top_alerts: Sequence[schema.TopAlertView]
) -> None:
    """How many, of what, when, how fast; and what fired most."""
    found = statistics
    say(
        Cell(f"{found.total} incident{'s'[: found.total != 1]}", "bold"),
        f"from {local(found.since)} to {local(found.until)}",
    )
    counts = f"{found.open} open, {found.acknowledged} taken, {found.escalated} escalated"
    say(Cell(counts, "faint"))
    if not found.total:
        return
    _head("By severity")
    write_table(["SEVERITY", "COUNT", ""], bars(found.by_severity, words=True), "")
    _head("By service")
    services = dict(list(found.by_service.items())[:_SERVICES])
    named = {name or "(none)": count for name, count in services.items()}
    write_table(["SERVICE", "COUNT", ""], bars(named), "")
    if len(found.by_service) > _SERVICES:
        say(Cell(f"and {len(found.by_service) - _SERVICES} services more", "faint"))
    _head("How fast")
    rows = [_durations("taken", found.to_acknowledge), _durations("ended", found.to_resolve)]
    write_table(DURATIONS, rows, "")
    _week(found.by_hour_of_week, found.timezone)
    _head("What fired most")
    write_table(TOP, [_top(one) for one in top_alerts], "no alert fired")


def tell_noise(found: Sequence[schema.NoiseView]) -> None:
    """What disturbs, worst first, each with what to change."""
    if not found:
        say(Cell("nothing is noise: what fired was taken, lasted, and did not come back", "faint"))
        return
    for one in found:
        alert = one.alert
        say(Cell(f"{alert.name} ({alert.source})", "bold"), f"fired {alert.count} times")
        for advice in one.advice:
            say(
                f"  {_WHY[advice.why]} {advice.count} times ({advice.share:.0%}):",
                Cell(f"{advice.table} {advice.key}", "low"),
            )
            say(Cell(f"    {advice.text}", "faint"))


_WHY: Final = {
    "unacknowledged": "taken by nobody",
    "flapping": "came back within ten minutes",
    "short": "over within a minute",
}


def tell_escalations(found: schema.EscalationsView) -> None:
    """Policies, services, and the hours of the week."""
    say(
        Cell(f"{found.escalated} of {found.total} incidents escalated", "bold"),
        f"from {local(found.since)} to {local(found.until)}",
    )
    if not found.total:
        return
    _head("By policy")
    write_table(PATTERNS, [_pattern(one) for one in found.policies], "no policy ran")
    if not found.escalated:
        return
    _head("By service")
    write_table(PATTERNS, [_pattern(one) for one in found.services], "none has a service")
    _week(found.by_hour_of_week, found.timezone)


def _head(title: str) -> None:
    say("")
    say(Cell(title, "bold"))


def _week(counts: Sequence[int], zone: str) -> None:
    _head(f"When in the week ({zone})")
    for line in heat_map(counts):
        say(line)


def _durations(what: str, found: schema.DurationsView) -> Row:
    values = (
        found.average_ms,
        found.median_ms,
        found.p95_ms,
        found.least_ms,
        found.greatest_ms,
    )
    return [what, str(found.count), *("–" if ms is None else span(ms) for ms in values)]


def _top(one: schema.TopAlertView) -> Row:
    return [
        Cell(one.name, "bold"),
        one.source,
        word(one.severity),
        str(one.count),
        span(one.firing_ms),
        str(one.escalated),
        str(one.unacknowledged),
    ]


def _pattern(one: schema.EscalationPattern) -> Row:
    taken = one.to_acknowledge.median_ms
    return [
        Cell(one.name, "bold"),
        str(one.total),
        str(one.escalated),
        f"{one.share:.0%}",
        str(one.answered),
        " ".join(map(str, one.deepest)) or "–",
        "–" if taken is None else span(taken),
    ]
