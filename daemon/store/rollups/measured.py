"""What the runs of a check in some span found: the figures that every rollup has.

A minute's are made from results, an hour's from its minutes, a day's from its hours, a month's
from its days: all by adding, without loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from daemon.store.rollups.sketch import Sketch

COLUMNS: Final = "up, degraded, unknown, down, sum_us, min_us, max_us, sketch"
"""As they stand in the tables of rollups."""


@dataclass(slots=True)
class Measured:
    """What the runs in some span found; latencies in microseconds.

    Attributes:
        counts: How many runs were up, degraded, unknown and down.
        sum_us: Of the latencies that `sketch` holds; `sketch.count` is how many these are.
    """

    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    sum_us: int = 0
    least_us: int | None = None
    greatest_us: int | None = None
    sketch: Sketch = field(default_factory=Sketch)

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def average_ms(self) -> float | None:
        """The mean latency; None without any."""
        count = self.sketch.count
        return self.sum_us / count / 1000 if count else None

    def percentile_ms(self, share: float) -> float | None:
        """The latency that `share` (0.95) of all do not exceed; None without any."""
        found = self.sketch.quantile(share)
        return None if found is None else found / 1000

    def add(self, status: int, latency_us: int | None) -> None:
        """Take in a result."""
        self.counts[status] += 1
        if latency_us is not None:
            self.sum_us += latency_us
            self._reach(latency_us, latency_us)
            self.sketch.add(latency_us)

    def take(self, row: Sequence[Any]) -> None:
        """Add a rollup's `COLUMNS` as they are stored."""
        self.take_all([row])

    def take_all(self, rows: Sequence[Sequence[Any]]) -> None:
        """As `take` of each, but faster."""
        if not rows:
            return
        *counts, sums, least, greatest, sketches = zip(*rows, strict=True)
        self.counts = [mine + sum(more) for mine, more in zip(self.counts, counts, strict=True)]
        self.sum_us += sum(sums)
        reached = [us for us in (*least, *greatest) if us is not None]
        if reached:
            self._reach(min(reached), max(reached))
        self.sketch.absorb_all(sketches)

    def merge(self, other: Measured) -> None:
        """Add what another span or check found."""
        self.take(other.row())

    def row(self) -> tuple[Any, ...]:
        """The values of `COLUMNS`."""
        return (*self.counts, self.sum_us, self.least_us, self.greatest_us, self.sketch.encode())

    def _reach(self, least_us: int, greatest_us: int) -> None:
        self.least_us = least_us if self.least_us is None else min(self.least_us, least_us)
        self.greatest_us = (
            greatest_us if self.greatest_us is None else max(self.greatest_us, greatest_us)
        )
