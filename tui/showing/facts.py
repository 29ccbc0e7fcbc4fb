"""The details of a check, a service, an SLA and a silence: the pane beside their lists.

Pure, as `tui.showing.detail`, whose sections it uses.
"""

from __future__ import annotations

from daemon.api.schema import AlertView, CheckView, ServiceView, SilenceView
from daemon.core.labels import Matcher, match_all
from tui.drawing import words
from tui.drawing.bars import sparkline
from tui.drawing.text import Line, fit
from tui.drawing.words import countdown, instant, latency, span
from tui.mirror import Mirror
from tui.showing.detail import alert_line
from tui.showing.rows import (
    Moment,
    check_message,
    check_status,
    matchers_text,
    severity_line,
    status_line,
)
from tui.showing.sections import NAME_WIDTH, Section, fact, heading, prose, section
from tui.showing.sla import sla_head

_PHASES = ("resolve", "connect", "tls", "first_byte", "transfer")


def check_sections(check: CheckView, width: int, moment: Moment) -> list[Section]:
    """All that is known of a check: verdict, phases, metrics, labels."""
    since = instant(check.since)
    last = check.last
    lines: list[Line] = [
        (*check_status(check), (f"  {check.name}", "bold")),
        *prose("says", "".join(text for text, _ in check_message(check)), width),
        fact("service", (check.service, ""), (f"  kind {check.kind}", "faint")),
    ]
    if since is not None:
        at = words.moment(since, moment.now, moment.zone)
        lines.append(
            fact(check.status, (f"for {span(moment.now - since)}", ""), (f"  since {at}", "faint"))
        )
    every = span(check.every_ms) if check.every_ms >= 1000 else f"{check.every_ms}ms"
    lines.append(
        fact("runs", (f"every {every}", ""), (f"  down after {check.down_after}", "faint"))
    )
    if last is not None:
        lines += [fact("latency", (latency(last.latency_ms), "bold")), *_phases(last.phases, width)]
    sections = [section(lines)]
    if last is not None and last.metrics:
        sections += [heading("Metrics"), section(_pairs(last.metrics, width))]
    if check.labels:
        sections += [heading("Labels"), section(_pairs(check.labels, width))]
    return sections


def _phases(phases: dict[str, float], width: int) -> list[Line]:
    known = [name for name in _PHASES if name in phases]
    known += [name for name in phases if name not in known]
    longest = max(phases.values(), default=0.0)
    room = max(4, min(30, width - NAME_WIDTH - 10))
    return [
        fact(
            name.replace("_", " "),
            ("━" * max(1, round(phases[name] / longest * room)) if longest else "", "spark"),
            (f" {latency(phases[name])}", "faint"),
        )
        for name in known
    ]


def _pairs(values: dict[str, bool | int | float | str] | dict[str, str], width: int) -> list[Line]:
    names = sorted(values)
    wide = min(max((len(name) for name in names), default=0), width // 2)
    return [
        fit(((name.ljust(wide)[:wide], "faint"), (f"  {_value(values[name])}", "")), width)
        for name in names
    ]


def _value(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def service_sections(
    mirror: Mirror, service: ServiceView, width: int, moment: Moment
) -> list[Section]:
    """A service: its latency, its SLAs, its checks."""
    values = list(mirror.history.get(service.name, ()))
    since = instant(service.since)
    lines: list[Line] = [
        (*status_line(service.status), (f"  {service.name}", "bold")),
    ]
    if service.unreachable:
        lines += prose(
            "unreachable", f"behind {service.unreachable}, which is down", width, "unknown"
        )
    if since is not None:
        lines.append(fact("for", (span(moment.now - since), "")))
    for name, value in (
        ("context", service.context),
        ("owner", service.owner),
        ("impact", service.impact),
        ("needs", ", ".join(service.depends_on)),
        ("runbook", service.runbook),
    ):
        if value:
            lines += prose(name, value, width)
    if values:
        room = min(len(values), width - NAME_WIDTH)
        lines.append(fact("latency", *sparkline(values, room)))
    sections = [section(lines, ticks=True)]
    slas = [mirror.slas[name] for name in service.slas if name in mirror.slas]
    for sla in slas:
        sections += sla_head(sla, width, moment)
    checks = [mirror.checks[name] for name in service.checks if name in mirror.checks]
    sections += [heading("Checks"), section([_check_line(check, width) for check in checks])]
    return sections


def _check_line(check: CheckView, width: int) -> Line:
    message = check_message(check)
    return fit((*fit(check_status(check), 10), (f"  {check.name}  ", "bold"), *message), width)


def silence_sections(
    mirror: Mirror, silence: SilenceView, matchers: tuple[Matcher, ...], width: int, moment: Moment
) -> list[Section]:
    """A silence and the alerts it mutes now."""
    start, end = instant(silence.startsAt), instant(silence.endsAt)
    lines: list[Line] = [
        ((f"⊘ {silence.status.state}", "accent bold"),),
        *prose("matches", matchers_text(silence.matchers), width, "bold"),
        *prose("because", silence.comment or "no comment", width),
        fact("by", (silence.createdBy, "")),
    ]
    if start is not None:
        lines.append(fact("from", (words.moment(start, moment.now, moment.zone), "")))
    if end is not None:
        left = end - moment.now
        rest = f"  {countdown(left)} more" if left > 0 else ""
        lines.append(
            fact("until", (words.moment(end, moment.now, moment.zone), ""), (rest, "faint"))
        )

    def find() -> list[AlertView]:
        firing = (alert for alert in mirror.alerts.values() if alert.state == "firing")
        return [alert for alert in firing if match_all(matchers, alert.labels)]

    muted = mirror.once(("muted", silence.id), find)
    sections = [section(lines, ticks=True), heading("Alerts it matches", f"{len(muted):,} firing")]
    if not muted:
        return [*sections, section([(("none now", "faint"),)])]
    return [*sections, Section(len(muted), lambda at: alert_line(muted[at], width, moment))]


def legend() -> list[Line]:
    """The signs of the screen, for the help."""
    severities = ("emergency", "critical", "high", "medium", "low", "info")
    statuses = ("up", "degraded", "down", "unknown")
    return [
        tuple(span_ for word in severities for span_ in (*severity_line(word), ("  ", ""))),
        tuple(span_ for word in statuses for span_ in (*status_line(word), ("  ", ""))),
        (
            ("✓ taken or done  ", "good"),
            ("⊘ muted  ", "faint"),
            ("◌ unreachable: behind what is down", "unknown"),
        ),
    ]
