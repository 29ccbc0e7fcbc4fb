"""The details of one incident, as sections of lines: how it stands, its alerts, its timeline,
and who was told.

Pure functions of the mirror's objects and the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.api.schema import (
    AlertView,
    DeliveryView,
    EntryView,
    IncidentView,
)
from daemon.core.model import Instant
from tui.drawing import words
from tui.drawing.bars import wait_bar
from tui.drawing.text import Line, apart, fit, width_of, wrap
from tui.drawing.words import countdown, instant, money, plural, span
from tui.mirror import Mirror
from tui.showing.figures import alerts_of, next_step
from tui.showing.rows import MUTED, Moment, severity_line
from tui.showing.sections import NAME_WIDTH, Section, fact, heading, prose, section

KIND_WIDTH = 12
"""Cells of what kind of thing happened."""
PROSE_WIDTH = 32
"""Cells that prose needs beside its kind; with fewer it goes below."""


def incident_head(incident: IncidentView, width: int, moment: Moment) -> Section:
    """What it is, who has it, what happens next, what it costs."""
    severity, state = incident.severity, incident.state
    badge: Line = (
        (f" {severity_line(severity)[0][0].upper()} ", f"pill:{severity}"),
        (f"  {state}", "good bold" if state != "triggered" else "bold"),
    )
    lines = [apart(badge, ((_where(incident, width - width_of(badge) - 2), "faint"),), width)]
    lines += wrap(incident.title, width, "bold")
    if incident.summary and incident.summary != incident.title:
        lines += wrap(incident.summary, width)
    if incident.impact:
        lines += prose("impact", incident.impact, width, "warn")
    lines += [(), *_who(incident, width, moment), *_next(incident, width, moment)]
    lines += _clocks(incident, width, moment)
    lines += _standing(incident, width, moment)
    return section(lines, ticks=state != "resolved")


def _where(incident: IncidentView, room: int) -> str:
    """Service, context and organization, as many of them as there is room for."""
    parts = [part for part in (incident.service, incident.context, incident.organization) if part]
    while parts and len(" · ".join(parts)) > room:
        parts.pop()
    return " · ".join(parts)


def _who(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    fired = instant(incident.fired_at) or moment.now
    when = words.moment(fired, moment.now, moment.zone)
    lines = [fact("fired", (when, ""), (f"  {span(moment.now - fired)} ago", "faint"))]
    resolved = instant(incident.resolved_at)
    if resolved is not None:
        at = words.moment(resolved, moment.now, moment.zone)
        by = f" by {incident.resolved_by}" if incident.resolved_by else ""
        after = f"  after {span(resolved - fired)}"
        done = fact("resolved", (f"✓ {at}{by}", "good"), (after, "faint"))
        return [*lines, done, *_assigned(incident)]
    if incident.state == "acknowledged":
        return [*lines, *_holder(incident, width, moment), *_assigned(incident)]
    hint = "" if moment.past else "press a to take it"
    if not incident.acknowledgeable:
        hint = "its rule forbids acknowledging"
    nobody = fact("taken by", ("nobody yet", "bad bold"), (f"  {hint}", "faint"))
    return [*lines, nobody, *_assigned(incident)]


def _assigned(incident: IncidentView) -> list[Line]:
    return [fact("assigned to", (incident.assigned_to, "bold"))] if incident.assigned_to else []


def _holder(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    at = instant(incident.acknowledged_at)
    when = f"  since {words.moment(at, moment.now, moment.zone)}" if at is not None else ""
    until = instant(incident.ack_until)
    if until is not None:
        when += f", for {countdown(until - moment.now)} more"
    who = incident.acknowledged_by or "somebody"
    lines = [fact("taken by", (f"✓ {who}", "good bold"), (when, "faint"))]
    if incident.ack_comment:
        lines += prose("", f"“{incident.ack_comment}”", width)
    return lines


def _next(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    """What the policy does next, and what after that."""
    escalation = incident.escalation
    if incident.state == "resolved":
        return []
    if escalation is None:
        return [fact("next", ("nobody more: its route has no escalation policy", "faint"))]
    step = next_step(incident, moment.on_call)
    policy = f"policy {escalation.policy}"
    if step is None:
        return [fact("next", (_why_none(incident), ""), (f"  {policy}", "faint"))]
    left = step.at - moment.now
    figure = countdown(left) if left > -1000 else f"late {span(-left)}"
    bar = wait_bar(step.start, step.at, moment.now, _bar_width(width), stale=moment.stale)
    coming = escalation.next_step or "the next step"
    if coming == f"level {escalation.level + 1}":
        coming += f" of {escalation.levels}"
    told = ", ".join(step.told) or "nobody yet known"
    return [
        fact("next", *bar, (f" {figure}", "bold")),
        *prose("", f"then {coming} tells {told} ({policy})", width),
        *_after(incident, width),
    ]


def _after(incident: IncidentView, width: int) -> list[Line]:
    escalation = incident.escalation
    if escalation is None:
        return []
    more = escalation.levels - escalation.level - 1
    rounds = escalation.rounds - escalation.round - 1
    parts = [plural(more, "more level")] if more > 0 else []
    parts += [plural(rounds, "more round")] if rounds > 0 else []
    return prose("", "after that " + ", ".join(parts), width, "faint") if parts else []


def _why_none(incident: IncidentView) -> str:
    escalation = incident.escalation
    if incident.state == "acknowledged":
        return "nothing: acknowledged, escalation waits"
    if incident.muted:
        return f"nothing while it is {MUTED.get(incident.muted[0].kind, 'muted')}"
    if escalation is not None and escalation.spent:
        return "nothing: everybody the policy names has been told"
    return "nothing: escalation is paused"


def _bar_width(width: int) -> int:
    return max(6, min(40, width - NAME_WIDTH - 22))


def _clocks(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    """The recovery SLA and the targets for acknowledging and resolving, as countdowns."""
    start = instant(incident.down_since) or instant(incident.fired_at)
    fired = instant(incident.fired_at)
    lines: list[Line] = []
    due = instant(incident.recovery_due)
    if due is not None:
        lines.append(_due("recovery", start, due, width, moment, met=incident.recovery_met))
    acked, resolved = instant(incident.acknowledged_at), instant(incident.resolved_at)
    for name, word, done, breached in (
        ("ack by", incident.mtta_due, acked or resolved, incident.mtta_breached),
        ("fix by", incident.mttr_due, resolved, incident.mttr_breached),
    ):
        target = instant(word)
        if target is not None:
            met = False if breached else (done <= target if done is not None else None)
            lines.append(_due(name, fired, target, width, moment, met=met))
    return lines


def _due(
    name: str, start: Instant | None, due: Instant, width: int, moment: Moment, *, met: bool | None
) -> Line:
    at = words.moment(due, moment.now, moment.zone)
    if met is True:
        return fact(name, (f"✓ met, was due {at}", "good"))
    left = due - moment.now
    if met is False or left <= 0:
        late = f" ({span(-left)} ago)" if left < 0 else ""
        return fact(name, (f"✕ missed, was due {at}{late}", "bad"))
    bar = wait_bar(start, due, moment.now, _bar_width(width), stale=moment.stale)
    return fact(name, *bar, (f" {countdown(left)}", "bold"), (f" until {at}", "faint"))


def _standing(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    """Money, mutes, owner, runbook."""
    lines: list[Line] = []
    cost = incident.money
    if cost is not None:
        lost = money(cost.lost, cost.currency)
        rate = money(cost.per_hour, cost.currency)
        lines.append(fact("lost", (lost, "bad bold"), (f"  at {rate} an hour", "faint")))
    for mute in incident.muted:
        until = instant(mute.until)
        left = f" ({countdown(until - moment.now)} more)" if until is not None else ""
        lines += prose("muted", f"⊘ {mute.reason}{left}", width, "accent")
    if incident.on_unmute is not None:
        lines += prose("then", incident.on_unmute, width)
    if incident.owner:
        lines.append(fact("owner", (incident.owner, "")))
    if incident.runbook:
        link = incident.runbook.startswith(("https://", "http://"))
        lines += prose("runbook", incident.runbook, width, "accent underline" if link else "")
    return lines


def alert_sections(
    mirror: Mirror,
    incident: IncidentView,
    known: Sequence[AlertView],
    width: int,
    moment: Moment,
) -> list[Section]:
    """The alerts, firing and severe first; after the mirror's those only the story has."""
    alerts = alerts_of(mirror, incident)
    alerts = [*alerts, *(one for one in known if one.fingerprint not in mirror.alerts)]
    missing = len(incident.alerts) - len(alerts)
    here = [alert for alert in alerts if alert.incident in {None, incident.id}]
    firing = sum(alert.state == "firing" for alert in here)
    note = f"{firing:,} firing of {len(incident.alerts):,}"
    sections = [heading("Alerts", note)]
    if alerts:
        owner = incident.id
        lines = Section(len(alerts), lambda at: alert_line(alerts[at], width, moment, owner))
        sections.append(lines)
    if missing:
        sections.append(section([((f"and {plural(missing, 'resolved alert')}", "faint"),)]))
    return sections


