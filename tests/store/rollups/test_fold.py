"""Hours and days hold what their minutes held, whatever happens in between; services' days hold
what their pieces hold."""

from __future__ import annotations

import random
import sqlite3
import time

import pytest

from checks.result import Status
from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.batch import Batch
from daemon.store.reading.latency import measured, measured_by_day
from daemon.store.result_codec import ResultRow
from daemon.store.rollups.sketch import Sketch
from daemon.store.schema import MIGRATIONS, migrate
from daemon.store.upkeep.prune import EVERY, Retention
from daemon.store.writer import Writer

START = 20_000 * DAY


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def writer_of(connection: sqlite3.Connection, retention: Retention | None = None) -> Writer:
    writer = Writer(connection, retention or Retention())
    writer.recover()
    return writer


def row(check_id: int, at: int, status: Status = Status.UP, us: int | None = 1000) -> ResultRow:
    return (check_id, at, int(status), us, None, None, None)


def write(writer: Writer, *rows: ResultRow) -> None:
    names = [(check_id, f"check-{check_id}") for check_id in {one[0] for one in rows}]
    writer.write(Batch(names=list(names), results=list(rows)))


def keep_up(writer: Writer, now: int) -> None:
    while writer.upkeep(now):
        pass


def stored(connection: sqlite3.Connection, unit: str) -> dict[tuple[int, int], tuple[object, ...]]:
    query = f"SELECT * FROM rollup_{unit}"  # noqa: S608  # `hour` or `day`
    return {
        (check_id, at): (*figures, Sketch.decode(sketch))
        for at, check_id, *figures, sketch in connection.execute(query)
    }


