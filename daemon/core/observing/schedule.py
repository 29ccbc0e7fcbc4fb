"""When each check runs next: fixed-rate slots, spread by name, one run at a time.

This is where the data's way begins: the observatory asks what is due, the runner probes,
and the result's arrival makes the next slot. A check's slots are the times that leave the
same remainder, its *phase*, when divided by its interval. The phase is a hash of its name,
so a thousand checks of one interval spread evenly over it, and after a restart each is back
on the slot it had.

The next slot is chosen when a run ends, so a run that takes long skips the slots it covers
and nothing is ever made up for: there is no burst, and no second run of a check.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from zlib import crc32

import msgspec

from daemon.core.deadlines import Deadlines
from daemon.core.model import SECOND, Instant, Millis

NEWCOMER_SPREAD: Final[Millis] = 5 * SECOND
"""What is due at once (a new check, slots missed in a gap) is spread over this at most."""

RUN_SLACK: Final[Millis] = 2 * SECOND
"""A run that is this much over its timeout has been lost; its check may run again."""


GRAINS: Final[tuple[Millis, ...]] = (1000, 500, 200, 100, 50, 20)
"""What phases can be multiples of."""

COMPANY: Final = 25
"""Checks that share a slot are started by one wake-up and answered by few: with a wake-up for
each they cost three times as much, and by ten at once a fifth more than by twenty. A slot has up
to so many of them, in a large estate up to..."""
CROWD: Final = 50
"""... so many in a tenth of a second. With more the last would wait too long for the first."""


def grain(intervals: Iterable[Millis]) -> Millis:
    """The coarsest of `GRAINS` with which checks of these intervals share a slot by `COMPANY`
    at most, on average, or by `CROWD` where the grain is 100 ms or less. It changes only when
    an estate grows or shrinks by half or so."""
    each_ms = math.fsum(1 / every for every in intervals)
    return next(
        (size for size in GRAINS if each_ms * size <= (CROWD if size <= 100 else COMPANY)),
        GRAINS[-1],
    )


def phase(name: str, every: Millis, coarsest: Millis = GRAINS[-1]) -> Millis:
    """The remainder that the slots of this check leave; the same on every host and run.

    It is a multiple of the coarsest of `GRAINS` that divides the interval and is at most
    `coarsest`, the estate's `grain`.
    """
    remainder = crc32(name.encode()) % every
    return remainder - remainder % _size(every, coarsest)


@lru_cache(maxsize=1024)
def _size(every: Millis, coarsest: Millis) -> Millis:
    return next((size for size in GRAINS if size <= coarsest and every % size == 0), 1)


def next_slot(offset: Millis, every: Millis, after: Instant) -> Instant:
    """The first slot later than `after` of a check whose phase is `offset`."""
    return after + every - (after - offset) % every


def soon(name: str, every: Millis, now: Instant) -> Instant:
    """A time for a run that should come at once, spread by name: within one interval, and
    within `NEWCOMER_SPREAD`."""
    return now + phase(name, min(every, NEWCOMER_SPREAD))


def following_slot(offset: Millis, every: Millis, due: Instant, now: Instant) -> Instant:
    """The slot after a run that was due at `due` and has ended by `now`.

    A slot less than half an interval after `due` is passed over, so that a run off the grid
    (a retry, one that was asked for) is not followed by another on its heels.
    """
    return next_slot(offset, every, max(due + every // 2, now))


class Run(msgspec.Struct, frozen=True, gc=False):
    """A run under way: when it was due, when it was started, and how long it may take. A
    reload may change the check's timeout, but not that of a run."""

    due: Instant
    started: Instant
    timeout: Millis


class Schedule:
    """The checks that wait for their slot, and those that run."""

    __slots__ = ("_running", "_waiting")

    def __init__(self) -> None:
        self._waiting = Deadlines()
        self._running: dict[str, Run] = {}

    def run_of(self, name: str) -> Run | None:
        """The run of this check that is under way."""
        return self._running.get(name)

    def due_of(self, name: str) -> Instant | None:
        """When this check runs next; None while it runs."""
        return self._waiting.get(name)

    def plan(self, name: str, due: Instant) -> None:
        """Let this check run at `due`, unless it runs now."""
        if name not in self._running:
            self._waiting.set(name, due)

    def begin(self, name: str, due: Instant, now: Instant, timeout: Millis) -> bool:
        """Start a run; False if one is under way, which is left alone."""
        if name in self._running:
            return False
        self._waiting.set(name, None)
        self._running[name] = Run(due, now, timeout)
        return True

    def begin_taken(self, name: str, run: Run) -> None:
        """Start the run of a check that `take_due` gave: it neither runs nor waits."""
        self._running[name] = run

    def end(self, name: str) -> Run | None:
        """The run has ended or was lost; the check waits for a new `plan`."""
        return self._running.pop(name, None)

    def forget(self, name: str) -> None:
        """This check is not run any more."""
        self._running.pop(name, None)
        self._waiting.set(name, None)

    def may_be_due(self, now: Instant) -> bool:
        """Whether `take_due` may find anything."""
        return self._waiting.may_be_due(now)

    def take_due(self, now: Instant) -> Iterator[tuple[str, Instant]]:
        """The checks that are due and when they were, earliest first; each must be begun."""
        return self._waiting.take_due(now)

    def first(self) -> Instant | None:
        """When the next check is due."""
        return self._waiting.next()
