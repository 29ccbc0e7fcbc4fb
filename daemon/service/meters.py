"""Figures about the daemon itself: how late probes start, how long the loop is held up."""

from __future__ import annotations

from collections import deque
from typing import Final

_KEPT: Final = 6_000


class Meter:
    """The last minute of one figure, bounded; quantiles are computed when asked for."""

    def __init__(self, span_s: float = 60.0) -> None:
        self._span_s = span_s
        self._times: deque[float] = deque(maxlen=_KEPT)
        self._values: deque[float] = deque(maxlen=_KEPT)

    def add(self, at_s: float, value: float) -> None:
        """Note a value at a monotonic time in seconds."""
        self._times.append(at_s)
        self._values.append(value)

    def quantile(self, at_s: float, share: float) -> float:
        """The value below which `share` of the last minute's values lie; 0.0 if there are none."""
        oldest = at_s - self._span_s
        while self._times and self._times[0] < oldest:
            self._times.popleft()
            self._values.popleft()
        if not self._values:
            return 0.0
        values = sorted(self._values)
        return values[min(len(values) - 1, int(share * len(values)))]
