"""The small curves' memory."""

from __future__ import annotations

from checks.result import Result, Status
from daemon.api.trails import LENGTH, Trails


def result(check: str, latency_ms: float | None, status: Status = Status.UP) -> Result:
    return Result(check, 0, status, latency_ms)


def test_latencies_come_oldest_first_and_a_failed_run_is_a_hole() -> None:
    trails = Trails()
    for item in (result("a", 1.04), result("a", 2.0, Status.DOWN), result("a", None),
                 result("a", 0.0), result("a", 3.0, Status.DEGRADED)):  # fmt: skip
        trails.add(item)
    assert trails.of("a") == [1.0, None, None, 0.0, 3.0]


def test_only_the_newest_are_remembered() -> None:
    trails = Trails()
    trails.seed(result("a", float(number)) for number in range(LENGTH * 2 + 5))
    assert trails.of("a") == [float(number) for number in range(LENGTH + 5, LENGTH * 2 + 5)]


def test_a_service_is_drawn_by_its_first_check_that_has_latencies() -> None:
    trails = Trails()
    trails.add(result("host", None))
    trails.add(result("web", 5.0))
    assert trails.of_service(["host", "web"]) == [5.0]
    assert trails.of_service(["host"]) == [None]
    assert trails.of_service(["new"]) == trails.of_service([]) == []


def test_checks_that_left_are_forgotten() -> None:
    trails = Trails()
    trails.add(result("a", 1.0))
    trails.add(result("b", 1.0))
    trails.keep_only(["b"])
    assert (trails.of("a"), trails.of("b")) == ([], [1.0])
