"""The course of a budget agrees with the figures, at its end and at every step before."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest

from checks.result import Status
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Actor, Amendment, AmendmentKind
from daemon.core.plan import CreditPlan, SlaPlan
from daemon.core.sla.availability import figures, look_at
from daemon.core.sla.burning import usual
from daemon.core.sla.course import STEPS, course
from daemon.core.sla.timeline import Timeline
from tests.core.sla.test_oracle import history, objective, spans, timeline_of

ANA = Actor("ana", "unix uid 1000")
PROMISE = SlaPlan(
    "promise", "shop", Decimal(99), 100 * HOUR, credits=(CreditPlan(Decimal(99), Decimal(10)),)
)


def down(*stretches: tuple[int, int]) -> Timeline:
    """Up from 0 on, but for these."""
    made = Timeline()
    made.replace(0, Status.UP)
    for start, end in stretches:
        made.replace(start, Status.DOWN)
        made.replace(end, Status.UP)
    return made


@pytest.mark.parametrize("seed", range(60))
def test_each_point_is_the_budget_less_what_was_spent_until_then(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # made-up histories
    length = rng.randrange(300, 900)
    timeline = timeline_of(history(rng, length), 1_000)
    now, away = (1_000 + length) * SECOND, spans(rng, 1_000, 1_000 + length, 4)
    plan = objective(rng, (), length * SECOND, "UTC")
    planned = [(low * SECOND, high * SECOND) for low, high in away if low < high]
    cut = Amendment(
        "x", AmendmentKind.EXCLUSION, "promise", now - 60_000, now - 7_000, "", ANA, now
    )
    made = figures(plan, timeline, now, planned, amendments=[cut])
    found = course(plan, timeline, made, planned, made.start, 5 * SECOND)
    assert found.points[0].left_ms == made.budget_total_ms
    assert found.points[-1].left_ms == made.budget_left_ms
    assert [point.at for point in found.points] == sorted({point.at for point in found.points})
    assert found.trial.left_ms == made.budget_left_ms - 5 * SECOND
    whole = made.budget_total_ms
    for point in rng.sample(found.points, 12):
        # A second's cost is the difference of two budgets: what the figures say was spent by then.
        then = figures(
            plan, timeline, point.at, planned, amendments=[cut], period=(made.start, made.end)
        )
        spent = then.budget_total_ms - then.budget_left_ms
        assert abs(whole - spent - point.left_ms) <= 1


def test_a_budget_falls_only_while_the_service_is_down() -> None:
    timeline, now = down((10 * HOUR, 10 * HOUR + 30 * MINUTE)), 100 * HOUR
    made = figures(PROMISE, timeline, now)
    points = course(PROMISE, timeline, made, (), 0).points
    assert len(points) == STEPS + 1
    assert {point.left_ms for point in points if point.at <= 10 * HOUR} == {HOUR}
    assert {point.left_ms for point in points if point.at >= 11 * HOUR} == {HOUR // 2}


def test_what_if_says_when_the_promise_breaks_and_what_that_costs() -> None:
    timeline = down((10 * HOUR, 10 * HOUR + 30 * MINUTE))
    made = figures(PROMISE, timeline, 100 * HOUR)
    just = course(PROMISE, timeline, made, (), 0, 30 * MINUTE).trial
    assert (just.left_ms, just.met, just.value, just.credit_percent) == (0, True, 99, 0)
    over = course(PROMISE, timeline, made, (), 0, 30 * MINUTE + 1).trial
    assert (over.left_ms, over.met, over.credit_percent) == (-1, False, 10)
    assert over.value is not None
    assert over.value < 99
    all_of_it = course(PROMISE, timeline, made, (), 0, 400 * HOUR).trial
    assert all_of_it.availability == 0


def test_a_month_counts_what_is_to_come() -> None:
    plan = SlaPlan("promise", "shop", Decimal(99), "month")
    start = 1_793_491_200_000  # 2026-11-01 UTC
    timeline = Timeline()
    timeline.replace(start, Status.UP)
    made = figures(plan, timeline, start + DAY)
    trial = course(plan, timeline, made, (), start, 3 * HOUR).trial
    assert trial.availability == 1 - Fraction(3, 30 * 24)
    assert trial.left_ms == floor(Fraction(30 * DAY, 100)) - 3 * HOUR


def test_without_alerts_the_usual_windows_are_shown_as_far_as_history_goes() -> None:
    plan = SlaPlan("promise", "shop", Decimal("99.9"), 30 * DAY)
    now = 30 * DAY
    timeline = down((now - 50 * MINUTE, now))
    made = figures(plan, timeline, now)
    shown = course(plan, timeline, made, (), 0).burning
    assert [one.window for one in shown] == list(usual(30 * DAY))
    assert not any(one.alerts for one in shown)
    assert shown[0].exceeded
    assert shown[0].short_rate == 1000
    near = course(plan, timeline, made, (), now - 7 * HOUR).burning
    assert [one.window.long for one in near] == [HOUR, 6 * HOUR]


def test_with_alerts_of_its_own_their_windows_are_shown_with_the_alerts_rates() -> None:
    burns = usual(30 * DAY)[1:3]
    plan = SlaPlan("promise", "shop", Decimal("99.9"), 30 * DAY, burns=burns)
    timeline, now = down((29 * DAY, 29 * DAY + HOUR)), 30 * DAY
    made = figures(plan, timeline, now)
    shown = course(plan, timeline, made, (), 0).burning
    look = look_at(plan, timeline, now, ())
    assert [(one.long_rate, one.short_rate) for one in shown] == list(look.rates)
    assert all(one.alerts for one in shown)
    assert not any(one.exceeded for one in shown)


def test_figures_without_their_lists_are_the_same_figures() -> None:
    """What a course asks for: in its time nothing grows with the number of pieces."""
    for seed in range(20):
        rng = random.Random(seed)  # noqa: S311  # made-up histories
        length = rng.randrange(300, 900)
        timeline, now = timeline_of(history(rng, length), 1_000), (1_000 + length) * SECOND
        plan = objective(rng, (), length * SECOND, "UTC")
        whole, brief = (figures(plan, timeline, now, listed=listed) for listed in (True, False))
        assert (brief.violations, brief.reliability.outages) == ((), ())
        assert replace(brief, violations=whole.violations, reliability=whole.reliability) == whole
