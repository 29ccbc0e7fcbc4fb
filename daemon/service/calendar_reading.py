"""An iCalendar file (RFC 5545) as plain stretches of time: a program of its own.

`python -m daemon.service.calendar_reading ZONE FROM TO` reads a calendar from its standard input
and writes its events between two instants as JSON: `[start, end, summary, [addresses]]` each.
Calendars come from others, and a recurrence can be written that takes hours to work out; so the
daemon has it done by a process that it can end (`daemon.service.calendars`).

Times by a zone's clock recur by that clock: a hand-over at nine stays at nine. `RRULE`, `RDATE`,
`EXDATE` and single events that take the place of one (`RECURRENCE-ID`) are understood; what is
cancelled is left out. Days without times are those of `ZONE`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

MOST_EVENTS: Final = 5_000
"""Events of a file, and stretches that come of them."""
_TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY"})
_STEPS: Final = 500_000
_UNTIL: Final = re.compile(r";?UNTIL=[^;]*", re.IGNORECASE)
_DAY: Final = timedelta(days=1)

Found = tuple[int, int, str, list[str]]
"""Start, end, summary, addresses of those who attend."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for, in milliseconds since the epoch, and whose days have no times."""

    zone: ZoneInfo
    start: int
    end: int


def events(data: bytes, window: Window) -> list[Found]:
    """The events that lie in the window, in order.

    Raises:
        ValueError: It is no calendar, or more than one wants to know.
    """
    from icalendar import Calendar

    walked: list[Any] = Calendar.from_ical(data).walk("VEVENT")
    found = [one for one in walked if "DTSTART" in one]
    if len(found) > MOST_EVENTS:
        raise ValueError(f"it has {len(found)} events; {MOST_EVENTS} are the most")
    singles = [one for one in found if "RECURRENCE-ID" in one]
    replaced: dict[str, set[int]] = {}
    for one in singles:
        at = _instant(*_wall(one["RECURRENCE-ID"].dt, window.zone))
        replaced.setdefault(str(one.get("UID", "")), set()).add(at)
    told: list[Found] = []
    for one in found:
        if str(one.get("STATUS", "")).upper() == "CANCELLED":
            continue
        gone = set() if one in singles else replaced.get(str(one.get("UID", "")), set())
        told += _occurrences(one, gone, window)
        if len(told) > MOST_EVENTS:
            raise ValueError(f"more than {MOST_EVENTS} events lie in the time that is asked for")
    return sorted(told)


def _occurrences(event: Any, gone: set[int], window: Window) -> Iterator[Found]:
    start, zone = _wall(event["DTSTART"].dt, window.zone)
    lasts = _length(event, start, window.zone)
    except_ = {_wall(at, window.zone)[0] for at in _listed(event, "EXDATE")}
    summary, addresses = str(event.get("SUMMARY", "")), list(_addresses(event))
    for wall in sorted(set(_starts(event, start, zone, window)) - except_):
        began, ended = _instant(wall, zone), _instant(wall + lasts, zone)
        if began not in gone and began < ended and began < window.end and ended > window.start:
            yield began, ended, summary, addresses


def _starts(event: Any, start: datetime, zone: tzinfo, window: Window) -> Iterator[datetime]:
    """When it begins by its clock, as far as the window reaches."""
    yield start
    for at in _listed(event, "RDATE"):
        if isinstance(at, date):
            yield _wall(at, window.zone)[0]
    if "RECURRENCE-ID" in event:
        return
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        yield from _recurring(rule, start, zone, window)


def _recurring(rule: Any, start: datetime, zone: tzinfo, window: Window) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr

    if _TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ", [])}:
        raise ValueError("an event recurs every minute or second; no shift does")
    last = _of(window.end, zone)
    for until in rule.get("UNTIL", []):
        bare = not isinstance(until, datetime)
        wall = _wall(until, window.zone)[0] if bare else _clock(until, zone)
        last = min(last, wall + _DAY if bare else wall)
    text = _UNTIL.sub("", rule.to_ical().decode()).lstrip(";")
    for step, wall in enumerate(rrulestr(text, dtstart=start)):
        if wall > last:
            return
        if step > _STEPS:
            raise ValueError("an event recurs too often")
        yield wall


def _length(event: Any, start: datetime, zone: ZoneInfo) -> timedelta:
    if "DTEND" in event:
        return _wall(event["DTEND"].dt, zone)[0] - start
    if "DURATION" in event:
        lasts: timedelta = event["DURATION"].dt
        return lasts
    return timedelta() if isinstance(event["DTSTART"].dt, datetime) else _DAY


def _listed(event: Any, key: str) -> Iterator[Any]:
    lists = event.get(key, [])
    for one in lists if isinstance(lists, list) else [lists]:
        for at in one.dts:
            yield at.dt


def _addresses(event: Any) -> Iterator[str]:
    attendees = event.get("ATTENDEE", [])
    for one in attendees if isinstance(attendees, list) else [attendees]:
        text = str(one)
        if text.lower().startswith("mailto:"):
            yield text[len("mailto:") :]


def _wall(at: date | datetime, zone: ZoneInfo) -> tuple[datetime, tzinfo]:
    """What the clock of its zone shows, and that zone."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time()), zone
    if at.tzinfo is None:
        return at, zone
    return at.replace(tzinfo=None), at.tzinfo


def _clock(at: datetime, zone: tzinfo) -> datetime:
    return at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)


def _of(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: tzinfo) -> int:
    return round(wall.replace(tzinfo=zone).timestamp() * 1000)


def main(arguments: Iterable[str]) -> int:
    """The program: 0 with the events, 1 with why there are none."""
    zone, start, end = arguments
    try:
        found = events(sys.stdin.buffer.read(), Window(ZoneInfo(zone), int(start), int(end)))
    except (ValueError, KeyError, OverflowError, AttributeError, TypeError) as error:
        sys.stderr.write(f"{error}\n")  # what a broken file makes the library say
        return 1
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
