"""The rows of the lists, as lines: what an incident, a check, a silence ... looks like.

Pure functions of the mirror's objects and the time. A row is made only when it is painted,
so a list of ten thousand costs what its visible part costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daemon.api.schema import (
    CheckView,
    IncidentView,
    MatcherView,
    ScheduleView,
    SilenceView,
)
from daemon.core.model import DAY, Instant
from tui.drawing import words
from tui.drawing.bars import wait_bar
from tui.drawing.text import Column, Layout, Line, join, width_of
from tui.drawing.theme import GLYPHS, STATUS_GLYPHS
from tui.drawing.words import countdown, instant, latency, rough, span
from tui.mirror import Happening
from tui.showing.approvals import title_mark
from tui.showing.figures import next_step

Row = Mapping[str, Line]


@dataclass(frozen=True, slots=True)
class Moment:
    """When and how a row is painted.

    Attributes:
        stale: The picture is old: countdowns are not to be trusted.
        zone: The zone times of day are shown in; None is this host's.
        on_call: Who is on call; a step that tells a schedule is shown as telling them.
        past: Nothing can be done at this moment any more.
    """

    now: Instant
    stale: bool = False
    zone: words.Zone = None
    on_call: Sequence[ScheduleView] = ()
    past: bool = False


def severity_line(severity: str, *, calm: bool = False) -> Line:
    """A severity as glyph and word; quiet when somebody takes care of it."""
    style = "faint" if calm else f"{severity} bold"
    return ((f"{GLYPHS[severity]} {severity}", style),)


def status_line(status: str, *, soft: bool = False) -> Line:
    """A status as glyph and word; a soft one has a question mark's softness: italics."""
    return ((f"{STATUS_GLYPHS[status]} {status}", f"{status}{' italic' if soft else ''}"),)


# Incidents

INCIDENT_COLUMNS: Final = (
    Column("severity", "severity", 11),
    Column("service", "service", 9, flex=1),
    Column("title", "what", 10, flex=4),
    Column("alerts", "alerts", 6, align="right", from_width=100),
    Column("age", "age", 4, align="right"),
    Column("next", "what happens next", 19, flex=1, from_width=76),
)
NARROW_NEXT: Final = Column("next", "next", 8)
WIDE_NEXT: Final = Column("next", "what happens next", 34, flex=1)

BAR_LEAST: Final = 4
"""Cells a countdown's bar needs to say anything; who is told comes before it."""


def incident_columns(width: int) -> Layout:
    """The incident list's columns; narrow lists keep the countdown as bare figures."""
    columns = INCIDENT_COLUMNS
    if width < 76:
        columns = (*columns[:-1], NARROW_NEXT)
    elif width >= 100:
        columns = (*columns[:-1], WIDE_NEXT)
    return Layout.of(columns, width)


def incident_row(incident: IncidentView, layout: Layout, moment: Moment) -> Row:
    """One incident."""
    calm = incident.state != "triggered" or bool(incident.muted)
    fired = instant(incident.fired_at) or moment.now
    end = instant(incident.resolved_at) or moment.now
    return {
        "severity": severity_line(incident.severity, calm=calm),
        "service": ((incident.service or "–", "faint" if calm else "bold"),),
        "title": (
            *title_mark(incident, layout.width("title")),
            (incident.title, "faint" if calm else ""),
        ),
        "alerts": ((str(len(incident.firing) or len(incident.alerts)), "faint"),),
        "age": ((rough(end - fired), "faint"),),
        "next": next_line(incident, layout.width("next"), moment),
    }


