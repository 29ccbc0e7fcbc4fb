"""Hours add up to what the pieces say, however they lie, and nothing counts twice."""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import HOUR, MINUTE
from daemon.store.reading.hours import hourly_trend
from daemon.store.schema import migrate

lengths = st.lists(
    st.tuples(st.integers(1, 5 * HOUR), st.sampled_from(list(Status))), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(lengths, st.integers(0, 3 * HOUR), st.integers(0, 12), st.integers(0, 12))
def test_hours_equal_looking_at_every_minute_of_the_pieces(
    parts: list[tuple[int, Status]], start: int, written: int, stale: int
) -> None:
    pieces, at = list[Interval](), start
    for length, status in parts:
        pieces.append(Interval("service", "shop", at, at + length, status))
        at += length
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.executemany(
        "INSERT INTO interval VALUES ('service', 'shop', ?, ?, ?)",
        [(one.start, one.end, int(one.status)) for one in pieces[:written]],
    )
    present = {"shop": pieces[max(0, min(written, len(pieces)) - stale) :]}
    now = at
    found = hourly_trend(connection, 1, 4, now, present, "shop")
    connection.close()
    lines = {Status.UP: found.up_ms, Status.DEGRADED: found.degraded_ms, Status.DOWN: found.down_ms}
    for hour in range(4):
        low, high = (hour + 1) * HOUR, (hour + 2) * HOUR
        for status, line in lines.items():
            expected = sum(
                max(0, min(one.end, high) - max(one.start, low))
                for one in pieces
                if one.status is status
            )
            assert line[hour] == expected
        assert found.span_ms[hour] == max(0, min(HOUR, now - low))


def test_a_service_without_history_is_unknown_all_the_time() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    found = hourly_trend(connection, 0, 2, HOUR + MINUTE, {}, "nobody")
    assert (found.up_ms, found.down_ms) == ([0, 0], [0, 0])
    assert found.span_ms == [HOUR, MINUTE]
    connection.close()
