"""A time limit for many short runs: as `asyncio.timeout`, without a timer for each.

A timer of the event loop that is made and cancelled costs a tenth of a whole HTTP check. Here
one timer, set for the limit that ends first, looks at all that are open, and never twice within
`GRAIN_S`, so a limit ends its task up to that much late. A run is bounded to half a second over
its timeout; this takes a tenth of it.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType
from typing import Any, Final

from checks.per_loop import PerLoop

GRAIN_S: Final = 0.05
"""How late a limit may be, in seconds."""


class _Watch:
    """All open limits of one event loop, and the one timer that looks at them."""

    __slots__ = ("__weakref__", "_loop", "_timer", "looks_at", "open")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.open: set[Limit] = set()
        self.looks_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def look_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.looks_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer, self.looks_at = None, math.inf
        for limit in [limit for limit in self.open if now >= limit.ends_at]:
            self.open.discard(limit)
            limit.expire(now)
        if self.open:
            first = min(limit.ends_at for limit in self.open)
            self.look_at(max(first, now + GRAIN_S))


_watches: Final = PerLoop(_Watch)


class Limit:
    """`with Limit(seconds):` raises `TimeoutError` when the body takes longer.

    Attributes:
        ends_at: When, on the loop's clock.
        late_s: How late it was found to be over; None while it is not.
    """

    __slots__ = ("_asked", "_task", "_watch", "ends_at", "late_s")

    def __init__(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a limit needs a task to end")
        self._watch = _watches.of(loop)
        self._task: asyncio.Task[Any] = task
        self._asked = task.cancelling()
        self.ends_at = loop.time() + seconds
        self.late_s: float | None = None

    def expire(self, now: float) -> None:
        """The time is over: cancel the body."""
        self.late_s = now - self.ends_at
        self._task.cancel()

    def __enter__(self) -> Limit:
        watch = self._watch
        watch.open.add(self)
        if self.ends_at < watch.looks_at:
            watch.look_at(self.ends_at)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watch.open.discard(self)
        if self.late_s is None:
            return
        # As asyncio.timeout: our own cancel is taken back; another's goes on its way.
        others = self._task.uncancel() > self._asked
        if not others and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
