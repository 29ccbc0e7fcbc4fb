"""Each figure beside the value itself, in small cases worked out by hand from the definitions.

The period is the second [0, 1000) and the target 90 % unless a case says otherwise: the budget is
then 100 ms, and 1 ms of down time is 0.1 %.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from checks.result import Status
from daemon.core.model import Actor, Amendment, AmendmentKind
from daemon.core.plan import BurnPlan, CreditPlan, SlaKind, SlaPlan, UnknownTime
from daemon.core.severity import Severity
from daemon.core.sla.availability import credit_of, figures, look_at
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.values import Level, Outage, Reliability, SlaFigures, Violation

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN
EXCLUSION, NOTE = AmendmentKind.EXCLUSION, AmendmentKind.NOTE
SECOND = (0, 1000)

PLAN = SlaPlan("sla", "shop", Decimal(90), 77)
"""Its own period is another one than is looked at."""

ROLLING = replace(PLAN, period=1000)


def timeline_of(*changes: tuple[int, Status]) -> Timeline:
    timeline = Timeline()
    for start, status in changes:
        timeline.replace(start, status)
    return timeline


def down_until(now: int, down_ms: int) -> Timeline:
    """Up from 0 on, and down for the last so many milliseconds before now."""
    return timeline_of((0, UP), (now - down_ms, DOWN), (now, UP))


def amendment(kind: AmendmentKind, start: int, end: int) -> Amendment:
    ana = Actor("ana", "unix uid 1000")
    return Amendment(f"{kind}:{start}", kind, "sla", start, end, "provider", ana, end)


def seen(timeline: Timeline, *amendments: Amendment, now: int = 1000) -> SlaFigures:
    return figures(PLAN, timeline, now, amendments=amendments, period=SECOND)


@pytest.mark.parametrize(
    ("down_ms", "level", "bare"),
    [
        (0, Level.GOOD, Level.GOOD),
        (50, Level.GOOD, Level.GOOD),
        (51, Level.WARNING, Level.GOOD),
        (80, Level.WARNING, Level.GOOD),
        (81, Level.CRITICAL, Level.GOOD),
        (100, Level.CRITICAL, Level.GOOD),
        (101, Level.MISSED, Level.MISSED),
    ],
)
def test_a_level_begins_just_below_its_bound(down_ms: int, level: Level, bare: Level) -> None:
    close = replace(ROLLING, warning=Decimal(95), critical=Decimal(92))
    timeline = down_until(1000, down_ms)
    assert figures(close, timeline, 1000).level is level
    assert look_at(close, timeline, 1000, ()).level is level
    assert figures(ROLLING, timeline, 1000).level is bare


def test_where_nothing_was_counted_there_is_no_level() -> None:
    assert figures(ROLLING, Timeline(), 1000).level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("share", "percent"),
    [
        (None, 0),
        (Fraction(1), 0),
        (Fraction(95, 100), 0),
        (Fraction(949_999, 1_000_000), 10),
        (Fraction(90, 100), 10),
        (Fraction(899_999, 1_000_000), 25),
        (Fraction(80, 100), 25),
        (Fraction(79, 100), 50),
        (Fraction(0), 50),
    ],
)
def test_the_credit_is_that_of_the_lowest_tier_it_is_below(
    share: Fraction | None, percent: int
) -> None:
    tiers = ((90, 25), (95, 10), (80, 50))
    plan = replace(PLAN, credits=tuple(CreditPlan(Decimal(b), Decimal(p)) for b, p in tiers))
    assert credit_of(plan, share) == percent


def test_without_tiers_nothing_is_given_back() -> None:
    assert credit_of(PLAN, Fraction(0)) == 0


@pytest.mark.parametrize(
    ("down_ms", "at"),
    [
        (0, None),  # nothing burns
        (20, None),  # 80 left at 20 / 400: 1600 more
        (40, None),  # 60 left at 40 / 400: 600 more, which is the end exactly
        (41, 975),  # 59 left at 41 / 400: 575.6 more
        (99, 404),  # 1 left at 99 / 400: 4.04 more
        (100, None),  # it is spent
        (101, None),
    ],
)
def test_the_budget_is_exhausted_when_the_rest_is_spent_at_this_rate(
    down_ms: int, at: int | None
) -> None:
    assert seen(down_until(400, down_ms), now=400).exhausts_at == at


def test_in_a_rolling_period_the_budget_is_exhausted_at_the_earliest() -> None:
    figure = figures(replace(PLAN, period=400), down_until(400, 20), 400)
    assert (figure.budget_left_ms, figure.burn_rate) == (20, Fraction(1, 2))
    assert figure.exhausts_at == 800


def test_a_period_that_is_over_exhausts_its_budget_no_more() -> None:
    """Down for the last 50 of its 1000 ms; half of the budget is left, and it burns."""
    timeline = down_until(1000, 50)
    assert seen(timeline, now=1000).exhausts_at is None
    assert seen(timeline, now=5000).exhausts_at is None


def test_planned_and_approved_time_at_once_is_planned() -> None:
    timeline = timeline_of((0, UP), (100, DOWN), (300, UP))
    approved = amendment(EXCLUSION, 150, 250)
    figure = figures(PLAN, timeline, 1000, [(200, 300)], amendments=[approved], period=SECOND)
    assert (figure.excluded_ms, figure.planned_ms, figure.approved_ms) == (150, 100, 50)
    assert (figure.up_ms, figure.down_ms) == (800, 50)
    assert (figure.availability, figure.value) == (Fraction(16, 17), Decimal("94.1176"))
    assert (figure.unamended, figure.unamended_value) == (Fraction(8, 9), Decimal("88.8888"))
    assert (figure.budget_total_ms, figure.budget_left_ms) == (85, 35)
    assert figure.burn_rate == Fraction(50, 850) * 10
    assert figure.exclusions == (approved,)


def test_without_an_exclusion_the_unamended_value_is_the_value() -> None:
    note = amendment(NOTE, 100, 300)
    figure = seen(timeline_of((0, UP), (100, DOWN), (300, UP)), note)
    assert (figure.unamended, figure.unamended_value) == (Fraction(4, 5), Decimal(80))
    assert (figure.availability, figure.approved_ms) == (Fraction(4, 5), 0)
    assert figure.exclusions == ()


def test_only_exclusions_that_share_time_with_the_period_are_its_own() -> None:
    before, into, out, after = (
        amendment(EXCLUSION, start, start + 50) for start in (-50, -49, 999, 1000)
    )
    figure = seen(timeline_of((0, UP)), before, into, out, after)
    assert figure.exclusions == (into, out)
    assert figure.approved_ms == 2


def test_planned_time_to_come_lessens_the_budget_and_is_not_excluded_yet() -> None:
    figure = figures(PLAN, timeline_of((0, UP)), 400, [(350, 450)], period=SECOND)
    assert (figure.budget_total_ms, figure.planned_ms, figure.excluded_ms) == (90, 50, 50)


def test_a_note_stands_with_the_violations_it_shares_time_with() -> None:
    timeline = timeline_of((0, UP), (100, DOWN), (300, UP), (600, DOWN), (700, UP))
    first, both, before = (amendment(NOTE, *span) for span in ((250, 600), (299, 601), (0, 200)))
    figure = seen(timeline, first, both, before)
    assert figure.violations == (
        Violation(200, 300, 100, (first, both)),
        Violation(600, 700, 100, (both,)),
    )


def test_an_exclusion_is_no_note_of_the_violations_beside_it() -> None:
    figure = seen(timeline_of((0, UP), (100, DOWN)), amendment(EXCLUSION, 900, 950))
    assert figure.violations == (Violation(195, 900, 705), Violation(950, None, 50))


@pytest.mark.parametrize(
    ("back_at", "now", "end"),
    [(1001, 1000, None), (1000, 1000, 1000), (990, 1000, 990), (2000, 1001, 1000)],
)
def test_what_is_down_now_has_no_end(back_at: int, now: int, end: int | None) -> None:
    figure = seen(timeline_of((0, UP), (800, DOWN), (back_at, UP)), now=now)
    length_ms = min(back_at, 1000) - 800
    assert figure.reliability.outages == (Outage(800, end, length_ms),)
    assert figure.violations == (Violation(900, end, length_ms - 100),)


def test_a_period_that_is_over_is_counted_to_its_end() -> None:
    figure = seen(timeline_of((0, UP), (950, DOWN)), now=5000)
    assert (figure.start, figure.end, figure.now) == (0, 1000, 1000)
    assert (figure.up_ms, figure.down_ms) == (950, 50)


def test_coverage_is_what_is_not_unknown() -> None:
    assert seen(timeline_of((0, UP), (600, UNKNOWN)), now=800).coverage == 75


@pytest.mark.parametrize("kind", SlaKind)
def test_only_availability_has_outages(kind: SlaKind) -> None:
    plan, timeline = replace(PLAN, kind=kind), timeline_of((0, UP), (800, DOWN), (990, UP))
    figure = figures(plan, timeline, 1000, period=SECOND)
    mended = Reliability((Outage(800, 990, 190),), 190, 810)
    assert figure.kind is kind
    assert figure.reliability == (mended if kind is SlaKind.AVAILABILITY else Reliability())
    assert figure.violations == (Violation(900, 990, 90),)


def test_an_objective_names_the_services_it_is_about() -> None:
    assert seen(Timeline()).services == ("shop",)
    several = figures(replace(PLAN, services=("shop", "mail")), Timeline(), 1000)
    assert several.services == ("shop", "mail")


def test_unlisted_the_figures_are_the_same_without_violations_and_outages() -> None:
    timeline = timeline_of((0, UP), (100, DOWN), (300, UP))
    bare = figures(PLAN, timeline, 1000, period=SECOND, listed=False)
    assert bare == replace(seen(timeline), violations=(), reliability=Reliability())


BURN = BurnPlan(Decimal(1), 400, 100, Severity.HIGH)
LATER = replace(BURN, long=200)
BURNING = replace(ROLLING, burns=(BURN, LATER))


def test_a_look_has_the_rates_of_both_windows_of_each_burn() -> None:
    look = look_at(BURNING, timeline_of((0, UP), (4950, DOWN)), 5000, ())
    assert look.rates == ((Fraction(50, 40), Fraction(5)), (Fraction(50, 20), Fraction(5)))
    assert look.share == Fraction(950, 1000)


def test_a_look_leaves_excluded_time_out_once() -> None:
    timeline = timeline_of((0, UP), (4950, DOWN))
    look = look_at(BURNING, timeline, 5000, [(4900, 4980), (4970, 4975)])
    assert look.rates == ((Fraction(200, 320), Fraction(10)), (Fraction(200, 120), Fraction(10)))
    assert look.share == Fraction(900, 920)


def test_a_target_of_all_is_looked_at_by_the_millisecond_of_its_period() -> None:
    strict = replace(BURNING, target=Decimal(100), burns=(BURN,))
    look = look_at(strict, timeline_of((0, UP), (4950, DOWN)), 5000, ())
    assert look.rates == ((Fraction(50_000, 400), Fraction(500)),)


def test_a_window_in_which_nothing_was_counted_has_no_rate() -> None:
    look = look_at(BURNING, timeline_of((0, UP), (4900, UNKNOWN)), 5000, ())
    assert look.rates == ((Fraction(0), None), (Fraction(0), None))
    unmeasured = look_at(BURNING, Timeline(), 5000, ())
    assert unmeasured.rates == ((None, None), (None, None))
    assert (unmeasured.share, unmeasured.level, unmeasured.worry) == (None, Level.UNKNOWN, False)


@pytest.mark.parametrize(
    ("changes", "worry"),
    [
        (((0, UP),), False),
        (((0, UP), (5000, DOWN)), True),
        (((0, UP), (4950, DOWN), (5000, UP)), False),  # a rate that only falls
        (((0, UP), (4650, DOWN), (4700, UNKNOWN)), True),  # bad time in the longer one alone
        (((0, UP), (4500, DOWN), (4550, UP), (4700, UNKNOWN)), False),  # before either
        (((0, UP), (5000, DEGRADED)), False),
    ],
)
def test_a_look_worries_while_a_rate_may_rise(
    changes: tuple[tuple[int, Status], ...], worry: bool
) -> None:
    assert look_at(BURNING, timeline_of(*changes), 5000, ()).worry is worry


def test_a_look_worries_about_what_costs_without_any_burn_asked_for() -> None:
    degraded = timeline_of((0, UP), (5000, DEGRADED))
    half = replace(ROLLING, degraded_weight=Decimal("0.5"))
    assert look_at(half, degraded, 5000, ()).worry
    assert not look_at(ROLLING, degraded, 5000, ()).worry
    unknown = timeline_of((0, UP), (5000, UNKNOWN))
    assert look_at(replace(ROLLING, unknown=UnknownTime.DOWN), unknown, 5000, ()).worry
    assert not look_at(ROLLING, unknown, 5000, ()).worry
