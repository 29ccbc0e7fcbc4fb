"""What the desk still has to look at: incidents that were touched, and when their turn comes.

An incident is reviewed once for everything that happened to it in a turn. What a review costs
grows with the incident, and in a storm a large one is touched by every result; so after a
review a large incident rests for a time that grows with its size, and is then reviewed once
for everything that happened meanwhile. Small ones never wait. Whoever is about to do something
with a resting incident (a look, a step, a command) has it reviewed first.

Nothing here is stored: after a restart the desk finds out by itself what is not settled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from daemon.core.deadlines import Deadlines
from daemon.core.model import SECOND, Instant, Millis

LARGE: Final = 100
"""Incidents of no more alerts are reviewed in the turn that touches them."""

REST_PER_ALERT: Final = 0.1
"""Milliseconds of rest for each alert: a review takes about a thirtieth of that."""

LONGEST_REST: Final[Millis] = SECOND
"""No incident waits longer than this for its review."""


@dataclass(slots=True)
class Touched:
    """What happened to an incident since its last review.

    Attributes:
        joined: Alerts that are to be taken in, in order.
        gathered: Alerts that are to be taken into its groups, by the group's key.
        fresh: Alerts that nobody who acknowledged it can have seen.
        shown: Alerts that joined or were unmuted: the policy may have told nobody of them.
        ended: When the last outage that ended was seen well.
        is_given_back: Somebody had it: what is shown is told at once.
    """

    joined: dict[str, None] = field(default_factory=dict)
    gathered: dict[str, dict[str, None]] = field(default_factory=dict)
    fresh: dict[str, None] = field(default_factory=dict)
    shown: dict[str, None] = field(default_factory=dict)
    ended: Instant | None = None
    is_given_back: bool = False

    def end(self, at: Instant) -> None:
        """An outage ended, seen at this time."""
        self.ended = at if self.ended is None else max(self.ended, at)


class Reviews:
    """Touched incidents, by id: those to be reviewed now, and those that rest."""

    def __init__(self) -> None:
        self._touched: dict[str, Touched] = {}
        self._ready: dict[str, None] = {}
        self._rested_at: dict[str, Instant] = {}
        self._resting = Deadlines()

    @property
    def waits(self) -> bool:
        """Whether some incident is to be reviewed now."""
        return bool(self._ready)

    def next_deadline(self) -> Instant | None:
        """When the next resting incident is to be reviewed."""
        return self._resting.next()

    def touch(self, key: str, size: int, now: Instant) -> Touched:
        """Something happened to this incident of `size` alerts; answers with what did so far."""
        what = self._touched.get(key)
        if what is None:
            what = self._touched[key] = Touched()
            at = self._rested_at.get(key, now)
            if size <= LARGE or at <= now:
                self._ready[key] = None
            else:
                self._resting.set(key, at)
        return what

    def take_ready(self, now: Instant) -> tuple[str, Touched] | None:
        """Take out an incident to review now, in the order they were touched."""
        while (key := self._resting.pop(now)) is not None:
            self._ready[key] = None
        for key in self._ready:
            return key, self.take(key)
        return None

    def take(self, key: str) -> Touched:
        """Take this incident out, whether its turn has come or not."""
        self._ready.pop(key, None)
        self._resting.set(key, None)
        return self._touched.pop(key)

    def is_touched(self, key: str) -> bool:
        """Whether something happened to this incident since its review."""
        return key in self._touched

    def reviewed(self, key: str, size: int, now: Instant) -> None:
        """An incident was reviewed and has `size` alerts now: a large one rests."""
        if size > LARGE:
            self._rested_at[key] = now + min(LONGEST_REST, int(size * REST_PER_ALERT))
        else:
            self._rested_at.pop(key, None)

    def forget(self, key: str) -> None:
        """The incident is over."""
        self._rested_at.pop(key, None)
        if key in self._touched:
            self.take(key)
