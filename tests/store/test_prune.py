"""What has expired goes in small steps; what a restart needs stays."""

from __future__ import annotations

import sqlite3
import sys
import time

import pytest

from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.prune import EVERY, STEP_ROWS, Pruner, Retention
from daemon.store.schema import migrate

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
