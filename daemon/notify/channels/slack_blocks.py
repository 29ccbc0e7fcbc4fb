"""What Slack shows of an incident: a message of blocks, and a piece of news for its thread.

Source: docs.slack.dev, "Block Kit" (blocks and their bounds), "Formatting message text" (`&`,
`<` and `>` are written as entities, everywhere).

Texts from outside are `verbatim`, so that no address, channel or person in them becomes a link
or a mention. Every bound counts what is sent, with its entities. Used by `SlackChannel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from daemon.core.chronicle import NoticeType
from daemon.core.severity import Severity, parse_severity
from daemon.notify.channel import Message
from daemon.notify.render import Renderer
from daemon.notify.scrub import Scrubber
from daemon.notify.story import AlertLine, Story

HEADER_LIMIT: Final = 150
SECTION_LIMIT: Final = 3_000
FIELD_LIMIT: Final = 2_000
FIELDS: Final = 10
BUTTON_URL_LIMIT: Final = 3_000
TEXT_LIMIT: Final = 4_000
"""Of the plain text that stands in notifications; Slack advises no more."""
ALERTS: Final = 10
"""So many alerts are shown. All else is at most seven blocks, far below Slack's 50."""
_NAME_LIMIT: Final = 300
_SAID_LIMIT: Final = 1_200
_LABELS_LIMIT: Final = 1_000

Block = dict[str, Any]

_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKS: Final[Mapping[Severity, str]] = {
    Severity.EMERGENCY: "🔴",
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFO: "⚪",
}
_OVER: Final = "✅"
_SEEN_TO: Final = "👀"
_scrub: Final = Scrubber()


def whole(message: Message, renderer: Renderer) -> dict[str, Any]:
    """The incident as it is now: `text` and `blocks` of a message."""
    story = renderer.story(message)
    if renderer.audience == "technical":
        body = [*_facts(story), *_alerts(message, story), *_buttons(story), _foot(story)]
    else:
        told = renderer.text(message).strip() or story.title or message.body["type"]
        body = [_section(escaped(told, SECTION_LIMIT))]
    return {"text": _plain(message, renderer), "blocks": [_header(message, story, renderer), *body]}


def news(message: Message, renderer: Renderer) -> dict[str, Any]:
    """What has happened since: `text` and `blocks` of an answer in the thread."""
    text = _plain(message, renderer)
    blocks = [_section(escaped(renderer.line(message) or message.body["type"], SECTION_LIMIT))]
    reason = _scrub.line(message.notice.reason)
    if reason and renderer.audience == "technical":
        blocks.append(_context(escaped(reason, FIELD_LIMIT)))
    return {"text": text, "blocks": blocks}


def escaped(text: str, limit: int) -> str:
    """The text as Slack wants it, at most `limit` long, never cut within an entity."""
    entire = text.translate(_ENTITIES)
    if len(entire) <= limit:
        return entire
    kept = entire[: limit - 1]
    last = kept.rfind("&")
    if last > kept.rfind(";"):
        kept = kept[:last]
    return kept + "…"


def _plain(message: Message, renderer: Renderer) -> str:
    """What a notification on a telephone shows."""
    return escaped(renderer.line(message) or message.body["type"], TEXT_LIMIT)


def _header(message: Message, story: Story, renderer: Renderer) -> Block:
    if story.over:
        mark = _OVER
    elif message.notice.type is NoticeType.ACKNOWLEDGED:
        mark = _SEEN_TO
    else:
        mark = _MARKS[parse_severity(story.severity)]
    text = escaped(f"{mark} {renderer.subject(message)}", HEADER_LIMIT)
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": True}}


def _facts(story: Story) -> list[Block]:
    blocks: list[Block] = []
    if story.summary and story.summary != story.title:
        blocks.append(_section(escaped(story.summary, SECTION_LIMIT)))
    fields = [_field(name, text) for name, text in _named(story).items() if text]
    blocks.append({"type": "section", "fields": fields[:FIELDS]})
    return blocks


