"""How checks and services stood at a moment of the past, and what was measured then.

A status is read from the pieces of history, so it is what is known *now* of that moment: down from
the first failed run on, although that was confirmed later. Behind a service's last written piece
its checks say it, as they do in the books (`daemon.core.sla.books`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.model import HOUR, MINUTE, CheckState, Instant
from daemon.core.plan import ServicePlan
from daemon.core.record import record
from daemon.core.sla.availability import service_status
from daemon.core.sla.timeline import Timeline
from daemon.store.codec import TABLES
from daemon.store.reading.spans import names_with_intervals
from daemon.store.result_codec import read_result
from daemon.store.rollups.measured import COLUMNS, Measured

CURVE: Final = 40
"""So many points has a curve."""
CURVE_HOURS: Final = 24
"""And so many of whole hours, where nothing finer is kept."""
LATELY: Final = 60
"""A minute's figures stand for a moment that is at most so many minutes later."""

_PIECES: Final = """
    SELECT wanted.value, start_at, end_at, status FROM json_each(:names) AS wanted
    CROSS JOIN interval ON entity = :entity AND name = wanted.value AND start_at =
        (SELECT max(start_at) FROM interval
        WHERE entity = :entity AND name = wanted.value AND start_at <= :at)"""
_ENDED: Final = """
    SELECT name, start_at, end_at, status FROM json_each(:since) AS wanted
    CROSS JOIN interval ON entity = 'check' AND name = wanted.key AND end_at > wanted.value
    AND start_at <= :at ORDER BY end_at"""
_RESULTS: Final = """
    SELECT name, at, status, latency_us, fault, message, metrics FROM json_each(:names) AS wanted
    CROSS JOIN check_name ON name = wanted.value
    CROSS JOIN result ON check_id = check_name.id AND at =
        (SELECT max(at) FROM result WHERE check_id = check_name.id AND at <= :at)"""
_MINUTES: Final = f"""
    SELECT name, minute, {COLUMNS} FROM json_each(:names) AS wanted
    CROSS JOIN check_name ON name = wanted.value
    CROSS JOIN rollup_minute ON check_id = check_name.id AND minute =
        (SELECT max(minute) FROM rollup_minute
        WHERE check_id = check_name.id AND minute < :minute AND minute >= :minute - {LATELY})"""  # noqa: S608  # constants of this file
_HOURS: Final = f"""
    SELECT name, hour, {COLUMNS} FROM json_each(:names) AS wanted
    CROSS JOIN check_name ON name = wanted.value
    CROSS JOIN rollup_hour ON hour = :hour - 1 AND check_id = check_name.id"""  # noqa: S608  # constants of this file

_LINE: Final = "CASE WHEN count(ms) THEN json_group_array(ms) END"
"""An array as JSON, the oldest first; nothing where no run had a latency."""
_MEAN: Final = "CASE WHEN up + degraded THEN round(sum_us / 1000.0 / (up + degraded), 1) END"
_RESULT_CURVES: Final = f"""
    SELECT name, (SELECT {_LINE} FROM (SELECT ms FROM (
        SELECT at, CASE WHEN status < {int(Status.UNKNOWN)} THEN round(latency_us / 1000.0, 1) END
        AS ms FROM result WHERE check_id = check_name.id AND at <= :at
        ORDER BY at DESC LIMIT {CURVE}) ORDER BY at))
    FROM json_each(:names) AS wanted CROSS JOIN check_name ON name = wanted.value"""  # noqa: S608  # constants of this file
_MINUTE_CURVES: Final = f"""
    SELECT name, (SELECT {_LINE} FROM (SELECT {_MEAN} AS ms FROM rollup_minute
        WHERE check_id = check_name.id AND minute < :minute AND minute >= :minute - {CURVE}
        ORDER BY minute))
    FROM json_each(:names) AS wanted CROSS JOIN check_name ON name = wanted.value"""  # noqa: S608  # constants of this file
_HOUR_CURVES: Final = f"""
    SELECT name, {_LINE} FROM (
        SELECT name, {_MEAN} AS ms FROM json_each(:names) AS wanted
        CROSS JOIN check_name ON name = wanted.value
        CROSS JOIN json_each(:hours) AS one
        CROSS JOIN rollup_hour ON hour = one.value AND check_id = check_name.id) GROUP BY name"""  # noqa: S608  # constants of this file

_EVER: Final[Instant] = -(1 << 62)
_STATUSES: Final = {int(status): status for status in Status}


@record(frozen=True, slots=True)
class Stood:
    """What something was, and since when; `since` None: nothing was known of it."""

    status: Status = Status.UNKNOWN
    since: Instant | None = None


@record(frozen=True, slots=True)
class Statuses:
    """How everything stood.

    Attributes:
        checks, services: By name; those only of which there is any history by then.
        tails: Of each service whose status is not written yet: from where on, and what its checks
            say from there.
        states: The checks' newest records.
    """

    checks: Mapping[str, Stood]
    services: Mapping[str, Stood]
    tails: Mapping[str, Timeline]
    states: Mapping[str, CheckState]


def statuses_at(
    connection: sqlite3.Connection, services: Mapping[str, ServicePlan], at: Instant
) -> Statuses:
    """How all that is configured, and all that once was, stood at this moment."""
    table = TABLES[CheckState]
    records = [table.decode(row[0]) for row in connection.execute(table.select)]
    states = {one.key: one for one in records if isinstance(one, CheckState)}
    pieces = _pieces(connection, "service", services, at)
    ended = {name: piece.end for name, piece in pieces.items() if piece.end <= at}
    open_ = {
        name: ended.get(name, _EVER) for name in services if name in ended or name not in pieces
    }
    since = {check: start for name, start in open_.items() for check in services[name].checks}
    lines = _check_lines(connection, since, states, at)
    tails = {name: _tail(services[name], start, lines) for name, start in open_.items()}
    return Statuses(
        checks=_checks(_pieces(connection, "check", states, at), states, at),
        services=_services(pieces, tails, at),
        tails=tails,
        states=states,
    )


