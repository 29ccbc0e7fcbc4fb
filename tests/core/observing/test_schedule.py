"""Slots are on a grid, spread by name; one run of a check at a time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.observing.schedule import (
    COMPANY,
    GRAINS,
    NEWCOMER_SPREAD,
    Run,
    Schedule,
    following_slot,
    grain,
    next_slot,
    phase,
    soon,
)

names = st.text(min_size=1, max_size=20)
everies = st.integers(min_value=1, max_value=86_400_000)
instants = st.integers(min_value=0, max_value=1 << 42)


def test_the_phase_of_a_name_is_the_same_on_every_host() -> None:
    assert phase("checkout-http", 10_000) == 1_800
    assert phase("checkout-http", 10_007) != phase("checkout-http", 10_000)
    assert phase("checkout-http", 1) == 0


@given(names, st.integers(min_value=1, max_value=100_000), st.sampled_from(GRAINS))
def test_checks_share_slots_so_that_one_wake_up_starts_several(
    name: str, grains: int, size: int
) -> None:
    assert phase(name, grains * size, size) % size == 0


@given(names, everies, st.sampled_from(GRAINS))
def test_a_coarser_grid_moves_no_slot_by_more_than_its_grain(
    name: str, every: int, size: int
) -> None:
    finest = phase(name, every)
    assert 0 <= finest - phase(name, every, size) < size


@pytest.mark.parametrize(
    ("checks", "every", "size"),
    [
        (1, 10_000, 1000),
        (100, 10_000, 1000),
        (500, 10_000, 500),
        (1_000, 10_000, 200),
        (5_000, 10_000, 100),
        (10_000, 10_000, 50),
        (100, 1, 20),
    ],
)
def test_the_grain_is_as_coarse_as_keeps_company_small(checks: int, every: int, size: int) -> None:
    assert grain([every] * checks) == size


def test_an_estate_without_probes_has_a_grain() -> None:
    assert grain([]) == GRAINS[0]


def test_checks_of_one_estate_share_slots_by_twenty_or_so() -> None:
    names = [f"check-{number}" for number in range(1_000)]
    size = grain([10_000] * len(names))
    shared = Counter(phase(name, 10_000, size) for name in names)
    assert len(shared) == 50
    assert max(shared.values()) < 2 * COMPANY


@given(names, everies, instants)
def test_the_next_slot_is_the_first_one_on_the_grid_after_a_time(
    name: str, every: int, after: int
) -> None:
    slot = next_slot(phase(name, every), every, after)
    assert after < slot <= after + every
    assert slot % every == phase(name, every)


@given(names, everies, instants, st.integers(min_value=0, max_value=10**9))
def test_the_slot_after_a_run_is_on_the_grid_ahead_and_not_on_its_heels(
    name: str, every: int, due: int, late: int
) -> None:
    slot = following_slot(phase(name, every), every, due, due + late)
    assert slot % every == phase(name, every)
    assert slot > due + late
    assert slot > due + every // 2
    assert slot <= max(due + every // 2, due + late) + every


@given(names, everies, instants)
def test_a_newcomer_runs_within_an_interval_and_within_five_seconds(
    name: str, every: int, now: int
) -> None:
    assert now <= soon(name, every, now) < now + min(every, NEWCOMER_SPREAD)


def test_a_thousand_checks_of_one_interval_spread_evenly_over_it() -> None:
    tenths = [0] * 10
    for index in range(1000):
        tenths[phase(f"check-{index}", 10_000) // 1000] += 1
    assert min(tenths) > 70
    assert max(tenths) < 130


def test_a_check_that_runs_is_not_begun_again_and_not_planned() -> None:
    schedule = Schedule()
    schedule.plan("a", 100)
    assert list(schedule.take_due(100)) == [("a", 100)]
    assert schedule.begin("a", 100, 105, 9)
    schedule.plan("a", 200)
    assert not schedule.begin("a", 110, 110, 9)
    assert schedule.first() is None
    run = schedule.end("a")
    assert run is not None
    assert (run.due, run.started) == (100, 105)
    schedule.plan("a", 200)
    assert schedule.first() == 200


def test_what_is_taken_as_due_runs_and_is_not_due_again() -> None:
    schedule = Schedule()
    schedule.plan("web", 5)
    run = Run(due=5, started=7, timeout=100)
    for name, _ in schedule.take_due(7):
        schedule.begin_taken(name, run)
    assert (schedule.run_of("web"), schedule.due_of("web")) == (run, None)
    assert not schedule.begin("web", 8, 8, 100)


def test_a_check_that_is_forgotten_is_neither_due_nor_running() -> None:
    schedule = Schedule()
    schedule.plan("a", 100)
    schedule.begin("b", 1, 1, 9)
    schedule.forget("a")
    schedule.forget("b")
    assert schedule.first() is None
    assert schedule.run_of("b") is None
