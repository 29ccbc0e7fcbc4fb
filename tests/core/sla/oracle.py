"""A second opinion on SLAs: the definitions of docs/semantics/sla.md applied to every single
second, one after the other, with nothing of the engine's.

A service's past is a list with one status a second; everything else is counted. Times are in
seconds, shares exact fractions. It is slow, and too simple to be wrong in the same way.
`tests/core/availability_oracle.py` is an older one, by the millisecond, for less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

UP, DEGRADED, UNKNOWN, DOWN = 0, 1, 2, 3
Span = tuple[int, int]


@dataclass
class Terms:
    """An objective as the definitions name it; shares, not percent."""

    target: Fraction
    weight: Fraction
    unknown: str
    quorum: int | None
    warning: Fraction
    critical: Fraction
    credits: Sequence[tuple[Fraction, int]]


@dataclass
class Answer:
    """What the definitions say of a period."""

    seconds: list[int]
    planned: int
    approved: int
    good: Fraction | None
    unamended: Fraction | None
    budget: Fraction
    left: Fraction
    level: str
    credit: int
    violations: list[tuple[int, int | None, Fraction]]
    outages: list[tuple[int, int | None]]
    mttr: Fraction | None
    mtbf: Fraction | None


def together(services: Sequence[Sequence[int]], quorum: int | None) -> list[int]:
    """What several services are, second by second: the best that enough of them reach."""
    found = []
    for moment in zip(*services, strict=True):
        enough = len(moment) if quorum is None else min(quorum, len(moment))
        reached = [status for status in range(4) if sum(one <= status for one in moment) >= enough]
        found.append(min(reached))
    return found


def cost(status: int, terms: Terms) -> Fraction:
    """What a second of this status takes of the budget."""
    if status == UNKNOWN:
        return Fraction(terms.unknown == "down")
    return {UP: Fraction(0), DEGRADED: 1 - terms.weight, DOWN: Fraction(1)}[status]


def _within(at: int, spans: Sequence[Span]) -> bool:
    return any(low <= at < high for low, high in spans)


def _counts(status: int, terms: Terms) -> bool:
    return status != UNKNOWN or terms.unknown != "exclude"


def _good(seconds: Sequence[int], terms: Terms) -> Fraction | None:
    counted = [status for status in seconds if _counts(status, terms)]
    if not counted:
        return None
    return 1 - sum((cost(one, terms) for one in counted), Fraction(0)) / len(counted)


def _runs(seconds: Sequence[int], now: int, lasts: bool) -> list[tuple[int, int | None]]:
    """Neighbouring seconds as spans; the last is open if it reaches now and goes on."""
    runs: list[tuple[int, int | None]] = []
    for at in seconds:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    if runs and runs[-1][1] == now and lasts:
        runs[-1] = (runs[-1][0], None)
    return runs


def judge(
    past: Sequence[int],
    terms: Terms,
    *,
    start: int,
    end: int,
    now: int,
    planned: Sequence[Span],
    approved: Sequence[Span],
) -> Answer:
    """Everything about [start, end), of which [start, now) has passed; `past[at]` is the status
    in second `at`, and before 0 it is unknown."""

    def status(at: int) -> int:
        return past[at] if at >= 0 else UNKNOWN

    passed = range(start, now)
    counted = [at for at in passed if not _within(at, [*planned, *approved])]
    before = [at for at in passed if not _within(at, planned)]
    seconds = [sum(status(at) == one for at in counted) for one in range(4)]
    good = _good([status(at) for at in counted], terms)
    to_come = sum(not _within(at, [*planned, *approved]) for at in range(now, end))
    can_fail = sum(_counts(status(at), terms) for at in counted) + to_come
    budget = (1 - terms.target) * can_fail
    spent, over = Fraction(0), []
    for at in counted:
        price = cost(status(at), terms)
        spent += price
        if price and spent > budget:
            over.append((at, min(price, spent - budget)))
    down = [at for at in counted if status(at) == DOWN]
    outages = _runs(down, now, status(now) == DOWN)
    ended = [high - low for low, high in outages if high is not None]
    up_time = sum(_counts(status(at), terms) for at in counted) - len(down)
    return Answer(
        seconds=seconds,
        planned=len(passed) - len(before),
        approved=len(before) - len(counted),
        good=good,
        unamended=_good([status(at) for at in before], terms),
        budget=budget,
        left=budget - spent,
        level=_level(good, terms),
        credit=_credit(good, terms),
        violations=_deep(over, now, cost(status(now), terms) > 0),
        outages=outages,
        mttr=Fraction(sum(ended), len(ended)) if ended else None,
        mtbf=Fraction(up_time, len(outages)) if outages else None,
    )


def _deep(
    over: Sequence[tuple[int, Fraction]], now: int, lasts: bool
) -> list[tuple[int, int | None, Fraction]]:
    found = []
    for low, high in _runs([at for at, _ in over], now, lasts):
        depth = sum(
            (price for at, price in over if low <= at and (high is None or at < high)), Fraction(0)
        )
        found.append((low, high, depth))
    return found


def _level(good: Fraction | None, terms: Terms) -> str:
    if good is None:
        return "unknown"
    bounds = (("missed", terms.target), ("critical", terms.critical), ("warning", terms.warning))
    return next((word for word, bound in bounds if good < bound), "good")


def _credit(good: Fraction | None, terms: Terms) -> int:
    given = [percent for below, percent in terms.credits if good is not None and good < below]
    return max(given, default=0)


def month_of(second: int, zone: str) -> Span:
    """The calendar month around a second, found by walking minute by minute along the clock on
    the wall: [first, first of the next)."""

    def month(at: int) -> tuple[int, int]:
        local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
        return local.year, local.month

    here = second - second % 60
    low = high = here
    while month(low - 3_600) == month(here):
        low -= 3_600
    while month(low - 60) == month(here):
        low -= 60
    while month(high + 3_600) == month(here):
        high += 3_600
    while month(high) == month(here):
        high += 60
    return low, high
