"""How far out a sample is, and where a line leads: against computing it anew by definition."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.ruling.trendline import LEAST_RANKED, NORMAL, Line, anomaly, spread
from daemon.core.ruling.windows import Window

values = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=150)
@given(st.lists(values, min_size=2, max_size=60))
def test_the_scale_is_that_of_the_median_absolute_deviation(found: list[float]) -> None:
    middle, scale = spread(sorted(found))
    assert middle == pytest.approx(statistics.median(found))
    deviations = sorted(abs(one - middle) for one in found)
    mad = deviations[(len(found) - 1) // 2]
    expected = NORMAL * mad if mad else statistics.pstdev(found)
    assert scale == pytest.approx(max(expected, abs(middle) / 100), rel=1e-6, abs=1e-6)


def test_outliers_hardly_move_what_is_usual() -> None:
    calm = [100.0 + number % 7 for number in range(200)]
    wild = sorted([*calm, *[9_000.0] * 20])
    found = anomaly(140.0, wild)
    assert found is not None
    assert found > 10
    assert anomaly(103.0, wild) == pytest.approx(0, abs=0.6)


def test_what_is_flat_has_no_anomaly_and_its_first_other_sample_is_one() -> None:
    assert anomaly(5.0, [5.0] * 40) == 0.0
    assert anomaly(0.0, [0.0] * 40) == 0.0
    found = anomaly(9.0, sorted([*[5.0] * 99, 9.0]))
    assert found is not None
    assert found > 6


def test_with_few_samples_nothing_is_usual() -> None:
    assert anomaly(1.0, [1.0] * (LEAST_RANKED - 1)) is None


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 40), values), min_size=12, max_size=120))
def test_a_line_that_samples_left_is_that_of_the_rest(moves: list[tuple[int, float]]) -> None:
    window, now, kept = Window(300, line=True), 0, list[tuple[int, float]]()
    for step, value in moves:
        now += step
        window.add(now, value)
        kept.append((now, value))
    inside = [(at, value) for at, value in kept if at > now - 300]
    told = window.forecast(now + 50)
    if len(inside) < 10 or 2 * (inside[-1][0] - inside[0][0]) < 300:
        assert told is None
        return
    slope, intercept = statistics.linear_regression(*zip(*inside, strict=True))
    assert told == pytest.approx(intercept + slope * (now + 50), rel=1e-6, abs=1e-2)


def test_a_straight_line_is_followed_exactly_for_months() -> None:
    window, minute = Window(360 * 60_000, line=True), 60_000
    start = 1_795_000_000_000
    for number in range(90 * 24 * 6):
        window.add(start + number * 10 * minute, 40.0 + number / 1000)
    last = start + (90 * 24 * 6 - 1) * 10 * minute
    assert window.forecast(last + 24 * 60 * minute) == pytest.approx(
        40.0 + (90 * 24 * 6 - 1 + 144) / 1000, rel=1e-9
    )


def test_a_window_that_was_made_without_a_line_draws_one_when_asked() -> None:
    dice = random.Random(4)  # noqa: S311  # the same each time, no secret
    plain, kept = Window(1_000), Window(1_000, line=True)
    for at in range(0, 3_000, 20):
        value = dice.random()
        plain.add(at, value)
        kept.add(at, value)
    assert plain.forecast(9_000) == pytest.approx(kept.forecast(9_000))


def test_samples_at_one_moment_make_no_line() -> None:
    assert Line([(5, 1.0)] * 20).at(9) is None
