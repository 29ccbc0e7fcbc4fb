"""A time limit for many short runs: as `asyncio.timeout`, without a timer for each.

A timer of the event loop that is made and cancelled costs a tenth of a whole HTTP check. Here
one timer looks every `GRAIN_S` at all limits that are open, so a limit ends its task up to
that much late. A run is bounded to half a second over its timeout; this takes a tenth of it.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final
from weakref import WeakKeyDictionary

GRAIN_S: Final = 0.05
"""How late a limit may be, in seconds."""


class _Watch:
    """All open limits of one event loop, and the one timer that looks at them."""

    __slots__ = ("__weakref__", "_loop", "_open", "_ticking")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._open: set[Limit] = set()
        self._ticking = False

    def add(self, limit: Limit) -> None:
        self._open.add(limit)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(GRAIN_S, self._tick)

    def remove(self, limit: Limit) -> None:
        self._open.discard(limit)

    def _tick(self) -> None:
        now = self._loop.time()
        for limit in [limit for limit in self._open if now >= limit.ends_at]:
            self._open.discard(limit)
            limit.expire(now)
        self._ticking = bool(self._open)
        if self._ticking:
            self._loop.call_later(GRAIN_S, self._tick)


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


class Limit:
    """`async with Limit(seconds):` raises `TimeoutError` when the body takes longer.

    Attributes:
        ends_at: When, on the loop's clock.
        late_s: How late it was found to be over; None while it is not.
    """

    __slots__ = ("_asked", "_task", "_watch", "ends_at", "late_s")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit needs a task to end")
        loop = asyncio.get_running_loop()
        watch = _watches.get(loop)
        if watch is None:
            watch = _watches[loop] = _Watch(loop)
        self._watch = watch
        self._task: asyncio.Task[Any] = task
        self._asked = task.cancelling()
        self.ends_at = loop.time() + seconds
        self.late_s: float | None = None

    def expire(self, now: float) -> None:
        """The time is over: cancel the body."""
        self.late_s = now - self.ends_at
        self._task.cancel()

    async def __aenter__(self) -> Limit:
        self._watch.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watch.remove(self)
        if self.late_s is None:
            return
        # As asyncio.timeout: our own cancel is taken back; another's goes on its way.
        others = self._task.uncancel() > self._asked
        if not others and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
