"""What a health score says, and why."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.analysis.health import WEEK, Band, Health, Vitals, band_of, health_of
from daemon.core.model import DAY, HOUR


def vitals(**changes: object) -> Vitals:
    """A week of a service that was up all the time."""
    values: dict[str, object] = {
        "status": Status.UP,
        "span_ms": WEEK,
        "up_ms": WEEK,
        "degraded_ms": 0,
        "down_ms": 0,
        "incidents": {},
        "latency_ms": 100.0,
        "usual_ms": 100.0,
        "budgets": {"a": Fraction(1)},
    }
    return Vitals(**{**values, **changes})  # type: ignore[arg-type]  # tests name fields freely


def part(health: Health, name: str) -> Fraction | None:
    return next(one.score for one in health.parts if one.name == name)


def test_a_good_week_is_excellent() -> None:
    health = health_of(vitals())
    assert (health.score, health.band, health.limit) == (100, Band.EXCELLENT, None)
    assert sum(one.weight for one in health.parts) == 100


def test_half_a_percent_of_down_time_costs_half_of_availability() -> None:
    health = health_of(vitals(up_ms=WEEK - WEEK // 200, down_ms=WEEK // 200))
    assert part(health, "availability") == 50
    assert health.score == 85
    degraded = health_of(vitals(up_ms=WEEK - WEEK // 200, degraded_ms=WEEK // 200))
    assert part(degraded, "availability") == 95


def test_incidents_cost_by_severity_in_proportion_to_a_week() -> None:
    found = {"emergency": 2, "high": 1, "info": 9}
    assert part(health_of(vitals(incidents=found)), "incidents") == 100 - 58
    day = vitals(span_ms=DAY, up_ms=DAY, incidents={"high": 1})
    assert part(health_of(day), "incidents") == 100 - 8 * 7


def test_latency_counts_against_what_is_usual() -> None:
    def score(ms: float) -> Fraction | None:
        return part(health_of(vitals(latency_ms=ms)), "latency")

    assert (score(50.0), score(110.0), score(155.0), score(200.0), score(900.0)) == (
        100,
        100,
        50,
        0,
        0,
    )


def test_the_budget_with_least_left_counts() -> None:
    health = health_of(vitals(budgets={"a": Fraction(1, 2), "b": Fraction(-3)}))
    assert part(health, "budget") == 0
    assert health.parts[-1].text == "b: overspent"


def test_what_cannot_be_told_leaves_its_weight_to_the_others() -> None:
    health = health_of(vitals(up_ms=HOUR, latency_ms=None, budgets=None, incidents={"critical": 2}))
    assert part(health, "availability") is None
    assert health.score == (30 * 100 + 20 * 70) // 50


@pytest.mark.parametrize(
    ("status", "limit"), [(Status.DOWN, 49), (Status.DEGRADED, 84), (Status.UNKNOWN, 84)]
)
def test_the_present_status_limits_a_score(status: Status, limit: int) -> None:
    health = health_of(vitals(status=status))
    assert health.limit == limit
    assert health.score is not None
    assert health.score <= limit


def test_without_any_measurement_there_is_no_score() -> None:
    health = health_of(vitals(status=Status.UNKNOWN, up_ms=0))
    assert (health.score, health.band) == (None, None)


@settings(max_examples=60)
@given(
    down=st.integers(0, WEEK),
    more=st.integers(0, WEEK),
    status=st.sampled_from(list(Status)),
    incidents=st.dictionaries(st.sampled_from(["emergency", "high", "low"]), st.integers(0, 50)),
)
def test_more_down_time_never_makes_a_better_score(
    down: int, more: int, status: Status, incidents: dict[str, int]
) -> None:
    worse = min(WEEK, down + more)
    scores = [
        health_of(vitals(up_ms=WEEK - ms, down_ms=ms, status=status, incidents=incidents)).score
        for ms in (down, worse)
    ]
    first, second = scores
    assert first is not None
    assert second is not None
    assert 0 <= second <= first <= 100


def test_every_score_has_its_band() -> None:
    edges = {100: "excellent", 95: "excellent", 94: "good", 85: "good", 84: "fair", 70: "fair"}
    edges |= {69: "poor", 50: "poor", 49: "critical", 0: "critical"}
    assert {score: band_of(score).value for score in edges} == edges
