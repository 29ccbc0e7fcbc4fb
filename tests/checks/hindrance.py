"""Telling what a check did from what the machine did to it.

Many promises of a probe have milliseconds in them: which of two limits fires first, how often a
question is repeated. A machine that is busy with something else breaks them and says nothing of
the probe. So the time for which this thread was ready to run and did not is measured, and only
a run that was spared that is held to them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from time import perf_counter, thread_time
from typing import Final, Self, TypeVar

T = TypeVar("T")

HINDERED_S: Final = 0.01
"""Whoever waited so long for a processor has less than the least margin of a probe."""
_TRIALS: Final = 6
_STEP_S: Final = 0.005


class Hindrance:
    """Watches the loop while a block runs.

    Attributes:
        longest_s: For how long at most the loop was kept from running without being at work.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def __aenter__(self) -> Self:
        self._begin()
        self._watch = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._note()
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_STEP_S)
            self._note()
            self._begin()

    def _begin(self) -> None:
        self._since_s, self._worked_s = perf_counter(), thread_time()

    def _note(self) -> None:
        worked_s = thread_time() - self._worked_s
        idle_s = perf_counter() - self._since_s - worked_s
        self.longest_s = max(self.longest_s, idle_s - _STEP_S)


async def unhindered(once: Callable[[], Awaitable[T]], holds: Callable[[T], None]) -> T:
    """Do something that must come to what `holds` asserts; again, where the machine hindered it."""
    for _ in range(_TRIALS - 1):
        async with Hindrance() as hindrance:
            found = await once()
        try:
            holds(found)
        except AssertionError:
            if hindrance.longest_s < HINDERED_S:
                raise
        else:
            return found
    found = await once()
    holds(found)
    return found