def truth(rows: list[ResultRow], unit_ms: int) -> dict[tuple[int, int], tuple[object, ...]]:
    found: dict[tuple[int, int], list[ResultRow]] = {}
    for one in rows:
        found.setdefault((one[0], one[1] // unit_ms), []).append(one)
    told: dict[tuple[int, int], tuple[object, ...]] = {}
    for key, some in found.items():
        counts = [sum(one[2] == status for one in some) for status in range(4)]
        us = [one[3] for one in some if one[3] is not None]
        told[key] = (*counts, sum(us), min(us, default=None), max(us, default=None), Sketch(us))
    return told


def test_an_hour_and_a_day_are_made_once_they_are_over(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    rows = [
        row(1 + index % 2, START + index * 7 * MINUTE, Status(index % 4), 900 + index)
        for index in range(24 * 60 // 7)
    ]
    write(writer, *rows)
    keep_up(writer, START + HOUR)
    assert stored(connection, "hour") == {}
    keep_up(writer, START + HOUR + MINUTE)
    assert len(stored(connection, "hour")) == 2
    keep_up(writer, START + DAY + MINUTE)
    assert stored(connection, "hour") == truth(rows, HOUR)
    assert stored(connection, "day") == truth(rows, DAY)
    assert connection.execute("SELECT count(*) FROM rollup_due").fetchone() == (0,)


def test_a_late_result_changes_its_hour_and_its_day(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    rows = [row(1, START), row(1, START + 30 * HOUR)]
    write(writer, *rows)
    keep_up(writer, START + 30 * HOUR)
    rows.append(row(1, START + 5 * MINUTE, Status.DOWN, None))
    write(writer, rows[-1])
    keep_up(writer, START + 31 * HOUR + MINUTE)
    assert stored(connection, "hour") == truth(rows, HOUR)
    assert stored(connection, "day") == truth(rows[::2], DAY)


def test_a_late_result_finds_its_hour_whole_after_its_minutes_expired(
    connection: sqlite3.Connection,
) -> None:
    writer = writer_of(connection, Retention(raw=5 * DAY, minutes=HOUR))
    rows = [row(1, START + index * MINUTE) for index in range(60)]
    write(writer, *rows)
    keep_up(writer, START + DAY)
    assert connection.execute("SELECT count(*) FROM rollup_minute").fetchone() == (0,)
    rows.append(row(1, START + 1, Status.DOWN, None))
    write(writer, rows[-1])
    keep_up(writer, START + DAY)
    assert stored(connection, "hour") == truth(rows, HOUR)
    write(writer, row(1, START + 2, Status.DOWN, None))
    keep_up(writer, START + 9 * DAY)
    assert stored(connection, "hour") == truth(rows, HOUR), "nothing whole to make it of"


@pytest.mark.parametrize("seed", range(12))
def test_a_kill_between_any_two_steps_counts_nothing_twice(
    connection: sqlite3.Connection, seed: int
) -> None:
    """A kill forgets what the writer had in memory; what was committed stays."""
    dice = random.Random(seed)  # noqa: S311  # a replayable history, no secret
    writer, now, rows = writer_of(connection), START + 20 * HOUR, dict[tuple[int, int], ResultRow]()
    for _ in range(60):
        now += dice.randint(0, 20 * MINUTE)
        some = {}
        for _ in range(dice.randint(1, 5)):
            key = (dice.randint(1, 3), now - dice.choice([0, 500, 45_000, 200_000, 3 * HOUR]))
            if key not in rows:
                some[key] = row(*key, dice.choice(list(Status)), dice.randint(1, 9_000))
        rows |= some
        write(writer, *some.values())
        if dice.random() < 0.1:
            keep_up(writer, now)
        for _ in range(dice.randint(0, 5)):
            writer.upkeep(now)
        if dice.random() < 0.1:
            writer = writer_of(connection)
    keep_up(writer, now + 2 * DAY)
    assert stored(connection, "hour") == truth(list(rows.values()), HOUR)
    assert stored(connection, "day") == truth(list(rows.values()), DAY)


def test_what_is_closed_answers_the_same_after_results_and_minutes_are_gone(
    connection: sqlite3.Connection,
) -> None:
    writer = writer_of(connection, Retention(raw=4 * DAY, minutes=4 * DAY))
    rows = [row(1, START + index * 11 * MINUTE, us=500 + index) for index in range(400)]
    write(writer, *rows)
    end = START + 2 * DAY + 7 * HOUR
    keep_up(writer, START + 3 * DAY)
    before = measured(connection, ["check-1", "nobody"], START + 5 * HOUR, end)
    inside = [one for one in rows if START + 5 * HOUR <= one[1] < end]
    assert before["check-1"].runs == len(inside)
    assert before["check-1"].sum_us == sum(one[3] or 0 for one in inside)
    assert before["nobody"].runs == 0
    keep_up(writer, START + 20 * DAY)
    assert connection.execute("SELECT count(*) FROM rollup_minute").fetchone() == (0,)
    assert measured(connection, ["check-1", "nobody"], START + 5 * HOUR, end) == before
    days = measured_by_day(connection, "check-1", 20_000, 5)
    assert sum(day.runs for day in days) == len(rows)
    first = measured(connection, ["check-1"], START, START + DAY)["check-1"]
    assert days[0].runs == first.runs


def test_the_present_hour_answers_from_its_minutes(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    write(writer, *(row(1, START + index * MINUTE) for index in range(90)))
    keep_up(writer, START + 80 * MINUTE + 30_000)
    assert measured(connection, ["check-1"], START, START + DAY)["check-1"].runs == 80
    assert measured(connection, ["check-1"], START, START + 70 * MINUTE)["check-1"].runs == 70


def test_an_hour_with_its_sketch_takes_less_than_150_bytes(
    connection: sqlite3.Connection,
) -> None:
    dice = random.Random(5)  # noqa: S311  # replayable latencies, no secret
    writer = writer_of(connection)
    for check_id in range(1, 41):
        write(
            writer,
            *(
                row(check_id, START + index * 10_000, us=int(dice.lognormvariate(9.4, 0.25)))
                for index in range(6 * 360)
            ),
        )
    keep_up(writer, START + 6 * HOUR + MINUTE)
    (size,) = connection.execute(
        "SELECT sum(pgsize) FROM dbstat WHERE name = 'rollup_hour'"
    ).fetchone()
    assert size / (40 * 6) < 150


def test_no_step_takes_long(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    for check_id in range(1, 301):
        write(
            writer, *(row(check_id, START + index * MINUTE, us=index * 50) for index in range(60))
        )
    while writer.upkeep(START + 59 * MINUTE):
        pass
    slowest, more = 0.0, True
    while more:
        began = time.thread_time()
        more = writer.upkeep(START + DAY + MINUTE)
        slowest = max(slowest, time.thread_time() - began)
    assert len(stored(connection, "hour")) == len(stored(connection, "day")) == 300
    assert slowest < 0.05


def piece(connection: sqlite3.Connection, start: int, end: int, status: Status) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO interval VALUES ('service', 'shop', ?, ?, ?)",
        (start, end, int(status)),
    )


def days(connection: sqlite3.Connection) -> dict[int, tuple[int, int, int]]:
    query = "SELECT day, up_ms, degraded_ms, down_ms FROM service_day WHERE service = 'shop'"
    return {day - 20_000: tuple(ms) for day, *ms in connection.execute(query)}  # type: ignore[misc]  # three of them


def test_a_services_days_hold_its_pieces_and_never_twice(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    piece(connection, START + HOUR, START + 2 * DAY + HOUR, Status.UP)
    piece(connection, START + 2 * DAY + HOUR, START + 2 * DAY + 2 * HOUR, Status.DOWN)
    keep_up(writer, START + 3 * DAY)
    piece(connection, START + 2 * DAY + 2 * HOUR, START + 2 * DAY + 4 * HOUR, Status.UNKNOWN)
    piece(connection, START + 2 * DAY + HOUR, START + 2 * DAY + 2 * HOUR, Status.DOWN)
    piece(connection, START + 2 * DAY + 4 * HOUR, START + 3 * DAY, Status.DEGRADED)
    keep_up(writer_of(connection), START + 3 * DAY)
    assert days(connection) == {
        0: (23 * HOUR, 0, 0),
        1: (DAY, 0, 0),
        2: (HOUR, 20 * HOUR, HOUR),
    }


def test_what_version_1_had_is_folded_after_the_migration() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, MIGRATIONS[:1])
    connection.execute("INSERT INTO check_name VALUES (1, 'check-1')")
    rows = [row(1, START + index * MINUTE, us=1000 + index) for index in range(0, 3000, 9)]
    for one in rows:
        connection.execute(
            "INSERT INTO rollup_minute VALUES (?, ?, 1, 0, 0, 0, ?, ?, ?, ?)",
            (1, one[1] // MINUTE, *[one[3]] * 3, Sketch([one[3] or 0]).encode()),
        )
    connection.execute("INSERT INTO meta VALUES ('rolled_to', ?)", (str(START // MINUTE + 3000),))
    piece(connection, START, START + 2 * DAY, Status.UP)
    connection.execute(
        "INSERT INTO incident (key, state, severity, title, fired_at, record)"
        """ VALUES ('i', 'resolved', 'high', 't', 1, '{"organization": "acme"}')"""
    )
    migrate(connection)
    writer = writer_of(connection)
    keep_up(writer, START + 3000 * MINUTE)
    keep_up(writer, START + 3000 * MINUTE + EVERY)
    whole_hours = [one for one in rows if one[1] < START + 2 * DAY]
    assert stored(connection, "day") == truth(whole_hours, DAY)
    assert sum(ms[0] for ms in days(connection).values()) == 2 * DAY
    assert connection.execute("SELECT organization FROM incident").fetchone() == ("acme",)
