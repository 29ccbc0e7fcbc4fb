"""What the API's shapes look like as rows and lines. Pure: views and `now` in, cells out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.cli.table import Cell, word
from daemon.cli.times import age, local, most, span, until
from daemon.core.sla.showing import percent_text

if TYPE_CHECKING:
    from daemon.api import schema

Row = list[Cell | str]
ID_LENGTH = 8
"""How much of an id is shown; a longer beginning is accepted, and any that is unique."""

INCIDENTS = ["ID", "SEVERITY", "STATE", "AGE", "SERVICE", "NEXT", "TITLE"]
ALERTS = ["ALERT", "SEVERITY", "STATE", "AGE", "NAME", "SERVICE", "SUMMARY"]
CHECKS = ["CHECK", "STATUS", "SINCE", "LATENCY", "SERVICE", "KIND", "MESSAGE"]
SERVICES = ["SERVICE", "STATUS", "SINCE", "CONTEXT", "OWNER", "CHECKS"]
SILENCES = ["ID", "STATE", "ENDS", "MATCHED", "BY", "MATCHERS", "COMMENT"]
SLAS = ["SLA", "SERVICE", "TARGET", "VALUE", "MET", "BUDGET LEFT", "BURN", "COVERAGE", "UNTIL"]
STANDINGS = ["", "VALUE", "MET", "BUDGET LEFT", "CREDIT"]
AMENDMENTS = ["ID", "KIND", "FROM", "TO", "BY", "WHY"]
RESULTS = ["TIME", "STATUS", "LATENCY", "MESSAGE"]
_MET = {
    True: Cell("✓ met", "up"),
    False: Cell("✕ missed", "down"),
    None: Cell("? unknown", "unknown"),
}
_ANSWERED = frozenset({"up", "degraded"})
"""A failed run has no latency to show: how fast a connection was refused is no merit."""


def incident(one: schema.IncidentView, now: int) -> Row:
    """One line of `tocsin incidents`."""
    return [
        Cell(one.id[:ID_LENGTH], "bold"),
        word(one.severity) if one.state != "resolved" else Cell(f"· {one.severity}", "faint"),
        incident_state(one),
        age(one.fired_at, now),
        one.service or "–",
        next_step(one, now),
        one.title,
    ]


def incident_state(one: schema.IncidentView) -> Cell:
    """Its state and who took it; muted ones say so."""
    if one.state == "acknowledged":
        return Cell(f"acknowledged by {one.acknowledged_by or 'somebody'}", "low")
    if one.state == "resolved":
        return Cell("resolved", "faint")
    return Cell("muted", "faint") if one.muted else Cell("triggered", "bold")


def next_step(one: schema.IncidentView, now: int) -> str:
    """Who is told next, and when."""
    escalation = one.escalation
    if one.state == "resolved" or escalation is None:
        return "–"
    if escalation.spent:
        return "nobody left to tell"
    if escalation.next_at is None:
        return "paused" if escalation.paused else "–"
    return f"{escalation.next_step or 'next step'} {until(escalation.next_at, now)}"


def alert(one: schema.AlertView, now: int, incident: str | None = None) -> Row:
    """One line of `tocsin alerts`, or of an incident: what was split from it, or fires anew in
    another, is said to be there."""
    elsewhere = incident is not None and one.incident not in {None, incident}
    words = f"{one.state} (muted)" if one.muted else one.state
    if elsewhere:
        words = f"now in {(one.incident or '')[:ID_LENGTH]}"
    state = Cell(words, "faint" if elsewhere or one.state != "firing" else "")
    return [
        Cell(one.fingerprint[:ID_LENGTH], "bold"),
        word(one.severity),
        state,
        age(one.fired_at or one.pending_at, now),
        one.name,
        one.labels.get("service", "–"),
        one.annotations.get("summary") or one.annotations.get("message") or described(one.labels),
    ]


def described(labels: dict[str, str]) -> str:
    """Labels as matchers would name them, without those that are shown elsewhere."""
    shown = {name: text for name, text in labels.items() if name not in {"alertname", "service"}}
    return " ".join(f'{name}="{text}"' for name, text in sorted(shown.items()))


def check(one: schema.CheckView, now: int) -> Row:
    """One line of `tocsin check list`."""
    last = one.last
    return [
        Cell(one.name, "bold"),
        status(one),
        age(one.since, now),
        latency(last.latency_ms if last and last.status in _ANSWERED else None),
        one.service,
        one.kind,
        one.cause or (last.message if last else "") or "–",
    ]


def status(one: schema.CheckView) -> Cell:
    """The confirmed status; while newer runs disagree, also theirs and how far they are."""
    shown = word(one.status)
    if not one.hard and one.last is not None:
        shown = Cell(
            f"{shown.text} ({one.last.status} {one.attempts}/{one.down_after})", shown.style
        )
    return Cell(f"{shown.text}, flapping", shown.style) if one.flapping else shown


def service(one: schema.ServiceView, now: int) -> Row:
    """One line of `tocsin service list`."""
    shown = word(one.status)
    if one.unreachable:
        shown = Cell(f"{shown.text} (behind {one.unreachable})", shown.style)
    checks = ", ".join(one.checks) or "–"
    return [
        Cell(one.name, "bold"),
        shown,
        age(one.since, now),
        one.context or "–",
        one.owner or "–",
        checks,
    ]


def silence(one: schema.SilenceView, now: int) -> Row:
    """One line of `tocsin silence list`."""
    state = one.status.state
    ends = {
        "active": until(one.endsAt, now),
        "pending": f"begins {until(one.startsAt, now)}",
        "expired": f"{age(one.endsAt, now)} ago",
    }[state]
    if one.recur is not None and state != "expired":
        ends += f", again at {one.recur} ({one.timezone}) for {span(one.duration_ms or 0)}"
    return [
        Cell(one.id[:ID_LENGTH], "bold"),
        Cell(state, "faint" if state == "expired" else ""),
        ends,
        str(one.matched),
        one.createdBy,
        " ".join(map(matcher, one.matchers)),
        one.comment,
    ]


def matcher(one: schema.MatcherView) -> str:
    """A matcher as it is written."""
    sign = ("=~" if one.isEqual else "!~") if one.isRegex else ("=" if one.isEqual else "!=")
    value = one.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{one.name}{sign}"{value}"'


def sla(one: schema.SlaView) -> Row:
    """One line of `tocsin sla`."""
    return [
        Cell(one.name, "bold"),
        one.service,
        percent(one.target, one.target),
        "–" if one.value is None else percent(one.value, one.target),
        _MET[one.met],
        _left(one.budget.left_ms),
        f"{one.burn_rate:.2f}",
        percent(one.coverage),
        local(one.period.end),
    ]


def standing(when: str, one: schema.Standing) -> Row:
    """One line of `tocsin sla exclude --dry-run`."""
    shown = "–" if one.shown is None else f"{one.shown}%"
    credit = f"{one.credit_percent:g}%" if one.credit_percent else "–"
    return [Cell(when, "bold"), shown, _MET[one.met], _left(one.left_ms), credit]


def _left(ms: int) -> Cell:
    """A budget's rest; negative when it is overspent."""
    return Cell(span(ms) if ms >= 0 else f"-{most(-ms)}", "" if ms >= 0 else "down")


