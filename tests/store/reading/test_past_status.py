"""What is stored says how things stood and what was measured, at any moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

import pytest

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Effect, Save
from daemon.core.model import DAY, HOUR, MINUTE, CheckState, Instant
from daemon.core.plan import ServicePlan
from daemon.store.batch import Batch
from daemon.store.reading.past_status import (
    CURVE,
    Lasting,
    Stood,
    curves_at,
    results_at,
    statuses_at,
)
from daemon.store.schema import migrate
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer

START: Instant = 20_000 * DAY
SHOP = {"shop": ServicePlan("shop", ("web", "api"))}


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def put(connection: sqlite3.Connection, effects: Iterable[Effect]) -> None:
    batch = Batch()
    for effect in effects:
        batch.decide(effect)
    batch.encode()
    for statement, rows in batch.statements():
        connection.executemany(statement, rows)


def piece(name: str, start: int, end: int, status: Status, entity: str = "check") -> Append:
    return Append(Interval(entity, name, START + start * HOUR, START + end * HOUR, status))


def state(name: str, since: int, status: Status = Status.UP) -> Save:
    return Save(CheckState(name, status, START + since * HOUR))


def test_behind_the_last_written_piece_the_checks_say_how_a_service_stood(
    connection: sqlite3.Connection,
) -> None:
    put(
        connection,
        [
            piece("shop", 0, 10, Status.UP, "service"),
            piece("web", 0, 20, Status.UP),
            piece("web", 20, 22, Status.DOWN),
            state("web", 22),
            state("api", 0),
        ],
    )
    stood = {
        at: statuses_at(connection, SHOP, START + at * HOUR).services["shop"]
        for at in (5, 15, 21, 23)
    }
    assert stood == {
        5: Stood(Status.UP, START),
        15: Stood(Status.UP, START),
        21: Stood(Status.DOWN, START + 20 * HOUR),
        23: Stood(Status.UP, START + 22 * HOUR),
    }


def test_a_check_is_what_its_piece_says_and_after_the_last_what_it_is_now(
    connection: sqlite3.Connection,
) -> None:
    put(connection, [piece("web", 1, 3, Status.DOWN), state("web", 5)])
    at = {hour: statuses_at(connection, SHOP, START + hour * HOUR).checks for hour in range(7)}
    assert "web" not in at[0]
    assert (at[2]["web"].status, at[3]["web"].status) == (Status.DOWN, Status.UNKNOWN)
    assert at[6]["web"] == Stood(Status.UP, START + 5 * HOUR)


def test_what_is_not_configured_any_more_is_there_as_long_as_it_lasted(
    connection: sqlite3.Connection,
) -> None:
    put(
        connection,
        [piece("old", 0, 2, Status.DOWN), piece("gone", 0, 2, Status.UP, "service")],
    )
    then = statuses_at(connection, SHOP, START + HOUR)
    assert (then.checks["old"].status, then.services["gone"].status) == (Status.DOWN, Status.UP)
    after = statuses_at(connection, SHOP, START + 2 * HOUR)
    assert (after.checks, after.services) == ({}, {})


@pytest.fixture
def measured(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Two hours of a run every ten seconds, rolled up."""
    connection.execute("INSERT INTO check_name (id, name) VALUES (1, 'web')")
    connection.executemany(
        "INSERT INTO result (check_id, at, status, latency_us) VALUES (1, ?, ?, ?)",
        [
            (START + second * 1000, *((3, None) if second % 120 == 0 else (0, 1000 + second)))
            for second in range(0, 2 * 3600, 10)
        ],
    )
    writer = Writer(connection, Retention())
    writer.recover()
    while writer.upkeep(START + 2 * HOUR + MINUTE):
        pass
    return connection


def test_the_newest_run_by_then_is_shown_or_the_minute_or_the_hour_before(
    measured: sqlite3.Connection,
) -> None:
    at = START + HOUR + 30 * MINUTE + 25_000
    found = results_at(measured, ["web", "nothing"], at)
    assert list(found) == ["web"]
    assert found["web"] == Result("web", START + 5_420_000, Status.UP, 6.42)
    measured.execute("DELETE FROM result")
    lasting = results_at(measured, ["web"], at)["web"]
    # the minute 1:29, six runs of which each took a little longer; nothing of the present one
    assert lasting == Lasting(START + 90 * MINUTE, "minute", (6.34 + 6.39) / 2)
    measured.execute("DELETE FROM rollup_minute")
    hour = results_at(measured, ["web"], at)["web"]
    assert isinstance(hour, Lasting)
    assert (hour.end, hour.unit) == (START + HOUR, "hour")
    measured.execute("DELETE FROM rollup_hour")
    assert results_at(measured, ["web"], at) == {}


def test_curves_are_of_runs_or_else_of_minutes_or_hours(measured: sqlite3.Connection) -> None:
    at = START + HOUR + 30 * MINUTE + 25_000
    runs = json.loads(curves_at(measured, ["web"], at)["web"])
    assert (len(runs), runs[-1], runs[-3]) == (CURVE, 6.4, None)
    measured.execute("DELETE FROM result")
    minutes = json.loads(curves_at(measured, ["web"], at)["web"])
    assert (len(minutes), minutes[-1]) == (CURVE, 6.4)
    measured.execute("DELETE FROM rollup_minute")
    assert len(json.loads(curves_at(measured, ["web"], at)["web"])) == 1
    assert curves_at(measured, ["web"], START) == {}
