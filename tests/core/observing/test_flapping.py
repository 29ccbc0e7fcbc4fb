"""Flapping is Nagios' weighted share of changes among the last 20 transitions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.observing.flapping import is_flapping, percent, record


def naive_percent(states: list[int]) -> float:
    """Straight from Nagios' documentation, over at most 21 states, oldest first."""
    recent = states[-21:]
    recent = [recent[0]] * (21 - len(recent)) + recent
    share = 0.0
    for x in range(1, 21):
        if recent[x] != recent[x - 1]:
            share += 0.75 + (x - 1) * 0.5 / 19
    return share / 20 * 100


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_the_percentage_equals_the_formula_written_out(states: list[int]) -> None:
    window = 0
    for before, after in pairwise(states):
        window = record(window, before != after)
    assert percent(window) == pytest.approx(naive_percent(states), abs=1e-9)


def test_changing_every_time_is_a_hundred_percent() -> None:
    assert percent((1 << 20) - 1) == pytest.approx(100.0)


def test_the_newest_change_weighs_most_and_the_oldest_least() -> None:
    assert percent(1) == pytest.approx(6.25)
    assert percent(1 << 19) == pytest.approx(3.75)


def test_a_change_leaves_the_window_after_twenty_more_states() -> None:
    window = record(0, True)
    for _ in range(20):
        assert window
        window = record(window, False)
    assert window == 0


def test_flapping_starts_at_the_high_mark_and_stops_at_the_low_one() -> None:
    four = 0b1111
    assert percent(four) > 20
    assert is_flapping(four, False, 20.0, 5.0)
    assert not is_flapping(0b111, False, 20.0, 5.0)
    assert is_flapping(0b111, True, 20.0, 5.0)
    assert not is_flapping(1 << 19, True, 20.0, 5.0)


def test_the_marks_themselves_count() -> None:
    assert is_flapping(1, False, percent(1), 1.0)
    assert not is_flapping(1, True, 50.0, percent(1))


def test_a_start_of_zero_turns_it_off() -> None:
    assert not is_flapping((1 << 20) - 1, True, 0.0, 0.0)
