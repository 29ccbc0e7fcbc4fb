"""One incident, check or service with all that belongs to it, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.cli import shown
from daemon.cli.ask import say, write_table
from daemon.cli.table import Cell, word
from daemon.cli.times import age, local, until

if TYPE_CHECKING:
    from daemon.api import schema

_RECENT = 20


def _field(name: str, *cells: Cell | str) -> None:
    say(Cell(f"{name:<12}", "faint"), *cells)


def _heading(text: str) -> None:
    say()
    say(Cell(text, "bold"))


def _alerts(detail: schema.IncidentDetail, now: int) -> list[shown.Row]:
    return [shown.alert(each, now, detail.incident.id) for each in detail.alerts]


def tell_incident(detail: schema.IncidentDetail, now: int) -> None:
    """An incident: what, since when, who is told next, its alerts and its story."""
    one = detail.incident
    say(Cell(one.id, "bold"), word(one.severity), shown.incident_state(one))
    say(Cell(one.title, "bold"))
    for name, text in _facts(one, now):
        if text:
            _field(name, text)
    for mute in one.muted:
        _field("muted", mute.reason, Cell(f"until {local(mute.until)}" if mute.until else ""))
    if one.on_unmute is not None:
        _field("unmuted", one.on_unmute)
    _heading("Alerts")
    write_table(shown.ALERTS, _alerts(detail, now), "none")
    if detail.related:
        _heading("Related")
        for kin in detail.related:
            fires = Cell("fires now", "degraded") if kin.firing else ""
            say(f"{kin.score:>4.0%}", kin.alertname, kin.service, fires)
    _heading("Timeline")
    for entry in detail.timeline:
        kind = entry.kind.replace("_", " ")
        say(local(entry.time), f"{kind:<14}", Cell(f"{entry.by:<10}", "faint"), entry.text)
    if detail.deliveries:
        _heading("Deliveries")
    for delivery in detail.deliveries:
        whom = (
            f"{delivery.recipient} by {delivery.channel}"
            if delivery.recipient
            else delivery.channel
        )
        style = "down" if delivery.state == "failed" else ""
        state = Cell(f"{delivery.state:<8}", style)
        say(local(delivery.created_at), state, whom, Cell(delivery.detail, "faint"))


def _facts(one: schema.IncidentView, now: int) -> list[tuple[str, str]]:
    money = one.money
    lost = f"{money.lost} {money.currency or ''} lost so far" if money else ""
    acknowledged = f"{local(one.acknowledged_at)} by {one.acknowledged_by}"
    return [
        ("summary", one.summary if one.summary != one.title else ""),
        ("service", one.service or ""),
        ("impact", one.impact or ""),
        ("money", lost),
        ("owner", one.owner or ""),
        ("runbook", one.runbook or ""),
        ("fired", f"{local(one.fired_at)} ({age(one.fired_at, now)} ago)"),
        ("acknowledged", acknowledged if one.acknowledged_at else ""),
        ("until", local(one.ack_until) if one.ack_until else ""),
        ("assigned to", one.assigned_to or ""),
        *((role, person) for role, person in one.roles.items()),
        ("update", _update(one)),
        ("next update", _due(one.next_update_due, now)),
        *(("at risk", _at_risk(each, now)) for each in one.at_risk),
        ("merged into", one.merged_into or ""),
        ("split from", one.split_from or ""),
        ("comment", one.ack_comment or ""),
        ("resolved", local(one.resolved_at) if one.resolved_at else ""),
        ("next", shown.next_step(one, now) if one.state == "triggered" else ""),
        ("tells", ", ".join(one.escalation.next_notify) if one.escalation else ""),
        ("back by", _back_by(one, now)),
        *((each.response, each.state.replace("_", " ")) for each in one.responses),
    ]


def _back_by(one: schema.IncidentView, now: int) -> str:
    """The recovery SLA: how much time is left, or whether it was met."""
    if one.recovery_sla is None:
        return ""
    words = {True: "met", False: "missed", None: until(one.recovery_sla.due, now)}
    return f"{local(one.recovery_sla.due)} ({words[one.recovery_sla.met]})"


def _update(one: schema.IncidentView) -> str:
    said = one.status_update
    return "" if said is None else f"{local(said.at)} by {said.by}: {said.text}"


def _due(time: str | None, now: int) -> str:
    return "" if time is None else f"{local(time)} ({until(time, now)})"


def _at_risk(one: schema.AtRiskView, now: int) -> str:
    what = f", {one.what}" if one.what else ""
    return f"{one.value} {one.currency or ''} by {local(one.until)} ({until(one.until, now)}){what}"


def tell_check(detail: schema.CheckDetail) -> None:
    """A check: its status, its newest metrics and results."""
    one = detail.check
    say(Cell(one.name, "bold"), shown.status(one), Cell(f"since {local(one.since)}", "faint"))
    _field("kind", one.kind)
    _field("service", one.service)
    if one.cause:
        _field("cause", one.cause)
    if one.labels:
        _field("labels", shown.described(one.labels))
    if one.last is not None and one.last.metrics:
        _heading("Metrics")
        for name, value in sorted(one.last.metrics.items()):
            say(Cell(f"{name:<40}", "faint"), str(value))
    _heading("Results")
    newest = detail.results[: -_RECENT - 1 : -1]
    write_table(shown.RESULTS, [shown.result(each) for each in newest], "none yet")


def tell_service(detail: schema.ServiceDetail, now: int) -> None:
    """A service: its status, checks, what is open, and its SLAs."""
    one = detail.service
    say(Cell(one.name, "bold"), word(one.status), Cell(f"since {local(one.since)}", "faint"))
    for name, text in (
        ("context", one.context),
        ("owner", one.owner),
        ("impact", one.impact),
        ("runbook", one.runbook),
        ("depends on", ", ".join(one.depends_on)),
        ("behind", one.unreachable),
    ):
        if text:
            _field(name, text)
    _heading("Checks")
    write_table(shown.CHECKS, [shown.check(each, now) for each in detail.checks], "none")
    if detail.incidents:
        _heading("Open incidents")
        rows = [shown.incident(each, now) for each in detail.incidents]
        write_table(shown.INCIDENTS, rows, "none")
    if detail.slas:
        _heading("SLAs")
        write_table(shown.SLAS, [shown.sla(each) for each in detail.slas], "none")
