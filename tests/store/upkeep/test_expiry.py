"""Nothing grows without an end: every table is pruned, bounded, or kept for ever on purpose."""

# ruff: noqa: S608  # names of tables come from the schema

from __future__ import annotations

import sqlite3
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.schema import migrate
from daemon.store.upkeep import care
from daemon.store.upkeep.expiry import LIFETIMES
from daemon.store.upkeep.prune import Pruner, Retention, remove_past

NOW = 40_000_000 * MINUTE
OLD, YOUNG = NOW - 100 * DAY, NOW - HOUR
KEYS = {field.name for field in fields(Retention)}
UNITS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
DOCUMENT = Path(__file__).parents[3] / "docs" / "storage.md"


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [row[0] for row in connection.execute(query)]


def a_row(connection: sqlite3.Connection, table: str, at: int) -> None:
    """A row of that time, of something that is over and that the engine has dropped; rows of
    one time belong together."""
    values: dict[str, Any] = {}
    for _, column, kind, *_, hidden in connection.execute(f"PRAGMA table_xinfo({table})"):
        if not hidden:
            values[column] = _value(column, kind, at)
    if table == "report":
        values["name"] = None
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values())
    )


def _value(column: str, kind: str, at: int) -> Any:
    if column == "at" or column.endswith("_at"):
        return at
    if column in UNITS:
        return at // UNITS[column]
    if kind == "TEXT":
        return {"state": "sent", "record": "{}"}.get(column, str(at))
    if column == "id":
        return at
    return b"" if kind == "BLOB" else 0


def test_every_table_has_a_lifetime_and_the_documents_name_it(
    connection: sqlite3.Connection,
) -> None:
    assert {*LIFETIMES} == {*tables(connection)}
    text = DOCUMENT.read_text()
    assert [table for table in LIFETIMES if f"`{table}`" not in text] == []


def test_what_retention_bounds_goes_when_it_has_expired(connection: sqlite3.Connection) -> None:
    bounded = [table for table, lifetime in LIFETIMES.items() if lifetime in KEYS]
    assert {LIFETIMES[table] for table in bounded} == KEYS
    connection.execute("INSERT INTO check_name VALUES (0, 'c')")
    for table in bounded:
        a_row(connection, table, OLD)
        a_row(connection, table, YOUNG)
    run(connection, Retention(days=None))
    kept = {table for table in bounded if _count(connection, table) == 2}
    assert kept == {table for table in bounded if LIFETIMES[table] not in {"raw", "minutes"}}
    run(connection, Retention(**dict.fromkeys(asdict(Retention()), 10 * DAY)))
    assert {table: _count(connection, table) for table in bounded} == dict.fromkeys(bounded, 1)
    assert [*care._dangling(connection)] == []


def test_what_counts_and_what_is_known_stays(connection: sqlite3.Connection) -> None:
    for table in ("silence", "work", "amendment", "oncall_override", "response_run"):
        a_row(connection, table, OLD)
        connection.execute(f"UPDATE {table} SET live = 1")
    a_row(connection, "incident", OLD)
    connection.execute("UPDATE incident SET live = 1")
    a_row(connection, "delivery", OLD)
    connection.execute("UPDATE delivery SET incident = 'report-1', state = 'queued'")
    for key, name, start in (("1", None, 1), ("2", "m", 1), ("3", "m", 2), ("4", "n", 1)):
        a_row(connection, "report", OLD)
        values = (key, name, start, str(OLD))
        connection.execute(
            "UPDATE report SET key = ?, name = ?, start_at = ? WHERE key = ?", values
        )
    run(connection, Retention(incidents=10 * DAY, reports=10 * DAY))
    for table in ("silence", "work", "amendment", "oncall_override", "response_run", "delivery"):
        assert _count(connection, table) == 1, table
    left = {row[0] for row in connection.execute("SELECT key FROM report")}
    assert left == {"1", "3", "4"}, "one is still to be mailed, the others are the newest"


def test_what_was_attached_goes_when_every_mail_has_arrived(
    connection: sqlite3.Connection,
) -> None:
    for key, state in (("1", "sent"), ("2", "queued"), ("3", "failed")):
        a_row(connection, "report", OLD)
        connection.execute(
            "UPDATE report SET key = ?, file = x'00', folder = NULL WHERE key = ?", (key, str(OLD))
        )
        a_row(connection, "delivery", OLD)
        values = (f"{key}/1", f"report-{key}", state, str(OLD))
        connection.execute(
            "UPDATE delivery SET key = ?, incident = ?, state = ? WHERE key = ?", values
        )
    run(connection, Retention())
    query = "SELECT key FROM report WHERE file IS NOT NULL ORDER BY key"
    assert connection.execute(query).fetchall() == [("2",), ("3",)]
    assert _count(connection, "report") == 3


def test_cleaning_up_takes_all_that_hangs_on_an_incident(connection: sqlite3.Connection) -> None:
    hanging = ("incident", "timeline", "delivery", "response_run", "response_output")
    for table in hanging:
        a_row(connection, table, OLD)
    while remove_past(connection, NOW):
        pass
    assert {_count(connection, table) for table in hanging} == {0}


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("response_run", "TRUE", "response_run: 1 rows belong to incidents that are not there"),
        ("response_output", "TRUE", "response_output: 1 rows belong to runs that are not there"),
        ("grp", "TRUE", "grp: 1 rows belong to incidents that are not there"),
        ("alert", "resolved_at = NULL", "alert: 1 rows belong to incidents that are not there"),
        ("alert", """resolved_at = NULL, record = '{"dismissed": true}'""", None),
        ("delivery", "type = 'silence.ending'", None),
        ("delivery", "type = 'report.made'", None),
        (
            "delivery",
            "type = 'report.made', state = 'queued', incident = 'report-1'",
            "delivery: 1 rows belong to reports that are not there",
        ),
    ],
)
def test_verification_finds_what_lost_that_to_which_it_belongs(
    connection: sqlite3.Connection, table: str, change: str, words: str | None
) -> None:
    a_row(connection, table, OLD)
    if change != "TRUE":
        connection.execute(f"UPDATE {table} SET {change}")
    assert [*care._dangling(connection)] == ([] if words is None else [words])


def run(connection: sqlite3.Connection, retention: Retention) -> None:
    pruner = Pruner(retention)
    while pruner.step(connection, NOW):
        pass


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)
