"""What the newest samples of a window say beside the others: how far out one is, and where the
line through them leads.

`spread` is robust: median and median absolute deviation (MAD) hardly move for a few outliers, and
a daily rhythm within the window widens the MAD as it should. It takes the sorted samples that
percentiles are read from, and selects in logarithmic time. `Line` is a least-squares fit whose
sums are kept while samples come and go: times are whole milliseconds from an origin that follows
the window, so sums of them are exact, and those with values are `ExactSum`s.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from daemon.core.model import Instant
from daemon.core.ruling.exact import ExactSum

NORMAL: Final = 1.4826
"""MAD times this is the standard deviation, where samples are spread normally."""
LEAST_SCALE: Final = 0.01
"""No spread counts for less than this part of the median: what varies by less is no anomaly."""
LEAST_RANKED: Final = 30
"""With fewer samples nothing is called usual."""
LEAST_FITTED: Final = 10
"""Through fewer samples no line is drawn."""


def spread(ordered: Sequence[float]) -> tuple[float, float]:
    """The median and the scale of sorted samples: NORMAL times their MAD; where more than half
    are equal, their standard deviation."""
    middle = _median(ordered)
    scale = NORMAL * _nth_deviation(ordered, middle, (len(ordered) - 1) // 2)
    if scale == 0:
        mean = math.fsum(ordered) / len(ordered)
        scale = math.sqrt(math.fsum((one - mean) ** 2 for one in ordered) / len(ordered))
    return middle, max(scale, LEAST_SCALE * abs(middle))


def anomaly(newest: float, ordered: Sequence[float]) -> float | None:
    """How many scales the newest sample is away from the median; None with too few samples."""
    if len(ordered) < LEAST_RANKED:
        return None
    middle, scale = spread(ordered)
    return (newest - middle) / scale if scale > 0 else 0.0


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _nth_deviation(ordered: Sequence[float], middle: float, rank: int) -> float:
    """The deviation from `middle` with this rank, from 0: of two sorted rows, those of what lies
    below it and of what does not, without making either."""
    start = bisect_left(ordered, middle)
    low, high = max(0, rank + 1 - (len(ordered) - start)), min(start, rank + 1)
    while low < high:  # how many of the rank + 1 least deviations lie below
        below = (low + high) // 2
        above = rank + 1 - below
        if middle - ordered[start - 1 - below] < ordered[start + above - 1] - middle:
            low = below + 1
        else:
            high = below
    above = rank + 1 - low
    return max(
        middle - ordered[start - low] if low else 0.0,
        ordered[start + above - 1] - middle if above else 0.0,
    )


class Line:
    """A least-squares line through samples that come and go."""

    __slots__ = ("_count", "_origin", "_times", "_times_squared", "_values", "_weighted")

    def __init__(self, samples: Iterable[tuple[Instant, float]] = ()) -> None:
        self._count = self._times = self._times_squared = 0
        self._values, self._weighted = ExactSum(), ExactSum()
        self._origin: Instant | None = None
        for at, value in samples:
            self.add(at, value)

    @property
    def origin(self) -> Instant:
        """Where its times are counted from."""
        return self._origin or 0

    def add(self, at: Instant, value: float, sign: int = 1) -> None:
        """Take in a sample; with `sign` -1 let go of it."""
        if self._origin is None:
            self._origin = at
        offset = at - self._origin
        self._count += sign
        self._times += sign * offset
        self._times_squared += sign * offset * offset
        self._values.add(sign * value)
        self._weighted.add(sign * value * offset)

    def at(self, when: Instant) -> float | None:
        """The line's value then; None where no line can be drawn."""
        if self._count < LEAST_FITTED:
            return None
        width = self._count * self._times_squared - self._times * self._times
        if width <= 0:
            return None
        total = self._values.value
        slope = (self._count * self._weighted.value - self._times * total) / width
        mean_at = self._times / self._count
        return total / self._count + slope * (when - self.origin - mean_at)
