"""A period's incidents as it saw them: how many fired in it, and were taken and ended by then."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from daemon.core.model import Instant, Millis
from daemon.core.sla.values import Handled
from daemon.store.standing import Seen

_FIRED_AT: Final = attrgetter("fired_at")


@dataclass(frozen=True, slots=True)
class Answered:
    """The incidents of something in a period.

    Attributes:
        acknowledged: Of them, within the period; likewise `resolved`.
    """

    total: int
    acknowledged: int
    resolved: int
    mtta_ms: Millis | None
    mttr_ms: Millis | None
    by_severity: Mapping[str, int]


class Incidents:
    """Incidents that were seen, and what was counted of them already: a service and the
    objective about it ask the same."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        """
        Args:
            seen: In order of time.
        """
        self._seen = seen
        self._of: dict[str | None, list[Seen]] = {}
        for one in seen:
            self._of.setdefault(one.service, []).append(one)
        self._counted: dict[tuple[str, Instant, Instant], Answered] = {}

    def all(self, start: Instant, until: Instant, services: set[str] | None = None) -> Answered:
        """What became, until then, of all that fired since `start`; or of these services'."""
        found = _between(self._seen, start, until)
        if services is not None:
            found = [one for one in found if one.service in services]
        return _answered(found, until)

    def of(self, services: Sequence[str], start: Instant, until: Instant) -> Answered:
        """The same of these services'."""
        if len(services) != 1:
            every = [one for name in services for one in self._between(name, start, until)]
            return _answered(every, until)
        asked = services[0], start, until
        if asked not in self._counted:
            self._counted[asked] = _answered(self._between(*asked), until)
        return self._counted[asked]

    def handled(self, services: Iterable[str], start: Instant, until: Instant) -> list[Handled]:
        """Those of these services' that were acknowledged by then."""
        return [
            Handled(one.fired_at, one.acknowledged_at)
            for name in services
            for one in self._between(name, start, until)
            if one.acknowledged_at is not None and one.acknowledged_at <= until
        ]

    def _between(self, service: str, start: Instant, until: Instant) -> Sequence[Seen]:
        return _between(self._of.get(service, ()), start, until)


def _between(seen: Sequence[Seen], start: Instant, until: Instant) -> Sequence[Seen]:
    first = bisect_left(seen, start, key=_FIRED_AT)
    return seen[first : bisect_left(seen, until, first, key=_FIRED_AT)]


def _answered(mine: Sequence[Seen], until: Instant) -> Answered:
    taken = [at - fired for fired, _, _, at, _ in mine if at is not None and at <= until]
    ended = [at - fired for fired, _, _, _, at in mine if at is not None and at <= until]
    return Answered(
        total=len(mine),
        acknowledged=len(taken),
        resolved=len(ended),
        mtta_ms=_mean(taken),
        mttr_ms=_mean(ended),
        by_severity=dict(sorted(Counter([one.severity for one in mine]).items())),
    )


def _mean(spans: Sequence[Millis]) -> Millis | None:
    """The mean, rounded up; a clock that was set back counts as no time."""
    return -(-sum(max(0, one) for one in spans) // len(spans)) if spans else None
