"""Services' days: how long each was up, degraded, down on each day of UTC, kept as the pieces
of its history become final (`daemon.store.rollups.fold`), so that a quarter of a thousand services
is answered from a small table.

A service that has been up for a month has no final piece of that month yet. What is not final
is given by the caller (`present`), who has it from the engine's books; without a daemon
`present_pieces` has the next best: the status it had at the end, since its last change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from operator import add
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import DAY, Instant, Millis
from daemon.core.record import record
from daemon.store.schema.days import MIXED


@record(frozen=True, slots=True)
class DailyTrend:
    """How long something was what on each of some days; the lists have one value a day.

    Attributes:
        first_day: The first day, counted from 1970-01-01 (UTC).
        span_ms: How much of each day is over.
        services: How many services are added up here; each has its own `span_ms`.
    """

    first_day: int
    span_ms: Sequence[Millis]
    up_ms: Sequence[Millis]
    degraded_ms: Sequence[Millis]
    down_ms: Sequence[Millis]
    services: int = 1

    @property
    def unknown_ms(self) -> Sequence[Millis]:
        """What was not measured of each day: never up."""
        known = map(sum, zip(self.up_ms, self.degraded_ms, self.down_ms, strict=True))
        return [span * self.services - ms for span, ms in zip(self.span_ms, known, strict=True)]


_ONE: Final = """SELECT day, up_ms, degraded_ms, down_ms FROM service_day
    WHERE service = ? AND day >= ? AND day < ?"""
_ALL: Final = """SELECT service, group_concat(down_ms) FROM service_day
    WHERE day >= ? AND day < ? GROUP BY service"""
"""One row a service: its days come in the order of the table's key, without gaps as a rule. What is
not down of a day is up, as a rule."""
_BOUNDS: Final = """SELECT named.value,
    (SELECT min(day) FROM service_day WHERE service = named.value AND day >= :low),
    (SELECT max(day) FROM service_day WHERE service = named.value AND day < :high)
    FROM json_each(:names) AS named"""
"""Two seeks a service; cheaper than to look at each of its days once more."""
_MIXED: Final = f"""SELECT service, day, up_ms, degraded_ms FROM service_day
    INDEXED BY service_day_mixed WHERE day >= ? AND day < ? AND {MIXED}"""  # noqa: S608  # words of the store's own
"""Days that had something else, too: they are few, and have an index."""
_rest_of_day: Final = DAY.__sub__
_ESTATE: Final = """SELECT day, sum(up_ms), sum(degraded_ms), sum(down_ms) FROM service_day
    WHERE day >= ? AND day < ? GROUP BY day"""

_numbers: Final = msgspec.json.Decoder(list[int]).decode

Lines = tuple[list[Millis], list[Millis], list[Millis]]
"""Up, degraded, down; a value a day."""


def service_trend(
    connection: sqlite3.Connection,
    service: str,
    first_day: int,
    days: int,
    now: Instant,
    present: Sequence[Interval] = (),
) -> DailyTrend:
    """One service's days, `days` of them from `first_day` on.

    Args:
        present: Its pieces that are not final, in order; they begin where the final ones end.
    """
    rows = connection.execute(_ONE, (service, first_day, first_day + days)).fetchall()
    lines = _lines(rows, first_day, days)
    _add_pieces(lines, first_day, present, now)
    return DailyTrend(first_day, _spans(first_day, days, now), *lines)


def service_trends(
    connection: sqlite3.Connection,
    first_day: int,
    days: int,
    now: Instant,
    present: Mapping[str, Sequence[Interval]] | None = None,
) -> Mapping[str, DailyTrend]:
    """The same of every service that has any history in these days, by name."""
    spans = _spans(first_day, days, now)
    found: dict[str, Lines] = {}
    span = (first_day, first_day + days)
    texts = dict(connection.execute(_ALL, span).fetchall())
    names = msgspec.json.encode(list(texts)).decode()
    bounds = {"names": names, "low": span[0], "high": span[1]}
    for name, low, high in connection.execute(_BOUNDS, bounds):
        down = _numbers(f"[{texts[name]}]")
        if high - low + 1 == len(down):
            up = list(map(_rest_of_day, down))
            if len(down) < days:
                before, after = [0] * (low - first_day), [0] * (first_day + days - 1 - high)
                up, down = [*before, *up, *after], [*before, *down, *after]
            found[name] = (up, [0] * days, down)
        else:
            rows = connection.execute(_ONE, (name, *span)).fetchall()
            found[name] = _lines(rows, first_day, days)
    for name, day, up_ms, degraded_ms in connection.execute(_MIXED, span):
        lines = found[name]
        lines[0][day - first_day], lines[1][day - first_day] = up_ms, degraded_ms
    for name, pieces in (present or {}).items():
        lines = found.setdefault(name, ([0] * days, [0] * days, [0] * days))
        _add_pieces(lines, first_day, pieces, now)
    return {name: DailyTrend(first_day, spans, *lines) for name, lines in sorted(found.items())}


def estate_trend(
    connection: sqlite3.Connection,
    first_day: int,
    days: int,
    now: Instant,
    present: Mapping[str, Sequence[Interval]] | None = None,
) -> DailyTrend:
    """The days of all services together."""
    rows = connection.execute(_ESTATE, (first_day, first_day + days)).fetchall()
    lines = _lines(rows, first_day, days)
    known = {name for (name,) in connection.execute("SELECT DISTINCT service FROM service_day")}
    for pieces in (present or {}).values():
        _add_pieces(lines, first_day, pieces, now)
    services = len(known.union(present or {}))
    return DailyTrend(first_day, _spans(first_day, days, now), *lines, services=services)


def present_pieces(
    connection: sqlite3.Connection, now: Instant
) -> Mapping[str, Sequence[Interval]]:
    """What lasts, by service, as the file alone tells: the status that each was last stored
    with, from its last change (or the end of its final pieces, if that is later) to `now`."""
    rows = connection.execute(
        "SELECT key, status, max(since, coalesce((SELECT max(end_at) FROM interval"
        " WHERE entity = 'service' AND name = key), since))"
        " FROM service_state WHERE since IS NOT NULL"
    ).fetchall()
    return {
        name: (Interval("service", name, since, now, Status[word.upper()]),)
        for name, word, since in rows
        if since < now
    }


def incidents_by(
    unit: Millis, connection: sqlite3.Connection, first: int, count: int, service: str | None = None
) -> Sequence[int]:
    """How many incidents fired in each step of so many milliseconds, of one service or all.

    Args:
        first: The first step, counted from the epoch.
    """
    where, values = ("", ()) if service is None else (" AND service = ?", (service,))
    counts = [0] * count
    for step, fired in connection.execute(
        f"SELECT fired_at / {unit}, count(*) FROM incident"  # noqa: S608  # a number, and one of two texts
        f" WHERE fired_at >= ? AND fired_at < ?{where} GROUP BY 1",
        (first * unit, (first + count) * unit, *values),
    ):
        counts[step - first] = fired
    return counts


def _lines(rows: Sequence[tuple[int, int, int, int]], first_day: int, days: int) -> Lines:
    lines: Lines = ([0] * days, [0] * days, [0] * days)
    for day, *values in rows:
        for line, value in zip(lines, values, strict=True):
            line[day - first_day] = value
    return lines


def _spans(first_day: int, days: int, now: Instant) -> Sequence[Millis]:
    return [max(0, min(DAY, now - day * DAY)) for day in range(first_day, first_day + days)]


_LINE: Final = {Status.UP: 0, Status.DEGRADED: 1, Status.DOWN: 2}


def _add_pieces(lines: Lines, first_day: int, pieces: Sequence[Interval], now: Instant) -> None:
    days = len(lines[0])
    for piece in pieces:
        which = _LINE.get(piece.status)
        if which is not None:
            line = lines[which]
            added = by_day(piece.start, min(piece.end, now), first_day, days)
            line[:] = map(add, line, added)


def by_day(start: Instant, end: Instant, first_day: int, days: int) -> list[Millis]:
    """How much of [start, end) falls on each of these days."""
    return [
        max(0, min(end, (day + 1) * DAY) - max(start, day * DAY))
        for day in range(first_day, first_day + days)
    ]
