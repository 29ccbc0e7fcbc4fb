"""The moments of the past come in order, and are found without a look at all of them."""

from __future__ import annotations

import sqlite3

import pytest

from daemon.store.reading.moments import Around, around
from daemon.store.schema import MIGRATIONS, migrate
from daemon.store.schema.moments import KINDS, MOMENTS

LINES = [(10, "fired"), (20, "note"), (30, "acknowledged"), (30, "delivered"), (40, "resolved")]


def older() -> sqlite3.Connection:
    """A database of the version before moments could be found, with a timeline in it."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened, MIGRATIONS[: MIGRATIONS.index(MOMENTS)])
    opened.executemany(
        "INSERT INTO timeline (incident, at, kind, actor, origin, text)"
        " VALUES ('i', ?, ?, 'a', 'b', '')",
        LINES,
    )
    opened.execute(
        "INSERT INTO incident (key, state, severity, title, fired_at, record)"
        " VALUES ('i', 'resolved', 'high', 't', 10, '{}')"
    )
    opened.executemany(
        "INSERT INTO interval (entity, name, start_at, end_at, status)"
        " VALUES ('service', ?, ?, ?, ?)",
        [("shop", 5, 25, 0), ("shop", 25, 45, 3), ("db", 7, 44, 0)],
    )
    opened.execute(
        "INSERT INTO service_state (key, status, since, record) VALUES ('shop', 'up', 45, '{}')"
    )
    return opened


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = older()
    migrate(opened)
    return opened


def test_each_moment_has_the_one_before_and_the_one_after(connection: sqlite3.Connection) -> None:
    moments = [5, 7, 10, 25, 30, 40, 45]
    for before, at, after in zip([None, *moments], moments, [*moments[1:], None], strict=False):
        assert around(connection, at) == Around(5, before, after, 10)
    assert around(connection, 28) == Around(5, 25, 30, 10)


def test_an_empty_database_has_no_past() -> None:
    empty = sqlite3.connect(":memory:", isolation_level=None)
    migrate(empty)
    assert around(empty, 10) == Around(None, None, None, None)


def test_moments_are_found_by_an_index_of_their_own(connection: sqlite3.Connection) -> None:
    (plan,) = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT max(at) FROM timeline WHERE at < 9 AND kind IN ({KINDS})"  # noqa: S608  # words of the store's own
    ).fetchall()
    assert "timeline_moment (at<?)" in plan[3]
    for table in ("incident", "alert_history"):
        (ended,) = connection.execute(
            f"EXPLAIN QUERY PLAN SELECT record FROM {table}"  # noqa: S608  # names of this test
            " WHERE resolved_at > 9 AND +fired_at <= 9"
        ).fetchall()
        assert f"{table}_by_end (resolved_at>?)" in ended[3]
    (made,) = connection.execute(
        "EXPLAIN QUERY PLAN SELECT subject, min(at) FROM audit WHERE subject = 's'"
        " AND action IN ('silence', 'edit silence')"
    ).fetchall()
    assert "audit_of_silences" in made[3]
