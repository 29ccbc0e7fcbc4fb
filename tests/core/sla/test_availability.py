"""An SLA's figures agree with the definitions, millisecond by millisecond, and never flatter."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.core.model import DAY, HOUR, MINUTE, Actor, Amendment, AmendmentKind
from daemon.core.plan import CreditPlan, SlaPlan
from daemon.core.sla import availability
from daemon.core.sla.availability import figures, look_at, merge_spans, service_status
from daemon.core.sla.burning import usual
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.values import SlaFigures, Violation
from tests.core import availability_oracle as oracle

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def timeline_of(*changes: tuple[int, Status]) -> Timeline:
    timeline = Timeline()
    for start, status in changes:
        timeline.replace(start, status)
    return timeline


def plan_of(
    target: str = "99.9", period: str | int = 30 * DAY, zone: str = "UTC", weight: str = "1"
) -> SlaPlan:
    return SlaPlan("sla", "shop", Decimal(target), period, zone, Decimal(weight))


def assert_sums(figure: SlaFigures) -> None:
    parts = figure.up_ms + figure.degraded_ms + figure.unknown_ms + figure.down_ms
    assert parts + figure.excluded_ms == figure.now - figure.start


@pytest.mark.parametrize("size", range(1, 5))
def test_a_services_status_is_that_which_enough_checks_reach(size: int) -> None:
    for statuses in itertools.product(Status, repeat=size):
        assert service_status(statuses) is max(statuses)
        for quorum in range(1, size + 2):
            expected = oracle.compose(tuple(statuses), quorum)
            assert service_status(statuses, quorum) == expected


@pytest.mark.parametrize(
    ("statuses", "quorum", "expected"),
    [
        ((UP, UP, DOWN), 2, UP),
        ((UP, DEGRADED, DOWN), 2, DEGRADED),
        ((UP, DOWN, DOWN), 2, DOWN),
        ((UP, UNKNOWN, DOWN), 2, UNKNOWN),
        ((UP, DOWN), 0, UP),
        ((), 1, UNKNOWN),
        ((), None, UNKNOWN),
    ],
)
def test_a_quorum_is_lost_only_when_too_few_can_be_good(
    statuses: tuple[Status, ...], quorum: int | None, expected: Status
) -> None:
    assert service_status(statuses, quorum) is expected


def of_the_example() -> tuple[int, int, Timeline]:
    start = 1_793_487_600_000  # 2026-11-01T00:00+01:00
    timeline = timeline_of(
        (start + 2 * DAY, UP),
        (start + 10 * DAY, DOWN),
        (start + 10 * DAY + 30 * MINUTE, UP),
        (start + 15 * DAY, DEGRADED),
        (start + 15 * DAY + 2 * HOUR, UP),
        (start + 20 * DAY + 11 * HOUR + 40 * MINUTE, DOWN),
        (start + 20 * DAY + 11 * HOUR + 50 * MINUTE, UP),
    )
    return start, start + 20 * DAY + 12 * HOUR, timeline


def example_plan() -> SlaPlan:
    tiers = (CreditPlan(Decimal("99.9"), Decimal(10)), CreditPlan(Decimal(99), Decimal(25)))
    return replace(
        plan_of(period="month", zone="Europe/Berlin"), credits=tiers, burns=usual("month")
    )


def test_the_worked_example_of_the_documentation() -> None:
    """docs/semantics/sla.md: a service in November 2026, looked at on the 21st at noon."""
    start, now, timeline = of_the_example()
    figure = figures(example_plan(), timeline, now)
    assert_sums(figure)
    assert (figure.start, figure.end) == (start, start + 30 * DAY)
    assert figure.unknown_ms == 172_800_000
    assert figure.down_ms == 2_400_000
    assert figure.degraded_ms == 7_200_000
    assert figure.up_ms == 1_771_200_000 - 172_800_000 - 2_400_000 - 7_200_000
    assert figure.value == Decimal("99.8498")
    assert figure.met is False
    assert figure.coverage == Fraction(1_598_400_000 * 100, 1_771_200_000)
    assert figure.budget_total_ms == 2_419_200
    assert figure.budget_left_ms == 19_200
    assert figure.violations == ()
    assert figure.burn_rate == Fraction(600_000, 3_600_000) / Fraction(1, 1000)
    assert figure.credit_percent == 10
    mended = figure.reliability
    assert [one.length_ms for one in mended.outages] == [1_800_000, 600_000]
    assert (mended.mttr_ms, mended.mtbf_ms) == (1_200_000, 798_000_000)


def test_the_windows_of_the_example() -> None:
    _, now, timeline = of_the_example()
    rates = look_at(example_plan(), timeline, now, ()).rates
    assert rates[0] == (Fraction(1000, 6), 0)
    assert rates[1] == (Fraction(600_000_000, 21_600_000), Fraction(1000, 3))


def test_the_example_with_an_outage_excluded_afterwards() -> None:
    _, now, timeline = of_the_example()
    start, end = now - 20 * MINUTE, now - 10 * MINUTE
    ana = Actor("ana", "unix uid 1000")
    one = Amendment("a", AmendmentKind.EXCLUSION, "sla", start, end, "provider", ana, now)
    figure = figures(example_plan(), timeline, now, amendments=[one])
    assert (figure.excluded_ms, figure.approved_ms, figure.planned_ms) == (600_000, 600_000, 0)
    assert (figure.value, figure.unamended_value) == (Decimal("99.8873"), Decimal("99.8498"))
    assert (figure.budget_total_ms, figure.budget_left_ms) == (2_418_600, 618_600)
    assert not figure.met


def test_nothing_measured_gives_no_value() -> None:
    figure = figures(plan_of(), Timeline(), 40 * DAY)
    assert (figure.value, figure.met, figure.availability) == (None, None, None)
    assert figure.coverage == 0
    assert figure.unknown_ms == 30 * DAY
    assert figure.burn_rate == 0


def test_the_first_moment_of_a_period_is_no_division_by_nothing() -> None:
    start = 1_793_487_600_000
    figure = figures(plan_of(period="month", zone="Europe/Berlin"), timeline_of((0, UP)), start)
    assert figure.start == start
    assert figure.value is None
    assert figure.budget_left_ms == figure.budget_total_ms == 30 * DAY // 1000


@pytest.mark.parametrize(
    ("down_ms", "value", "met"),
    [
        (1000, "99.9", True),
        (1001, "99.8999", False),
        (0, "100", True),
        (1, "99.9999", True),
    ],
)
def test_a_value_is_never_shown_across_its_target(down_ms: int, value: str, met: bool) -> None:
    now = 10_000_000
    figure = figures(plan_of(period=1_000_000), timeline_of((0, UP), (now - down_ms, DOWN)), now)
    assert figure.value == Decimal(value)
    assert figure.met is met


def test_a_target_finer_than_what_is_shown_is_shown_when_reached() -> None:
    now = 100_000_000
    timeline = timeline_of((0, UP), (now - 4, DOWN))
    figure = figures(plan_of("99.99995", 10_000_000), timeline, now)
    assert figure.met
    assert figure.value == Decimal("99.99995")
    just = figures(plan_of("99.99995", 10_000_000), timeline_of((0, UP), (now - 5, DOWN)), now)
    assert (just.met, just.value) == (True, Decimal("99.99995"))
    worse = figures(plan_of("99.99995", 10_000_000), timeline_of((0, UP), (now - 6, DOWN)), now)
    assert not worse.met
    assert worse.value == Decimal("99.9999")


def test_an_overspent_budget_is_never_shown_as_just_spent() -> None:
    now = 10_000_000
    timeline = timeline_of((0, UP), (now - 1, DOWN))
    figure = figures(plan_of("99.95", 1_000), timeline, now)
    assert figure.budget_total_ms == 0
    assert figure.budget_left_ms == -1
    assert figure.violations == (Violation(now - 1, None, 1),)


def test_a_violation_begins_where_the_budget_ends() -> None:
    timeline = timeline_of((0, UP), (100, DOWN), (150, UP), (500, DOWN), (900, UP), (950, DOWN))
    figure = figures(plan_of("90", 1000), timeline, 1000)
    assert figure.budget_total_ms == 100
    assert figure.violations == (Violation(550, 900, 350), Violation(950, None, 50))


def test_a_budget_that_is_spent_to_the_last_millisecond_is_not_violated() -> None:
    timeline = timeline_of((0, UP), (300, DOWN), (400, UP))
    figure = figures(plan_of("90", 1000), timeline, 1000)
    assert (figure.budget_left_ms, figure.violations) == (0, ())
    timeline.replace(700, DOWN)
    assert figures(plan_of("90", 1000), timeline, 1000).violations == (Violation(700, None, 300),)


def test_a_violation_has_ended_when_the_service_comes_back_this_moment() -> None:
    timeline = timeline_of((0, UP), (500, DOWN), (1000, UP))
    figure = figures(plan_of("90", 1000), timeline, 1000)
    assert figure.violations == (Violation(600, 1000, 400),)


def test_degraded_time_spends_what_its_weight_lacks() -> None:
    timeline = timeline_of((0, UP), (600, DEGRADED))
    figure = figures(plan_of("90", 1000, weight="0.5"), timeline, 1000)
    assert figure.availability == Fraction(800, 1000)
    assert figure.budget_left_ms == -100
    assert figure.violations == (Violation(800, None, 100),)
    lenient = figures(plan_of("90", 1000), timeline, 1000)
    assert lenient.availability == 1
    assert lenient.violations == ()


def test_a_target_of_all_leaves_no_budget_and_burns_by_the_millisecond() -> None:
    timeline = timeline_of((0, UP), (999, DOWN))
    figure = figures(plan_of("100", 1000), timeline, 1000)
    assert figure.budget_total_ms == 0
    assert figure.violations == (Violation(999, None, 1),)
    assert figure.burn_rate == 1
    assert figures(plan_of("100", 1000), timeline_of((0, UP)), 1000).burn_rate == 0


def test_excluded_time_counts_for_nothing_and_shrinks_the_budget() -> None:
    timeline = timeline_of((0, UP), (200, DOWN), (400, UP))
    figure = figures(plan_of("90", 1000), timeline, 1000, [(150, 300), (250, 350), (-50, 10)])
    assert_sums(figure)
    assert figure.excluded_ms == 210
    assert figure.down_ms == 50
    assert figure.budget_total_ms == 79
    assert figure.coverage == 100


def test_spans_merge_into_disjoint_ones() -> None:
    spans = [(5, 9), (1, 3), (3, 4), (8, 20), (12, 12), (30, 25)]
    assert merge_spans(spans, 2, 15) == [(2, 4), (5, 15)]


def test_a_span_within_another_or_without_length_adds_nothing() -> None:
    assert merge_spans([(0, 1), (2, 9), (3, 4)], 0, 20) == [(0, 1), (2, 9)]
    assert merge_spans([(5, 5), (30, 40)], 0, 20) == []


changes_of = st.lists(st.tuples(st.integers(0, 150), st.sampled_from(Status)), max_size=15)
spans_of = st.lists(st.tuples(st.integers(-20, 260), st.integers(-20, 260)), max_size=4)


@settings(max_examples=10 * settings().max_examples, deadline=None)
@given(
    changes=changes_of,
    excluded=spans_of,
    now=st.integers(1, 160),
    length=st.integers(1, 200),
    target=st.decimals("50", "100", places=2),
    weight=st.sampled_from(["0", "0.25", "0.5", "1"]),
    hour=st.integers(1, 60),
)
def test_every_figure_agrees_with_the_count_of_milliseconds(
    changes: list[tuple[int, Status]],
    excluded: list[tuple[int, int]],
    now: int,
    length: int,
    target: Decimal,
    weight: str,
    hour: int,
) -> None:
    moments = [int(UNKNOWN)] * 200
    for start, status in changes:
        moments[start:] = [int(status)] * (200 - start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(availability, "BURN_WINDOW", hour)
        found = figures(
            plan_of(str(target), length, weight=weight), timeline_of(*changes), now, excluded
        )
    expected = oracle.figures(
        moments,
        start=now - length,
        end=now,
        now=now,
        target=Fraction(target) / 100,
        weight=Fraction(weight),
        excluded=frozenset(at for low, high in excluded for at in range(low, high)),
        hour=hour,
    )
    assert_agrees(found, expected)


def assert_agrees(found: SlaFigures, expected: oracle.Figures) -> None:
    assert_sums(found)
    assert (found.up_ms, found.degraded_ms, found.unknown_ms, found.down_ms) == tuple(
        expected.counts[status] for status in range(4)
    )
    assert found.excluded_ms == expected.excluded
    assert found.availability == expected.availability
    assert found.budget_total_ms == floor(expected.budget)
    assert found.budget_left_ms == floor(expected.left)
    assert found.burn_rate == expected.burn_rate
    assert [(v.start, v.end) for v in found.violations] == expected.violations
    if expected.availability is not None:
        percent, target = expected.availability * 100, Fraction(found.target)
        assert found.value is not None
        assert found.met is (percent >= target)
        assert found.met is (Fraction(found.value) >= target)
        assert 0 <= percent - Fraction(found.value) < Fraction(1, 10_000)
