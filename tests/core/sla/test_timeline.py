"""A timeline says what the replacements made of the past, and its totals add up exactly."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.sla.timeline import Piece, Timeline

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN

replacements = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(Status)), max_size=25)


def told(changes: list[tuple[int, Status]]) -> tuple[Timeline, list[Status]]:
    """The timeline, and what it must say of every moment in -10..69."""
    timeline, moments = Timeline(), [UNKNOWN] * 80
    for start, status in changes:
        timeline.replace(start, status)
        moments[start + 10 :] = [status] * (70 - start)
    return timeline, moments


def test_nothing_was_ever_known_of_an_empty_timeline() -> None:
    timeline = Timeline()
    assert timeline.status is UNKNOWN
    assert timeline.since is None
    assert timeline.totals(5, 25) == (0, 0, 20, 0)
    assert list(timeline.pieces(5, 25)) == [Piece(5, 25, UNKNOWN)]


def test_a_late_confirmation_rewrites_the_past_from_the_first_failure() -> None:
    timeline = Timeline()
    timeline.replace(100, UP)
    assert timeline.totals(100, 200) == (100, 0, 0, 0)
    assert timeline.replace(170, DOWN)
    assert timeline.totals(100, 200) == (70, 0, 0, 30)
    assert timeline.since == 170


def test_a_replacement_swallows_every_later_change() -> None:
    timeline, _ = told([(10, UP), (20, DOWN), (30, UP), (15, DEGRADED)])
    assert list(timeline.pieces(10, 50)) == [Piece(10, 15, UP), Piece(15, 50, DEGRADED)]


def test_equal_neighbours_become_one_piece() -> None:
    timeline, _ = told([(10, UP), (20, DOWN), (20, UP)])
    assert len(timeline) == 1
    assert timeline.since == 10


@pytest.mark.parametrize(("start", "status"), [(20, DOWN), (25, DOWN), (99, DOWN)])
def test_saying_the_same_again_changes_nothing(start: int, status: Status) -> None:
    timeline, _ = told([(10, UP), (20, DOWN)])
    assert not timeline.replace(start, status)
    assert timeline.since == 20


@given(replacements, st.integers(-10, 69), st.integers(0, 79))
def test_totals_and_pieces_count_every_millisecond_once(
    changes: list[tuple[int, Status]], start: int, length: int
) -> None:
    timeline, moments = told(changes)
    end = min(start + length, 70)
    inside = moments[start + 10 : end + 10]
    assert timeline.totals(start, end) == tuple(inside.count(status) for status in Status)
    pieces = list(timeline.pieces(start, end))
    assert [p.status for p in pieces for _ in range(p.start, p.end)] == inside
    assert all(a.end == b.start and a.status is not b.status for a, b in pairwise(pieces))
    assert timeline.at(start) is moments[start + 10]


@given(replacements, st.integers(-10, 69))
def test_the_steps_after_a_moment_lead_from_its_status_to_the_last(
    changes: list[tuple[int, Status]], after: int
) -> None:
    timeline, moments = told(changes)
    walked = [timeline.at(after)] * (69 - after)
    for moment, status in timeline.steps(after):
        walked[moment - after - 1 :] = [status] * (70 - moment)
    assert walked == moments[after + 11 :]


def test_forgetting_bounds_the_memory_and_keeps_every_later_figure() -> None:
    dice, timeline, moments = random.Random(7), Timeline(), [UNKNOWN]  # noqa: S311  # no secret
    longest = 0
    for at in range(1, 5_000):
        status = dice.choice(list(Status))
        timeline.replace(at, status)
        moments.append(status)
        timeline.forget(at - 50)
        longest = max(longest, len(timeline))
    assert longest < 150
    inside = moments[4_949:4_999]
    assert timeline.totals(4_949, 4_999) == tuple(inside.count(status) for status in Status)


def test_forgetting_a_short_past_is_no_work() -> None:
    timeline, _ = told([(10, UP), (20, DOWN)])
    timeline.forget(1_000)
    assert timeline.at(15) is UP
    assert timeline.at(2_000) is DOWN


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9), st.sampled_from(Status)), max_size=12)
)
def test_a_timeline_made_in_one_pass_is_that_of_one_replacement_after_the_other(
    parts: list[tuple[int, int, Status]],
) -> None:
    pieces, at, slow = [], 0, Timeline()
    for gap, length, status in parts:
        if gap:
            slow.replace(at, UNKNOWN)
        pieces.append((at + gap, at + gap + length, status))
        slow.replace(at + gap, status)
        at += gap + length
    slow.replace(at, UNKNOWN)
    fast = Timeline.of(pieces)
    assert fast.stretches(-5, at + 5) == slow.stretches(-5, at + 5)
    assert all(fast.totals(0, end) == slow.totals(0, end) for end in range(at + 5))
    assert all(
        fast.statuses(low, at) == [one.status for one in slow.pieces(low, at)] for low in range(at)
    )
