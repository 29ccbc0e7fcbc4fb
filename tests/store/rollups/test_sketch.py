"""Percentiles stay within one percent, and merge without loss."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.store.rollups.sketch import _RATIO, RELATIVE_ERROR, Sketch

values_of = st.lists(st.integers(1, 10**10), min_size=1, max_size=200)


@given(values_of, st.floats(0, 1))
def test_a_percentile_is_off_by_at_most_one_percent(values: list[int], share: float) -> None:
    true = sorted(values)[max(0, ceil(share * len(values)) - 1)]
    found = Sketch(values).quantile(share)
    assert found is not None
    assert abs(found - true) <= RELATIVE_ERROR * true * (1 + 1e-9)


@given(values_of, values_of)
def test_merging_is_the_same_as_having_seen_all(first: list[int], second: list[int]) -> None:
    merged = Sketch(first)
    merged.merge(Sketch(second))
    assert merged == Sketch(first + second)
    assert merged.count == len(first) + len(second)


@given(values_of)
def test_a_sketch_survives_being_bytes(values: list[int]) -> None:
    assert Sketch.decode(Sketch(values).encode()) == Sketch(values)


def test_an_empty_sketch_has_no_percentiles_and_no_bytes() -> None:
    assert Sketch().quantile(0.5) is None
    assert Sketch().encode() == b""
    assert Sketch.decode(b"").count == 0


def test_what_is_below_a_microsecond_counts_as_one() -> None:
    assert Sketch([0, 0, 0]).quantile(0.5) == 1.0


@given(
    st.integers(0, 900),
    st.lists(st.sampled_from([0, 1, 3, 127, 128, 200]), min_size=1, max_size=120),
)
def test_a_sketch_of_close_buckets_survives_being_bytes(first: int, counts: list[int]) -> None:
    values = [
        ceil(_RATIO ** (first + index) * 0.999)
        for index, count in enumerate(counts)
        for _ in range(count)
    ]
    sketch = Sketch(values)
    assert Sketch.decode(sketch.encode()) == sketch
    twice = Sketch(values)
    twice.absorb(sketch.encode())
    assert twice == Sketch(values + values)


@given(st.lists(st.lists(st.integers(1, 10**6), max_size=60), max_size=5), values_of)
def test_many_are_taken_in_at_once_as_one_by_one(parts: list[list[int]], seen: list[int]) -> None:
    parts.append([value for near in range(9_000, 9_900, 20) for value in [near] * 3])
    encoded = [Sketch(part).encode() for part in parts]
    at_once, one_by_one = Sketch(seen), Sketch(seen)
    at_once.absorb_all(encoded)
    for data in encoded:
        one_by_one.absorb(data)
    assert at_once == one_by_one


def test_great_counts_and_wide_gaps_survive_being_bytes() -> None:
    sketch = Sketch()
    sketch._counts = {0: 128, 1: 128**2, 2: 128**3 + 5, 3: 1, 4: 7, 5: 1, 6: 2, 700: 128**2, 701: 1}
    for _ in range(2):
        sketch._counts |= {index: 1 + index % 3 for index in range(10, 90)}
        assert sketch.encode().startswith(b"\0\0")
        assert Sketch.decode(sketch.encode()) == sketch
        sketch._counts = {index: 128 * count for index, count in sketch._counts.items()}


def test_an_hours_sketch_takes_about_a_byte_a_bucket() -> None:
    assert len(Sketch(range(11_000, 14_000, 8)).encode()) < 20


LAYER = b"\x00\x00"


@pytest.mark.parametrize(
    "data",
    [
        *(b"\x80", b"\x01", b"\x01\x02\x03", b"\x01\xff"),
        *(LAYER, LAYER + b"\x85", LAYER + b"\x85\x80\x01\x00"),
    ],
)
def test_bytes_cut_short_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="middle"):
        Sketch.decode(data)
    with pytest.raises(ValueError, match="middle"):
        Sketch().absorb_all([data])


def test_a_minute_of_ordinary_latencies_is_small() -> None:
    assert len(Sketch(range(11_000, 14_000, 50)).encode()) < 40
