"""A minute's figures count every stored result once, whatever happens in between."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter

import pytest

from checks.result import Status
from daemon.core.model import HOUR, MINUTE, SECOND
from daemon.store.batch import Batch
from daemon.store.result_codec import ResultRow
from daemon.store.rollups.minutes import CHUNK
from daemon.store.rollups.sketch import Sketch
from daemon.store.schema import migrate
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer

START = 30_000_000 * MINUTE


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def writer_of(connection: sqlite3.Connection) -> Writer:
    writer = Writer(connection, Retention())
    writer.recover()
    return writer


def row(check_id: int, at: int, status: Status = Status.UP, us: int | None = 1000) -> ResultRow:
    return (check_id, at, int(status), us, None, None, None)


def write(writer: Writer, *rows: ResultRow) -> None:
    names = [(check_id, f"check-{check_id}") for check_id in {one[0] for one in rows}]
    writer.write(Batch(names=list(names), results=list(rows)))


def stored(connection: sqlite3.Connection) -> dict[tuple[int, int], tuple[int, ...]]:
    query = "SELECT check_id, minute, up, degraded, unknown, down FROM rollup_minute"
    return {(one[0], one[1]): tuple(one[2:]) for one in connection.execute(query)}


def truth(connection: sqlite3.Connection) -> dict[tuple[int, int], tuple[int, ...]]:
    counts: dict[tuple[int, int], Counter[int]] = {}
    for check_id, at, status in connection.execute("SELECT check_id, at, status FROM result"):
        counts.setdefault((check_id, at // MINUTE), Counter())[status] += 1
    return {key: tuple(count[status] for status in range(4)) for key, count in counts.items()}


def keep_up(writer: Writer, now: int) -> None:
    while writer.upkeep(now):
        pass


def test_a_minute_is_stored_once_it_has_closed(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    write(
        writer,
        row(1, START, us=1000),
        row(1, START + 20_000, Status.DEGRADED, us=3000),
        row(1, START + 59_999, Status.DOWN, us=None),
        row(1, START + MINUTE),
    )
    keep_up(writer, START + MINUTE + 29 * SECOND)
    assert stored(connection) == {}
    keep_up(writer, START + MINUTE + 30 * SECOND)
    assert stored(connection) == {(1, START // MINUTE): (1, 1, 0, 1)}
    sums = connection.execute("SELECT sum_us, min_us, max_us, sketch FROM rollup_minute").fetchone()
    assert sums[:3] == (4000, 1000, 3000)
    assert Sketch.decode(sums[3]) == Sketch([1000, 3000])
    assert writer.rollups.waiting == 1


def test_a_late_result_is_counted_in_its_own_minute(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    write(writer, row(1, START))
    keep_up(writer, START + 5 * MINUTE)
    write(writer, row(1, START + 1, Status.DOWN, None), row(2, START + 2))
    keep_up(writer, START + 5 * MINUTE)
    assert stored(connection) == truth(connection)
    assert stored(connection)[1, START // MINUTE] == (1, 0, 0, 1)


@pytest.mark.parametrize("seed", range(60))
def test_crashes_at_any_moment_count_nothing_twice(
    connection: sqlite3.Connection, seed: int
) -> None:
    """A crash forgets what the writer had in memory; what was committed stays."""
    dice = random.Random(seed)  # noqa: S311  # a replayable history, no secret
    writer, now = writer_of(connection), START
    used: set[tuple[int, int]] = set()
    for _ in range(120):
        now += dice.randint(0, 40_000)
        rows = []
        for _ in range(dice.randint(1, 5)):
            key = (dice.randint(1, 3), now - dice.choice([0, 500, 45_000, 200_000]))
            if key not in used:
                used.add(key)
                rows.append(row(*key, dice.choice(list(Status)), dice.randint(1, 9_000)))
        write(writer, *rows)
        if dice.random() < 0.6:
            writer.upkeep(now)
        if dice.random() < 0.1:
            writer = writer_of(connection)
    keep_up(writer, now + 10 * MINUTE)
    assert stored(connection) == truth(connection)


def test_many_checks_are_stored_in_steps(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    write(writer, *(row(check_id, START) for check_id in range(1, 2 * CHUNK + 2)))
    assert writer.upkeep(START + 3 * MINUTE)
    assert len(stored(connection)) == CHUNK
    crashed = writer_of(connection)
    keep_up(crashed, START + 3 * MINUTE)
    assert stored(connection) == truth(connection)


def test_a_late_result_is_not_lost_by_a_kill(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    write(writer, row(1, START))
    keep_up(writer, START + 90 * MINUTE)
    write(writer, row(1, START + 1, Status.DOWN, None))
    keep_up(writer_of(connection), START + 90 * MINUTE)
    assert stored(connection) == {(1, START // MINUTE): (1, 0, 0, 1)}


def test_a_minute_whose_results_expired_stays_as_it_is(connection: sqlite3.Connection) -> None:
    writer = writer_of(connection)
    writer.pruner.retention = Retention(raw=HOUR)
    write(writer, row(1, START), row(1, START + 3 * HOUR))
    keep_up(writer, START + 3 * HOUR)
    write(writer, row(1, START + 1, Status.DOWN, None))
    keep_up(writer, START + 3 * HOUR)
    assert stored(connection)[1, START // MINUTE] == (1, 0, 0, 0)
