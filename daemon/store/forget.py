"""Forgetting a person: their name and addresses leave the database, every figure stays.

Wherever the name stands as a word of its own (who acknowledged, who was told, lines of a timeline,
notes, the audit log, records of all kinds) a pseudonym takes its place, `former person 1`, the same
everywhere, so that it can still be seen that it was one person. Addresses that were told them go,
too. What identifies other things (keys, names of services and checks, labels) is left alone, so a
service that is called as the person keeps its history.

It is done on the file, with no daemon on it: what an engine has in memory it would write again.
All happens in one transaction; then the file is made anew, so that no freed page keeps the name.
Backups that were made before keep it.
"""

# ruff: noqa: S608  # names of tables and columns come from the file's own schema

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from daemon.core.model import Actor, Instant
from daemon.store.connect import Lock, examine, open_writer
from daemon.store.errors import StoreBusy, StoreLocked, StoreUnusable

ERASED: Final = "(erased)"
"""What stands for an address."""

_MEASURED: Final = ("meta", "check_name", "result", "rollup_", "interval", "service_day", "sqlite_")
"""How the tables' names begin that name no person."""

_IDENTITIES: Final = frozenset(
    [
        *("key", "name", "incident", "service", "services", "source", "fingerprint", "entity"),
        *("channel", "channels", "schedule", "rule", "response", "sla", "check", "checks", "run"),
        *("group", "route", "policy", "organization", "context", "owner", "brought_by", "cause"),
        *("labels", "annotations", "matchers", "alerts", "firing", "settled", "unreachable"),
        *("state", "severity", "effective", "type", "kind", "action", "status", "category"),
        "currency",
    ]
)
"""Columns, and fields of records, that say which thing it is."""

Change = Callable[[str], str]


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
        raise StoreBusy(f"{error}; a person can be forgotten while no daemon runs on it") from None
    try:
        connection = open_writer(path)
        try:
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
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    connection.execute("BEGIN IMMEDIATE")
    try:
        pseudonym, rows = _replace(connection, name)
        if rows:
            connection.execute(
                "INSERT INTO audit (at, actor, origin, action, subject, detail)"
                " VALUES (?, ?, ?, 'forget person', ?, ?)",
                (now, actor.name, actor.origin, pseudonym, f"{rows} rows"),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if rows:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return pseudonym, rows


def _replace(connection: sqlite3.Connection, name: str) -> tuple[str, int]:
    (row,) = connection.execute(
        "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'forgotten'), 0)"
    )
    number = row[0] + 1
    pseudonym = f"former person {number}"
    words = [name, *_addresses(connection, name)]
    change = _changer(words, name, pseudonym)
    rows = sum(
        _replace_in(connection, table, columns, words, change)
        for table, columns in _tables(connection)
    )
    if rows:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('forgotten', ?)", (str(number),)
        )
    return pseudonym, rows


def _addresses(connection: sqlite3.Connection, name: str) -> list[str]:
    """Where this person was told something."""
    rows = connection.execute("SELECT DISTINCT address FROM delivery WHERE recipient = ?", (name,))
    return [address for (address,) in rows if address]


def _changer(words: list[str], name: str, pseudonym: str) -> Change:
    """What puts the pseudonym in place of the name, and `ERASED` in place of an address."""
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.@-])(?:{longest_first})(?![\w@-]|\.\w)")
    return lambda text: pattern.sub(lambda m: pseudonym if m[0] == name else ERASED, text)


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
            if kind == "TEXT" and not hidden and column not in _IDENTITIES
        ]
        if columns:
            yield table, columns


def _replace_in(
    connection: sqlite3.Connection,
    table: str,
    columns: list[str],
    words: list[str],
    change: Change,
) -> int:
    """Change what these columns hold; in how many rows."""
    keys = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})") if row[5]]
    named = " OR ".join("instr(" + column + ", ?)" for column in columns for _ in words)
    found = connection.execute(
        f"SELECT {', '.join([*keys, *columns])} FROM {table} WHERE {named}",
        [word for _ in columns for word in words],
    ).fetchall()
    changed = 0
    for row in found:
        key, before = row[: len(keys)], list(row[len(keys) :])
        after = [_changed(value, change) for value in before]
        if after != before:
            sets = ", ".join(f"{column} = ?" for column in columns)
            where = " AND ".join(f"{column} = ?" for column in keys)
            connection.execute(f"UPDATE {table} SET {sets} WHERE {where}", (*after, *key))
            changed += 1
    return changed


def _changed(value: str | None, change: Change) -> str | None:
    if value is None:
        return None
    if value[:1] in "{[" and value[-1:] in "}]":
        try:
            record = json.loads(value)
        except ValueError:
            return change(value)
        after = _walked(record, change)
        return (
            value
            if after == record
            else json.dumps(after, ensure_ascii=False, separators=(",", ":"))
        )
    return change(value)


def _walked(value: Any, change: Change) -> Any:
    """A record's value with every text in it changed, but those that say which thing it is."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walked(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        field: one if field in _IDENTITIES and not _has_records(one) else _walked(one, change)
        for field, one in value.items()
    }


def _has_records(value: Any) -> bool:
    """Whether it is a record, or a list of them (a notice's incident and alerts), whose fields
    are looked at one by one."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    return isinstance(value, dict) and "key" in value
