"""What a message says, as the flat facts that templates show.

Everything is read from the message's body, which is scrubbed; so no template can reach
anything else, and what a mail says is what a webhook gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from daemon.core.chronicle import NoticeType
from daemon.core.record import record
from daemon.core.severity import Severity, parse_severity
from daemon.notify.channel import Message
from daemon.notify.kinds import kind_of

UTC: Final = ZoneInfo("UTC")

STATE_WORDS: Final[Mapping[NoticeType, str]] = {
    NoticeType.FIRING: "firing",
    NoticeType.ESCALATED: "escalated",
    NoticeType.REPEATED: "still firing",
    NoticeType.UPDATED: "changed",
    NoticeType.ACKNOWLEDGED: "acknowledged",
    NoticeType.RESOLVED: "resolved",
    NoticeType.HANDOVER: "on call",
    NoticeType.SILENCE: "silence",
    NoticeType.REPORT: "report",
}
STATUS_UPDATE: Final = "status update"
RUN_WORDS: Final = {"waiting": "waits for approval", "running": "under way"}
"""How far a response's run got, where the state's own word does not say it to a reader."""
COLOURS: Final[Mapping[Severity, str]] = {
    Severity.EMERGENCY: "#8f1239",
    Severity.CRITICAL: "#b42318",
    Severity.HIGH: "#b54708",
    Severity.MEDIUM: "#8a6100",
    Severity.LOW: "#175cd3",
    Severity.INFO: "#475467",
}
"""Dark enough for white text on them (contrast of at least 4.5)."""
GREEN: Final = "#067647"


@record(frozen=True, slots=True)
class AlertLine:
    """One alert of the incident."""

    name: str
    state: str
    severity: str
    colour: str
    since: str
    text: str
    labels: str


@record(frozen=True, slots=True)
class Story:
    """The facts of one message. Absent ones are empty texts; times are in the zone asked for.

    Attributes:
        kind: What it is about, which chooses the templates: `outage`, `sla`, `recovery`, ...
        word: What happened, in a word or two: `firing`, `still firing`, `resolved`.
        over: Whether the incident is resolved.
        subject: The service, or the title where there is none.
        runbook_url: The runbook, if it is a link that a mail client may open.
        dashboard_url: The service's dashboard, likewise.
        lasted: How long the incident is open, or was.
        money: Lost so far, and what an hour costs.
        recovery: Whether the service was back in time: `met`, `missed`, or nothing was promised.
        recovery_due, recovery_left: By when it must be back, and how long that still is.
        roles: Who has which part in mending it: `commander ana, scribe ben`.
        update: What stakeholders were last told in words; by whom, when, and when next.
        at_risk: What is lost at once if it is not well by a time that lies ahead.
        merged_into: The incident that this one went to, which ended it.
        responses: What automated actions do about it: `restart-shop under way`.
        link: Where Tocsin is on the web, if it is.
    """

    key: str
    id: str
    type: str
    kind: str
    word: str
    over: bool
    severity: str
    priority: str
    colour: str
    title: str
    summary: str
    subject: str
    service: str
    context: str
    owner: str
    organization: str
    impact: str
    runbook: str
    runbook_url: str
    dashboard_url: str
    link: str
    told_at: str
    fired_at: str
    resolved_at: str
    resolved_by: str
    acknowledged_at: str
    acknowledged_by: str
    ack_comment: str
    lasted: str
    lost: str
    per_hour: str
    reason: str
    level: int | None
    recipient: str
    recovery: str = ""
    recovery_due: str = ""
    recovery_left: str = ""
    assigned_to: str = ""
    roles: str = ""
    update: str = ""
    updated_by: str = ""
    updated_at: str = ""
    next_update: str = ""
    at_risk: tuple[str, ...] = ()
    merged_into: str = ""
    responses: str = ""
    alerts: tuple[AlertLine, ...] = field(default=())
    more_alerts: int = 0

    @property
    def is_update(self) -> bool:
        """Whether it is sent to tell the status update that it holds."""
        return self.word == STATUS_UPDATE


_SHOWN_ALERTS: Final = 20
_TELLING: Final = ("message", "summary", "description")
"""Annotations that say what is the matter, the most precise first."""


def tell(message: Message, zone: ZoneInfo = UTC, external_url: str | None = None) -> Story:
    """The facts of a message, with times in `zone`."""
    body = message.body
    incident: Mapping[str, Any] = body["incident"]
    notice = message.notice
    over = incident["state"] == "resolved"
    severity = parse_severity(incident["severity"])
    alerts = body["alerts"]
    in_all = max(len(alerts), len(incident["alerts" if over else "firing"]))
    end = incident["resolved_at"] if over else body["time"]
    money: Mapping[str, Any] = incident.get("money") or {}
    return Story(
        key=body["id"],
        id=incident["id"],
        type=body["type"],
        kind=kind_of(notice).value,
        word=_word(notice.type, body),
        over=over,
        severity=severity.word,
        priority=severity.priority,
        colour=GREEN if over else COLOURS[severity],
        title=incident["title"],
        summary=incident["summary"],
        subject=incident["service"] or incident["title"],
        service=_text(incident, "service"),
        context=_text(incident, "context"),
        owner=_text(incident, "owner"),
        organization=_text(incident, "organization"),
        impact=_text(incident, "impact"),
        runbook=_text(incident, "runbook"),
        runbook_url=_web_link(_text(incident, "runbook")),
        dashboard_url=_web_link(_text(incident, "dashboard")),
        link=_web_link(external_url or ""),
        told_at=local_time(body["time"], zone),
        fired_at=local_time(incident["fired_at"], zone),
        resolved_at=local_time(incident["resolved_at"], zone),
        resolved_by=_text(incident, "resolved_by"),
        acknowledged_at=local_time(incident["acknowledged_at"], zone),
        acknowledged_by=_text(incident, "acknowledged_by"),
        ack_comment=_text(incident, "ack_comment"),
        lasted=span(incident["fired_at"], end),
        lost=_amount(money, "lost"),
        per_hour=_amount(money, "per_hour"),
        reason=notice.reason,
        level=None if notice.level is None else notice.level + 1,
        recipient=notice.recipient,
        recovery=_recovery(incident),
        recovery_due=local_time(_nested(incident, "recovery_sla", "due"), zone),
        recovery_left=_left(incident, body["time"]),
        assigned_to=_text(incident, "assigned_to"),
        roles=", ".join(f"{role} {who}" for role, who in (incident.get("roles") or {}).items()),
        update=_nested(incident, "status_update", "text"),
        updated_by=_nested(incident, "status_update", "by"),
        updated_at=local_time(_nested(incident, "status_update", "at"), zone),
        next_update="" if over else local_time(incident.get("next_update_due"), zone),
        at_risk=tuple(_at_risk(one, zone) for one in incident.get("at_risk") or ()),
        merged_into=_text(incident, "merged_into"),
        responses=", ".join(map(_response, incident.get("responses") or ())),
        alerts=tuple(_alert(alert, zone) for alert in alerts[:_SHOWN_ALERTS]),
        more_alerts=max(0, in_all - _SHOWN_ALERTS),
    )


def _alert(alert: Mapping[str, Any], zone: ZoneInfo) -> AlertLine:
    annotations: Mapping[str, str] = alert["annotations"]
    told = [annotations[name] for name in _TELLING if annotations.get(name)]
    firing = alert["state"] == "firing"
    return AlertLine(
        name=alert["name"],
        state=alert["state"],
        severity=alert["severity"],
        colour=COLOURS[parse_severity(alert["severity"])] if firing else GREEN,
        since=local_time(alert["fired_at"] if firing else alert["resolved_at"], zone),
        text=told[0] if told else "",
        labels="  ".join(f"{name}={value}" for name, value in sorted(alert["labels"].items())),
    )


def _response(mark: Mapping[str, Any]) -> str:
    word = str(mark["state"])
    return f"{mark['response']} {RUN_WORDS.get(word, word.replace('_', ' '))}"


def _recovery(incident: Mapping[str, Any]) -> str:
    met = incident.get("recovery_met")
    return "" if met is None else "met" if met else "missed"


def _word(kind: NoticeType, body: Mapping[str, Any]) -> str:
    """What happened: an incident that ends by being merged is not over for those who mend it,
    and what an operator tells of it is no change."""
    into = body["incident"].get("merged_into")
    if kind is NoticeType.RESOLVED and into:
        return f"merged into {into}"
    if (
        kind is NoticeType.UPDATED
        and _nested(body["incident"], "status_update", "at") == body["time"]
    ):
        return STATUS_UPDATE
    return STATE_WORDS[kind]


def _nested(incident: Mapping[str, Any], name: str, key: str) -> str:
    """A text of an object of the incident; "" where it has none."""
    value = (incident.get(name) or {}).get(key)
    return value if isinstance(value, str) else ""


def _left(incident: Mapping[str, Any], now: str) -> str:
    """How long until the service must be back; "" once that is decided, or past."""
    due = _nested(incident, "recovery_sla", "due")
    is_open = due and incident["recovery_sla"].get("met") is None
    return span(now, due) if is_open and due > now else ""


def _at_risk(one: Mapping[str, Any], zone: ZoneInfo) -> str:
    """`GBP 50,000.00 until 2026-12-01 18:00:00 CET: the sale ends`."""
    amount = _amount({"value": one["value"], "currency": one["currency"]}, "value")
    what = f": {one['what']}" if one["what"] else ""
    return f"{amount} until {local_time(one['until'], zone)}{what}"


def _text(incident: Mapping[str, Any], name: str) -> str:
    value = incident.get(name)
    return value if isinstance(value, str) else ""


def _web_link(url: str) -> str:
    """The URL if it is one a mail client may open, else nothing."""
    return url if url.lower().startswith(("https://", "http://")) and " " not in url else ""


@lru_cache(maxsize=1_000)  # what fails together has its times in common
def local_time(time: str | None, zone: ZoneInfo) -> str:
    """An RFC 3339 time as `2026-11-21 10:05:33 CET`; "" for none."""
    if not time:
        return ""
    return datetime.fromisoformat(time).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def span(start: str, end: str | None) -> str:
    """How long from one RFC 3339 time to another: `45 s`, `3 min 20 s`, `2 h 5 min`."""
    if not end:
        return ""
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    if hours:
        return f"{hours} h {minute} min"
    return f"{minute} min {second} s" if minutes else f"{second} s"


def _amount(money: Mapping[str, Any], name: str) -> str:
    """`GBP 1,234.50`; "" where nothing is known or lost."""
    try:
        amount = Decimal(str(money[name]))
    except (KeyError, InvalidOperation):
        return ""
    return f"{money.get('currency') or ''} {amount:,.2f}".strip() if amount else ""
