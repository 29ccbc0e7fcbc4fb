"""Who is on call, as rows and details. Pure: a schedule's shape and the time in, lines out."""

from __future__ import annotations

from typing import Final

from daemon.api.schema import ScheduleView
from tui.drawing import words
from tui.drawing.text import Column, Line
from tui.drawing.words import countdown, instant, rough
from tui.showing.rows import Moment, Row
from tui.showing.sections import Section, fact, heading, prose, section

COLUMNS: Final = (
    Column("name", "schedule", 14, flex=1),
    Column("now", "on call", 16, flex=2),
    Column("left", "for", 7, align="right"),
    Column("next", "then", 14, flex=1),
    Column("until", "from", 16, from_width=80),
    Column("zone", "clock of", 16, from_width=110),
)


def persons(names: list[str]) -> Line:
    """Names, or that there is nobody."""
    return ((" & ".join(names), "bold"),) if names else (("nobody", "bad bold"),)


def _mark(schedule: ScheduleView) -> Line:
    """That an override made at run time put them there."""
    return ((" ⇄", "warn"),) if schedule.overridden else ()


def schedule_row(schedule: ScheduleView, moment: Moment) -> Row:
    """One schedule: who has it, for how long, and who then."""
    until = instant(schedule.until)
    left = "–" if until is None else rough(max(0, until - moment.now))
    at = "–" if until is None else words.moment(until, moment.now, moment.zone)
    following: Line = (("–", "faint"),) if until is None else persons(schedule.next)
    return {
        "name": ((schedule.name, ""),),
        "now": (*persons(schedule.on_call), *_mark(schedule)),
        "left": ((left, "faint"),),
        "next": tuple((text, "bad" if "bad" in style else "faint") for text, style in following),
        "until": ((at, "faint"),),
        "zone": ((schedule.timezone, "faint"),),
    }


def schedule_sections(schedule: ScheduleView, width: int, moment: Moment) -> list[Section]:
    """A schedule: the present shift and the hand-over to come."""
    lines: list[Line] = [fact("on call", *persons(schedule.on_call))]
    if schedule.overridden:
        lines.append(fact("", ("⇄ put there by an override", "warn")))
    until = instant(schedule.until)
    if until is None:
        lines.append(fact("until", ("nobody else comes within a year", "faint")))
    else:
        at = words.moment(until, moment.now, moment.zone)
        left = countdown(max(0, until - moment.now))
        lines.append(fact("until", (at, ""), (f"  {left} more", "faint")))
        lines.append(fact("then", *persons(schedule.next)))
    lines.append(fact("clock of", (schedule.timezone, "")))
    command = f"tocsin oncall {schedule.name} --from now --to now+30d"
    overrides = f"tocsin oncall override list {schedule.name}"
    sections = [section(lines, ticks=True)]
    if not schedule.on_call:
        gap = "A level that tells this schedule is followed by the next at once."
        sections += [heading("A gap"), section(prose("", gap, width, "bad"))]
    commands = [*prose("", command, width, "faint"), *prose("", overrides, width, "faint")]
    return [*sections, heading("All shifts, and overrides"), section(commands)]
