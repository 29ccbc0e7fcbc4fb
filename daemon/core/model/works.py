"""The record of planned work that has begun, or that an operator has announced.

What it does is decided in `daemon.core.muting.works`.
"""

from __future__ import annotations

from daemon.core.model.basics import Instant
from daemon.core.record import record


@record(frozen=True, slots=True)
class Work:
    """Maintenance as it happened, or as an operator announced it. Its key is its id.

    Attributes:
        name: The configured window's, or as the operator called it.
        services: Whose alerts it mutes; or else
        match: which, as texts of matchers that must all hold.
        excludes: The services whose SLAs do not count its time.
        end: When it ends or ended; None for later than anybody looked ahead.
        created_by: Who announced it; None for a window of the configuration.
        ended_by: Who ended it before its time.
        planned_end: When it was to end then.
    """

    key: str
    name: str
    services: tuple[str, ...]
    match: tuple[str, ...]
    excludes: tuple[str, ...]
    start: Instant
    end: Instant | None
    reason: str = ""
    created_by: str | None = None
    ended_by: str | None = None
    planned_end: Instant | None = None

    def is_over(self, now: Instant) -> bool:
        """Whether it has ended."""
        return self.end is not None and self.end <= now

    def state(self, now: Instant) -> str:
        """`pending`, `active` or `expired`."""
        if self.is_over(now):
            return "expired"
        return "pending" if now < self.start else "active"
