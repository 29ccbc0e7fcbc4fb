"""Lengths and moments as a report writes them."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from daemon.api.schema.reports import ReportPeriod
from daemon.api.times import parse_stamp
from daemon.core.model import Millis
from daemon.core.sla.showing import percent_text

_CALENDAR: Final = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>\d\d)))?")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_QUARTERS: Final = ("First", "Second", "Third", "Fourth")
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


def many(count: int, word: str) -> str:
    """`1 incident`, `2 incidents`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def length(ms: Millis | None, none: str = "–") -> str:
    """A span of what is good, with its two greatest units, `19.2 s`, `30 min`, `9 d 5 h`: what is
    less than the second of them is cut off. What was overspent is rounded up."""
    if ms is None:
        return none
    if ms < 0:
        return f"−{most(-ms)}"
    if ms < 60_000:
        return f"{ms} ms" if 0 < ms < 1_000 else f"{ms / 1_000:.3f}".rstrip("0").rstrip(".") + " s"
    parts: list[str] = []
    for unit, size in _UNITS:
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def most(ms: Millis | None, none: str = "–") -> str:
    """A span of what is bad, as `length`, but rounded up: nobody is told less than there was."""
    if ms is None or ms < _UNITS[-2][1]:
        return length(ms, none)
    units = [size for _, size in _UNITS]
    unit = next(second for first, second in pairwise(units) if ms >= first)
    return length(-(-ms // unit) * unit)


def moment(stamp: str | None, zone: str, none: str = "–") -> str:
    """A time of the API by this zone's clock, `2026-11-21 11:40:00`; milliseconds where it has
    any."""
    if stamp is None:
        return none
    at = parse_stamp(stamp)
    local = datetime.fromtimestamp(at // 1_000, ZoneInfo(zone))
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{at % 1_000:03}" if at % 1_000 else text


def article(slot: str) -> str:
    """A word for a piece of time with its article, `an hour`."""
    return f"{'an' if slot == 'hour' else 'a'} {slot}"


def percent(shown: str | None, none: str = "not measured") -> str:
    """A percentage that was made text already."""
    return none if shown is None else f"{shown} %"


def target(value: float) -> str:
    """What was promised, with as many places as it has."""
    return f"{percent_text(value, value)} %"


def share(value: float | None, none: str = "not measured") -> str:
    """A share of something good, rounded down."""
    return none if value is None else f"{percent_text(value)} %"


def verdict(met: bool | None, final: bool) -> str:
    """Whether an objective was kept, as a glyph and a word."""
    if met is None:
        return "? not measured"
    word = "met" if met else "missed"
    return f"{'✓' if met else '✕'} {word}{'' if final else ' so far'}"


def period_words(period: ReportPeriod) -> str:
    """The period as one would say it: `October 2026`, `Third quarter 2026`, else from when to
    when."""
    found = _CALENDAR.fullmatch(period.label)
    if found is None:
        return f"{moment(period.start, period.timezone)} to {moment(period.end, period.timezone)}"
    year = found["year"]
    if found["quarter"]:
        return f"{_QUARTERS[int(found['quarter']) - 1]} quarter {year}"
    return f"{_MONTHS[int(found['month']) - 1]} {year}" if found["month"] else year
