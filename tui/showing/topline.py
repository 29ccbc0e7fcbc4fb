"""The two lines that are always on the screen: modes and clock, and the five figures.

Pure: each figure offers itself in several lengths, and the line takes the longest that fit,
so at 80 columns nothing that matters is cut and at 200 nothing is abbreviated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.api.schema import ScheduleView
from daemon.core.model import Instant
from tui.doing.actions import MODE_NAMES, MODES, Place
from tui.drawing.bars import wait_bar
from tui.drawing.text import Line, apart, cells, clip, fit, join, width_of
from tui.drawing.theme import GLYPHS
from tui.drawing.words import clock, countdown, plural, rough, span
from tui.mirror import Mirror
from tui.showing.approvals import approvals_line
from tui.showing.channels import is_troubled
from tui.showing.figures import next_escalation, open_incidents, severity_counts
from tui.showing.rows import Moment

Forms = Sequence[Line]
"""One figure in several lengths, the longest first."""

_SHORT: Final = {
    "emergency": "emerg", "critical": "crit", "high": "high", "medium": "med", "low": "low",
    "info": "info",
}  # fmt: skip


def shrink(figures: Sequence[Forms], steps: Sequence[int], width: int, gap: int) -> list[Line]:
    """Choose a form of each figure so that all fit.

    Args:
        steps: Which figure gives way next, while they do not fit.
        gap: Cells between figures.
    """
    chosen = [0] * len(figures)

    def total() -> int:
        parts = [width_of(forms[at]) for forms, at in zip(figures, chosen, strict=True)]
        shown = [part for part in parts if part]
        return sum(shown) + gap * max(0, len(shown) - 1)

    for figure in steps:
        if total() <= width:
            break
        chosen[figure] = min(chosen[figure] + 1, len(figures[figure]) - 1)
    return [forms[at] for forms, at in zip(figures, chosen, strict=True)]


def modes_line(mirror: Mirror, place: Place, moment: Moment, width: int) -> Line:
    """The names of the modes with their number keys, and the clock."""
    time: Line = ((f"{clock(moment.now, moment.zone)} ", "bold"),)
    brand: Forms = (((" Tocsin ", "pill:accent"),), ((" T ", "pill:accent"),), ())
    counts = _mode_counts(mirror)
    names = {mode: MODE_NAMES[mode] for mode in MODES}
    nameless = {mode: MODE_NAMES[mode] if mode is place else "" for mode in MODES}
    waiting = {mode: MODE_NAMES[mode] if counts.get(mode) else nameless[mode] for mode in MODES}
    tabs: Forms = (
        _tabs(place, counts, names),
        _tabs(place, counts, waiting),
        _tabs(place, {}, names),
        _tabs(place, counts, nameless),
        _tabs(place, {}, nameless),
    )
    left = shrink((brand, tabs), (0, 0, 1, 1, 1, 1), width - width_of(time), 1)
    return apart(join(left, (" ", "")), time, width)


def _mode_counts(mirror: Mirror) -> dict[Place, int]:
    """What waits in each mode, where that is worth a figure."""
    return {
        Place.INCIDENTS: len(open_incidents(mirror)),
        Place.CHECKS: sum(check.status == "down" for check in mirror.checks.values()),
        Place.SILENCES: sum(s.status.state == "active" for s in mirror.silences.values()),
        Place.SLA: sum(sla.met is False for sla in mirror.slas.values()),
        Place.ONCALL: sum(not one.on_call for one in mirror.daemon.on_call) if mirror.daemon else 0,
        Place.CHANNELS: sum(map(is_troubled, mirror.daemon.channels)) if mirror.daemon else 0,
    }


def _tabs(place: Place, counts: dict[Place, int], names: dict[Place, str]) -> Line:
    spans: list[tuple[str, str]] = []
    for number, mode in enumerate(MODES, 1):
        here = mode is place or (place is Place.INCIDENT and mode is Place.INCIDENTS)
        name = " ".join(part for part in (names[mode], str(counts.get(mode) or "")) if part)
        spans.append((f" {number}", "accent bold underline" if here else "accent"))
        spans.append((f" {name} " if name else "", "bold underline" if here else "faint"))
    return tuple(spans)


def tab_at(mirror: Mirror, place: Place, moment: Moment, width: int, column: int) -> Place | None:
    """Which mode's name stands at a column, for the mouse."""
    position, number = 0, 0
    for text, style in modes_line(mirror, place, moment, width):
        position += len(text)
        if style.startswith("accent") and text.strip().isdigit():
            number = int(text)
        if column < position:
            return MODES[number - 1] if number and not text.isspace() else None
    return None


