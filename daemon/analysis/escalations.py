"""Patterns in escalations: which policies and services go beyond their first level, how far, and
when in the week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from daemon.core.record import record
from daemon.store.reading.escalated import Climb
from daemon.store.reading.incidents import Durations, durations, hours_of_week


@record(frozen=True, slots=True)
class Pattern:
    """What became of some incidents.

    Attributes:
        escalated: How many went beyond the first level.
        answered: How many of those were acknowledged.
        deepest: How many reached each level and none beyond, the first level first.
    """

    name: str
    total: int
    escalated: int
    answered: int
    deepest: Sequence[int]
    to_acknowledge: Durations

    @property
    def share(self) -> Fraction:
        """How many of them escalated."""
        return Fraction(self.escalated, self.total)


@record(frozen=True, slots=True)
class Patterns:
    """All of it: policies and services with what escalates most in front, and the 168 hours of
    the week in which what escalated had fired."""

    total: int
    escalated: int
    policies: Sequence[Pattern]
    services: Sequence[Pattern]
    by_hour_of_week: Sequence[int]


def patterns(found: Sequence[Climb], zone: str, most: int) -> Patterns:
    """The patterns of these incidents; of services, the first `most`."""
    risen = [one.fired_at for one in found if one.level > 0]
    by_policy, by_service = dict[str, list[Climb]](), dict[str, list[Climb]]()
    for one in found:
        by_policy.setdefault(one.policy, []).append(one)
        if one.service is not None:
            by_service.setdefault(one.service, []).append(one)
    services = [pattern for pattern in _ranked(by_service.items()) if pattern.escalated]
    return Patterns(
        total=len(found),
        escalated=len(risen),
        policies=_ranked(by_policy.items()),
        services=services[:most],
        by_hour_of_week=hours_of_week(risen, zone),
    )


def _ranked(groups: Iterable[tuple[str, Sequence[Climb]]]) -> list[Pattern]:
    made = [_pattern(name, group) for name, group in groups]
    return sorted(made, key=lambda one: (-one.escalated, -one.share, one.name))


def _pattern(name: str, group: Sequence[Climb]) -> Pattern:
    levels = Counter(one.level for one in group)
    risen = [one for one in group if one.level > 0]
    return Pattern(
        name=name,
        total=len(group),
        escalated=len(risen),
        answered=sum(one.acknowledged_at is not None for one in risen),
        deepest=[levels[level] for level in range(max(levels) + 1)],
        to_acknowledge=durations(
            one.acknowledged_at - one.fired_at for one in group if one.acknowledged_at is not None
        ),
    )
