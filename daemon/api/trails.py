"""The recent latencies of every check, for the small curves on the screen.

A dashboard that starts wants to draw the last minutes at once. The store could answer, but
that would read the results of every check for every dashboard; a ring of a few dozen
numbers a check costs about 200 bytes and is filled on the way of the results.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import isnan, nan
from typing import Final

from checks.result import Result, Status

LENGTH: Final = 40
"""Results remembered for each check."""


class Trails:
    """For each check, the latencies of its last `LENGTH` runs."""

    def __init__(self) -> None:
        self._rings: dict[str, array[float]] = {}
        self._counts: dict[str, int] = {}

    def add(self, result: Result) -> None:
        """Remember a result's latency in milliseconds; a run that failed leaves a hole."""
        name = result.check
        ring = self._rings.get(name)
        if ring is None:
            ring = self._rings[name] = array("f", bytes(4 * LENGTH))
            self._counts[name] = 0
        count, latency_ms = self._counts[name], result.latency_ms
        is_good = result.status is Status.UP or result.status is Status.DEGRADED
        ring[count % LENGTH] = latency_ms if is_good and latency_ms is not None else nan
        self._counts[name] = count + 1

    def seed(self, results: Iterable[Result]) -> None:
        """Begin with what is known from before; oldest first."""
        for result in results:
            self.add(result)

    def keep_only(self, checks: Iterable[str]) -> None:
        """Forget all other checks."""
        kept = set(checks)
        for name in self._rings.keys() - kept:
            del self._rings[name], self._counts[name]

    def of(self, check: str) -> list[float | None]:
        """A check's latencies, oldest first, rounded to a tenth; null for a failed run."""
        ring = self._rings.get(check)
        if ring is None:
            return []
        count = self._counts[check]
        start = count % LENGTH
        values = ring[:count] if count < LENGTH else ring[start:] + ring[:start]
        return [None if isnan(value) else round(value, 1) for value in values]

    def of_service(self, checks: Sequence[str]) -> list[float | None]:
        """The trail that stands for a service: that of the first of its checks that ever
        had a latency."""
        for check in checks:
            trail = self.of(check)
            if any(value is not None for value in trail):
                return trail
        return self.of(checks[0]) if checks else []
