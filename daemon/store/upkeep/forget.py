"""Forgetting a person: their name and addresses leave the database, every figure stays.

A pseudonym takes the name's place wherever `Erasure` finds it, `former person 1`, the same
everywhere, so that it can still be seen that it was one person; in packed reports, too, whose
figures and digest stay. What is attached to a report's mails is written anew then.

Without a daemon it is done on the file, all in one transaction; then the file is made anew, so
that no freed page keeps the name. With one (`Store.forget`) the engine's memory forgets first, and
then the file a few rows at a time, so that the writer is not held up; each changed page is
overwritten. What is under way is noted in `meta`: after a kill the next start goes on with it.
"""

# ruff: noqa: S608  # names of tables and columns come from the file's own schema

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from daemon.core.model import Actor, Instant
from daemon.store.connect import Lock, examine, open_writer
from daemon.store.errors import StoreBusy, StoreLocked, StoreUnusable
from daemon.store.upkeep.erasing import IDENTITIES, Erasure

_MEASURED: Final = ("meta", "check_name", "result", "rollup_", "interval", "service_day", "sqlite_")
"""How the tables' names begin that name no person."""
_STEP_ROWS: Final = 60
"""So many are looked at in one transaction: if all name the person, it takes some 20 ms."""
_STEP_REPORTS: Final = 5
_UNDER_WAY: Final = "forgetting"


def forget(path: Path, name: str, actor: Actor, now: Instant) -> tuple[str, int]:
    """Put a pseudonym in the place of this name; which, and in how many rows.

    0 rows: nothing names this person, and nothing was changed.

    Raises:
        StoreBusy: A daemon has the database open.
        StoreError: It cannot be opened or written; nothing was changed.
    """
    examine(path)
    try:
        lock = Lock(path)
    except StoreLocked as error:
        raise StoreBusy(
            f"{error}; a person is forgotten through it, or while no daemon runs on it"
        ) from None
    try:
        connection = open_writer(path)
        try:
            finish(connection)
            return _forget(connection, name, actor, now)
        except sqlite3.Error as error:
            raise StoreUnusable(f"{path}: {name} cannot be forgotten: {error}") from None
        finally:
            connection.close()
    finally:
        lock.release()


def _forget(
    connection: sqlite3.Connection, name: str, actor: Actor, now: Instant
) -> tuple[str, int]:
    erasure = erasure_of(connection, name)
    overwriting(connection, on=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        rows = sum(steps(connection, erasure))
        if rows:
            _count(connection)
            connection.execute(
                "INSERT INTO audit (at, actor, origin, action, subject, detail)"
                " VALUES (?, ?, ?, 'forget person', ?, ?)",
                (now, actor.name, actor.origin, erasure.pseudonym, f"{rows} rows"),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if rows:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return erasure.pseudonym, rows


def erasure_of(connection: sqlite3.Connection, name: str) -> Erasure:
    """What is to be replaced, and by what."""
    (number,) = connection.execute(
        "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'forgotten'), 0)"
    ).fetchone()
    rows = connection.execute("SELECT DISTINCT address FROM delivery WHERE recipient = ?", (name,))
    addresses = tuple(address for (address,) in rows if address)
    return Erasure(name, f"former person {number + 1}", addresses)


def mentions(connection: sqlite3.Connection, erasure: Erasure) -> bool:
    """Whether anything that is stored names the person."""
    found = (_found(connection, *one, erasure, "TRUE", ()) for one in _tables(connection))
    if any(found):
        return True
    bodies = connection.execute("SELECT body FROM report")
    return any(erasure.of_packed(body) != body for (body,) in bodies)


def overwriting(connection: sqlite3.Connection, *, on: bool) -> bool:
    """Have what is replaced overwritten from now on, or not; whether it was until now."""
    (before,) = connection.execute("PRAGMA secure_delete").fetchone()
    connection.execute(f"PRAGMA secure_delete = {'ON' if on else 'OFF'}").fetchall()
    return bool(before)


def begin(connection: sqlite3.Connection, erasure: Erasure) -> None:
    """Note that it is under way, and that this pseudonym is given."""
    connection.execute("BEGIN IMMEDIATE")
    _count(connection)
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_UNDER_WAY, erasure.encode())
    )
    connection.execute("COMMIT")


