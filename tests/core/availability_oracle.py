"""An oracle for the availability arithmetic: the definitions of docs/semantics/sla.md, and
nothing else, applied to every single millisecond of a short history.

It shares no code with `daemon.core.sla.books`, `availability` or `timeline`: a check's past is a
list with one status a millisecond, a service's is composed by counting, and every figure is
counted or walked. Slow, and too simple to be wrong in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

UP, DEGRADED, UNKNOWN, DOWN = 0, 1, 2, 3


@dataclass
class CheckOracle:
    """A check's status in every millisecond from 0 to `length`."""

    length: int
    past: list[int] = field(default_factory=list)
    newest: int = UNKNOWN
    final: int = 0

    def __post_init__(self) -> None:
        self.past = [UNKNOWN] * self.length

    def fact(self, start: int, status: int) -> None:
        """From `start` on it is `status`; but what is final (before the newest change) stays."""
        start = max(start, self.final)
        if status != self.newest:
            self.past[start:] = [status] * (self.length - start)
            self.newest, self.final = status, start


@cache
def compose(statuses: tuple[int, ...], quorum: int | None) -> int:
    """A service's status: the best one that at least `quorum` checks reach (all by default)."""
    if not statuses:
        return UNKNOWN
    needed = len(statuses) if quorum is None else min(quorum, len(statuses))
    for status in (UP, DEGRADED, UNKNOWN, DOWN):
        if sum(one <= status for one in statuses) >= needed:
            return status
    raise AssertionError("every check is at worst down")


@dataclass
class Figures:
    """What the definitions say of a period."""

    counts: Mapping[int, int]
    excluded: int
    availability: Fraction | None
    budget: Fraction
    left: Fraction
    burn_rate: Fraction
    violations: list[tuple[int, int | None]]


def _costs(weight: Fraction) -> dict[int, Fraction]:
    return {UP: Fraction(0), DEGRADED: 1 - weight, UNKNOWN: Fraction(0), DOWN: Fraction(1)}


def figures(
    service: Sequence[int],
    *,
    start: int,
    end: int,
    now: int,
    target: Fraction,
    weight: Fraction,
    excluded: frozenset[int],
    hour: int,
) -> Figures:
    """Count a period [start, end), of which [start, now) has passed.

    Args:
        service: The status in each millisecond; what is before 0 is unknown.
        target: As a share, not in percent.
        excluded: The milliseconds that count for nothing.
        hour: How far the burn rate looks back.
    """

    def status(at: int) -> int:
        return service[at] if at >= 0 else UNKNOWN

    counted = [at for at in range(start, now) if at not in excluded]
    counts = {s: sum(status(at) == s for at in counted) for s in (UP, DEGRADED, UNKNOWN, DOWN)}
    measured = len(counted) - counts[UNKNOWN]
    good = counts[UP] + weight * counts[DEGRADED]
    to_come = sum(at not in excluded for at in range(now, end))
    budget = (1 - target) * (measured + to_come)
    costs = _costs(weight)
    spent = sum((costs[status] * number for status, number in counts.items()), Fraction(0))
    return Figures(
        counts=counts,
        excluded=now - start - len(counted),
        availability=Fraction(good) / measured if measured else None,
        budget=budget,
        left=budget - spent,
        burn_rate=_burn(service, now, hour, target, weight, excluded, end - start),
        violations=_violations(service, start, now, weight, excluded, budget),
    )


def _burn(
    service: Sequence[int],
    now: int,
    hour: int,
    target: Fraction,
    weight: Fraction,
    excluded: frozenset[int],
    length: int,
) -> Fraction:
    last = [service[at] for at in range(max(now - hour, 0), now) if at not in excluded]
    measured = [status for status in last if status != UNKNOWN]
    if not measured:
        return Fraction(0)
    costs = _costs(weight)
    ratio = sum((costs[s] * measured.count(s) for s in costs), Fraction(0)) / len(measured)
    return ratio / (1 - target if target < 1 - Fraction(1, length) else Fraction(1, length))


def _violations(
    service: Sequence[int],
    start: int,
    now: int,
    weight: Fraction,
    excluded: frozenset[int],
    budget: Fraction,
) -> list[tuple[int, int | None]]:
    """Runs of milliseconds that each cost something and leave the budget overspent."""
    over: list[int] = []
    spent = Fraction(0)
    costs = _costs(weight)
    costly = {status for status, cost in costs.items() if cost}
    for at in range(max(start, 0), now):
        if service[at] in costly and at not in excluded:
            spent += costs[service[at]]
            if spent > budget:
                over.append(at)
    runs: list[tuple[int, int | None]] = []
    for at in over:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    if runs and runs[-1][1] == now and service[now] in costly:
        runs[-1] = (runs[-1][0], None)
    return runs
