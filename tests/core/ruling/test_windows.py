"""Windows equal what computing anew over their samples would give, to the last bit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import MINUTE
from daemon.core.ruling.exact import ExactSum
from daemon.core.ruling.windows import Minutes, Window

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
wild = st.one_of(numbers, st.floats(min_value=-1e100, max_value=1e100), st.integers(-5, 5))
steps = st.lists(st.tuples(st.integers(0, 40), wild), min_size=1, max_size=80)


def nearest_rank(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return next(
        value for rank, value in enumerate(ordered, start=1) if rank * 100 >= percent * len(ordered)
    )


NAIVE: dict[str, Callable[[list[float]], float]] = {
    "avg": lambda v: math.fsum(v) / len(v),
    "sum": math.fsum,
    "min": min,
    "max": max,
    "delta": lambda v: v[-1] - v[0],
    "p50": lambda v: nearest_rank(v, 50),
    "p90": lambda v: nearest_rank(v, 90),
    "p95": lambda v: nearest_rank(v, 95),
    "p99": lambda v: nearest_rank(v, 99),
}


@given(steps, st.integers(1, 200), st.booleans(), st.booleans(), st.integers(0, 100))
def test_every_function_equals_computing_it_anew(
    moves: list[tuple[int, float]], span: int, extremes: bool, ranks: bool, idle: int
) -> None:
    window, kept, now = Window(span, extremes=extremes, ranks=ranks), [], 0
    for step, value in moves:
        now += step
        window.add(now, float(value))
        kept.append((now, float(value)))
    now += idle
    window.trim(now)
    inside = [value for at, value in kept if at > now - span]
    assert len(window) == len(inside)
    for function, naive in NAIVE.items():
        expected = naive(inside) if len(inside) >= 2 else None
        assert window.compute(function) == expected, function
    assert window.compute("count") == (len(inside) or None)
    assert window.compute("last") == (inside[-1] if inside else None)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_the_standard_deviation_is_the_populations(values: list[float]) -> None:
    window = Window(10_000)
    for at, value in enumerate(values):
        window.add(at, value)
    assert window.compute("stddev") == pytest.approx(statistics.pstdev(values), abs=1e-6)


def test_a_rate_is_per_second_and_survives_a_counters_reset() -> None:
    window = Window(60_000)
    for at, value in ((0, 10.0), (10_000, 40.0), (20_000, 5.0), (30_000, 25.0)):
        window.add(at, value)
    assert window.compute("rate") == pytest.approx((30 + 5 + 20) / 30)


def test_a_rate_without_time_cannot_be_told() -> None:
    window = Window(60_000)
    window.add(5, 1.0)
    window.add(5, 2.0)
    assert window.compute("rate") is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e200])
def test_a_value_that_is_no_sensible_number_is_left_out(value: float) -> None:
    window = Window(1_000, extremes=True, ranks=True)
    window.add(1, value)
    assert len(window) == 0


def test_a_hundred_thousand_samples_later_the_sum_has_not_drifted() -> None:
    window = Window(10)
    for at in range(100_000):
        window.add(at, 0.1 if at % 3 else 1e16)
    assert window.compute("sum") == math.fsum(
        0.1 if at % 3 else 1e16 for at in range(99_990, 100_000)
    )


@given(st.lists(st.floats(-1e140, 1e140), max_size=40))
def test_an_exact_sum_is_nothing_after_all_is_taken_away(values: list[float]) -> None:
    total = ExactSum()
    for value in values:
        total.add(value)
    assert total.value == math.fsum(values)
    for value in reversed(values):
        total.add(-value)
    assert total.value == 0.0


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-99, 99)), min_size=1, max_size=120))
def test_minutes_equal_computing_anew_over_whole_minutes(moves: list[tuple[int, int]]) -> None:
    reach = 30 * MINUTE
    minutes, kept, now = Minutes(reach), [], 0
    for step, value in moves:
        now += step * 1_000
        minutes.add(now, float(value))
        kept.append((now, float(value)))
    for back, span in ((1, 1), (5, 5), (20, 10), (29, 1)):
        end = now - back * MINUTE
        low, high = end // MINUTE - span + 1, end // MINUTE
        inside = [value for at, value in kept if low <= at // MINUTE <= high]
        for function in ("sum", "min", "max", "avg"):
            expected = NAIVE[function](inside) if len(inside) >= 2 else None
            assert minutes.compute(function, end, span * MINUTE) == expected
        assert minutes.compute("count", end, span * MINUTE) == (len(inside) or None)


def test_minutes_leave_out_what_is_older_than_their_ring() -> None:
    minutes = Minutes(10 * MINUTE)
    minutes.add(100 * MINUTE, 1.0)
    minutes.add(100 * MINUTE - 12 * MINUTE, 5.0)
    assert minutes.compute("count", 100 * MINUTE, MINUTE) == 1.0


def test_the_memory_of_minutes_is_fixed() -> None:
    minutes = Minutes(60 * MINUTE)
    for at in range(0, 10_000 * MINUTE, MINUTE // 2):
        minutes.add(at, 1.0)
    assert len(minutes._stamps) == 62


def test_a_window_that_is_to_keep_more_keeps_it_from_then_on() -> None:
    plain = Window(10_000)
    for at in range(0, 9_000, 100):
        plain.add(at, float(at % 700))
    assert plain.equal_to(Window(10_000)) is plain
    more = plain.equal_to(Window(10_000, ranks=True, line=True))
    assert more is not plain
    assert more.equal_to(Window(10_000, ranks=True)) is more
    for function in ("p95", "avg", "count", "anomaly"):
        assert more.compute(function) == plain.compute(function)
    assert more.forecast(20_000) == pytest.approx(plain.forecast(20_000))
