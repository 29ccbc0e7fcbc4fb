"""What `daemon.core.muting.correlate` keeps of alerts: those that wait for others, and those of a
storm.

A storm's are in the order in which they began to fire, equal times in the order of their keys: so
it is the same in a daemon that watched and in one that read them back from the store.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from daemon.core.deadlines import Deadlines
from daemon.core.model import Alert, Instant

Age = tuple[Instant, str]
"""When an alert began to fire, and its key."""


def age(alert: Alert) -> Age:
    """Where the alert stands among others."""
    return alert.fired_at or 0, alert.key


class Bucket:
    """The alerts of one place that fire and are in no storm.

    Attributes:
        storm: The key of the place's newest storm.
    """

    __slots__ = ("_condition_of", "_count", "_fired", "storm")

    def __init__(self) -> None:
        self.storm: str | None = None
        self._fired = Deadlines()
        self._condition_of: dict[str, int] = {}
        self._count: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._condition_of)

    def add(self, alert: Alert, condition: int) -> None:
        """The alert waits here, and counts for this one of the rule's conditions."""
        self.discard(alert.key)
        self._fired.set(alert.key, alert.fired_at or 0)
        self._condition_of[alert.key] = condition
        self._count[condition] = self._count.get(condition, 0) + 1

    def discard(self, key: str) -> None:
        """The alert waits here no more, if it did."""
        self._fired.set(key, None)
        self._forget(key)

    def forget_before(self, start: Instant) -> None:
        """What fired before this is no part of a storm that begins now."""
        for key, _ in self._fired.take_due(start - 1):
            self._forget(key)

    def conditions(self) -> int:
        """How many different conditions wait."""
        return len(self._count)

    def keys(self) -> list[str]:
        """Who waits, in no order."""
        return list(self._condition_of)

    def _forget(self, key: str) -> None:
        condition = self._condition_of.pop(key, None)
        if condition is None:
            return
        self._count[condition] -= 1
        if not self._count[condition]:
            del self._count[condition]


class Members:
    """The firing alerts of a storm, the first first, and those of them that are held."""

    __slots__ = ("_age_of", "_order", "held")

    def __init__(self) -> None:
        self.held: dict[str, None] = {}
        self._age_of: dict[str, Age] = {}
        self._order: list[Age] = []

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, key: str) -> bool:
        return key in self._age_of

    def __iter__(self) -> Iterator[str]:
        return (key for _, key in self._order)

    def add(self, alert: Alert) -> None:
        """The alert belongs to the storm."""
        self.remove(alert.key)
        self._age_of[alert.key] = age(alert)
        insort(self._order, age(alert))

    def remove(self, key: str) -> None:
        """The alert belongs to the storm no more, if it did."""
        self.held.pop(key, None)
        was = self._age_of.pop(key, None)
        if was is not None:
            del self._order[bisect_left(self._order, was)]

    def free(self) -> list[str]:
        """Hold nobody any more; returns who was held."""
        freed, self.held = sorted(self.held, key=self._age_of.__getitem__), {}
        return freed
