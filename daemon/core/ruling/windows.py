"""What rules remember of a check's past: windows of samples, and minutes for `ago`.

A `Window` holds one metric's samples of the last span, `(now - span, now]`. Sum and mean are
kept exactly while samples come and go (Shewchuk's expansions, as `math.fsum` uses them), so
they equal what adding up anew would give, to the last bit, after any time. The extremes come
from monotonic queues and the percentiles from a sorted copy; either is kept only where a
rule asks for it. Memory is bounded by span and interval.

`Minutes` keeps count, sum, minimum and maximum per minute in a ring, which bounds `ago('7d',
...)` to 10,080 minutes and the window beside them, whatever the interval.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.ruling.exact import ExactSum
from daemon.core.ruling.trendline import Line, anomaly

LARGEST: Final = 1e150
"""A sample beyond this, or not finite, is left out: its square must be a number."""


class Window:
    """One metric's samples of the last span, oldest first.

    Args:
        extremes: Minimum and maximum will be asked for.
        ranks: Percentiles will be asked for, or how far out the newest sample is.
        line: A forecast will be asked for.
    """

    __slots__ = ("_highs", "_line", "_lows", "_ordered", "_samples", "_sum", "span")

    def __init__(
        self, span: Millis, *, extremes: bool = False, ranks: bool = False, line: bool = False
    ) -> None:
        self.span = span
        self._line = Line() if line else None
        self._samples: deque[tuple[Instant, float]] = deque()
        self._sum = ExactSum()
        self._ordered: list[float] | None = [] if ranks else None
        self._lows: deque[tuple[Instant, float]] | None = deque() if extremes else None
        self._highs: deque[tuple[Instant, float]] | None = deque() if extremes else None

    def __len__(self) -> int:
        return len(self._samples)

    def equal_to(self, other: Window) -> Window:
        """This window if it keeps all that `other` would, else `other` with its samples: a
        function that is asked for anew must not be computed from the whole each time."""
        kept, wanted = (
            (one._lows is not None, one._ordered is not None, one._line is not None)
            for one in (self, other)
        )
        if all(mine or not theirs for mine, theirs in zip(kept, wanted, strict=True)):
            return self
        for at, value in self._samples:
            other.add(at, value)
        return other

    def add(self, at: Instant, value: float) -> None:
        """Take in a sample, not older than the newest, and let go of those beyond the span."""
        if not abs(value) <= LARGEST:
            return
        self._samples.append((at, value))
        self._sum.add(value)
        if self._line is not None:
            self._line.add(at, value)
        if self._ordered is not None:
            insort(self._ordered, value)
        if self._lows is not None and self._highs is not None:
            while self._lows and self._lows[-1][1] >= value:
                self._lows.pop()
            self._lows.append((at, value))
            while self._highs and self._highs[-1][1] <= value:
                self._highs.pop()
            self._highs.append((at, value))
            self.trim(at)
        elif self._samples[0][0] <= at - self.span or self._line is not None:
            self.trim(at)

    def fill(self, samples: Iterable[tuple[Instant, float]]) -> None:
        """As `add` of each to an empty window; a start has tens of thousands."""
        if self._line is not None or self._ordered is not None or self._lows is not None:
            for at, value in samples:
                self.add(at, value)
            return
        kept = [(at, value) for at, value in samples if abs(value) <= LARGEST]
        if kept:
            limit = kept[-1][0] - self.span
            self._samples.extend(one for one in kept if one[0] > limit)
            for _, value in self._samples:
                self._sum.add(value)

    def trim(self, now: Instant) -> None:
        """Let go of samples that are a span old or older."""
        limit = now - self.span
        samples = self._samples
        while samples and samples[0][0] <= limit:
            at, value = samples.popleft()
            self._sum.add(-value)
            if self._line is not None:
                self._line.add(at, value, -1)
            if self._ordered is not None:
                del self._ordered[bisect_left(self._ordered, value)]
        if self._lows is not None:
            for queue in (self._lows, self._highs):
                while queue and queue[0][0] <= limit:
                    queue.popleft()
        if self._line is not None and limit - self._line.origin > self.span:
            self._line = Line(samples)  # once a span: its times stay short, its sums precise

    def compute(self, function: str) -> float | None:
        """A window function's value; None with too few samples for it (`last` and `count`
        need one, all others two)."""
        if len(self._samples) < (1 if function in ("last", "count") else 2):
            return None
        known = _FUNCTIONS.get(function)
        return self._percentile(int(function[1:])) if known is None else known(self)

    def forecast(self, when: Instant) -> float | None:
        """Where the line through the samples will be then; None with too few of them, or with
        less than half the window behind it."""
        samples = self._samples
        if not samples or 2 * (samples[-1][0] - samples[0][0]) < self.span:
            return None
        return (self._line or Line(samples)).at(when)

    def _anomaly(self) -> float | None:
        """How far the newest sample is from what is usual in the window."""
        ordered = self._ordered
        if ordered is None:
            ordered = sorted(value for _, value in self._samples)
        return anomaly(self._samples[-1][1], ordered)

    def _percentile(self, percent: int) -> float:
        """Nearest rank: the smallest sample that `percent` of all samples do not exceed."""
        ordered = self._ordered
        if ordered is None:
            ordered = sorted(value for _, value in self._samples)
        return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]

    def _low(self) -> float:
        if self._lows is None:
            return min(value for _, value in self._samples)
        return self._lows[0][1]

    def _high(self) -> float:
        if self._highs is None:
            return max(value for _, value in self._samples)
        return self._highs[0][1]

    def _mean(self) -> float:
        return self._sum.value / len(self._samples)

    def _stddev(self) -> float:
        """Of the population, in two passes over the window."""
        mean = self._mean()
        squares = math.fsum((value - mean) ** 2 for _, value in self._samples)
        return math.sqrt(squares / len(self._samples))

    def _rate(self) -> float | None:
        """A counter's increase per second; where it fell it was reset and began at 0."""
        seconds = (self._samples[-1][0] - self._samples[0][0]) / 1000
        if seconds <= 0:
            return None
        increase, before = 0.0, self._samples[0][1]
        for _, value in self._samples:
            increase += value - before if value >= before else value
            before = value
        return increase / seconds

    def _delta(self) -> float:
        return self._samples[-1][1] - self._samples[0][1]

    def _total(self) -> float:
        return self._sum.value

    def _count(self) -> float:
        return float(len(self._samples))

    def _last(self) -> float:
        return self._samples[-1][1]


