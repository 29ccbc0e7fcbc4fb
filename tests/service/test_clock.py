"""The clock never goes back, and says when time was lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.service.clock import STALL, TOLERANCE, Clock, wall_clock

START = 1_800_000_000_000


class Machine:
    """A machine whose two clocks are moved by hand, in milliseconds."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 5_000
        self.clock = Clock(lambda: self.wall * 1_000_000, lambda: self.steady * 1_000_000)

    def run(self, span_ms: int) -> None:
        """Time passes as it should."""
        self.wall += span_ms
        self.steady += span_ms


def test_it_follows_the_wall_clock_while_nothing_is_wrong() -> None:
    machine = Machine()
    machine.run(1_000)
    assert machine.clock.beat() is None
    assert machine.clock.now() == START + 1_000


def test_a_machine_that_slept_reports_a_gap_from_the_last_beat() -> None:
    machine = Machine()
    machine.run(1_000)
    machine.clock.beat()
    machine.wall += 3_600_000  # the monotonic clock stands still while the machine sleeps
    jump = machine.clock.beat()
    assert jump is not None
    assert jump.start == START + 1_000
    assert jump.back_ms == 0
    assert machine.clock.now() == machine.wall


def test_a_stopped_process_reports_a_gap_although_both_clocks_agree() -> None:
    machine = Machine()
    machine.run(STALL + 1_000)
    jump = machine.clock.beat()
    assert jump is not None
    assert jump.start == START
    assert "stood still" in jump.reason


def test_a_clock_set_back_is_reported_once_and_time_goes_on_slower() -> None:
    machine = Machine()
    machine.wall -= 60_000
    jump = machine.clock.beat()
    assert jump is not None
    assert jump.back_ms == 60_000
    before = machine.clock.now()
    for _ in range(20):
        machine.run(1_000)
        assert machine.clock.beat() is None
    assert before + 18_000 < machine.clock.now() < before + 19_500
    assert machine.clock.ahead_ms > TOLERANCE


def test_after_a_clock_set_back_it_meets_the_wall_clock_again() -> None:
    machine = Machine()
    machine.wall -= 10_000
    for _ in range(400):
        machine.run(1_000)
        machine.clock.beat()
    assert machine.clock.ahead_ms == 0
    assert abs(machine.clock.now() - machine.wall) <= TOLERANCE


def test_a_wall_clock_behind_what_is_stored_is_a_clock_set_back() -> None:
    machine = Machine()
    machine.clock.not_before(START + 3_600_000)
    assert machine.clock.now() == START + 3_600_000
    machine.run(1_000)
    jump = machine.clock.beat()
    assert jump is not None
    assert jump.back_ms == 3_600_000
    assert machine.clock.ahead_ms == 3_600_000
    machine.run(1_000)
    assert machine.clock.beat() is None


def test_what_is_stored_from_before_changes_no_clock() -> None:
    machine = Machine()
    machine.clock.not_before(START - 1)
    assert machine.clock.now() == START
    assert machine.clock.beat() is None


@given(
    st.lists(
        st.tuples(st.integers(0, 30_000), st.integers(-100_000, 100_000)), min_size=1, max_size=60
    )
)
def test_it_never_goes_back_whatever_is_done_to_the_wall_clock(
    moves: list[tuple[int, int]],
) -> None:
    machine = Machine()
    last = machine.clock.now()
    for passed, jumped in moves:
        machine.run(passed)
        machine.wall += jumped
        machine.clock.beat()
        now = machine.clock.now()
        assert now >= last
        last = now


def test_a_beat_is_overdue_as_soon_as_it_would_report_a_stall() -> None:
    machine = Machine()
    machine.clock.beat()
    machine.run(STALL)
    assert not machine.clock.is_overdue
    machine.run(1)
    assert machine.clock.is_overdue
    assert machine.clock.beat() is not None
    assert not machine.clock.is_overdue


def test_a_long_start_before_the_first_beat_is_no_gap() -> None:
    machine = Machine()
    machine.run(STALL + 60_000)
    machine.clock.begin_beats()
    assert not machine.clock.is_overdue
    machine.run(1_000)
    assert machine.clock.beat() is None


def test_a_clock_that_jumps_during_the_start_is_noticed_by_the_first_beat() -> None:
    machine = Machine()
    machine.wall += 3_600_000
    machine.clock.begin_beats()
    jump = machine.clock.beat()
    assert jump is not None
    assert machine.clock.now() == machine.wall


def test_a_test_may_set_the_wall_clock_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset = tmp_path / "offset"
    monkeypatch.setenv("TOCSIN_TEST_CLOCK", str(offset))
    clock = wall_clock()
    offset.write_text("3600000")
    assert clock() > time.time_ns() + 3_500 * 10**9
    monkeypatch.delenv("TOCSIN_TEST_CLOCK")
    assert abs(wall_clock()() - time.time_ns()) < 60 * 10**9
