"""The period in slots of an hour, a day, a week or a month, for strips: a letter a slot.

A slot shows the worst that counted in it, so that an outage of a minute is seen in a year.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

from checks.result import Status
from daemon.core.model import DAY, Instant
from daemon.core.sla.timeline import Timeline
from daemon.report.periods import Span

Unit = Literal["hour", "day", "week", "month"]

UP, DEGRADED, DOWN, UNKNOWN, EXCLUDED, AHEAD = ".~#?x-"

_UP, _DEGRADED, _UNKNOWN, _DOWN = sorted(Status)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def unit_of(span: Span) -> Unit:
    """What a slot of a strip over this span is: there are some 24 to 106 of them."""
    days = (span[1] - span[0]) / DAY
    if days <= 2:
        return "hour"
    return "day" if days <= 93 else "week" if days <= 740 else "month"


def slots(span: Span, unit: Unit, zone: str) -> list[Span]:
    """The slots of the span by the clock of this zone; the first and the last may be shorter."""
    start, end = span
    bounds, at = [start], start
    while at < end:
        at = _after(at, unit, ZoneInfo(zone))
        bounds.append(min(at, end))
    return list(pairwise(bounds))


def strip(
    timeline: Timeline, over: Sequence[Span], until: Instant, excluded: Sequence[Span]
) -> str:
    """A letter a slot.

    Args:
        until: What begins later is still to come.
        excluded: Disjoint and in order.
    """
    lows = [low for low, _ in excluded]
    letters = []
    for start, end in over:
        if start >= until:
            letters.append(AHEAD)
            continue
        end = min(end, until)
        if not lows:
            letters.append(_worst(timeline.statuses(start, end)))
            continue
        first = max(0, bisect_left(lows, start) - 1)
        away = [one for one in excluded[first : bisect_left(lows, end)] if one[1] > start]
        letters.append(_letter(timeline, start, end, away))
    return "".join(letters)


def _worst(found: Sequence[Status]) -> str:
    """The letter of a slot that had these, and nothing excluded."""
    if _DOWN in found:
        return DOWN
    if _DEGRADED in found:
        return DEGRADED
    return UP if _UP in found else UNKNOWN


def _letter(timeline: Timeline, start: Instant, end: Instant, away: Sequence[Span]) -> str:
    up, degraded, unknown, down = timeline.totals(start, end)
    for low, high in away:
        gone = timeline.totals(max(low, start), min(high, end))
        up, degraded = up - gone[0], degraded - gone[1]
        unknown, down = unknown - gone[2], down - gone[3]
    if down:
        return DOWN
    if degraded:
        return DEGRADED
    if up:
        return UP
    return UNKNOWN if unknown else EXCLUDED


def _after(at: Instant, unit: Unit, zone: ZoneInfo) -> Instant:
    """The next bound behind `at`."""
    local = (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)
    if unit == "hour":
        return at - at % 3_600_000 + 3_600_000
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "day":
        day += timedelta(days=1)
    elif unit == "week":
        day += timedelta(days=7 - day.weekday())
    else:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    found = (day.replace(tzinfo=zone).astimezone(UTC) - _EPOCH) // _MILLISECOND
    return found if found > at else at + DAY