def figures_line(mirror: Mirror, link: Forms, moment: Moment, width: int) -> Line:
    """Link, severities, who is on call, what escalates next."""
    figures = (link, _severities(mirror), _on_call(mirror), _next(mirror, moment))
    chosen = shrink(figures, (3, 2, 3, 1, 2, 3, 1, 2, 3, 1, 0, 1), width - 2, 3)
    return ((" ", ""), *join(chosen, (" │ ", "track")))


def link_forms(
    heard_at: Instant | None, now: Instant, *, live: bool, retry_at: Instant | None
) -> Forms:
    """The link's state and the age of the data."""
    age = "never heard" if heard_at is None else f"{span(max(0, now - heard_at))} old"
    short = "–" if heard_at is None else rough(max(0, now - heard_at))
    if live:
        return ((("● live ", "good"), (short, "faint")),)
    if heard_at is None and retry_at is None:
        return ((("◌ connecting", "warn"),),)
    again = f", again in {countdown(retry_at - now)}" if retry_at is not None else ""
    word = "✕ no link " if heard_at is None else "✕ stale "
    return (
        ((word, "bad bold"), (f"{age}{again}", "bad")),
        ((word, "bad bold"), (age, "bad")),
        ((word, "bad bold"), (short, "bad")),
    )


def _severities(mirror: Mirror) -> Forms:
    counts = severity_counts(mirror)
    if not mirror.loaded:
        return ((("no data yet", "faint"),),)
    if not counts:
        return ((("✓ no open incidents", "good"),), (("✓ quiet", "good"),))
    taken = sum(i.state == "acknowledged" for i in mirror.incidents.values())
    acked: Line = ((f"✓ {taken} acknowledged", "faint"),) if taken else ()
    acked_short: Line = ((f"✓ {taken} ack", "faint"),) if taken else ()
    asked, asked_short = approvals_line(mirror), approvals_line(mirror, short=True)

    def forms(names: dict[str, str]) -> Line:
        return tuple(
            span_
            for place, (word, count) in enumerate(counts.items())
            for span_ in (
                ("  " if place else "", ""),
                (f"{GLYPHS[word]} {count} {names[word]}", f"{word} bold"),
            )
        )

    full, short = forms({word: word for word in counts}), forms(_SHORT)
    letters = forms({word: f"P{place}" for place, word in enumerate(GLYPHS)})
    return (
        join((full, asked, acked), ("  ", "")),
        join((short, asked, acked), ("  ", "")),
        join((short, asked, acked_short), ("  ", "")),
        join((short, asked_short), ("  ", "")),
        join((letters, asked_short), ("  ", "")),
    )


def _on_call(mirror: Mirror) -> Forms:
    """Who is on call: of every schedule, of the first and how many more there are, or only
    whether all of them have somebody."""
    if not mirror.loaded or mirror.daemon is None:
        return ((("on call: unknown", "faint"),),)
    schedules = mirror.daemon.on_call
    if not schedules:
        return ((("on call: ", "faint"), ("no schedule", "")), (("no on-call", "faint"),))
    label: Line = (("on call: ", "faint"),)
    if len(schedules) == 1:
        return ((*label, _persons(schedules[0])), (_persons(schedules[0]),))
    named = tuple(
        span_
        for place, one in enumerate(schedules)
        for span_ in ((f"{', ' if place else ''}{one.name} ", "faint"), _persons(one))
    )
    gaps = sum(not one.on_call for one in schedules)
    more = (f" +{len(schedules) - 1}", "faint")
    word = (f"{gaps} without anybody", "bad bold") if gaps else ("all covered", "")
    return ((*label, *named), (*label, _persons(schedules[0]), more), (*label, word), (word,))


