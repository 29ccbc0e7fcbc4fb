"""A schedule's shifts as an iCalendar file (RFC 5545), for calendars that people have anyway.

Each shift is an event of its own, in UTC, as it is with all overrides: nothing has to be worked
out by whoever reads it. Gaps are no events. An event's UID follows from the schedule, its start
and its persons, so a calendar that subscribes recognises what has not changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from daemon.core.model import Instant
from daemon.core.oncall.schedules import Shift

TYPE: Final = "text/calendar"
_OCTETS: Final = 75
"""So long a line may be."""


def calendar(schedule: str, shifts: Iterable[Shift], now: Instant) -> str:
    """The whole file."""
    return "".join(f"{line}\r\n" for raw in _lines(schedule, shifts, now) for line in _folded(raw))


def _lines(schedule: str, shifts: Iterable[Shift], now: Instant) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Tocsin//On call//EN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:On call: {_text(schedule)}"
    for shift in shifts:
        if shift.persons:
            yield from _event(schedule, shift, now)
    yield "END:VCALENDAR"


def _event(schedule: str, shift: Shift, now: Instant) -> Iterator[str]:
    names = ", ".join(shift.persons)
    uid = hashlib.sha256(f"{schedule}\x00{shift.start}\x00{names}".encode()).hexdigest()[:32]
    yield "BEGIN:VEVENT"
    yield f"UID:{uid}@tocsin"
    yield f"DTSTAMP:{_time(now)}"
    yield f"DTSTART:{_time(shift.start)}"
    yield f"DTEND:{_time(shift.end)}"
    yield f"SUMMARY:{_text(names)}"
    yield f"DESCRIPTION:On call for {_text(schedule)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _time(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    for char in "\\;,":
        value = value.replace(char, f"\\{char}")
    return value.replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, no character cut in two."""
    piece, length = "", 0
    for char in line:
        octets = len(char.encode())
        if length + octets > _OCTETS:
            yield piece
            piece, length = " ", 1
        piece, length = piece + char, length + octets
    yield piece
