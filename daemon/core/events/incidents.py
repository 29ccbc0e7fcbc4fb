"""What operators do to incidents."""

from __future__ import annotations

from daemon.core.model import Actor, Millis
from daemon.core.record import record
from daemon.core.severity import Severity


@record(frozen=True, slots=True)
class Acknowledge:
    """Take an incident: stops its escalation and its repeats.

    Attributes:
        version: The version the operator saw; refused if it has changed. None to not ask.
        expires_after: The acknowledgement ends after this; None for never.
    """

    incident: str
    actor: Actor
    comment: str = ""
    expires_after: Millis | None = None
    version: int | None = None


@record(frozen=True, slots=True)
class Snooze:
    """Take an incident for a time: an acknowledgement that must have an end.

    Attributes:
        lasts: It ends after this.
    """

    incident: str
    actor: Actor
    lasts: Millis
    comment: str = ""
    version: int | None = None


@record(frozen=True, slots=True)
class Assign:
    """Give an incident to a person; that does not acknowledge it.

    Attributes:
        to: The person; None takes the assignment away.
    """

    incident: str
    actor: Actor
    to: str | None
    comment: str = ""
    version: int | None = None


@record(frozen=True, slots=True)
class Unacknowledge:
    """Give an incident back: its escalation goes on with the time it had left."""

    incident: str
    actor: Actor
    version: int | None = None


@record(frozen=True, slots=True)
class AddNote:
    """Write a line into an incident's timeline."""

    incident: str
    actor: Actor
    text: str
    version: int | None = None


@record(frozen=True, slots=True)
class SetRole:
    """Give a person a part in mending an incident.

    Attributes:
        role: `commander`, `scribe`, or a word of one's own.
        to: The person; None takes the part away.
    """

    incident: str
    actor: Actor
    role: str
    to: str | None
    version: int | None = None


@record(frozen=True, slots=True)
class PostUpdate:
    """Tell those who ask how it goes.

    Attributes:
        next_in: The next update is promised for then.
    """

    incident: str
    actor: Actor
    text: str
    next_in: Millis | None = None
    version: int | None = None


@record(frozen=True, slots=True)
class OpenIncident:
    """Begin an incident by hand."""

    actor: Actor
    title: str
    service: str | None = None
    severity: Severity = Severity.HIGH
    text: str = ""


@record(frozen=True, slots=True)
class FireTest:
    """Fire marked alerts that go the real way; see `daemon.core.trying.testing`.

    Attributes:
        services: Whose checks they say are down, in turn.
        severity: Instead of the one that each would have.
        lasts: They resolve by themselves after this.
    """

    actor: Actor
    services: tuple[str, ...]
    lasts: Millis
    severity: Severity | None = None
    alerts: int = 1


@record(frozen=True, slots=True)
class Merge:
    """Move the alerts of other incidents into this one; the others end by that."""

    incident: str
    actor: Actor
    others: tuple[str, ...]
    version: int | None = None


@record(frozen=True, slots=True)
class Split:
    """Move some firing alerts of an incident into a new one."""

    incident: str
    actor: Actor
    alerts: tuple[str, ...]
    version: int | None = None


@record(frozen=True, slots=True)
class Resolve:
    """End an incident by hand; its alerts that still fire open a new one only when they
    fire anew."""

    incident: str
    actor: Actor
    comment: str = ""
    version: int | None = None


@record(frozen=True, slots=True)
class Escalate:
    """Run the next level of an incident's policy now."""

    incident: str
    actor: Actor
    version: int | None = None
