"""Reports that are kept: a list of them, one by its id, and how its mails do."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from daemon.core.chronicle import KeptReport
from daemon.core.model import Instant
from daemon.core.record import record
from daemon.core.telling.mailing import REPORT_KEY

_COLUMNS: Final = (
    "key, name, label, service, organization, start_at, end_at, made_at, made_by, final, digest"
)


def kept_reports(connection: sqlite3.Connection, limit: int) -> Sequence[KeptReport]:
    """The newest first, without their bodies."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM report ORDER BY made_at DESC, key LIMIT ?",  # noqa: S608  # columns named above
        (limit,),
    )
    return [KeptReport(*(*row[:9], bool(row[9]), row[10], b"")) for row in rows]


def kept_report(connection: sqlite3.Connection, prefix: str) -> Sequence[bytes]:
    """The bodies of at most two reports whose ids begin so."""
    rows = connection.execute(
        "SELECT body FROM report WHERE key = :key OR (key >= :key AND key < :after)"
        " ORDER BY key <> :key, key LIMIT 2",
        {"key": prefix, "after": prefix + "\U0010ffff"},
    ).fetchall()
    return [row[0] for row in rows]


@record(frozen=True, slots=True)
class Filed:
    """A kept report as it is mailed: its file, and all of it for where that is gone."""

    form: str
    name: str
    file: bytes | None
    body: bytes


def filed_report(connection: sqlite3.Connection, key: str) -> Filed | None:
    """What is attached to the mails of this report; None where it is not kept, or not mailed."""
    row = connection.execute(
        "SELECT form, file_name, file, body FROM report WHERE key = ? AND form IS NOT NULL", (key,)
    ).fetchone()
    return None if row is None else Filed(*row)


@record(frozen=True, slots=True)
class Mailed:
    """How far a mail of a report got, the last time it was put into the outbox.

    Attributes:
        number: How many times that was.
    """

    channel: str
    person: str
    address: str | None
    state: str
    attempts: int
    detail: str
    created_at: Instant
    number: int


@record(frozen=True, slots=True)
class Sending:
    """What is still to be done of a report.

    Attributes:
        folder: Where its file is still to be put.
    """

    folder: str | None
    mails: Sequence[Mailed]


def sending(connection: sqlite3.Connection, key: str) -> Sending | None:
    """How far this report got; None where it is not kept."""
    row = connection.execute("SELECT folder FROM report WHERE key = ?", (key,)).fetchone()
    return None if row is None else Sending(row[0], _mails(connection, key))


def _mails(connection: sqlite3.Connection, key: str) -> Sequence[Mailed]:
    rows = connection.execute(
        "SELECT channel, recipient, address, state, attempts, detail, max(created_at), count(*)"
        " FROM delivery WHERE incident = ? GROUP BY channel, recipient, address"
        " ORDER BY channel, recipient, address",
        (f"{REPORT_KEY}{key}",),
    )
    return [Mailed(*row) for row in rows]
