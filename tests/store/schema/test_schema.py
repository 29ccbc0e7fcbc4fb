"""Every older version becomes the newest, whole or not at all; the views show times as text."""

from __future__ import annotations

import sqlite3

import pytest

from daemon.store.schema import APPLICATION_ID, MIGRATIONS, VERSION, Migration, migrate


def tables_of(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def fresh() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


@pytest.mark.parametrize("version", range(VERSION + 1))
def test_every_older_version_becomes_the_newest(version: int) -> None:
    newest, older = fresh(), fresh()
    migrate(newest)
    if version:
        migrate(older, MIGRATIONS[:version])
    assert migrate(older) == (version, VERSION)
    assert tables_of(older) == tables_of(newest)
    assert older.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert older.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_a_migration_keeps_what_is_there() -> None:
    """The runner with versions still to come, from each version on."""
    later: tuple[Migration, ...] = (
        *MIGRATIONS,
        ("ALTER TABLE incident ADD COLUMN cost TEXT",),
        ("UPDATE incident SET cost = '0'",),
    )
    for version in range(VERSION, len(later)):
        connection = fresh()
        migrate(connection, later[:version])
        connection.execute(
            "INSERT INTO incident (key, state, severity, title, fired_at, record)"
            " VALUES ('i', 'triggered', 'high', 't', 1, '{}')"
        )
        assert migrate(connection, later) == (version, len(later))
        assert connection.execute("SELECT key, cost FROM incident").fetchone()[0] == "i"


def test_a_migration_that_fails_leaves_the_database_as_it_was() -> None:
    connection = fresh()
    migrate(connection)
    before = tables_of(connection)
    broken: tuple[Migration, ...] = (*MIGRATIONS, ("CREATE TABLE a (b TEXT) STRICT", "NONSENSE"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)
    assert tables_of(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_every_table_is_strict_and_every_view_can_be_read() -> None:
    connection = fresh()
    migrate(connection)
    listed = connection.execute("PRAGMA table_list").fetchall()
    own = [row for row in listed if row[2] == "table" and not row[1].startswith("sqlite_")]
    assert all(row[5] for row in own)
    views = [row[1] for row in listed if row[2] == "view"]
    assert len(views) >= 10
    for view in views:
        assert connection.execute(f"SELECT * FROM {view}").fetchall() == []  # noqa: S608  # a name from the schema


def test_a_measurement_without_its_check_is_refused() -> None:
    connection = fresh()
    migrate(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO result (check_id, at, status) VALUES (1, 1, 0)")


def test_a_database_tells_when_it_was_made_and_which_it_is() -> None:
    first, second = fresh(), fresh()
    migrate(first)
    migrate(second)
    told = [dict(one.execute("SELECT key, value FROM meta")) for one in (first, second)]
    assert told[0].keys() == {"created", "instance"}
    assert told[0]["created"].endswith("Z")
    assert told[0]["instance"] != told[1]["instance"]
