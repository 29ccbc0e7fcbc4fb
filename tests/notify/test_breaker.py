"""The circuit breaker, in virtual time: when it opens, whom it lets through, when it closes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import MINUTE, SECOND
from daemon.notify.breaker import (
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    ROW,
    ROW_MS,
    Breaker,
    BreakerState,
)
from tests.notify.lab import T0


def failed(*incidents: str, every_ms: int = 0) -> Breaker:
    """A breaker after attempts for these incidents failed."""
    breaker = Breaker()
    for number, incident in enumerate(incidents):
        breaker = breaker.failed(f"k{number}", incident, T0 + number * every_ms)
    return breaker


OPEN = failed("a", "b", "a", "a", "a")


def test_five_failures_in_a_row_of_two_incidents_open_it() -> None:
    assert failed("a", "b", "a", "a").is_closed
    assert (OPEN.state, OPEN.opened_at) == (BreakerState.OPEN, T0)


def test_one_bad_page_opens_it_only_after_thirty_seconds() -> None:
    assert failed(*"aaaaaaaaa", every_ms=3 * SECOND).is_closed
    assert failed(*"aaaaa", every_ms=7 * SECOND).is_closed
    assert not failed(*"aaaaa", every_ms=8 * SECOND).is_closed


def test_an_answer_begins_the_row_anew() -> None:
    breaker = failed("a", "b", "c", "d").answered().failed("k", "e", T0)
    assert (breaker.is_closed, breaker.failures) == (True, 1)


def test_while_it_is_open_nothing_is_admitted_before_its_pause_is_over() -> None:
    assert not OPEN.admits(T0)
    assert not OPEN.admits(T0 + FIRST_PAUSE_MS - 1)
    assert OPEN.admits(T0 + FIRST_PAUSE_MS)


def test_one_probe_is_admitted_and_nothing_beside_it() -> None:
    probing = OPEN.begun("p")
    assert probing.state is BreakerState.HALF_OPEN
    assert not probing.admits(T0 + 10 * MINUTE)


def test_a_pause_doubles_with_each_failed_probe_to_five_minutes() -> None:
    breaker, now, pauses = OPEN, T0, []
    for number in range(6):
        pauses.append((breaker.probe_at - now) // SECOND)
        now = breaker.probe_at
        breaker = breaker.begun(f"p{number}").failed(f"p{number}", "a", now)
    assert pauses == [30, 60, 120, 240, 300, 300]
    assert breaker.opened_at == T0


def test_a_probe_that_says_nothing_is_repeated_after_the_same_pause() -> None:
    breaker = OPEN.begun("p").inconclusive("p", T0 + MINUTE)
    assert (breaker.state, breaker.probe_at) == (BreakerState.OPEN, T0 + MINUTE + FIRST_PAUSE_MS)


def test_what_began_before_it_opened_can_close_it_but_not_prolong_it() -> None:
    assert OPEN.failed("old", "z", T0 + 1) == OPEN
    probing = OPEN.begun("p")
    assert probing.failed("old", "z", T0 + 1) == probing
    assert probing.inconclusive("old", T0 + 1) == probing
    assert OPEN.answered() == probing.answered() == Breaker()


def test_a_clock_that_was_set_back_prolongs_no_pause() -> None:
    assert OPEN.admits(T0 - MINUTE)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fails", "fails", "fails", "answered", "nothing"]),
        st.sampled_from("ab"),
        st.integers(0, 40_000),
    ),
    max_size=80,
)


@given(STEPS)
def test_it_opens_as_defined_and_is_probed_again_and_again(
    steps: list[tuple[str, str, int]],
) -> None:
    """Attempts are made as it admits them; what it says is held against their history."""
    breaker, now = Breaker(), T0
    row: list[tuple[str, int]] = []
    last_probe: int | None = None
    for number, (what, incident, pause) in enumerate(steps):
        now += pause
        if not breaker.admits(now):
            assert breaker.probe_at - now <= LONGEST_PAUSE_MS
            continue
        if not breaker.is_closed:
            assert last_probe is None or now - last_probe >= FIRST_PAUSE_MS
            last_probe = now
        breaker = breaker.begun(str(number))
        if what == "answered":
            breaker, row, last_probe = breaker.answered(), [], None
        elif what == "nothing":
            breaker = breaker.inconclusive(str(number), now)
        else:
            breaker = breaker.failed(str(number), incident, now)
            row.append((incident, now))
        is_broad = len({one for one, _ in row}) > 1 or (row and row[-1][1] - row[0][1] >= ROW_MS)
        assert breaker.is_closed == (len(row) < ROW or not is_broad)
        assert breaker.state is not BreakerState.HALF_OPEN
