"""Who is told and how: escalation policies, persons with their contacts, teams, channels."""

from __future__ import annotations

from daemon.core.model import MINUTE, Level, Millis
from daemon.core.record import record


@record(frozen=True, slots=True)
class PolicyPlan:
    """An escalation policy. After the last level it starts over `rounds` times, then tells
    the `then` targets once."""

    name: str
    levels: tuple[Level, ...]
    rounds: int = 0
    then: tuple[str, ...] = ()
    round_every: Millis = 5 * MINUTE
    """How long after its last level a policy starts over, or turns to `then`."""


@record(frozen=True, slots=True)
class Contact:
    """A way to reach a person: a channel and the address there (None: the channel's own).

    Attributes:
        after: How long after the person is told it is used, if nobody has answered by then.
    """

    channel: str
    address: str | None
    after: Millis = 0


@record(frozen=True, slots=True)
class PersonPlan:
    """Somebody who is notified. `high` contacts are used for critical and worse, `low` else
    (each falls back to the other where it is empty)."""

    name: str
    high: tuple[Contact, ...]
    low: tuple[Contact, ...]


@record(frozen=True, slots=True)
class TeamPlan:
    """Persons who are told together."""

    name: str
    members: tuple[str, ...]


@record(frozen=True, slots=True)
class ChannelPlan:
    """What the engine needs of a channel: `send_resolved`, where to turn when it fails, and
    whether it tells those who ask, not those who mend."""

    name: str
    kind: str
    fallback: str | None = None
    send_resolved: bool = True
    is_for_stakeholders: bool = False
