"""The record of what a level or a route demands of delivery: so many must have taken it in time."""

from __future__ import annotations

from daemon.core.model.basics import Instant
from daemon.core.record import record


@record(frozen=True, slots=True)
class Demand:
    """So many of some notices must be taken by a time. Decided in `daemon.core.telling.demands`.

    Attributes:
        what: Whose it is: `level 1`, `route 0.1`.
        need: How many recipients must have taken it.
        by: Until when.
        pending: The keys of those notices of which nobody knows yet what became of them.
        taken: Who took it: channel and person.
    """

    what: str
    need: int
    by: Instant
    pending: tuple[str, ...]
    taken: tuple[str, ...] = ()
