"""The demo's script: pure, looping, and showing what it promises in the first half minute."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from daemon.demo.script import ACTS, LENGTH_MS, Scene, changes, scene


def test_it_begins_with_all_well() -> None:
    assert scene(0) == Scene()


def test_the_database_dies_within_ten_seconds_and_stays_dead_long_enough_to_escalate() -> None:
    dead = [second for second in range(60) if not scene(second * 1_000).database]
    assert dead[0] <= 10
    assert len(dead) >= 25


def test_cause_and_deployment_are_told_apart() -> None:
    """While the database is gone, checkout's own code is well, and the other way round."""
    scenes = [scene(second * 1_000) for second in range(150)]
    assert all(one.checkout for one in scenes if not one.database)
    assert any(not one.checkout for one in scenes)


def test_search_drips_slower_and_is_quick_again() -> None:
    latencies = [scene(second * 1_000).search_ms for second in range(78, 104)]
    assert latencies == sorted(latencies)
    assert latencies[-1] > 600
    assert scene(104_000).search_ms < 50


def test_recommendations_change_often_enough_to_be_flapping() -> None:
    states = [scene(second * 1_000).recommendations for second in range(108, 144)]
    assert sum(a != b for a, b in pairwise(states)) >= 10


@given(st.integers(0, 10 * LENGTH_MS))
def test_it_repeats_for_ever(time_ms: int) -> None:
    one, later = scene(time_ms), scene(time_ms + LENGTH_MS)
    assert one == later


@given(st.integers(0, 10 * LENGTH_MS))
def test_every_beginning_and_end_is_told_once_a_round(start_ms: int) -> None:
    told: list[str] = []
    for now in range(start_ms, start_ms + LENGTH_MS, 250):
        told += changes(now, now + 250)
    assert sorted(told) == sorted(text for act in ACTS for text in (act.begins, act.ends))
