"""Times of the API: RFC 3339 out and in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.api.times import parse_stamp, stamp, stamp_or_none


def test_a_time_has_milliseconds_and_ends_in_z() -> None:
    assert stamp(1_795_255_865_007) == "2026-11-21T10:11:05.007Z"
    assert stamp(0) == "1970-01-01T00:00:00.000Z"


def test_absent_stays_absent() -> None:
    assert stamp_or_none(None) is None
    assert stamp_or_none(0) == "1970-01-01T00:00:00.000Z"


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_what_is_written_reads_back_the_same(at: int) -> None:
    assert parse_stamp(stamp(at)) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T11:11:05+01:00", 1_795_255_865_000),
        ("2026-11-21t10:11:05z", 1_795_255_865_000),
        ("2026-11-21 10:11:05Z", 1_795_255_865_000),
        ("2026-11-21T10:11:05.1239Z", 1_795_255_865_123),
        ("2026-11-21T10:11:05.5Z", 1_795_255_865_500),
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str, at: int) -> None:
    assert parse_stamp(text) == at


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-11-21", "2026-11-21T10:11:05", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
     "2026-11-21T25:00:00Z", "1" * 10_000,
     "２０２６-11-21T10:11:05Z", "0001-01-01T00:00:00+14:00x"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example_or_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="is no time") as caught:
        parse_stamp(text)
    assert len(str(caught.value)) < 200
