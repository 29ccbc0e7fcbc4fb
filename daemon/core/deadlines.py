"""A heap of deadlines, one for each key, whose soonest is always at hand.

Every part of the engine that waits for a time keeps one. Changing a key's deadline leaves
the old entry in the heap, to be recognised as stale when it comes up; the heap is rebuilt
when stale entries outnumber the live ones, so it stays as small as what is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from daemon.core.model import Instant

_SLACK = 64
"""Stale entries that are always tolerated."""


class Deadlines:
    """When each key is due; equal times come up in the order of their keys."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._at: dict[str, Instant] = {}
        self._heap: list[tuple[Instant, str]] = []

    def set(self, key: str, at: Instant | None) -> None:
        """The key is due at `at`, and no longer when it was before; None for never."""
        due_at = self._at
        if at == due_at.get(key):
            return
        if at is None:
            del due_at[key]  # its entry is one of those that the next push counts
            return
        due_at[key] = at
        heap = self._heap
        heappush(heap, (at, key))
        if len(heap) > 2 * len(due_at) + _SLACK:
            heap[:] = [(due, name) for name, due in due_at.items()]
            heapify(heap)

    def get(self, key: str) -> Instant | None:
        """When this key is due; None for never."""
        return self._at.get(key)

    def keys(self) -> list[str]:
        """The keys that are due some time."""
        return list(self._at)

    def next(self) -> Instant | None:
        """The soonest deadline, due or not; None if nothing is waited for."""
        due_at, heap = self._at, self._heap
        while heap:
            at, key = heap[0]
            if due_at.get(key) == at:
                return at
            heappop(heap)
        return None

    def pop(self, now: Instant) -> str | None:
        """Take out the key that has been due longest, or None if none is due."""
        at = self.next()
        if at is None or at > now:
            return None
        _, key = heappop(self._heap)
        del self._at[key]
        return key

    def may_be_due(self, now: Instant) -> bool:
        """Whether `take_due` may find anything: what is asked in every turn, at the least cost."""
        heap = self._heap
        return bool(heap) and heap[0][0] <= now

    def take_due(self, now: Instant) -> Iterator[tuple[str, Instant]]:
        """Take out and yield what is due with its time, longest due first."""
        due_at, heap = self._at, self._heap
        while heap and heap[0][0] <= now:
            at, key = heappop(heap)
            if due_at.get(key) == at:
                del due_at[key]
                yield key, at

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: str) -> bool:
        return key in self._at


def soonest(*times: Instant | None) -> Instant | None:
    """The least of these that is one; None for never. Asked twice in every turn."""
    first: Instant | None = None
    for at in times:
        if at is not None and (first is None or at < first):
            first = at
    return first
