"""What operators do to silences and planned work."""

from __future__ import annotations

from daemon.core.labels import Matcher
from daemon.core.model import Actor, Instant, Recurrence
from daemon.core.record import record


@record(frozen=True, slots=True)
class PutSilence:
    """Make a silence, or change the one with id `silence`.

    Attributes:
        starts_at: None for now.
        recurs: It comes again; then its start and end follow from that.
    """

    actor: Actor
    matchers: tuple[Matcher, ...]
    starts_at: Instant | None
    ends_at: Instant
    comment: str
    created_by: str | None = None
    silence: str | None = None
    recurs: Recurrence | None = None


@record(frozen=True, slots=True)
class ExpireSilence:
    """End a silence now; ending an ended one changes nothing."""

    silence: str
    actor: Actor


@record(frozen=True, slots=True)
class BeginMaintenance:
    """Announce planned work, for now or later, without touching the configuration.

    Attributes:
        services: Whose alerts it mutes; or else
        match: which: those that all of these match.
        start: None for now.
    """

    actor: Actor
    name: str
    services: tuple[str, ...]
    match: tuple[Matcher, ...]
    start: Instant | None
    end: Instant
    reason: str = ""


@record(frozen=True, slots=True)
class EndMaintenance:
    """End planned work before its time, or take back what has not begun.

    Attributes:
        work: Its id, or the name of what is active or announced.
    """

    work: str
    actor: Actor
