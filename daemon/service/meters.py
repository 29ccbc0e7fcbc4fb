"""Figures about the daemon itself: how late probes start, how long the loop is held up."""

from __future__ import annotations

from collections import deque
from typing import Final

_SLOTS: Final = 6
"""A span is kept in so many parts; the oldest goes as a whole."""


class Meter:
    """The last minute (and up to a sixth more) of one figure.

    Values are counted, to a tenth, so that a thousand of them a second cost neither memory
    nor a sort when a quantile is asked for.
    """

    def __init__(self, span_s: float = 60.0) -> None:
        self._slot_s = span_s / _SLOTS
        self._slots: deque[tuple[float, dict[float, int]]] = deque(maxlen=_SLOTS + 1)
        self._ends_s = 0.0
        self._counts: dict[float, int] = {}

    def add(self, at_s: float, value: float) -> None:
        """Note a value at a monotonic time in seconds."""
        if at_s >= self._ends_s or not self._slots:
            self._ends_s, self._counts = at_s + self._slot_s, {}
            self._slots.append((self._ends_s, self._counts))
        key = round(value, 1)
        self._counts[key] = self._counts.get(key, 0) + 1

    def quantile(self, at_s: float, share: float) -> float:
        """The value below which `share` of the last minute's values lie; 0.0 if there are none."""
        oldest_s = at_s - self._slot_s * _SLOTS
        while self._slots and self._slots[0][0] <= oldest_s:
            self._slots.popleft()
        total: dict[float, int] = {}
        for _, counts in self._slots:
            for value, count in counts.items():
                total[value] = total.get(value, 0) + count
        rank, passed = int(share * sum(total.values())), 0
        for value in sorted(total):
            passed += total[value]
            if passed > rank:
                return value
        return 0.0
