"""Lines over hours: how long services were what in each, and how many incidents fired.

Days are kept (`trends`); hours are added up from the pieces of history when somebody asks, at a
cost that grows with the pieces and not with how many hours each lasts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.record import record
from daemon.store.reading.spans import names_with_intervals, stretches_of

LONGEST: Final = 31 * 24
"""So many hours are added up at once."""

_LAST: Final = """SELECT value, (SELECT max(end_at) FROM interval
    WHERE entity = 'service' AND name = value) FROM json_each(?)"""


@record(frozen=True, slots=True)
class HourlyTrend:
    """How long something was what in each of some hours; the lists have one value an hour.

    Attributes:
        first_hour: The first hour, counted from the epoch.
        span_ms: How much of each hour is over.
        services: How many services are added up here; each has its own `span_ms`.
    """

    first_hour: int
    span_ms: Sequence[Millis]
    up_ms: Sequence[Millis]
    degraded_ms: Sequence[Millis]
    down_ms: Sequence[Millis]
    services: int = 1


class _Line:
    """Milliseconds in each hour: parts of hours, and where whole hours begin and end."""

    __slots__ = ("_first", "_parts", "_whole")

    def __init__(self, first_hour: int, hours: int) -> None:
        self._first = first_hour
        self._parts = [0] * hours
        self._whole = [0] * (hours + 1)

    def add(self, start: Instant, end: Instant) -> None:
        """[start, end) lies within the hours, and is not empty."""
        low, high = start // HOUR - self._first, (end - 1) // HOUR - self._first
        if low == high:
            self._parts[low] += end - start
            return
        self._parts[low] += (low + self._first + 1) * HOUR - start
        self._parts[high] += end - (high + self._first) * HOUR
        self._whole[low + 1] += HOUR
        self._whole[high] -= HOUR

    def values(self) -> list[Millis]:
        """One an hour."""
        whole = accumulate(self._whole[:-1])
        return [part + more for part, more in zip(self._parts, whole, strict=True)]


def hourly_trend(
    connection: sqlite3.Connection,
    first_hour: int,
    hours: int,
    now: Instant,
    present: Mapping[str, Sequence[Interval]],
    service: str | None = None,
) -> HourlyTrend:
    """The hours of one service, or of all together.

    Args:
        present: The services' pieces that are not final, in order, as in `trends`.
    """
    start, end = first_hour * HOUR, min((first_hour + hours) * HOUR, now)
    names = names_with_intervals(connection, "service") if service is None else [service]
    found = stretches_of(connection, "service", start, end, names)
    lasting = unwritten(connection, present, service).values()
    lines = {status: _Line(first_hour, hours) for status in _SHOWN}
    for low, high, status in chain(
        *found.values(), ((one.start, one.end, one.status) for pieces in lasting for one in pieces)
    ):
        low, high = max(low, start), min(high, end)
        if status in lines and low < high:
            lines[status].add(low, high)
    return HourlyTrend(
        first_hour=first_hour,
        span_ms=[
            max(0, min(HOUR, now - hour * HOUR)) for hour in range(first_hour, first_hour + hours)
        ],
        up_ms=lines[Status.UP].values(),
        degraded_ms=lines[Status.DEGRADED].values(),
        down_ms=lines[Status.DOWN].values(),
        services=len({*found, *present}) if service is None else 1,
    )


_SHOWN: Final = (Status.UP, Status.DEGRADED, Status.DOWN)


def unwritten(
    connection: sqlite3.Connection,
    present: Mapping[str, Sequence[Interval]],
    service: str | None = None,
) -> Mapping[str, Sequence[Interval]]:
    """The pieces without what was written since they were looked at: nothing counts twice."""
    wanted = present if service is None else {service: present.get(service, ())}
    names = msgspec.json.encode(list(wanted)).decode()
    last = dict(connection.execute(_LAST, (names,)).fetchall())
    return {name: list(_after(pieces, last.get(name) or 0)) for name, pieces in wanted.items()}


def _after(pieces: Iterable[Interval], written: Instant) -> Iterable[Interval]:
    return (piece for piece in pieces if piece.start >= written)
