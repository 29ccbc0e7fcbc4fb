"""A soak is judged by its last third."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.soak import Sample, breaches, growth_mb_an_hour, thirds

STEADY = [Sample(10.0 * n, 5_000, 150.0, 12.0, 5.0, 1.0 * n) for n in range(1, 32)]


def _with(change: Callable[[Sample], Sample], since: int) -> list[Sample]:
    return [*STEADY[:since], *(change(one) for one in STEADY[since:])]


def test_the_thirds_are_of_equal_size_and_the_first_takes_the_rest() -> None:
    assert [len(third) for third in thirds(STEADY)] == [11, 10, 10]
    assert thirds(STEADY)[2][-1] is STEADY[-1]


def test_a_flat_run_has_no_breach() -> None:
    assert breaches(STEADY, 25.0) == []


def test_memory_that_grows_is_a_breach() -> None:
    grown = _with(lambda one: replace(one, rss_mb=155.0), 21)
    assert breaches(grown, 25.0) == ["memory grew by 3.3 %"]
    assert breaches(_with(lambda one: replace(one, rss_mb=154.0), 21), 25.0) == []


def test_what_grew_before_the_middle_is_no_breach() -> None:
    assert breaches(_with(lambda one: replace(one, rss_mb=190.0), 11), 25.0) == []


def test_lateness_that_grows_is_a_breach() -> None:
    late = _with(lambda one: replace(one, late_ms=19.0), 21)
    assert breaches(late, 25.0) == ["lateness p99 went from 12.0 to 19.0 ms"]


def test_results_that_take_more_than_is_promised_are_a_breach() -> None:
    assert breaches(STEADY, 30.5) == ["a result takes 30.5 bytes"]


def test_growth_is_told_by_the_hour() -> None:
    assert growth_mb_an_hour(STEADY) == 360.0
