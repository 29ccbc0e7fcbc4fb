"""The records of who has to answer: contacts that wait, turns, overrides, and who was announced.

Decided in `daemon.core.telling.contacts`, `levels`, `overrides` and `handovers`.
"""

from __future__ import annotations

from daemon.core.model.basics import Instant, Millis
from daemon.core.record import record


@record(frozen=True, slots=True)
class Later:
    """A contact of a person that is used if the incident still calls by then.

    Attributes:
        target: As a part of whom the person is told: `person:ana`, `schedule:primary`.
        after: The delay as it is configured.
        at: When it is due; None while it rests.
        left: How much of the delay was left when it was last set going, or began to rest.
        level: The level that told the person, from 0; None where it was no level.
    """

    person: str
    channel: str
    target: str
    after: Millis
    at: Instant | None
    left: Millis
    level: int | None = None


@record(frozen=True, slots=True)
class Turnabout:
    """Whose turn it was last at a level that tells one after the other.

    Attributes:
        key: `POLICY/LEVEL`, the level from 0.
        last: The target that was told last.
    """

    key: str
    last: str


@record(frozen=True, slots=True)
class Override:
    """Other persons on call for a while, as an operator said at run time. Its key is its id.

    Attributes:
        start, end: From when to before when.
        persons: Who is on call; of a swap, the two whose shifts change hands.
        replaces: In whose place alone; None for everybody's.
        swap: The two `persons` have each other's shifts.
        made_at: Of several at once the one made last counts.
    """

    key: str
    schedule: str
    start: Instant
    end: Instant
    persons: tuple[str, ...]
    created_by: str
    made_at: Instant
    replaces: str | None = None
    swap: bool = False
    comment: str = ""


@record(frozen=True, slots=True)
class Handover:
    """Who was last announced to be on call. Its key is the schedule's name."""

    key: str
    persons: tuple[str, ...]
