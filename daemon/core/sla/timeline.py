"""The history of one check or service as pieces of equal status.

A failure is confirmed only after it began and an outage is explained only after it was
seen, so what is known of the past changes at its end: `replace` rewrites everything from a
time on. Running totals stand beside the pieces, so that the time spent in each status
between any two moments costs two binary searches, whatever the length of the history.

Before the first piece nothing was measured: the status is unknown. The last piece is open:
it lasts until something replaces it. `Books` keeps one timeline for each check and service.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import is_, lt, sub
from typing import Final

from checks.result import Status
from daemon.core.model import Instant, Millis
from daemon.core.record import record

Totals = tuple[Millis, Millis, Millis, Millis]
"""Milliseconds spent up, degraded, unknown and down: indexed by `Status`."""

NOTHING: Final[Totals] = (0, 0, 0, 0)

Stretch = tuple[Instant, Instant, Status]
"""A piece as plain values: start, end, status. A year of a thousand services has a million."""

_TRIM: Final = 16
"""Forgotten pieces are cut off in lots of at least this many, so that forgetting is cheap."""


@record(frozen=True, slots=True)
class Piece:
    """From `start` (inclusive) to `end` (exclusive) the status was this."""

    start: Instant
    end: Instant
    status: Status


def _plus(totals: Totals, status: Status, span: Millis) -> Totals:
    changed = list(totals)
    changed[status] += span
    return (changed[0], changed[1], changed[2], changed[3])


def _put(starts: list[Instant], statuses: list[Status], start: Instant, status: Status) -> None:
    """As `Timeline.replace`, while nothing is summed up yet."""
    while starts and starts[-1] >= start:
        starts.pop()
        statuses.pop()
    if status is not (statuses[-1] if statuses else Status.UNKNOWN):
        starts.append(start)
        statuses.append(status)


def _pieced(stretches: Iterable[Stretch]) -> tuple[list[Instant], list[Status]]:
    """Starts and statuses of any pieces in order of time."""
    starts: list[Instant] = []
    statuses: list[Status] = []
    end: Instant | None = None
    for low, high, status in stretches:
        if end is not None and low > end:
            _put(starts, statuses, end, Status.UNKNOWN)
        _put(starts, statuses, low, status)
        end = high
    if end is not None:
        _put(starts, statuses, end, Status.UNKNOWN)
    return starts, statuses


def _whole(stretches: Sequence[Stretch]) -> tuple[list[Instant], list[Status]] | None:
    """Starts and statuses of pieces without gaps and repetition, as a store keeps them: at once,
    for a report has a hundred thousand. None if they are not so."""
    lows, highs, kinds = zip(*stretches, strict=True)
    if lows[1:] != highs[:-1] or not all(map(lt, lows, highs)) or any(map(is_, kinds, kinds[1:])):
        return None
    first = int(kinds[0] is Status.UNKNOWN)
    starts, statuses = list(lows[first:]), list(kinds[first:])
    if statuses and statuses[-1] is not Status.UNKNOWN:
        starts.append(highs[-1])
        statuses.append(Status.UNKNOWN)
    return starts, statuses


def _running(starts: Sequence[Instant], statuses: Sequence[Status]) -> Iterable[Totals]:
    """For each piece the totals from the first one's start to its own."""
    spans = list(map(sub, starts[1:], starts))
    up, degraded, unknown, down = (
        accumulate(
            [span if one is status else 0 for span, one in zip(spans, statuses, strict=False)],
            initial=0,
        )
        for status in sorted(Status)
    )
    return zip(up, degraded, unknown, down, strict=True) if starts else ()