def next_line(incident: IncidentView, width: int, moment: Moment) -> Line:
    """What happens next to an incident: a countdown and who is told, or why nobody is."""
    if incident.state == "resolved":
        at = instant(incident.resolved_at)
        ago = f" {rough(moment.now - at)} ago" if at is not None and width >= 14 else ""
        return ((f"✓ {'resolved' if ago else 'done'}{ago}", "good"),)
    if incident.state == "acknowledged":
        return _taken(incident, width, moment)
    if incident.muted:
        mute = incident.muted[0]
        until = instant(mute.until)
        left = f" {rough(until - moment.now)}" if until is not None else ""
        return ((f"⊘ {MUTED.get(mute.kind, 'muted')}{left}", "faint"),)
    step = next_step(incident, moment.on_call)
    if step is None:
        escalation = incident.escalation
        if escalation is None:
            return (("no policy", "faint"),)
        return (("all told" if escalation.spent else "paused", "warn"),)
    left_ms = step.at - moment.now
    figure = countdown(left_ms)
    if left_ms < -1000:
        figure = f"late {span(-left_ms)}"
    told = ", ".join(step.told)
    if width < 14:
        return ((figure, "faint" if moment.stale else "bold"),)
    words: Line = ((figure, "bold"), (f" → {told}" if told else "", "faint"))
    room = min(12, width // 3, width - width_of(words) - 1)
    if room < BAR_LEAST:
        return words
    bar = wait_bar(step.start, step.at, moment.now, room, stale=moment.stale)
    return (*bar, (" ", ""), *words)


MUTED: Final = {
    "silence": "silenced",
    "maintenance": "in maintenance",
    "inhibition": "explained",
    "dependency": "symptom",
    "flapping": "flapping",
    "time": "out of hours",
    "suppression": "held back",
    "correlation": "in a storm",
}
"""The kinds of mutes in a word."""


def _taken(incident: IncidentView, width: int, moment: Moment) -> Line:
    who = incident.acknowledged_by or "somebody"
    until = instant(incident.ack_until)
    if until is not None and width >= 20:
        return ((f"✓ {who} has it for {rough(until - moment.now)}", "good"),)
    return ((f"✓ {who} has it" if width >= 14 else f"✓ {who}", "good"),)


# Checks

CHECK_COLUMNS: Final = (
    Column("status", "status", 13),
    Column("name", "check", 18, flex=2),
    Column("kind", "kind", 10, from_width=84),
    Column("service", "service", 10, flex=1, from_width=100),
    Column("latency", "latency", 8, align="right"),
    Column("ran", "ran", 4, align="right"),
    Column("message", "message", 14, flex=4, from_width=56),
)


ANSWERED: Final = frozenset({"up", "degraded"})
"""Only these results have a latency: how fast a connection was refused is no merit."""


def check_row(check: CheckView, moment: Moment) -> Row:
    """One check."""
    last = check.last
    ran = instant(last.time) if last is not None else None
    answered = last.latency_ms if last is not None and last.status in ANSWERED else None
    return {
        "status": check_status(check),
        "name": ((check.name, "bold" if check.status != "up" else ""),),
        "kind": ((check.kind, "faint"),),
        "service": ((check.service, "faint"),),
        "latency": ((latency(answered), ""),),
        "ran": ((rough(moment.now - ran) if ran is not None else "never", "faint"),),
        "message": check_message(check),
    }


def check_status(check: CheckView) -> Line:
    """A check's status: the confirmed one, or `down 2/3` while a failure is being confirmed."""
    if check.unreachable:
        return (("◌ unreachable", "unknown"),)
    if check.flapping:
        return (("≈ flapping", "warn"),)
    if not check.hard and check.last is not None:
        newest = check.last.status
        return (
            (f"{STATUS_GLYPHS[newest]} {newest[:4]} ", f"{newest} italic"),
            (f"{check.attempts}/{check.down_after}", "faint"),
        )
    return status_line(check.status)


def check_message(check: CheckView) -> Line:
    """Why it is as it is."""
    if check.unreachable:
        return ((f"behind {check.unreachable}, which is down", "unknown"),)
    if check.cause:
        return ((check.cause, "unknown"),)
    if check.last is None:
        return (("has not run yet", "faint"),)
    return ((check.last.message, "faint" if check.last.status == "up" else ""),)


# Silences

SILENCE_COLUMNS: Final = (
    Column("state", "state", 9),
    Column("left", "ends in", 8, align="right"),
    Column("matched", "mutes", 6, align="right"),
    Column("matchers", "matchers", 20, flex=3),
    Column("by", "by", 8, from_width=70),
    Column("comment", "comment", 12, flex=2, from_width=70),
)

_SILENCE_STYLES: Final = {"active": "accent", "pending": "warn", "expired": "faint"}
_SILENCE_GLYPHS: Final = {"active": "⊘", "pending": "◷", "expired": "·"}


def silence_row(silence: SilenceView, moment: Moment) -> Row:
    """One silence."""
    state = silence.status.state
    end = instant(silence.endsAt)
    style = "faint" if state == "expired" else ""
    left = "–" if end is None else countdown(end - moment.now)
    if state == "expired":
        left = "over"
    return {
        "state": ((f"{_SILENCE_GLYPHS[state]} {state}", _SILENCE_STYLES[state]),),
        "left": ((left, style),),
        "matched": ((str(silence.matched), style),),
        "matchers": ((matchers_text(silence.matchers), style),),
        "by": ((silence.createdBy, "faint"),),
        "comment": ((silence.comment, "faint"),),
    }


def matchers_text(matchers: list[MatcherView]) -> str:
    """Matchers as an operator writes them."""
    return " ".join(matcher_text(matcher) for matcher in matchers)


def matcher_text(matcher: MatcherView) -> str:
    """One matcher as an operator writes it."""
    sign = ("=~" if matcher.isRegex else "=") if matcher.isEqual else "!~"
    if not matcher.isEqual and not matcher.isRegex:
        sign = "!="
    value = matcher.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{matcher.name}{sign}"{value}"'


# Activity

FEED_COLUMNS: Final = (
    Column("time", "time", 8),
    Column("subject", "who", 12, flex=1),
    Column("text", "what", 20, flex=4),
)


def feed_row(happening: Happening, moment: Moment) -> Row:
    """One happening."""
    when = words.clock(happening.at, moment.zone)
    if moment.now - happening.at > DAY:
        when = f"{rough(moment.now - happening.at)} ago"
    return {
        "time": ((when, "faint"),),
        "subject": ((happening.subject, happening.style),),
        "text": ((happening.text, ""),),
    }


GONE: Final[Line] = (("no longer there", "faint"),)
"""A row whose object has left the mirror before the list was told."""


def joined(*lines: Line) -> Line:
    """Lines beside each other with a dot between."""
    return join(lines, ("  ", ""))
