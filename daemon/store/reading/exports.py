"""Whole tables as text, a piece at a time, in bounded memory.

A piece is some rows as CSV (RFC 4180, with a header in front) or as JSON, an object a line. It is
made on a reader's thread from one snapshot, and says where the next goes on: by key, so that rows
which come or go meanwhile neither repeat nor move others. Alerts come an occurrence a row, in order
of time; results check by check; deliveries in the order in which they were decided.

A cell of CSV that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

import msgspec

from checks.result import Status
from daemon.api.times import stamp, stamp_or_none
from daemon.core.model import Instant
from daemon.core.record import record
from daemon.store.codec import decode_alert
from daemon.store.result_codec import read_result

ROWS: Final = 500
"""A piece has at most so many rows."""
FOR_EVER: Final[Instant] = 1 << 62

Table = Literal["alerts", "results", "deliveries"]
Form = Literal["csv", "json"]
After = tuple[Any, ...]
"""The key of the last row of a piece."""
Row = Mapping[str, Any]

COLUMNS: Final[Mapping[Table, Sequence[str]]] = {
    "alerts": (
        *("fingerprint", "name", "severity", "source", "incident", "fired_at", "resolved_at"),
        *("labels", "annotations"),
    ),
    "results": ("check", "time", "status", "latency_ms", "fault", "message", "metrics"),
    "deliveries": (
        *("id", "incident", "type", "channel", "recipient", "state", "attempts"),
        *("created_at", "next_at", "sent_at", "detail"),
    ),
}
"""What a row holds, in order."""


@record(frozen=True, slots=True)
class Piece:
    """Some rows as text; `after` None: they were the last."""

    data: bytes
    after: After | None


@record(frozen=True, slots=True)
class Wanted:
    """What is exported: rows of [since, until) of a table, in a form."""

    table: Table
    form: Form
    since: Instant = 0
    until: Instant = FOR_EVER


def piece(connection: sqlite3.Connection, wanted: Wanted, after: After | None = None) -> Piece:
    """The first piece, or the one after a row."""
    rows, following = _READERS[wanted.table](connection, wanted, after)
    if wanted.form == "json":
        encode = msgspec.json.encode
        return Piece(b"".join(encode(row) + b"\n" for row in rows), following)
    columns = COLUMNS[wanted.table]
    lines = [[_cell(row[name]) for name in columns] for row in rows]
    return Piece(_csv([*([columns] if after is None else []), *lines]), following)


def pieces(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[bytes]:
    """All of them, one after the other."""
    after: After | None = None
    while True:
        made = piece(connection, wanted, after)
        yield made.data
        after = made.after
        if after is None:
            return


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _rows(
    connection: sqlite3.Connection, query: str, values: Sequence[Any], keys: int
) -> tuple[list[Any], After | None]:
    """The rows, and the key (their first columns) of the last if there may be more."""
    found = connection.execute(f"{query} LIMIT {ROWS}", values).fetchall()
    return found, tuple(found[-1][:keys]) if len(found) == ROWS else None


def _alerts(
    connection: sqlite3.Connection, wanted: Wanted, after: After | None
) -> tuple[list[Row], After | None]:
    found, following = _rows(
        connection,
        "SELECT fired_at, fingerprint, record FROM alert_history"
        " WHERE fired_at >= ? AND fired_at < ? AND (fired_at, fingerprint) > (?, ?)"
        " ORDER BY fired_at, fingerprint",
        (max(wanted.since, after[0] if after else 0), wanted.until, *(after or (-1, ""))),
        keys=2,
    )
    alerts = [decode_alert(row[2]) for row in found]
    return [
        {
            "fingerprint": one.key,
            "name": one.name,
            "severity": one.effective.word,
            "source": one.source,
            "incident": one.incident,
            "fired_at": stamp_or_none(one.fired_at),
            "resolved_at": stamp_or_none(one.resolved_at),
            "labels": one.labels,
            "annotations": one.annotations,
        }
        for one in alerts
    ], following


def _deliveries(
    connection: sqlite3.Connection, wanted: Wanted, after: After | None
) -> tuple[list[Row], After | None]:
    found, following = _rows(
        connection,
        "SELECT created_at, rowid, key, incident, type, channel, recipient, state, attempts,"
        " next_at, sent_at, detail FROM delivery WHERE created_at >= ? AND created_at < ?"
        " AND (created_at, rowid) > (?, ?) ORDER BY created_at, rowid",
        (max(wanted.since, after[0] if after else 0), wanted.until, *(after or (-1, 0))),
        keys=2,
    )
    names = ("id", "incident", "type", "channel", "recipient", "state", "attempts")
    return [
        {
            **dict(zip(names, row[2:9], strict=True)),
            "created_at": stamp(row[0]),
            "next_at": stamp_or_none(row[9]),
            "sent_at": stamp_or_none(row[10]),
            "detail": row[11],
        }
        for row in found
    ], following


def _results(
    connection: sqlite3.Connection, wanted: Wanted, after: After | None
) -> tuple[list[Row], After | None]:
    """Of the check that is being told, or of the next that has any."""
    number, at = after or (0, -1)
    while True:
        found, following = _rows(
            connection,
            "SELECT check_id, at, status, latency_us, fault, message, metrics FROM result"
            " WHERE check_id = ? AND at >= ? AND at < ? ORDER BY at",
            (number, max(wanted.since, at + 1), wanted.until),
            keys=2,
        )
        if found:
            break
        number, at = _next_check(connection, number), -1
        if number < 0:
            return [], None
    ((name,),) = connection.execute("SELECT name FROM check_name WHERE id = ?", (number,))
    rows = [_result(name, row[1:]) for row in found]
    return rows, following or tuple(found[-1][:2])


def _next_check(connection: sqlite3.Connection, after: int) -> int:
    (found,) = connection.execute(
        "SELECT min(id) FROM check_name WHERE id > ?", (after,)
    ).fetchone()
    return -1 if found is None else int(found)


def _result(name: str, row: tuple[Any, ...]) -> Row:
    found = read_result(name, row)
    return {
        "check": name,
        "time": stamp(found.at),
        "status": Status(found.status).name.lower(),
        "latency_ms": found.latency_ms,
        "fault": None if found.fault is None else found.fault.value,
        "message": found.message,
        "metrics": found.metrics,
    }


_Reader = Callable[[sqlite3.Connection, Wanted, After | None], tuple[Sequence[Row], After | None]]
_READERS: Final[Mapping[Table, _Reader]] = {
    "alerts": _alerts,
    "results": _results,
    "deliveries": _deliveries,
}


def question(wanted: Wanted, after: After | None) -> Callable[[sqlite3.Connection], Piece]:
    """As `Analysis.ask` takes it."""
    return partial(piece, wanted=wanted, after=after)
