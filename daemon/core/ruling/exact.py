"""Sums of floats that stay exact while numbers come and go (Shewchuk's expansions)."""

from __future__ import annotations

import math


class ExactSum:
    """A sum to which numbers are added and taken away again without any rounding."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[float] = []

    def add(self, value: float) -> None:
        """Add a number; its negative takes it away again."""
        parts = []
        for part in self._parts:
            if abs(value) < abs(part):
                value, part = part, value  # the algorithm's swap
            high = value + part
            low = part - (high - value)
            if low:
                parts.append(low)
            value = high
        parts.append(value)
        self._parts = parts

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        return math.fsum(self._parts)
