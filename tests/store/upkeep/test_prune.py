"""What has expired goes in small steps; what a restart needs stays."""

from __future__ import annotations

import sqlite3
import sys
import time

import pytest

from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.schema import migrate
from daemon.store.upkeep.prune import EVERY, LEAST_ROWS, STEP_ROWS, Pruner, Retention, rows_after

NOW = 40_000_000 * MINUTE


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def fill(connection: sqlite3.Connection, checks: int, ages: range) -> None:
    for check_id in range(1, checks + 1):
        connection.execute("INSERT INTO check_name VALUES (?, ?)", (check_id, f"c{check_id}"))
        connection.execute("BEGIN")
        for age in ages:
            connection.execute(
                "INSERT INTO result (check_id, at, status) VALUES (?, ?, 0)", (check_id, NOW - age)
            )
            connection.execute(
                "INSERT OR IGNORE INTO rollup_minute VALUES (?, ?, 1, 0, 0, 0, 0, 0, 0, x'')",
                (check_id, (NOW - age) // MINUTE),
            )
        connection.execute("COMMIT")


def ages(connection: sqlite3.Connection, check_id: int) -> list[int]:
    query = "SELECT at FROM result WHERE check_id = ? ORDER BY at DESC"
    return [NOW - at for (at,) in connection.execute(query, (check_id,))]


def run(pruner: Pruner, connection: sqlite3.Connection, now: int = NOW) -> int:
    steps = 1
    while pruner.step(connection, now):
        steps += 1
    return steps


def test_results_and_minutes_go_when_they_have_expired(connection: sqlite3.Connection) -> None:
    fill(connection, 2, range(0, 4 * HOUR, HOUR // 2))
    pruner = Pruner(Retention(raw=2 * HOUR, minutes=HOUR))
    run(pruner, connection)
    assert ages(connection, 1) == ages(connection, 2) == list(range(0, 2 * HOUR + 1, HOUR // 2))
    minutes = connection.execute("SELECT min(minute) FROM rollup_minute").fetchone()[0]
    assert minutes == (NOW - HOUR) // MINUTE
    assert pruner.removed == 2 * (3 + 5)


def test_the_newest_result_of_a_check_stays_however_old(connection: sqlite3.Connection) -> None:
    fill(connection, 1, range(30 * DAY, 40 * DAY, DAY))
    run(Pruner(Retention(raw=HOUR)), connection)
    assert ages(connection, 1) == [30 * DAY]


def test_a_pass_begins_only_when_it_is_due(connection: sqlite3.Connection) -> None:
    fill(connection, 1, range(0, 3 * HOUR, HOUR))
    pruner = Pruner(Retention(raw=10 * HOUR, minutes=10 * HOUR))
    assert not pruner.step(connection, NOW)
    pruner.retention = Retention(raw=HOUR, minutes=HOUR)
    assert not pruner.step(connection, NOW + EVERY - 1)
    assert len(ages(connection, 1)) == 3
    run(pruner, connection, NOW + EVERY)
    assert len(ages(connection, 1)) < 3


def test_no_step_holds_the_writer_up(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Pruner.__module__], "STEP_S", 0.001)
    fill(connection, 4, range(DAY, DAY + 20 * STEP_ROWS))
    pruner = Pruner(Retention(raw=HOUR, minutes=HOUR))
    slowest, steps, more = 0.0, 0, True
    while more:
        began = time.thread_time()
        more = pruner.step(connection, NOW)
        slowest = max(slowest, time.thread_time() - began)
        steps += 1
    assert steps > 1
    assert slowest < 0.05
    assert [len(ages(connection, check_id)) for check_id in range(1, 5)] == [1, 1, 1, 1]


def rolled(connection: sqlite3.Connection, unit: str, unit_ms: int, count: int) -> None:
    for check_id in (1, 2, 3):
        connection.execute("INSERT OR IGNORE INTO check_name VALUES (?, ?)", (check_id, check_id))
        connection.executemany(
            f"INSERT INTO rollup_{unit} VALUES (?, ?, 1, 0, 0, 0, 0, 0, 0, x'')",  # noqa: S608  # `hour` or `day`
            [(NOW // unit_ms - age, check_id) for age in range(count)],
        )


def count(connection: sqlite3.Connection, table: str) -> int:
    (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  # names of tables
    return int(found)


def test_hours_go_and_days_stay_unless_retention_says_so(connection: sqlite3.Connection) -> None:
    rolled(connection, "hour", HOUR, 100)
    rolled(connection, "day", DAY, 30)
    run(Pruner(Retention(hours=2 * DAY)), connection)
    assert (count(connection, "rollup_hour"), count(connection, "rollup_day")) == (3 * 49, 3 * 30)
    run(Pruner(Retention(hours=2 * DAY, days=10 * DAY)), connection)
    assert (count(connection, "rollup_hour"), count(connection, "rollup_day")) == (3 * 49, 3 * 11)


def test_rollups_of_many_checks_go_in_small_deletions(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Pruner.__module__], "STEP_ROWS", 2)
    rolled(connection, "hour", HOUR, 60)
    pruner = Pruner(Retention(hours=2 * DAY))
    run(pruner, connection)
    assert (pruner.removed, count(connection, "rollup_hour")) == (3 * 11, 3 * 49)


def test_incidents_that_are_over_go_with_all_that_belongs_to_them(
    connection: sqlite3.Connection,
) -> None:
    for key, fired, resolved, live in (
        ("old", 9, 8, 0),
        ("known", 9, 8, 1),
        ("open", 9, None, 0),
        ("late", 9, 1, 0),
        ("new", 1, 0, 0),
    ):
        at = None if resolved is None else NOW - resolved * DAY
        connection.execute(
            "INSERT INTO incident"
            " (key, state, severity, title, fired_at, resolved_at, live, record)"
            " VALUES (?, 'resolved', 'high', 't', ?, ?, ?, '{}')",
            (key, NOW - fired * DAY, at, live),
        )
        connection.execute("INSERT INTO timeline VALUES (NULL, ?, 1, 'fired', '', '', '')", (key,))
        connection.execute(
            "INSERT INTO delivery"
            " VALUES (?, ?, '', '', '', '', '', 'sent', 1, 1, NULL, 1, '', '{}')",
            (f"{key}/1", key),
        )
        connection.execute(
            "INSERT INTO alert_history VALUES (?, ?, ?, 'a', 'high', 's', ?, '{}')",
            (key, NOW - fired * DAY, at, key),
        )
    run(Pruner(Retention()), connection)
    assert count(connection, "incident") == 5
    pruner = Pruner(Retention(incidents=5 * DAY))
    run(pruner, connection)
    for table in ("incident", "timeline", "delivery"):
        assert count(connection, table) == 4
    kept = connection.execute("SELECT key FROM incident ORDER BY key").fetchall()
    assert kept == [("known",), ("late",), ("new",), ("open",)]
    assert count(connection, "alert_history") == 3
    assert pruner.removed == 5


def test_audit_lines_go_when_they_have_expired(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO audit (at, actor, origin, action, subject, detail)"
        " VALUES (?, '', '', '', '', '')",
        [(NOW - age * DAY,) for age in range(20, 0, -1)],
    )
    run(Pruner(Retention(audit=5 * DAY)), connection)
    assert count(connection, "audit") == 5


def test_a_slow_transaction_is_followed_by_smaller_ones_and_quick_ones_by_larger() -> None:
    rows = [STEP_ROWS]
    for took_s in (0.02, 0.02, 0.02, 0.02, 0.02, 0.002, 0.0005, 0.0005, 0.0005, 0.0005):
        rows.append(rows_after(rows[-1], took_s))
    assert rows == [500, 250, 125, 62, LEAST_ROWS, LEAST_ROWS, LEAST_ROWS, 100, 200, 400, 500]
