"""Services' days add up to what was measured, final pieces and present ones together."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import DAY, HOUR
from daemon.store.reading.spans import intervals_of, names_with_intervals
from daemon.store.reading.trends import (
    by_day,
    estate_trend,
    incidents_by,
    present_pieces,
    service_trend,
    service_trends,
)
from daemon.store.schema import migrate
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer

FIRST = 20_000
START = FIRST * DAY
NOW = START + 9 * DAY + 5 * HOUR


def opened() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


@pytest.fixture
def connection() -> sqlite3.Connection:
    return opened()


def keep(connection: sqlite3.Connection, pieces: list[Interval]) -> None:
    connection.executemany(
        "INSERT INTO interval (entity, name, start_at, end_at, status) VALUES (?, ?, ?, ?, ?)",
        [(one.entity, one.name, one.start, one.end, int(one.status)) for one in pieces],
    )
    writer = Writer(connection, Retention())
    writer.recover()
    while writer.upkeep(NOW):
        pass


def history(name: str, moments: list[int], statuses: list[Status]) -> list[Interval]:
    bounds = sorted(set(moments))
    return [
        Interval("service", name, START + low * HOUR, START + high * HOUR, status)
        for low, high, status in zip(bounds, bounds[1:], statuses, strict=False)
    ]


histories = st.builds(
    history,
    st.sampled_from(["a", "b"]),
    st.lists(st.integers(0, 9 * 24), min_size=2, max_size=9),
    st.lists(st.sampled_from(Status), min_size=9, max_size=9),
)


@settings(max_examples=25)
@given(histories, st.integers(0, 9))
def test_days_hold_every_hour_once_however_much_is_final(
    pieces: list[Interval], final: int
) -> None:
    connection = opened()
    name = pieces[0].name if pieces else "a"
    keep(connection, pieces[:final])
    trend = service_trend(connection, name, FIRST, 12, NOW, pieces[final:])
    for status, line in (
        (Status.UP, trend.up_ms),
        (Status.DEGRADED, trend.degraded_ms),
        (Status.DOWN, trend.down_ms),
    ):
        mine = [one for one in pieces if one.status is status]
        assert list(line) == [
            sum(by_day(one.start, one.end, FIRST + day, 1)[0] for one in mine) for day in range(12)
        ]
    assert sum(trend.span_ms) == NOW - START
    assert min(trend.unknown_ms) >= 0
    present = {name: pieces[final:]}
    assert service_trends(connection, FIRST, 12, NOW, present) == {name: trend}
    whole = estate_trend(connection, FIRST, 12, NOW, present)
    assert (whole.up_ms, whole.unknown_ms) == (trend.up_ms, trend.unknown_ms)


def test_what_nobody_measured_is_unknown_never_up(connection: sqlite3.Connection) -> None:
    keep(connection, history("a", [30, 40], [Status.UP]))
    trend = service_trend(connection, "a", FIRST, 11, NOW)
    assert trend.unknown_ms == [DAY, DAY - 10 * HOUR, *[DAY] * 7, 5 * HOUR, 0]
    assert service_trends(connection, FIRST, 11, NOW)["a"] == trend


def test_the_estate_is_the_sum_of_its_services(connection: sqlite3.Connection) -> None:
    keep(
        connection,
        [
            *history("a", [0, 24, 30, 48], [Status.UP, Status.DOWN, Status.UP]),
            *history("b", [12, 48], [Status.DEGRADED]),
        ],
    )
    whole = estate_trend(connection, FIRST, 2, NOW)
    assert (whole.services, whole.up_ms, whole.down_ms) == (2, [DAY, 18 * HOUR], [0, 6 * HOUR])
    assert (whole.degraded_ms, whole.unknown_ms) == ([12 * HOUR, DAY], [12 * HOUR, 0])


def test_without_a_daemon_the_last_stored_status_lasts(connection: sqlite3.Connection) -> None:
    keep(connection, history("a", [0, 50], [Status.UP]))
    connection.executemany(
        "INSERT INTO service_state (key, status, since, record) VALUES (?, ?, ?, '{}')",
        [("a", "down", START + 50 * HOUR), ("b", "up", START + 9 * DAY), ("c", "unknown", None)],
    )
    present = present_pieces(connection, NOW)
    assert present == {
        "a": (Interval("service", "a", START + 50 * HOUR, NOW, Status.DOWN),),
        "b": (Interval("service", "b", START + 9 * DAY, NOW, Status.UP),),
    }
    trends = service_trends(connection, FIRST, 10, NOW, present)
    assert sum(trends["a"].down_ms) == NOW - START - 50 * HOUR
    assert trends["b"].up_ms[-2:] == [0, 5 * HOUR]


def test_incidents_are_counted_on_their_day(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO incident (key, state, severity, title, fired_at, service, record)"
        " VALUES (?, 'resolved', 'high', 't', ?, ?, '{}')",
        [(str(hour), START + hour * HOUR, "ab"[hour % 2]) for hour in range(0, 50, 5)],
    )
    assert incidents_by(DAY, connection, FIRST, 3) == [5, 5, 0]
    assert incidents_by(DAY, connection, FIRST, 3, "b") == [2, 3, 0]
    assert incidents_by(DAY, connection, FIRST + 1, 1) == [5]


def test_intervals_of_a_period_are_those_that_touch_it(connection: sqlite3.Connection) -> None:
    first = history("a", [0, 10, 20, 30, 40], [Status.UP, Status.DOWN, Status.UP, Status.DOWN])
    second = history("b", [5, 200], [Status.UP])
    keep(connection, [*first, *second])
    found = intervals_of(connection, "service", START + 15 * HOUR, START + 30 * HOUR)
    assert found == {"a": first[1:3], "b": second}
    assert intervals_of(connection, "service", START + 20 * HOUR, START + 21 * HOUR, ["a"]) == {
        "a": first[2:3]
    }
    assert intervals_of(connection, "service", START + 40 * HOUR, NOW, ["a", "new"]) == {
        "a": [],
        "new": [],
    }
    assert intervals_of(connection, "check", 0, NOW) == {}
    assert names_with_intervals(connection, "service") == ["a", "b"]