class Timeline:
    """Pieces in order of time, neighbours always of different status."""

    __slots__ = ("_starts", "_statuses", "_sums")

    def __init__(self) -> None:
        self._starts: list[Instant] = []
        self._statuses: list[Status] = []
        self._sums: list[Totals] = []
        # _sums[i]: the totals from the first piece's start to the i-th piece's start

    @classmethod
    def of(cls, stretches: Iterable[Stretch]) -> Timeline:
        """The timeline of these, given in order of time, in one pass; between them and after the
        last nothing is known."""
        pieces = list(stretches)
        made = cls()
        if not pieces:
            return made
        made._starts, made._statuses = _whole(pieces) or _pieced(pieces)
        made._sums = list(_running(made._starts, made._statuses))
        return made

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def status(self) -> Status:
        """The newest status."""
        return self._statuses[-1] if self._statuses else Status.UNKNOWN

    @property
    def since(self) -> Instant | None:
        """When the newest status began; None if nothing was ever known."""
        return self._starts[-1] if self._starts else None

    def replace(self, start: Instant, status: Status) -> bool:
        """From `start` on, without end, the status is `status`. Whether that changed anything."""
        keep = bisect_right(self._starts, start)
        if keep and self._starts[keep - 1] == start:
            keep -= 1
        before = self._statuses[keep - 1] if keep else Status.UNKNOWN
        if keep == len(self._starts) and status is before:
            return False
        if keep < len(self._starts) and self._is_tail(keep, start, status):
            return False
        del self._starts[keep:], self._statuses[keep:], self._sums[keep:]
        if status is not before:
            self._push(start, status)
        return True

    def _is_tail(self, keep: int, start: Instant, status: Status) -> bool:
        """Whether the pieces from `keep` on already say what a replacement would."""
        return (
            keep == len(self._starts) - 1
            and self._starts[keep] == start
            and self._statuses[keep] is status
        )

    def _push(self, start: Instant, status: Status) -> None:
        if self._starts:
            span = start - self._starts[-1]
            self._sums.append(_plus(self._sums[-1], self._statuses[-1], span))
        else:
            self._sums.append(NOTHING)
        self._starts.append(start)
        self._statuses.append(status)

    def at(self, when: Instant) -> Status:
        """The status at this moment."""
        index = bisect_right(self._starts, when) - 1
        return self._statuses[index] if index >= 0 else Status.UNKNOWN

    def changes(self, after: Instant) -> list[Instant]:
        """The moments later than `after` at which the status changes, in order."""
        return self._starts[bisect_right(self._starts, after) :]

    def steps(self, after: Instant) -> Iterator[tuple[Instant, Status]]:
        """The same with what the status is from each of them on."""
        first = bisect_right(self._starts, after)
        return zip(self._starts[first:], self._statuses[first:], strict=True)

    def pieces(self, start: Instant, end: Instant) -> Iterator[Piece]:
        """What the timeline says of [start, end), cut to it and without gaps, oldest first."""
        return (Piece(*one) for one in self.stretches(start, end))

    def stretches(self, start: Instant, end: Instant) -> list[Stretch]:
        """As `pieces`, for who looks at many."""
        statuses = self.statuses(start, end)
        if not statuses:
            return []
        first = bisect_right(self._starts, start)
        inner = self._starts[first : first + len(statuses) - 1]
        return list(zip([start, *inner], [*inner, end], statuses, strict=True))

    def statuses(self, start: Instant, end: Instant) -> list[Status]:
        """Those of the pieces of [start, end), oldest first."""
        if start >= end:
            return []
        first, stop = bisect_right(self._starts, start), bisect_left(self._starts, end)
        found = self._statuses[max(0, first - 1) : stop]
        return found if first else [Status.UNKNOWN, *found]

    def totals(self, start: Instant, end: Instant) -> Totals:
        """Milliseconds spent in each status in [start, end); they add up to its length."""
        if start >= end:
            return NOTHING
        low, high = self._until(start), self._until(end)
        return (high[0] - low[0], high[1] - low[1], high[2] - low[2], high[3] - low[3])

    def _until(self, when: Instant) -> Totals:
        """Totals from the first piece's start to `when`; before it, unknown counts negative."""
        index = bisect_right(self._starts, when) - 1
        if index < 0:
            origin = self._starts[0] if self._starts else 0
            return _plus(NOTHING, Status.UNKNOWN, when - origin)
        return _plus(self._sums[index], self._statuses[index], when - self._starts[index])

    def forget(self, before: Instant) -> None:
        """Give up the pieces that ended before this moment: earlier times become unknown.

        Memory stays bounded by what is remembered; a few pieces more may be kept.
        """
        useless = bisect_right(self._starts, before) - 1
        if useless >= _TRIM and useless * 2 >= len(self._starts):
            del self._starts[:useless], self._statuses[:useless], self._sums[:useless]
