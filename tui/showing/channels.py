"""The channels, as rows and details. Pure: a channel's shape and the time in, lines out."""

from __future__ import annotations

from typing import Final

from daemon.api.schema import ChannelView
from tui.drawing import words
from tui.drawing.text import Column, Line
from tui.drawing.words import countdown, instant, latency, plural, rough, span
from tui.showing.rows import Moment, Row
from tui.showing.sections import Section, fact, heading, prose, section

COLUMNS: Final = (
    Column("name", "channel", 12, flex=1),
    Column("state", "state", 11),
    Column("kind", "kind", 9, from_width=76),
    Column("rate", "success", 7, align="right"),
    Column("p50", "p50", 7, align="right", from_width=90),
    Column("p99", "p99", 7, align="right"),
    Column("waiting", "waiting", 7, align="right"),
    Column("success", "last good", 9, align="right"),
    Column("failure", "last failure", 12, align="right", from_width=100),
)
_BREAKER: Final = {"open": ("✕ open", "bad bold"), "half_open": ("◐ probing", "warn bold")}
_WAITS: Final = {
    "breaker": "the breaker is not closed",
    "retry_after": "the receiver asked for a pause",
    "limit": "its limit is reached",
    "digest": "it is collected for the next digest",
}
_FAIR: Final = 0.9
"""A smaller share of attempts that were taken is bad."""
_NONE: Final[Line] = (("–", "faint"),)


def standing(channel: ChannelView) -> tuple[str, str]:
    """How it does, in a glyph and a word, and the style they have."""
    if channel.breaker in _BREAKER:
        return _BREAKER[channel.breaker]
    if not channel.kind:
        return "◌ gone", "faint"
    failed, good = instant(channel.last_failure), instant(channel.last_success)
    if failed is not None and (good is None or failed > good):
        return "◐ failing", "warn"
    return ("○ not used", "faint") if good is None else ("✓ well", "good")


def trouble(channel: ChannelView) -> int:
    """How bad it is: 2 while its breaker is not closed, 1 while it fails, 0 else."""
    if channel.breaker in _BREAKER:
        return 2
    return int(standing(channel)[0][0] == "◐")


def is_troubled(channel: ChannelView) -> bool:
    """Whether somebody should look at it."""
    return trouble(channel) > 0


def channel_row(channel: ChannelView, moment: Moment) -> Row:
    """One channel: how it does, how fast it is, and when it was last taken."""
    waiting: Line = ((f"{channel.waiting:,}", "warn bold"),) if channel.waiting else _NONE
    return {
        "name": ((channel.name, "bold"),),
        "state": (standing(channel),),
        "kind": ((channel.kind or "–", "faint"),),
        "rate": _rate(channel),
        "p50": ((latency(channel.latency_p50_ms), "faint"),),
        "p99": ((latency(channel.latency_p99_ms), "faint"),),
        "waiting": waiting,
        "success": _ago(channel.last_success, moment, "faint"),
        "failure": _ago(channel.last_failure, moment, "bad" if is_troubled(channel) else "faint"),
    }


def _rate(channel: ChannelView) -> Line:
    if channel.success_rate is None:
        return _NONE
    rate = channel.success_rate
    style = "good" if rate == 1 else "warn" if rate >= _FAIR else "bad"
    return ((f"{int(rate * 1000) / 10:g}%", style),)


def _ago(time: str | None, moment: Moment, style: str) -> Line:
    at = instant(time)
    return _NONE if at is None else ((f"{rough(max(0, moment.now - at))} ago", style),)


def channel_sections(channel: ChannelView, width: int, moment: Moment) -> list[Section]:
    """A channel: its breaker, what waits and until when, its figures, its last failure."""
    lines: list[Line] = [
        fact("state", standing(channel), (f"  {channel.kind or 'not configured'}", "faint")),
        *_waits(channel, moment),
        fact("fallback", (channel.fallback or "none", "" if channel.fallback else "faint")),
    ]
    sections = [section(lines, ticks=True), heading("Attempts", "since the daemon started")]
    sections.append(section(_attempts(channel, moment), ticks=True))
    if channel.self_test_next is not None:
        sections += [heading("Self-test"), section(_self_test(channel, moment), ticks=True)]
    if channel.failure:
        style = "bad" if is_troubled(channel) else "faint"
        told = prose("", channel.failure, width, style)
        sections += [heading("Last failure"), section(told)]
    return sections


def _waits(channel: ChannelView, moment: Moment) -> list[Line]:
    """The breaker, and what keeps notices waiting."""
    lines: list[Line] = []
    since = instant(channel.breaker_since)
    if since is not None:
        lines.append(fact("breaker", (f"not closed for {span(moment.now - since)}", "bad")))
    if not channel.waiting:
        return lines
    lines.append(fact("waiting", (plural(channel.waiting, "notice"), "warn")))
    until = instant(channel.waits_until)
    if channel.waits_for is not None:
        left = "" if until is None else f", for {countdown(max(0, until - moment.now))} more"
        lines.append(fact("because", (_WAITS[channel.waits_for] + left, "warn")))
    return lines


def _self_test(channel: ChannelView, moment: Moment) -> list[Line]:
    """When it last tested itself, what came of it, and when it does so again."""
    at, due = instant(channel.self_test_at), instant(channel.self_test_next)
    end = ("✓ taken", "good") if channel.self_test_good else ("✕ not taken", "bad")
    lines = [fact("last", ("never yet", "faint"))]
    if at is not None:
        when = words.moment(at, moment.now, moment.zone)
        lines = [fact("last", end, (f"  {when}, {span(moment.now - at)} ago", "faint"))]
    if due is not None:
        when = words.moment(due, moment.now, moment.zone)
        lines.append(fact("next", (when, ""), (f"  in {span(due - moment.now)}", "faint")))
    return lines


def _attempts(channel: ChannelView, moment: Moment) -> list[Line]:
    lost: Line = ((f"  {channel.given_up:,} given up", "bad"),) if channel.given_up else ()
    failed = (f"  {channel.failed:,} failed", "warn" if channel.failed else "faint")
    lines = [fact("taken", (f"{channel.sent:,}", ""), failed, *lost)]
    fast = " ".join(
        f"p{percent} {latency(value)} "
        for percent, value in (
            (50, channel.latency_p50_ms),
            (95, channel.latency_p95_ms),
            (99, channel.latency_p99_ms),
        )
    )
    lines.append(fact("latency", (fast.rstrip(), "")))
    for name, time in (("last good", channel.last_success), ("last failed", channel.last_failure)):
        at = instant(time)
        if at is not None:
            when = words.moment(at, moment.now, moment.zone)
            lines.append(fact(name, (when, ""), (f"  {span(moment.now - at)} ago", "faint")))
    return lines
