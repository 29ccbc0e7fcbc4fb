"""A response runs as often as its limit lets it, and stops when it does not help."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.model import HOUR, MINUTE, SECOND, ResponseState
from daemon.core.plan import ResponsePlan, When
from daemon.core.responding import allowance

NOW = 1_800_000_000_000
FRESH = ResponseState("restart", known_at=NOW)


def plan(**more: object) -> ResponsePlan:
    return ResponsePlan("restart", (), When.FIRING, "run restart", **more)  # type: ignore[arg-type]  # fields by name


@settings(max_examples=60)
@given(
    most=st.integers(1, 4),
    per=st.sampled_from([SECOND, MINUTE, HOUR]),
    cooldown=st.sampled_from([0, 10 * SECOND, 5 * MINUTE]),
    steps=st.lists(st.integers(0, 20 * MINUTE), max_size=40),
)
def test_no_span_has_more_runs_than_the_limit_allows_and_none_comes_too_soon(
    most: int, per: int, cooldown: int, steps: list[int]
) -> None:
    spec, state, now = plan(most=most, per=per, cooldown=cooldown), FRESH, NOW
    began: list[int] = []
    for step in steps:
        now += step
        if allowance.hindrance(spec, state, now) is None:
            began.append(now)
            state = allowance.begun(spec, state, f"run {len(began)}", now)
    for position, at in enumerate(began):
        assert sum(at - per < one <= at for one in began) <= most
        assert position == 0 or at - began[position - 1] >= cooldown
    assert state.runs == len(began)
    assert len(state.recent) <= most


@settings(max_examples=60)
@given(
    most=st.integers(1, 4),
    cooldown=st.sampled_from([0, 90 * SECOND]),
    steps=st.lists(st.integers(0, 10 * MINUTE), min_size=1, max_size=20),
)
def test_what_is_held_may_begin_at_the_time_that_is_named_and_not_before(
    most: int, cooldown: int, steps: list[int]
) -> None:
    spec, state, now = plan(most=most, per=5 * MINUTE, cooldown=cooldown), FRESH, NOW
    for step in steps:
        now += step
        held = allowance.hindrance(spec, state, now)
        if held is None:
            state = allowance.begun(spec, state, "run", now)
            continue
        assert held.until is not None
        assert held.until > now
        assert allowance.hindrance(spec, state, held.until - 1) is not None
        assert allowance.hindrance(spec, state, held.until) is None


@settings(max_examples=60)
@given(stop_after=st.integers(0, 4), verdicts=st.lists(st.booleans(), max_size=20))
def test_it_stops_after_so_many_runs_in_a_row_that_did_not_help(
    stop_after: int, verdicts: list[bool]
) -> None:
    spec, state = plan(stop_after=stop_after), FRESH
    in_a_row, stops = 0, False
    for helped in verdicts:
        state = allowance.judged(spec, state, helped=helped, now=NOW)
        in_a_row = 0 if helped else in_a_row + 1
        stops = stops or 0 < stop_after <= in_a_row
        assert (state.stopped_at is not None) == stops


def test_a_reset_forgets_runs_and_verdicts_and_looks_only_ahead() -> None:
    spec = plan(most=1, per=HOUR, stop_after=1)
    state = allowance.judged(spec, allowance.begun(spec, FRESH, "a", NOW), helped=False, now=NOW)
    held = allowance.hindrance(spec, state, NOW + 1)
    assert held is not None
    assert held.until is None
    again = allowance.reset(state, NOW + MINUTE)
    assert allowance.hindrance(spec, again, NOW + MINUTE) is None
    assert (again.known_at, again.runs) == (NOW + MINUTE, 1)
