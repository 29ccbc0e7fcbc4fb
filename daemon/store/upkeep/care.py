"""Care of a database file, with or without a daemon: backup, verification, pruning."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from daemon.core.model import Instant
from daemon.store.codec import TABLES, decode_alert, decode_notice
from daemon.store.connect import Lock, examine, identify, open_reader, open_writer
from daemon.store.errors import StoreBusy, StoreLocked, StoreUnusable, TargetExists
from daemon.store.rollups.sketch import Sketch
from daemon.store.schema import VERSION
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer

_SHOWN: Final = 20
"""So many problems of one kind are listed."""


def backup(path: Path, target: Path) -> None:
    """Copy the database, as of its last commit, into a new file (mode 0600).

    The copy is made by SQLite's online backup in one step, from one snapshot: it is
    consistent, and a daemon goes on writing meanwhile.

    Raises:
        TargetExists: There is something at `target`.
        StoreError: The database cannot be read, or the copy not be written.
    """
    source = open_reader(path)
    try:
        make_target(target)
        try:
            _copy(source, target)
        except sqlite3.Error as error:
            raise spoilt(target, error) from None
    finally:
        source.close()


def make_target(target: Path) -> None:
    """Make the empty file (mode 0600) that a copy goes into.

    Raises:
        TargetExists, StoreUnusable: It cannot be made.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise TargetExists(f"{target}: exists already; name a new file") from None
    except OSError as error:
        raise StoreUnusable(f"{target}: cannot be written: {error.strerror}") from None


def spoilt(target: Path, error: sqlite3.Error) -> StoreUnusable:
    """Take away a copy that failed; what to raise."""
    target.unlink(missing_ok=True)
    return StoreUnusable(f"{target}: the backup failed: {error}")


def _copy(source: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        source.backup(copy, pages=-1)
    finally:
        copy.close()
    finish_copy(target)


def finish_copy(target: Path) -> None:
    """Make it one file, complete in itself, and have it on the disk."""
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        copy.close()
    file = os.open(target, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def verify(path: Path) -> list[str]:
    """What is wrong with the database, in words; empty if all is well.

    Raises:
        StoreError: It is not Tocsin's, or cannot be read at all.
    """
    connection = open_reader(path)
    try:
        version = identify(path, connection)
        if version == 0:
            return [f"{path}: has no tables yet"]
        problems = [] if version == VERSION else [f"has version {version}, not {VERSION}"]
        problems += _damage(connection)
        return problems or [*_undecodable(connection), *_dangling(connection)]
    except sqlite3.Error as error:
        return [f"{path}: {error}"]
    finally:
        connection.close()


def _damage(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(f"PRAGMA integrity_check({_SHOWN})").fetchall()
    problems = [str(row[0]) for row in found if row[0] != "ok"]
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
    return problems + [f"{row[0]}: a row refers to {row[2]}, which has none such" for row in broken]


_DECODERS: Final[tuple[tuple[str, str, Callable[[Any], object]], ...]] = (
    *((table.name, "key, record", table.decode) for table in TABLES.values()),
    ("alert_history", "fingerprint, record", decode_alert),
    ("delivery", "key, record", decode_notice),
    *((f"rollup_{unit}", "check_id, sketch", Sketch.decode) for unit in ("minute", "hour", "day")),
)


def _undecodable(connection: sqlite3.Connection) -> Iterator[str]:
    for table, columns, decode in _DECODERS:
        shown = 0
        for key, stored in connection.execute(f"SELECT {columns} FROM {table}"):  # noqa: S608  # names from this file
            try:
                decode(stored)
            except ValueError as error:  # msgspec's errors are ValueErrors
                shown += 1
                if shown <= _SHOWN:
                    yield f"{table} {key}: cannot be read: {error}"


_OF_NO_INCIDENT: Final = "type NOT IN ('oncall.handover', 'silence.ending', 'report.made')"
_CALLING: Final = (
    "resolved_at IS NULL AND incident IS NOT NULL"
    " AND NOT coalesce(CASE WHEN json_valid(record)"
    " THEN json_extract(record, '$.dismissed') END, FALSE)"
)
"""Alerts that fire on after an operator ended their incident outlive it."""
_DANGLING: Final = (
    ("timeline", "TRUE", "incident", "incident", "incidents"),
    ("delivery", _OF_NO_INCIDENT, "incident", "incident", "incidents"),
    ("response_run", "TRUE", "incident", "incident", "incidents"),
    ("grp", "TRUE", "incident", "incident", "incidents"),
    ("storm", "incident IS NOT NULL", "incident", "incident", "incidents"),
    ("alert", _CALLING, "incident", "incident", "incidents"),
    ("response_output", "TRUE", "run", "response_run", "runs"),
    (
        "delivery",
        "type = 'report.made' AND state IN ('queued', 'sending')",
        "substr(incident, length('report-') + 1)",
        "report",
        "reports",
    ),
    ("rollup_due", "TRUE", "check_id", "check_name", "checks"),
)
"""What belongs to something: the table, which of its rows, what names it there, the table where
it is, and what that is. Without it, something was removed that must not be."""


def _dangling(connection: sqlite3.Connection) -> Iterator[str]:
    for table, which, names, other, what in _DANGLING:
        key = "id" if other == "check_name" else "key"
        (count,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {which} AND {names} NOT IN"  # noqa: S608  # names from this file
            f" (SELECT {key} FROM {other})"
        ).fetchone()
        if count:
            yield f"{table}: {count} rows belong to {what} that are not there"


def prune(path: Path, retention: Retention, now: Instant) -> int:
    """Remove what is older than the retention, once hours and days are made of it; how many
    rows that were.

    Raises:
        StoreBusy: A daemon has the database open; it prunes by itself.
        StoreError: It cannot be opened or written.
    """
    examine(path)
    try:
        lock = Lock(path)
    except StoreLocked as error:
        raise StoreBusy(f"{error}; the daemon itself prunes it when asked") from None
    try:
        connection = open_writer(path)
        try:
            writer = Writer(connection, retention)
            writer.recover()
            writer.begin_pruning(now)
            while writer.upkeep(now):
                pass
        except sqlite3.Error as error:
            raise StoreUnusable(f"{path}: cannot be pruned: {error}") from None
        finally:
            connection.close()
    finally:
        lock.release()
    return writer.pruner.removed