def _pieces(
    connection: sqlite3.Connection, entity: str, names: Iterable[str], at: Instant
) -> dict[str, Interval]:
    """The last piece of each that had begun by then."""
    every = dict.fromkeys([*names, *names_with_intervals(connection, entity)])
    rows = connection.execute(_PIECES, {"names": _json(list(every)), "entity": entity, "at": at})
    return {
        name: Interval(entity, name, start, end, _STATUSES[status])
        for name, start, end, status in rows
    }


def _check_lines(
    connection: sqlite3.Connection,
    since: Mapping[str, Instant],
    states: Mapping[str, CheckState],
    at: Instant,
) -> Mapping[str, Timeline]:
    """The checks' timelines from these moments on, as the books would restore them."""
    lines = {name: Timeline() for name in since}
    ends: dict[str, Instant] = {}
    for name, start, end, status in connection.execute(_ENDED, {"since": _json(since), "at": at}):
        lines[name].replace(start, _STATUSES[status])
        lines[name].replace(end, Status.UNKNOWN)
        ends[name] = end
    for name, line in lines.items():
        state = states.get(name)
        if state is not None and state.since is not None:
            line.replace(max(state.since, ends.get(name, state.since)), state.status)
    return lines


def _tail(service: ServicePlan, start: Instant, lines: Mapping[str, Timeline]) -> Timeline:
    """What a service's checks say of it from `start` on."""
    found, mine = Timeline(), [lines[check] for check in service.checks]
    moments = {moment for line in mine for moment in line.changes(start)}
    for moment in (*(() if start == _EVER else (start,)), *sorted(moments)):
        found.replace(moment, service_status((line.at(moment) for line in mine), service.quorum))
    return found


def _checks(
    pieces: Mapping[str, Interval], states: Mapping[str, CheckState], at: Instant
) -> dict[str, Stood]:
    found = _stood(pieces, states, at)
    for name, state in states.items():
        piece = pieces.get(name)
        if state.since is not None and state.since <= at and (piece is None or piece.end <= at):
            found[name] = Stood(state.status, state.since)
    return found


def _stood(pieces: Mapping[str, Interval], known: Collection[str], at: Instant) -> dict[str, Stood]:
    """What the written pieces say. Behind the last of them nothing is known yet; what is not known
    (`known`) to the present configuration was gone by then."""
    found = {
        name: Stood(piece.status, piece.start) for name, piece in pieces.items() if at < piece.end
    }
    over = (name for name in pieces if name in known and name not in found)
    return found | {name: Stood(since=pieces[name].end) for name in over}


def _services(
    pieces: Mapping[str, Interval],
    tails: Mapping[str, Timeline],
    at: Instant,
) -> dict[str, Stood]:
    found = _stood(pieces, tails, at)
    for name, tail in tails.items():
        began = [moment for moment in tail.changes(_EVER) if moment <= at]
        if not began and name not in pieces:
            continue
        stood = Stood(tail.at(at), began[-1] if began else found[name].since)
        piece = pieces.get(name)
        if piece is not None and piece.end == stood.since and piece.status is stood.status:
            stood = Stood(stood.status, piece.start)
        found[name] = stood
    return found


# -- what was measured -------------------------------------------------------------------


@record(frozen=True, slots=True)
class Lasting:
    """What the runs of a check in a minute or an hour found, where no single one is kept.

    Attributes:
        end: When it was over.
        unit: `minute` or `hour`.
    """

    end: Instant
    unit: str
    mean_ms: float | None


def results_at(
    connection: sqlite3.Connection, checks: Iterable[str], at: Instant
) -> Mapping[str, Result | Lasting]:
    """The newest result of each check by then, or else the figures of the minute or hour before;
    what has neither is left out."""
    names = list(checks)
    rows = connection.execute(_RESULTS, {"names": _json(names), "at": at})
    found: dict[str, Result | Lasting] = {name: read_result(name, row) for name, *row in rows}
    for query, unit, unit_ms in ((_MINUTES, "minute", MINUTE), (_HOURS, "hour", HOUR)):
        missing = [name for name in names if name not in found]
        if missing:
            values = {"names": _json(missing), unit: at // unit_ms}
            for name, began, *figures in connection.execute(query, values):
                measured = Measured()
                measured.take(figures)
                found[name] = Lasting((began + 1) * unit_ms, unit, measured.average_ms())
    return found


def curves_at(
    connection: sqlite3.Connection, checks: Iterable[str], at: Instant
) -> Mapping[str, str]:
    """The latencies of each check's last runs by then in milliseconds, oldest first, null for a
    failed one, as JSON; or else the means of the minutes, or the hours, before. What never had any
    is left out."""
    missing, found = list(checks), dict[str, str]()
    hours = range(at // HOUR - CURVE_HOURS, at // HOUR)
    values = {"at": at, "minute": at // MINUTE, "hours": _json(list(hours))}
    for query in (_RESULT_CURVES, _MINUTE_CURVES, _HOUR_CURVES):
        if missing:
            rows = connection.execute(query, {"names": _json(missing), **values})
            found |= {name: line for name, line in rows if line is not None}
            missing = [name for name in missing if name not in found]
    return found


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
