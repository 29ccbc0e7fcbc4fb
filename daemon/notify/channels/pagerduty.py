"""Incidents as events of PagerDuty's Events API v2: trigger, acknowledge, resolve.

Source: developer.pagerduty.com/docs/events-api-v2 ("Overview", "Send an Alert Event").

All events of an incident have one `dedup_key`, made from its id, so PagerDuty has one alert for
it: further triggers are lines in its log. An event is bounded as PagerDuty bounds it; what does
not fit is left out from the end of the alerts, which come worst first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from daemon.core.chronicle import NoticeType
from daemon.core.severity import Severity, parse_severity
from daemon.notify.channel import Message
from daemon.notify.errors import Permanent
from daemon.notify.http import Sender
from daemon.notify.render import Renderer
from daemon.notify.spec import PagerDutySpec
from daemon.notify.story import Story

BODY_BYTES: Final = 512_000
DEDUP_KEY_LIMIT: Final = 255
SUMMARY_LIMIT: Final = 1_024
_FIELD_LIMIT: Final = 255
_DETAIL_LIMIT: Final = 2_000
"""In characters. With it, all details but the alerts are far below what an event may have."""
_ACCEPTED: Final = 202

_ACTIONS: Final[Mapping[NoticeType, str]] = {
    NoticeType.ACKNOWLEDGED: "acknowledge",
    NoticeType.RESOLVED: "resolve",
}
_SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.EMERGENCY: "critical",
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFO: "info",
}


class PagerDutyChannel:
    """Sends events with one routing key."""

    def __init__(self, spec: PagerDutySpec, renderer: Renderer) -> None:
        self.spec = spec
        self._renderer = renderer
        self._routing_key = spec.routing_key.get_secret_value()
        self._sender = Sender(spec.api_url, [self._routing_key], spec.ca, verify=spec.verify)

    async def send(self, message: Message) -> str:
        """Send one event. PagerDuty says 202 to what it takes, and nothing else is good: an
        answer of 200 came from somebody else."""
        body = self.event(message)
        headers = {"Content-Type": "application/json"}
        answer = await self._sender.send(self.spec.api_url, body, headers)
        if answer.status != _ACCEPTED:
            raise Permanent(self._sender.refused(answer.said, "PagerDuty would say 202"))
        return answer.said

    async def close(self) -> None:
        await self._sender.close()

    def event(self, message: Message) -> bytes:
        """The event's JSON, at most `BODY_BYTES` long."""
        action = _ACTIONS.get(message.notice.type, "trigger")
        event: dict[str, Any] = {
            "routing_key": self._routing_key,
            "event_action": action,
            "dedup_key": dedup_key(message.body["incident"]["id"]),
        }
        if action != "trigger":
            return msgspec.json.encode(event)
        story = self._renderer.story(message)
        event |= {"client": "Tocsin", "links": _links(story)}
        event |= {"client_url": story.link} if story.link else {}
        event["payload"] = self._payload(message, story)
        return _bounded(event, message.body["alerts"])

    def _payload(self, message: Message, story: Story) -> dict[str, Any]:
        alerts: Sequence[Mapping[str, Any]] = message.body["alerts"]
        labels: Mapping[str, str] = alerts[0]["labels"] if alerts else {}
        source = labels.get("instance") or labels.get("host") or story.subject or "tocsin"
        facts = {
            "component": alerts[0]["name"] if alerts else "",
            "group": story.service,
            "class": labels.get("category") or labels.get("alertname") or "",
        }
        return {
            "summary": self._summary(message, story),
            "source": _cut(source, _FIELD_LIMIT),
            "severity": _SEVERITIES[parse_severity(story.severity)],
            "timestamp": message.body["time"],
            **{name: _cut(text, _FIELD_LIMIT) for name, text in facts.items() if text},
            "custom_details": self._details(message, story),
        }

    def _summary(self, message: Message, story: Story) -> str:
        subject = self._renderer.subject(message)
        known = not story.summary or story.summary in {story.title, subject}
        text = subject if known else f"{subject} - {story.summary}"
        return self._sender.scrub.line(text, SUMMARY_LIMIT) or "an incident"

    def _details(self, message: Message, story: Story) -> dict[str, Any]:
        """What stands beside the alerts; what is not known is left out."""
        incident = message.notice.incident
        texts = {
            "incident": story.id,
            "state": story.word,
            "severity": f"{story.severity} ({story.priority})",
            "title": story.title,
            "summary": story.summary,
            "service": story.service,
            "context": story.context,
            "organization": story.organization,
            "owner": story.owner,
            "impact": story.impact,
            "began": story.fired_at,
            "open_for": story.lasted,
            "acknowledged_by": story.acknowledged_by,
            "money_lost": story.lost,
            "money_per_hour": story.per_hour,
            "why_now": self._sender.scrub.line(story.reason),
            "runbook": story.runbook,
            "told_for": self._sender.scrub.line(story.recipient),
        }
        counts = {"alerts_in_all": len(incident.alerts), "alerts_firing": len(incident.firing)}
        return {name: _cut(text, _DETAIL_LIMIT) for name, text in texts.items() if text} | counts


def dedup_key(incident_id: str) -> str:
    """The key that all events of an incident share; a long id is replaced by its hash."""
    key = f"tocsin/{incident_id}"
    if len(key) <= DEDUP_KEY_LIMIT:
        return key
    return "tocsin/" + hashlib.blake2b(incident_id.encode(), digest_size=24).hexdigest()


def _links(story: Story) -> list[dict[str, str]]:
    links = {
        "Runbook": story.runbook_url,
        "Dashboard": story.dashboard_url,
        "Tocsin": story.link,
    }
    return [{"href": href, "text": text} for text, href in links.items() if href]


def _bounded(event: dict[str, Any], alerts: Sequence[Mapping[str, Any]]) -> bytes:
    """The event with as many alerts, from the first, as it has room for."""
    details: dict[str, Any] = event["payload"]["custom_details"]
    details |= {"alerts": [], "alerts_left_out": len(alerts)}
    room = BODY_BYTES - len(msgspec.json.encode(event))
    for alert in map(_alert, alerts):
        room -= len(msgspec.json.encode(alert)) + 1
        if room < 0:
            break
        details["alerts"].append(alert)
        details["alerts_left_out"] -= 1
    if not details["alerts_left_out"]:
        del details["alerts_left_out"]
    return msgspec.json.encode(event)


def _alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("name", "state", "severity", "fired_at", "resolved_at", "labels", "annotations")
    return {name: alert[name] for name in shown if alert[name]}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