def end(connection: sqlite3.Connection) -> None:
    """Note that it is done, and take the old pages out of the log as far as nobody reads them."""
    connection.execute("DELETE FROM meta WHERE key = ?", (_UNDER_WAY,))
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0").fetchall()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute(f"PRAGMA busy_timeout = {patience_ms}").fetchall()


def finish(connection: sqlite3.Connection) -> None:
    """Go on with what a daemon had begun when it was killed; nobody has the database open."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_UNDER_WAY,)).fetchone()
    if row is None:
        return
    before = overwriting(connection, on=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        sum(steps(connection, Erasure.decode(row[0])))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    end(connection)
    overwriting(connection, on=before)


def steps(connection: sqlite3.Connection, erasure: Erasure) -> Iterator[int]:
    """Replace the person everywhere, some rows at a time; in how many it was done each time.
    What was done is not found again: it may be begun anew at any time."""
    yield from _reports(connection, erasure)
    for table, columns in _tables(connection):
        if _has_no_rowid(connection, table):
            yield _replace_in(connection, table, columns, erasure, "TRUE", ())
            continue
        for window in _windows(connection, table, _STEP_ROWS):
            where = "rowid > ? AND rowid <= ?"
            yield _replace_in(connection, table, columns, erasure, where, window)


def _windows(connection: sqlite3.Connection, table: str, rows: int) -> Iterator[tuple[int, int]]:
    after = 0
    while True:
        (last,) = connection.execute(
            f"SELECT max(rowid) FROM (SELECT rowid FROM {table} WHERE rowid > ?"
            " ORDER BY rowid LIMIT ?)",
            (after, rows),
        ).fetchone()
        if last is None:
            return
        yield after, last
        after = last


def _reports(connection: sqlite3.Connection, erasure: Erasure) -> Iterator[int]:
    for window in _windows(connection, "report", _STEP_REPORTS):
        changed = 0
        for rowid, body in connection.execute(
            "SELECT rowid, body FROM report WHERE rowid > ? AND rowid <= ?", window
        ).fetchall():
            after = erasure.of_packed(body)
            if after != body:
                query = "UPDATE report SET body = ?, file = NULL WHERE rowid = ?"
                changed += connection.execute(query, (after, rowid)).rowcount
        yield changed


def _count(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('forgotten', '1')"
        " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def _tables(connection: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """The tables that may name a person, and their columns of text that do not say which thing
    a row is."""
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ).fetchall():
        if table.startswith(_MEASURED):
            continue
        columns = [
            column
            for _, column, kind, *_, hidden in connection.execute(f"PRAGMA table_xinfo({table})")
            if kind == "TEXT" and not hidden and column not in IDENTITIES
        ]
        if columns:
            yield table, columns


def _has_no_rowid(connection: sqlite3.Connection, table: str) -> bool:
    rows = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,))
    return any(row[0] for row in rows.fetchall())


def _named(columns: list[str], erasure: Erasure) -> tuple[str, list[str]]:
    words = erasure.words
    named = " OR ".join(f"instr({column}, ?)" for column in columns for _ in words)
    return f"({named})", [word for _ in columns for word in words]


def _found(
    connection: sqlite3.Connection,
    table: str,
    columns: list[str],
    erasure: Erasure,
    where: str,
    values: tuple[int, ...],
) -> list[tuple[list[str | None], tuple[Any, ...]]]:
    """The rows that name the person: what their columns are to hold, and their key."""
    keys = _keys(connection, table)
    named, words = _named(columns, erasure)
    rows = connection.execute(
        f"SELECT {', '.join([*keys, *columns])} FROM {table} WHERE {where} AND {named}",
        [*values, *words],
    ).fetchall()
    found = []
    for row in rows:
        key, before = row[: len(keys)], list(row[len(keys) :])
        after = [None if value is None else erasure.of_text(value) for value in before]
        if after != before:
            found.append((after, key))
    return found


def _replace_in(
    connection: sqlite3.Connection,
    table: str,
    columns: list[str],
    erasure: Erasure,
    where: str,
    values: tuple[int, ...],
) -> int:
    """Change what these columns hold; in how many rows."""
    found = _found(connection, table, columns, erasure, where, values)
    sets = ", ".join(f"{column} = ?" for column in columns)
    same = " AND ".join(f"{column} = ?" for column in _keys(connection, table))
    for after, key in found:
        connection.execute(f"UPDATE {table} SET {sets} WHERE {same}", (*after, *key))
    return len(found)


def _keys(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})") if row[5]]