_FUNCTIONS: Final[dict[str, Callable[[Window], float | None]]] = {
    "avg": Window._mean,
    "min": Window._low,
    "max": Window._high,
    "sum": Window._total,
    "count": Window._count,
    "rate": Window._rate,
    "delta": Window._delta,
    "stddev": Window._stddev,
    "last": Window._last,
    "anomaly": Window._anomaly,
}


class Minutes:
    """A metric's count, sum, minimum and maximum in each minute of the last `reach`."""

    __slots__ = ("_counts", "_highs", "_lows", "_size", "_stamps", "_sums", "reach")

    def __init__(self, reach: Millis) -> None:
        self.reach = reach
        self._size = reach // MINUTE + 2
        self._stamps = array("q", [-1]) * self._size
        self._counts = array("q", [0]) * self._size
        self._sums, self._lows, self._highs = (array("d", [0.0]) * self._size for _ in range(3))

    def add(self, at: Instant, value: float) -> None:
        """Take in a sample; one older than the ring is left out."""
        if not abs(value) <= LARGEST:
            return
        minute = at // MINUTE
        slot = minute % self._size
        if self._stamps[slot] > minute:
            return
        if self._stamps[slot] < minute:
            self._stamps[slot], self._counts[slot], self._sums[slot] = minute, 0, 0.0
            self._lows[slot] = self._highs[slot] = value
        self._counts[slot] += 1
        self._sums[slot] += value
        self._lows[slot] = min(self._lows[slot], value)
        self._highs[slot] = max(self._highs[slot], value)

    def compute(self, function: str, end: Instant, span: Millis) -> float | None:
        """A function's value over the whole minutes of the span that ends at `end`; None
        with fewer than two samples (`count`: one)."""
        last = end // MINUTE
        minutes = range(last - max(1, span // MINUTE) + 1, last + 1)
        slots = [m % self._size for m in minutes if m >= 0 and self._stamps[m % self._size] == m]
        count = sum(self._counts[slot] for slot in slots)
        if count < (1 if function == "count" else 2):
            return None
        match function:
            case "count":
                return float(count)
            case "min":
                return min(self._lows[slot] for slot in slots)
            case "max":
                return max(self._highs[slot] for slot in slots)
        total = math.fsum(self._sums[slot] for slot in slots)
        return total if function == "sum" else total / count