def alert_line(alert: AlertView, width: int, moment: Moment, incident: str | None = None) -> Line:
    """One alert of an incident, or that was of it and is in another by now."""
    since = instant(alert.fired_at) or instant(alert.pending_at)
    age = span(moment.now - since) if since is not None else "–"
    elsewhere = incident is not None and alert.incident not in {None, incident}
    calm = alert.state != "firing" or bool(alert.muted) or elsewhere
    word = "" if alert.state == "firing" else f" {alert.state}"
    if elsewhere:
        word = f" now in {(alert.incident or '')[:8]}"
    if alert.muted:
        word += f" ⊘ {MUTED.get(alert.muted[0].kind, 'muted')}"
    labels = " ".join(
        f"{name}={value}"
        for name, value in alert.labels.items()
        if name not in ("alertname", "severity")
    )
    text = alert.annotations.get("summary", "")
    left: Line = (
        *fit(severity_line(alert.severity, calm=calm), 11),
        (f"  {alert.name}", "faint" if calm else "bold"),
        (word, "faint"),
        (f"  {text}" if text else "", ""),
        (f"  {labels}", "faint"),
    )
    return apart(fit(left, width - len(age) - 1), ((f" {age}", "faint"),), width)


_KINDS = {"fired": "bad", "resolved": "good", "acknowledged": "good", "snoozed": "good",
          "escalated": "warn"}  # fmt: skip


