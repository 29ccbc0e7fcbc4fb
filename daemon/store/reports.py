"""Reports that are kept: a list of them, and one by its id."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from daemon.core.chronicle import KeptReport

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