def _named(story: Story) -> dict[str, str]:
    """The facts by their names, the most telling first; absent ones are empty. How long it is
    open is not among them: the message stands there, and the time goes on."""
    return {
        "Service": f"{story.service} ({story.context})" if story.context else story.service,
        "Impact": story.impact,
        "Began": story.fired_at,
        "Ended": _end(story) if story.over else "",
        "Acknowledged": _acknowledged(story),
        "Update": _update(story),
        "Next update": story.next_update,
        "Money lost" if story.lost else "Costs": _money(story),
        "At risk": "\n".join(story.at_risk),
        "Why now": _scrub.line(story.reason),
        "Back by": story.recovery_due if story.recovery_left else "",
        "Roles": story.roles,
        "Assigned to": story.assigned_to,
        "Owner": story.owner,
        "Runbook": "" if story.runbook_url else story.runbook,
    }


def _end(story: Story) -> str:
    by = f", by {story.resolved_by}" if story.resolved_by else ""
    return f"{story.resolved_at}, after {story.lasted}{by}"


def _update(story: Story) -> str:
    return f"{story.update} ({story.updated_by}, {story.updated_at})" if story.update else ""


def _acknowledged(story: Story) -> str:
    if not story.acknowledged_by:
        return ""
    comment = f": {story.ack_comment}" if story.ack_comment else ""
    return f"by {story.acknowledged_by}, {story.acknowledged_at}{comment}"


def _money(story: Story) -> str:
    if story.lost:
        return f"{story.lost}, {story.per_hour} an hour"
    return f"{story.per_hour} an hour while down" if story.per_hour else ""


def _alerts(message: Message, story: Story) -> list[Block]:
    """The worst alerts, those that fire before those that are over, and how many more."""
    incident = message.notice.incident
    shown = sorted(story.alerts, key=lambda alert: alert.state != "firing")[:ALERTS]
    blocks = [_section(_alert(alert)) for alert in shown]
    in_all = max(len(incident.alerts), len(message.notice.alerts))
    if in_all > len(shown):
        more = f"and {in_all - len(shown):,} more; of {in_all:,} alerts"
        blocks.append(_context(f"{more} {len(incident.firing):,} fire"))
    return blocks


def _alert(alert: AlertLine) -> str:
    name = escaped(alert.name, _NAME_LIMIT)
    lines = [f"*{alert.severity.upper()}*  {name}  ({alert.state}, {alert.since})"]
    lines += [escaped(alert.text, _SAID_LIMIT)] if alert.text else []
    if alert.labels:
        labels = alert.labels.replace("`", "'")  # which would end the code
        lines.append(f"`{escaped(labels, _LABELS_LIMIT)}`")
    return "\n".join(lines)


def _buttons(story: Story) -> list[Block]:
    """Links to open in a browser; Tocsin takes no clicks from Slack."""
    links = {
        "Runbook": story.runbook_url,
        "Dashboard": story.dashboard_url,
        "Tocsin": story.link,
    }
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": name}, "url": url}
        for name, url in links.items()
        if url and len(url) <= BUTTON_URL_LIMIT
    ]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _foot(story: Story) -> Block:
    parts = [f"incident {story.id}"]
    parts += [f"level {story.level}"] if story.level else []
    parts += [f"for {_scrub.line(story.recipient)}"] if story.recipient else []
    parts.append(story.told_at)
    if not story.over:
        parts.append(f"{'tocsin show' if story.acknowledged_by else 'tocsin ack'} {story.id}")
    return _context(escaped(" · ".join(parts), FIELD_LIMIT))


def _section(text: str) -> Block:
    return {"type": "section", "text": _markdown(text)}


def _field(name: str, text: str) -> Block:
    return _markdown(f"*{name}*\n{escaped(text, FIELD_LIMIT - 100)}")


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_markdown(text)]}


def _markdown(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
