"""The sqlite kind against real files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checks.result import Fault, Status
from tests.checks.conftest import Run


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "orders ü?.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE orders (id INTEGER, state TEXT);"
            "INSERT INTO orders VALUES (1, 'paid'), (2, 'open');"
        )
    return path


async def test_a_file_that_answers_is_up(database: Path, run: Run) -> None:
    found = await run("sqlite", path=database)
    assert found.status is Status.UP, found
    assert found.metrics["value"] == 1


async def test_rows_are_for_conditions(database: Path, run: Run) -> None:
    found = await run(
        "sqlite",
        path=database,
        query="SELECT * FROM orders ORDER BY id",
        expect=["row_count == 2", 'rows[1].state == "open"', "value == 1"],
    )
    assert found.status is Status.UP, found


async def test_no_row_has_no_value(database: Path, run: Run) -> None:
    found = await run(
        "sqlite",
        path=database,
        query="SELECT id FROM orders WHERE id > 9",
        expect=["value == null", "rows[0].id > 0"],
    )
    assert found.status is Status.DOWN
    assert found.message == "rows[0].id > 0 (rows has no item 0)"


async def test_a_check_never_makes_or_changes_a_file(database: Path, run: Run) -> None:
    missing = database.with_name("missing.db")
    found = await run("sqlite", path=missing)
    assert found.fault is Fault.QUERY
    assert found.message == f"{missing}: No such file or directory"
    assert not missing.exists()
    found = await run("sqlite", path=database, query="DELETE FROM orders")
    assert found.fault is Fault.QUERY
    assert "readonly" in found.message


async def test_a_file_of_another_kind_is_a_protocol_fault(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database at all, but long enough to have a header" * 4)
    found = await run("sqlite", path=path)
    assert found.fault is Fault.PROTOCOL
    assert found.message == f"{path} is no SQLite database"


async def test_a_query_that_never_ends_is_interrupted(database: Path, run: Run) -> None:
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"
    found = await run("sqlite", path=database, query=endless, timeout_ms=200)
    assert found.fault is Fault.TIMEOUT
    assert found.latency_ms is not None
    assert found.latency_ms < 700


async def test_a_lock_that_is_held_is_told(database: Path, run: Run) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        found = await run("sqlite", path=database, timeout_ms=400)
    assert found.fault is Fault.QUERY
    assert "database is locked" in found.message
