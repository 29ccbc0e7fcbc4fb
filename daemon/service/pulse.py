"""Wakes the engine when something is due: one timer for everything.

The engine says when it next wants to be asked; many things are due at nearly the same time,
so wake-ups are kept a few milliseconds apart (each costs more than what it does).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from daemon.core.model import Instant

SPACING_MS: Final = 10
"""The least time between two wake-ups; probes start at most this much late for it."""

COMPANY_MS: Final = 25
"""What can wait does not make a wake-up of its own when one is due within this."""

_LONGEST_MS: Final = 60_000
"""Look at the clock at least this often."""


class Pulse:
    """Calls `beat` at the deadline that was last set."""

    def __init__(self, now: Callable[[], Instant], beat: Callable[[], None]) -> None:
        self._now = now
        self._beat = beat
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: Instant | None = None
        self._last: Instant = 0

    def is_imminent(self, now: Instant) -> bool:
        """Whether it wakes so soon that no deadline could make it wake sooner."""
        return self._armed_for is not None and self._armed_for <= now + SPACING_MS

    def beats_soon(self) -> bool:
        """Whether it wakes within `COMPANY_MS`, so that what can wait may wait for it."""
        return self._armed_for is not None and self._armed_for <= self._now() + COMPANY_MS

    def at(self, deadline: Instant | None) -> None:
        """Wake at `deadline`; a timer that is set for no later time is left alone, since a
        wake-up that finds nothing due costs little and asks again."""
        if deadline is None or (self._armed_for is not None and self._armed_for <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        now = self._now()
        wake_at = max(deadline, self._last + SPACING_MS)
        delay_ms = min(max(0, wake_at - now), _LONGEST_MS)
        self._armed_for = deadline
        self._timer = asyncio.get_running_loop().call_later(delay_ms / 1000, self._fire)

    def _fire(self) -> None:
        self._timer = self._armed_for = None
        self._last = self._now()
        self._beat()

    def stop(self) -> None:
        """Wake no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._armed_for = None
