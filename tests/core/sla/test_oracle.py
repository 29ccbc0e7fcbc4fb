"""On random histories every figure agrees with one that was counted second by second."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

import pytest

from checks.result import Status
from daemon.core.model import SECOND, Actor, Amendment, AmendmentKind
from daemon.core.plan import CreditPlan, SlaPlan, UnknownTime
from daemon.core.sla.availability import figures, service_status
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.together import Together
from daemon.core.sla.values import SlaFigures
from tests.core.sla import oracle

ANA = Actor("ana", "unix uid 1000")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC", "America/Santiago")


def history(rng: random.Random, length: int) -> list[int]:
    """A service's statuses: steady for long, then flapping, gone, degraded or down."""
    seconds: list[int] = []
    while len(seconds) < length:
        if rng.random() < 0.3:  # flapping
            for _ in range(rng.randrange(1, 12)):
                seconds += [rng.choice((0, 3))] * rng.randrange(1, 5)
        else:
            seconds += [rng.choices((0, 1, 2, 3), (6, 1, 1, 2))[0]] * rng.randrange(
                1, max(2, length // 3)
            )
    return seconds[:length]


def timeline_of(seconds: list[int], start: int) -> Timeline:
    timeline, before = Timeline(), None
    for at, status in enumerate(seconds):
        if status != before:
            timeline.replace((start + at) * SECOND, Status(status))
            before = status
    return timeline


def spans(rng: random.Random, low: int, high: int, most: int) -> list[tuple[int, int]]:
    """Some that overlap, touch, are empty or the wrong way round, and reach beyond both ends."""
    return [
        (rng.randrange(low - 50, high + 50), rng.randrange(low - 50, high + 50))
        for _ in range(rng.randrange(most + 1))
    ]


def percent(rng: random.Random, low: int, high: int) -> Decimal:
    return Decimal(rng.randrange(low * 100, high * 100 + 1)) / 100


def objective(rng: random.Random, names: tuple[str, ...], period: str | int, zone: str) -> SlaPlan:
    target = percent(rng, 50, 99)
    critical = min(Decimal(100), target + percent(rng, 0, 5))
    tiers = sorted({percent(rng, 40, 100) for _ in range(3)}, reverse=True)
    return SlaPlan(
        "promise",
        "shop",
        target,
        period,
        zone,
        rng.choice([Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal(1)]),
        rng.choice(list(UnknownTime)),
        services=names,
        quorum=rng.choice([None, 1, 2]),
        warning=min(Decimal(100), critical + percent(rng, 0, 5)),
        critical=critical,
        credits=tuple(CreditPlan(below, Decimal(10 * n)) for n, below in enumerate(tiers, 1)),
    )


def terms_of(plan: SlaPlan) -> oracle.Terms:
    assert plan.warning is not None
    assert plan.critical is not None
    return oracle.Terms(
        target=Fraction(plan.target) / 100,
        weight=Fraction(plan.degraded_weight),
        unknown=plan.unknown.value,
        quorum=plan.quorum,
        warning=Fraction(plan.warning) / 100,
        critical=Fraction(plan.critical) / 100,
        credits=[(Fraction(tier.below) / 100, int(tier.percent)) for tier in plan.credits],
    )


def excluding(low: int, high: int) -> Amendment:
    return Amendment(
        f"{low}", AmendmentKind.EXCLUSION, "promise", low * SECOND, high * SECOND, "why", ANA, 0
    )


Place = Callable[[random.Random], tuple[str | int, str, int, int, int]]
"""An objective's period and zone, the period's bounds in seconds, and now."""


def rolling(rng: random.Random) -> tuple[str | int, str, int, int, int]:
    now, length = 1_800_000_000 + rng.randrange(10**6), rng.randrange(1, 400)
    return length * SECOND, "UTC", now - length, now, now


def a_month(rng: random.Random) -> tuple[str | int, str, int, int, int]:
    """Little after a month began, often one in which the clocks change."""
    zone = rng.choice(ZONES)
    local = datetime(
        2026, rng.choice((3, 4, 10, 11, rng.randrange(1, 13))), 1, tzinfo=ZoneInfo(zone)
    )
    now = int(local.timestamp()) + rng.randrange(400)
    start, end = oracle.month_of(now, zone)
    return "month", zone, start, end, now


def compare(seed: int, place: Place) -> None:
    rng = random.Random(seed)  # noqa: S311  # a history, not a secret
    period, zone, start, end, now = place(rng)
    names = ("shop", "bank", "post")[: rng.randrange(1, 4)]
    plan = objective(rng, names, period, zone)
    begin = start - rng.randrange(50)
    pasts = [history(rng, now - begin + 1) for _ in names]
    timelines = {name: timeline_of(past, begin) for name, past in zip(names, pasts, strict=True)}
    group = Together(service_status)
    group.replan([plan], timelines)
    planned = spans(rng, start, min(end, now + 100), 4)
    approved = [one for one in spans(rng, start, now, 2) if one[0] < one[1]]
    found = figures(
        plan,
        group.timeline(plan),
        now * SECOND,
        [(low * SECOND, high * SECOND) for low, high in planned],
        amendments=[excluding(*one) for one in approved],
    )
    expected = oracle.judge(
        oracle.together(pasts, plan.quorum),
        terms_of(plan),
        start=start - begin,
        end=min(end, now + 600) - begin,
        now=now - begin,
        planned=[(low - begin, high - begin) for low, high in planned],
        approved=[(low - begin, high - begin) for low, high in approved],
    )
    later = max(0, end - now - 600)  # nothing is excluded there, and counting it takes long
    expected.budget += (1 - Fraction(plan.target) / 100) * later
    expected.left += (1 - Fraction(plan.target) / 100) * later
    if later:
        expected.violations = []
        assert found.violations == () or expected.left < 0
    agrees(found, expected, begin, whole=not later)


def agrees(found: SlaFigures, expected: oracle.Answer, begin: int, *, whole: bool) -> None:
    parts = (found.up_ms, found.degraded_ms, found.unknown_ms, found.down_ms)
    assert parts == tuple(one * SECOND for one in expected.seconds)
    assert sum(parts) + found.excluded_ms == found.now - found.start
    assert (found.planned_ms, found.approved_ms) == (
        expected.planned * SECOND,
        expected.approved * SECOND,
    )
    assert (found.availability, found.unamended) == (expected.good, expected.unamended)
    assert found.budget_total_ms == floor(expected.budget * SECOND)
    assert found.budget_left_ms == floor(expected.left * SECOND)
    assert (found.level.value, found.credit_percent) == (expected.level, expected.credit)
    mended = found.reliability
    assert [(one.start, one.end) for one in mended.outages] == [
        stretch(one, begin) for one in expected.outages
    ]
    assert mended.mttr_ms == (None if expected.mttr is None else ceil(expected.mttr * SECOND))
    assert mended.mtbf_ms == (None if expected.mtbf is None else floor(expected.mtbf * SECOND))
    if whole:
        assert_violations(found, expected, begin)


def stretch(one: tuple[int, int | None], begin: int) -> tuple[int, int | None]:
    low, high = one
    return (begin + low) * SECOND, None if high is None else (begin + high) * SECOND


def assert_violations(found: SlaFigures, expected: oracle.Answer, begin: int) -> None:
    """The first may begin within a second, which the oracle knows as a whole one."""
    assert len(found.violations) == len(expected.violations)
    for one, (low, high, depth) in zip(found.violations, expected.violations, strict=True):
        start, end = stretch((low, high), begin)
        assert start <= one.start < start + SECOND
        assert one.end == end
        assert one.depth_ms == ceil(depth * SECOND)


def seeds(count: int) -> Iterator[int]:
    return iter(range(count))


@pytest.mark.parametrize("place", [rolling, a_month])
def test_the_figures_of_random_histories_are_those_that_were_counted(place: Place) -> None:
    for seed in seeds(60):
        compare(seed, place)


@pytest.mark.slow
@pytest.mark.parametrize("place", [rolling, a_month])
def test_the_figures_of_thousands_of_random_histories_are_those_that_were_counted(
    place: Place,
) -> None:
    for seed in seeds(2_000):
        compare(seed, place)
