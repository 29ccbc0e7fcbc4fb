"""The uplink guard goes by the newest result of every target."""

from __future__ import annotations

from checks.result import Result, Status
from daemon.core.observing.uplink import Uplink

UP, DOWN, DEGRADED = Status.UP, Status.DOWN, Status.DEGRADED


def guard(**results: Status) -> Uplink:
    last = {name: Result(name, 100, status) for name, status in results.items()}
    return Uplink(("a", "b"), last)


def test_it_is_down_only_when_every_target_fails() -> None:
    assert guard(a=DOWN, b=DEGRADED).active
    assert not guard(a=DOWN, b=UP).active


def test_a_target_that_was_never_measured_keeps_it_up() -> None:
    assert not guard(a=DOWN).active


def test_without_targets_it_is_never_down_and_nothing_in_doubt() -> None:
    nothing = Uplink((), {})
    assert not nothing.active
    assert not nothing.in_doubt("web", 0)


def test_noting_a_result_tells_whether_the_guard_turned() -> None:
    uplink = guard(a=DOWN, b=UP)
    assert uplink.note(Result("b", 200, DOWN))
    assert uplink.active
    assert not uplink.note(Result("a", 210, DOWN))
    assert uplink.note(Result("a", 220, UP))
    assert not uplink.active


def test_a_failure_is_in_doubt_until_a_target_was_seen_well_after_it_began() -> None:
    uplink = guard(a=UP, b=UP)
    assert uplink.in_doubt("web", 101)
    assert not uplink.in_doubt("web", 100)
    uplink.note(Result("b", 150, UP))
    assert not uplink.in_doubt("web", 101)


def test_a_target_is_in_doubt_until_another_one_was_seen_well_or_the_uplink_is_down() -> None:
    uplink = guard(a=UP, b=UP)
    uplink.note(Result("a", 150, DOWN))
    assert uplink.in_doubt("a", 150)
    uplink.note(Result("b", 160, UP))
    assert not uplink.in_doubt("a", 150)
    uplink.note(Result("b", 170, DOWN))
    assert uplink.active
    assert not uplink.in_doubt("a", 150)


def test_a_single_target_is_in_no_doubt() -> None:
    assert not Uplink(("a",), {}).in_doubt("a", 150)
