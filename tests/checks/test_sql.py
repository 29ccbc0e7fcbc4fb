"""Database values as conditions see them."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.probe import Trace
from checks.sql import CELL_LIMIT, ROW_LIMIT, friendly, rows_observation


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (decimal.Decimal("1.25"), 1.25),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1, 2, 3, tzinfo=dt.UTC), "2026-03-01T02:03:00+00:00"),
        (dt.timedelta(minutes=1.5), 90.0),
        (b"\xde\xad", "dead"),
        ((1, decimal.Decimal(2)), [1, 2.0]),
        ({"a": b"\x01"}, {"a": "01"}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (None, None),
        (True, True),
    ],
)
def test_a_value_becomes_one_that_conditions_know(value: object, seen: object) -> None:
    assert friendly(value) == seen


@given(
    st.one_of(
        st.decimals(),
        st.dates(),
        st.datetimes(),
        st.timedeltas(),
        st.binary(),
        st.text(),
        st.lists(st.integers()),
        st.uuids(),
        st.frozensets(st.dates(), max_size=3),
    )
)
def test_cel_takes_every_friendly_value(value: Any) -> None:
    assert cel.compile("v == v || true").execute({"v": friendly(value)}) is True


def test_rows_and_cells_are_bounded() -> None:
    rows = [("x" * 10_000,)] * (ROW_LIMIT + 1)
    seen = rows_observation(["a"], rows, Trace())
    assert seen.fields["row_count"] == ROW_LIMIT
    assert seen.fields["more_rows"] is True
    assert len(seen.fields["rows"][0]["a"]) == CELL_LIMIT
    assert seen.message.startswith("more than 100 rows in ")
    assert len(str(seen.metrics["value"])) <= 100
