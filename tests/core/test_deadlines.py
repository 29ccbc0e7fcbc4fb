"""One deadline a key, the soonest at hand, no garbage kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.deadlines import Deadlines


def test_nothing_is_due_where_nothing_is_waited_for() -> None:
    deadlines = Deadlines()
    assert deadlines.next() is None
    assert deadlines.pop(10**15) is None


def test_the_soonest_comes_first_and_equal_times_by_name() -> None:
    deadlines = Deadlines()
    for key, at in (("c", 5), ("b", 3), ("a", 5)):
        deadlines.set(key, at)
    assert [deadlines.pop(9) for _ in range(4)] == ["b", "a", "c", None]


def test_a_changed_deadline_counts_and_the_old_one_does_not() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 3)
    deadlines.set("a", 8)
    assert deadlines.pop(7) is None
    assert deadlines.pop(8) == "a"


def test_a_key_that_waits_no_more_never_comes_up() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 3)
    deadlines.set("a", None)
    deadlines.set("never", None)
    assert deadlines.next() is None


def test_a_deadline_set_back_to_where_it_was_comes_up_once() -> None:
    deadlines = Deadlines()
    for at in (3, 8, 3):
        deadlines.set("a", at)
    assert deadlines.pop(9) == "a"
    assert deadlines.pop(9) is None


def test_what_is_due_may_be_due_and_nothing_is_before_the_soonest() -> None:
    deadlines = Deadlines()
    assert not deadlines.may_be_due(10**15)
    deadlines.set("a", 3)
    assert [deadlines.may_be_due(now) for now in (2, 3, 4)] == [False, True, True]
    list(deadlines.take_due(3))
    assert not deadlines.may_be_due(10**15)


def test_moving_one_deadline_a_million_times_keeps_the_heap_small() -> None:
    deadlines = Deadlines()
    for at in range(10_000):
        deadlines.set("a", at)
    assert len(deadlines._heap) < 200
    assert len(deadlines) == 1


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.none() | st.integers(0, 50))))
def test_it_agrees_with_a_dictionary(moves: list[tuple[str, int | None]]) -> None:
    deadlines, plain = Deadlines(), {}
    for key, at in moves:
        deadlines.set(key, at)
        plain[key] = at
        live = [due for due in plain.values() if due is not None]
        assert deadlines.next() == min(live, default=None)
    expected = sorted((at, key) for key, at in plain.items() if at is not None)
    assert [deadlines.pop(99) for _ in expected] == [key for _, key in expected]


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 50)), max_size=200),
    st.integers(0, 50),
)
def test_what_is_due_is_taken_as_from_a_plain_mapping(
    moves: list[tuple[str, int | None]], now: int
) -> None:
    deadlines, plain = Deadlines(), dict[str, int]()
    for key, at in moves:
        deadlines.set(key, at)
        plain.pop(key, None)
        if at is not None:
            plain[key] = at
    assert sorted(deadlines.keys()) == sorted(plain)
    assert all(deadlines.get(key) == at for key, at in plain.items())
    due = sorted((at, key) for key, at in plain.items() if at <= now)
    assert [(at, key) for key, at in deadlines.take_due(now)] == due
    assert sorted(deadlines.keys()) == sorted(key for key, at in plain.items() if at > now)


def test_a_deadline_set_while_due_ones_are_taken_comes_up_in_its_order() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 1)
    seen = []
    for key, at in deadlines.take_due(10):
        seen.append((key, at))
        if at < 3:
            deadlines.set("b", at + 1)
    assert seen == [("a", 1), ("b", 2), ("b", 3)]
