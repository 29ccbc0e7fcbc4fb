"""The draft of a post-mortem: what is known of an incident, as a document to be finished.

Markdown, from the timeline and the deliveries: what happened, what it cost, who did what and how
fast, who was told; then the questions that only people can answer, as headings. Everything that
came from outside is scrubbed of secrets and control characters, and escaped, so that it is text
and never markup. A pure function of the incident's shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from daemon.api.schema import DeliveryView, EntryView, IncidentDetail, IncidentView
from daemon.api.times import parse_stamp
from daemon.core.alerting.titles import lasting
from daemon.core.model import Instant, Millis
from daemon.notify.scrub import Scrubber

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
_LONGEST: Final = 500
"""Characters of one text in the document."""
_MOST_LINES: Final = 1_000
"""Lines of the timeline that are written out."""
_NOT_SHOWN: Final = frozenset({"queued", "delivered"})
"""What the table of those who were told says better than the timeline."""
_ENGINE: Final = "engine"

_QUESTIONS: Final = (
    ("Root cause", "What broke, and why could it?"),
    ("What went well", ""),
    ("What went badly", ""),
    ("Where we were lucky", ""),
    ("What is to be done", "| what | who | until when |\n|---|---|---|\n|  |  |  |"),
)

_scrub: Final = Scrubber()


def written_up(detail: IncidentDetail, now: Instant) -> str:
    """The whole document, as it is at this time."""
    one = detail.incident
    blocks = [
        f"# Post-mortem: {_text(one.title)}",
        "*A draft, made of what was recorded. What only people know is still to be written.*",
        "## Summary\n\n" + _table(("", ""), _summary(detail)),
        "## Impact\n\n" + "\n".join(f"- {line}" for line in _impact(one, now)),
        "## Timeline\n\n" + _timeline(detail.timeline),
        "## Who did what\n\n" + _deeds(detail.timeline),
        "## Who was told\n\n" + _told(detail.deliveries),
        *(f"## {title}\n\n{hint}".rstrip() for title, hint in _QUESTIONS),
    ]
    return "\n\n".join(blocks) + "\n"


def _summary(detail: IncidentDetail) -> Iterator[tuple[str, str]]:
    one = detail.incident
    yield "Incident", f"`{one.id}`"
    yield "Severity", one.severity
    yield "Service", _text(one.service or "none")
    if one.summary and one.summary != one.title:
        yield "What was seen", _text(one.summary)
    yield "Began", _time(one.fired_at)
    taken = one.first_acknowledged_at or one.acknowledged_at
    if taken is not None:
        within = lasting(_span(one.fired_at, taken))
        yield "Acknowledged", f"{_time(taken)}, after {within} {_late(one.mtta_breached)}".rstrip()
    else:
        yield "Acknowledged", f"never {_late(one.mtta_breached)}".rstrip()
    if one.resolved_at is not None:
        by = f", by {_text(one.resolved_by)}" if one.resolved_by else ""
        within = lasting(_span(one.fired_at, one.resolved_at))
        late = _late(one.mttr_breached)
        yield "Resolved", f"{_time(one.resolved_at)}, after {within}{by} {late}".rstrip()
    else:
        yield "Resolved", "not yet"
    if one.merged_into:
        yield "Merged into", f"`{one.merged_into}`"
    if one.split_from:
        yield "Split from", f"`{one.split_from}`"
    for role, person in one.roles.items():
        yield _text(role.capitalize()), _text(person)
    if one.assigned_to:
        yield "Assigned to", _text(one.assigned_to)
    yield "Alerts", str(len(one.alerts))


def _impact(one: IncidentView, now: Instant) -> Iterator[str]:
    yield (
        _text(one.impact) if one.impact else "Who noticed, and how many? (no impact is configured)"
    )
    since = parse_stamp(one.down_since) if one.down_since is not None else now
    down_ms = one.down_ms + max(0, now - since)
    yield f"Down time: {lasting(down_ms)}" if down_ms else "No confirmed down time"
    if one.money is not None:
        lost = f"{one.money.currency or ''} {one.money.lost}".strip()
        rate = f"{one.money.currency or ''} {one.money.per_hour}".strip()
        yield _text(f"Money lost: {lost} at {rate} an hour")
    if one.recovery_sla is not None:
        words = {True: "met", False: "missed", None: "still open"}[one.recovery_sla.met]
        yield f"Recovery SLA: due {_time(one.recovery_sla.due)}, {words}"


def _timeline(entries: list[EntryView]) -> str:
    shown = [entry for entry in entries if entry.kind not in _NOT_SHOWN]
    rows = (
        (_time(entry.time), _text(entry.kind.replace("_", " ")), _who(entry), _text(entry.text))
        for entry in shown[:_MOST_LINES]
    )
    more = len(shown) - _MOST_LINES
    table = _table(("time", "what", "who", ""), rows)
    return f"{table}\n\nand {more} more lines" if more > 0 else table


def _deeds(entries: list[EntryView]) -> str:
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.origin != _ENGINE:
            found.setdefault(entry.by, []).append(entry.kind.replace("_", " "))
    if not found:
        return "Nobody did anything by hand."
    return "\n".join(
        f"- {_text(who)}: " + ", ".join(_text(_times(kind, n)) for kind, n in Counter(did).items())
        for who, did in found.items()
    )


def _told(deliveries: list[DeliveryView]) -> str:
    if not deliveries:
        return "Nobody."
    rows = (
        (
            _time(one.created_at),
            _text(f"{one.recipient} via {one.channel}" if one.recipient else one.channel),
            _text(one.type.removeprefix("incident.")),
            _text(one.state),
            _text(one.detail),
        )
        for one in sorted(deliveries, key=lambda one: one.created_at)[:_MOST_LINES]
    )
    return _table(("time", "whom", "what", "came to", ""), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _text(text: str) -> str:
    """Text from outside in one line, without secrets, and never markup."""
    return _MARKUP.sub(r"\\\1", _scrub.line(text, _LONGEST))


def _who(entry: EntryView) -> str:
    return "" if entry.origin == _ENGINE else _text(entry.by)


def _times(what: str, count: int) -> str:
    return what if count == 1 else f"{what} ({count} times)"


def _late(is_late: bool) -> str:
    return "(later than the target)" if is_late else ""


def _time(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S} UTC"


def _span(start: str, end: str) -> Millis:
    return max(0, parse_stamp(end) - parse_stamp(start))