def amendment(one: schema.AmendmentView) -> Row:
    """One line of `tocsin sla exclusions`."""
    return [
        Cell(one.id[:ID_LENGTH], "bold"),
        one.kind,
        local(one.start),
        local(one.end),
        one.made_by,
        one.text,
    ]


def result(one: schema.Last) -> Row:
    """One line of a check's recent results."""
    answered = latency(one.latency_ms if one.status in _ANSWERED else None)
    return [local(one.time), word(one.status), answered, one.message]


def latency(ms: float | None) -> str:
    """A latency: `0.4ms`, `12ms`, `1.20s`; a dash for none."""
    if ms is None:
        return "–"
    if ms < 10:
        return f"{ms:.1f}ms"
    return f"{ms:.0f}ms" if ms < 1_000 else f"{ms / 1_000:.2f}s"


def percent(value: float, target: float | None = None) -> str:
    """A percentage of something good, as everywhere (`showing`): `99.95%`."""
    return f"{percent_text(value, target)}%"


def size(count: int) -> str:
    """Bytes with a binary unit: `512B`, `1.4MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1_024:
            return f"{value:.0f}B" if unit == "B" else f"{value:.1f}{unit}"
        value /= 1_024
    return f"{value:.1f}TiB"


_RUN_STYLES = {
    "waiting": "degraded", "running": "low", "succeeded": "up", "failed": "down",
    "timed_out": "down", "interrupted": "unknown",
}  # fmt: skip


def run_state(state: str) -> Cell:
    """How far a run of a response got."""
    return Cell(state.replace("_", " "), _RUN_STYLES.get(state, "faint"))
