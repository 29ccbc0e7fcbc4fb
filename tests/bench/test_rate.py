"""A rate is sustained when every slot of every check has its run."""

from __future__ import annotations

from bench.rate import kept
from daemon.core.observing.schedule import phase

START = 1_760_000_000_000
NAMES = ["c00000", "c00001", "c00002"]


def _runs(late_ms: int) -> list[tuple[str, int]]:
    """A run for each slot of four seconds, each so late."""
    first = START - START % 1_000
    return [
        (name, first + second * 1_000 + phase(name, 1_000) + late_ms)
        for name in NAMES
        for second in range(4)
    ]


def test_every_slot_of_the_window_counts_once() -> None:
    found = kept(_runs(3), NAMES, 1_000, START + 250, START + 2_250)
    assert (found.done, found.skipped) == (6, 0)
    assert set(found.late_ms) == {3}


def test_a_slot_without_a_run_is_skipped() -> None:
    runs = [run for run in _runs(3) if not START + 1_000 <= run[1] < START + 2_000]
    found = kept(runs, NAMES, 1_000, START, START + 3_000)
    assert (found.done, found.skipped) == (6, 3)


def test_a_run_that_begins_late_counts_for_its_own_slot() -> None:
    found = kept(_runs(999), NAMES, 1_000, START, START + 2_000)
    assert (found.done, found.skipped, max(found.late_ms)) == (6, 0, 999)


def test_a_second_run_in_a_slot_makes_nothing_good() -> None:
    runs = [*_runs(0), *_runs(7)]
    found = kept(runs, NAMES, 1_000, START, START + 3_000)
    assert (found.done, found.skipped, set(found.late_ms)) == (9, 0, {0})