def _persons(schedule: ScheduleView) -> tuple[str, str]:
    names = " & ".join(schedule.on_call)
    return (names, "bold") if names else ("nobody", "bad bold")


def _next(mirror: Mirror, moment: Moment) -> Forms:
    step = next_escalation(mirror)
    if step is None:
        return ((("no escalation due", "faint"),), (("next –", "faint"),))
    left = step.at - moment.now
    figure = countdown(left) if left > -1000 else f"late {span(-left)}"
    told = ", ".join(step.told) or "the next level"
    subject = step.incident.service or step.incident.title
    bar = wait_bar(step.start, step.at, moment.now, 12, stale=moment.stale)
    head: Line = (("next ", "faint"),)
    bold: Line = ((f" {figure}", "bold"),)
    return (
        (*head, *bar, *bold, (f" tells {told} of {subject}", "")),
        (*head, *bar, *bold, (f" → {told}", "")),
        (*head, *bar[:0], (figure, "bold"), (f" → {told}", "")),
        (*head, (figure, "bold"), (f" → {step.told[0] if step.told else '?'}", "")),
        (*head, (figure, "bold")),
    )


def stale_line(
    mirror: Mirror,
    moment: Moment,
    reason: str,
    retry_at: Instant | None,
    width: int,
    *,
    behind: bool = False,
) -> Line:
    """The banner over a picture that may no longer be true.

    Args:
        behind: Another picture is shown, one of the past.
    """
    again = f" · again in {countdown(retry_at - moment.now)}" if retry_at is not None else ""
    heads = (" NOT CONNECTED ",) * 2
    if mirror.heard_at is not None:
        long, short = ("now was last", "now last") if behind else ("this is the", "the")
        word = "seen at" if behind else "picture of"
        shown = f"{word} {clock(mirror.heard_at, moment.zone)} ·"
        heads = (f" STALE  {long} {shown}", f" STALE  {short} {shown}")
    cause = reason.partition("; ")[0]  # what to do about it gives way
    forms = (
        f"{heads[0]} {reason}{again}",
        f"{heads[0]} {cause}{again}",
        f"{heads[1]} {cause}{again}",
        f"{heads[1]} {cause}",
    )
    text = next((form for form in forms if cells(form) <= width), forms[-1])
    return fit(((clip(text, width).ljust(width), "pill:high"),), width)


def troubles(mirror: Mirror) -> list[str]:
    """What the daemon says is wrong with itself."""
    if mirror.daemon is None:
        return []
    refused = mirror.daemon.reload_error
    reload = [f"the configuration was not reloaded: {refused}"] if refused else []
    return [*reload, *mirror.daemon.problems]


def trouble_line(mirror: Mirror, width: int) -> Line:
    """The banner for the daemon's own troubles; the first of them, and how many more."""
    found = troubles(mirror)
    if not found:
        return ()
    more = f"  and {len(found) - 1} more" if len(found) > 1 else ""
    text = clip(f" DAEMON  {found[0]}", width - len(more) - 1)
    line: Line = ((f"{text}{more}", "pill:high"),)
    return tuple((part, style or "pill:high") for part, style in fit(line, width))


def quiet_words(mirror: Mirror, last: Instant | None, now: Instant) -> str:
    """What an empty incident list says."""
    up = sum(service.status == "up" for service in mirror.services.values())
    total = len(mirror.services)
    services = f"{plural(up, 'service')} up" if up == total else f"{up} of {total} services up"
    ago = f", last incident {rough(now - last)} ago" if last is not None else ""
    return f"All quiet. {services}{ago}."