def timeline_sections(
    entries: Sequence[EntryView] | None, width: int, moment: Moment
) -> list[Section]:
    """The timeline, newest first; None while it is being fetched."""
    if entries is None:
        return [heading("Timeline"), section([(("asking the daemon …", "faint"),)])]
    lines: list[Line] = []
    for entry in reversed(entries):
        lines += _entry(entry, width, moment)
    if not lines:
        lines.append((("nothing has happened to it yet", "faint"),))
    return [heading("Timeline", "newest first"), section(lines)]


def _entry(entry: EntryView, width: int, moment: Moment) -> list[Line]:
    """An entry: its prose beside its kind, or below it where there is little room."""
    at = instant(entry.time)
    when = words.moment(at, moment.now, moment.zone) if at is not None else "?"
    kind = entry.kind.ljust(KIND_WIDTH)
    head: Line = ((f"{when}  ", "faint"), (kind, _KINDS.get(entry.kind, "accent")))
    said = [entry.by] if entry.by and entry.by != "tocsin" else []
    text = ": ".join([*said, entry.text] if entry.text else said)
    indent = len(when) + KIND_WIDTH + 4
    if width - indent >= PROSE_WIDTH:
        first, *rest = wrap(text, width - indent)
        return [(*head, ("  ", ""), *first), *(((" " * indent, ""), *line) for line in rest)]
    return [
        head,
        *(((" " * (len(when) + 2), ""), *line) for line in wrap(text, width - len(when) - 2)),
    ]


_DELIVERY = {"sent": ("✓", "good"), "failed": ("✕", "bad"), "queued": ("◷", "warn"),
             "sending": ("→", "accent")}  # fmt: skip


def delivery_sections(
    deliveries: Sequence[DeliveryView] | None, width: int, moment: Moment
) -> list[Section]:
    """Who was told over what, and how far it got."""
    if deliveries is None:
        return []
    if not deliveries:
        return [heading("Told"), section([(("nobody was told", "faint"),)])]
    ordered = sorted(deliveries, key=lambda one: one.created_at, reverse=True)
    failed = sum(one.state == "failed" for one in ordered)
    note = f"{plural(failed, 'delivery', 'deliveries')} failed" if failed else ""
    return [
        heading("Told", note),
        section([line for one in ordered for line in delivery_lines(one, width, moment)]),
    ]


def delivery_lines(delivery: DeliveryView, width: int, moment: Moment) -> list[Line]:
    """One delivery; what the other side said goes to lines of its own when it is long."""
    glyph, style = _DELIVERY[delivery.state]
    at = instant(delivery.sent_at) or instant(delivery.created_at) or moment.now
    when = words.moment(at, moment.now, moment.zone)
    again = instant(delivery.next_at)
    tries = f"  attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    if again is not None and delivery.state == "queued" and delivery.attempts:
        tries += f", again in {countdown(again - moment.now)}"
    kind = delivery.type.removeprefix("incident.")
    said = "faint" if delivery.state == "sent" else style
    head: Line = (
        (f"{when}  ", "faint"),
        (f"{glyph} {delivery.state}".ljust(KIND_WIDTH), style),
        (delivery.recipient or delivery.channel, "bold"),
        (f" over {delivery.channel}" if delivery.recipient else "", "faint"),
        (f" ({kind})", "faint"),
    )
    detail = f"  {delivery.detail}" if delivery.detail else ""
    whole: Line = (*head, (tries, "warn"), (detail, said))
    if width_of(whole) <= width:
        return [whole]
    indent = len(when) + 2
    below = wrap(f"{tries}{detail}".strip(), width - indent, said)
    return [fit(head, width), *(((" " * indent, ""), *line) for line in below)]
