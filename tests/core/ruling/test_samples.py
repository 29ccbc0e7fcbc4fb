"""What the rules remember of a check: windows for what they call, and nothing else."""

from __future__ import annotations

import pytest

from checks.result import Fault, Result, Scalar, Status
from daemon.core.ruling.expressions import Call
from daemon.core.ruling.samples import Needs, Samples, value_of
from tests.core.watching import T0

MINUTE = 60_000


def samples(*calls: Call, old: Samples | None = None) -> Samples:
    made = Samples(T0)
    made.equip(Needs.of(calls), old)
    return made


def run(seconds: int, status: Status = Status.UP, **metrics: float | str | bool) -> Result:
    return Result("web", T0 + seconds * 1_000, status, 5.0, metrics=metrics)


def test_calls_of_one_metric_and_span_share_a_window() -> None:
    made = samples(Call("avg", "cpu", MINUTE), Call("p95", "cpu", MINUTE), Call("avg", "cpu", 1))
    assert set(made.windows) == {("cpu", MINUTE), ("cpu", 1)}
    assert made.minutes == {}


def test_ago_keeps_minutes_as_far_back_as_it_asks() -> None:
    made = samples(Call("avg", "cpu", MINUTE, 5 * MINUTE), Call("max", "cpu", MINUTE, 9 * MINUTE))
    assert made.minutes["cpu"].reach == 10 * MINUTE
    assert made.windows == {}


def test_windows_that_are_still_asked_for_are_taken_over() -> None:
    old = samples(Call("avg", "cpu", MINUTE), Call("avg", "load", MINUTE))
    old.take(run(1, cpu=1.0, load=2.0))
    new = samples(Call("sum", "cpu", MINUTE), old=old)
    assert new.windows == {("cpu", MINUTE): old.windows["cpu", MINUTE]}
    more = samples(Call("max", "cpu", MINUTE), old=old)
    assert [len(window) for window in more.windows.values()] == [1]
    assert (new.newest, new.measured_at) == (old.newest, T0 + 1_000)


def test_a_longer_reach_begins_anew_and_a_shorter_one_keeps_its_minutes() -> None:
    old = samples(Call("avg", "cpu", MINUTE, 5 * MINUTE))
    assert samples(Call("avg", "cpu", MINUTE, 3 * MINUTE), old=old).minutes == old.minutes
    assert samples(Call("avg", "cpu", MINUTE, 9 * MINUTE), old=old).minutes != old.minutes


def test_an_unknown_run_is_the_newest_but_no_sample() -> None:
    made = samples(Call("count", "cpu", MINUTE))
    made.take(run(1, Status.UNKNOWN, cpu=1.0))
    assert made.compute(Call("count", "cpu", MINUTE), T0 + 1_000) is None
    assert (made.measured_at, made.now) == (None, T0 + 1_000)


def test_a_text_is_no_sample() -> None:
    made = samples(Call("count", "word", MINUTE))
    made.take(run(1, word="seven"))
    assert made.compute(Call("count", "word", MINUTE), T0 + 1_000) is None


@pytest.mark.parametrize(("after", "absent"), [(59_999, False), (60_000, True)])
def test_absence_counts_from_the_newest_measured_run(after: int, absent: bool) -> None:
    made = samples(Call("absent", "", MINUTE))
    made.take(run(100))
    assert made.compute(Call("absent", "", MINUTE), T0 + 100_000 + after) is absent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "down"),
        ("fault", "timeout"),
        ("message", "late"),
        ("latency_ms", 7.0),
        ("jobs", 3.0),
        ("ok", True),
        ("word", "x"),
        ("nothing", None),
        ("metrics", {"jobs": 3.0, "ok": True, "word": "x", "status": 200.0}),
    ],
)
def test_fields_are_words_and_doubles(name: str, value: object) -> None:
    metrics: dict[str, Scalar] = {"jobs": 3, "ok": True, "word": "x", "status": 200}
    result = Result("web", T0, Status.DOWN, 7, "late", Fault.TIMEOUT, metrics=metrics)
    found = value_of(result, name)
    assert (found, type(found)) == (value, type(value))


def test_before_the_first_result_there_is_no_value() -> None:
    assert value_of(None, "status") is None
    assert samples().now == 0


@pytest.mark.parametrize("function", ["avg", "sum", "count", "last", "max", "p95", "forecast"])
@pytest.mark.parametrize("shift", [0, 2 * MINUTE])
def test_samples_that_are_read_back_tell_what_they_told_one_by_one(
    function: str, shift: int
) -> None:
    call = Call(function, "cpu", MINUTE, 0 if function == "forecast" else shift)
    if shift and function in {"last", "p95"}:
        pytest.skip("`ago` has no such function")
    past = [run(at, cpu=0.1 * at) for at in range(0, 300, 7)]
    past += [run(301), run(302, Status.UNKNOWN, cpu=9.0), run(303, Status.DOWN, cpu=float("inf"))]
    one_by_one, at_once = samples(call), samples(call)
    for result in past:
        one_by_one.take(result)
    at_once.take_back(past)
    assert (at_once.newest, at_once.measured_at) == (one_by_one.newest, one_by_one.measured_at)
    for now in range(T0 + 303_000, T0 + 400_000, 9_000):
        assert at_once.compute(call, now) == one_by_one.compute(call, now)
    at_once.take(run(310, cpu=0.3))
    one_by_one.take(run(310, cpu=0.3))
    assert at_once.compute(call, T0 + 310_000) == one_by_one.compute(call, T0 + 310_000)
