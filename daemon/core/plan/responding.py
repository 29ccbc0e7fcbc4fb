"""What is done about an incident by itself or by an operator's key: responses, as values.

How an action is carried out (a program, a request) is not the engine's to know: it decides by
name, and `daemon.respond` has the rest.
"""

from __future__ import annotations

import enum

from daemon.core.labels import Matcher
from daemon.core.model import MINUTE, Millis
from daemon.core.record import record


class When(enum.StrEnum):
    """What makes a response run."""

    FIRING = "firing"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    MANUAL = "manual"
    """Only an operator."""

    @property
    def is_remedy(self) -> bool:
        """Whether it is meant to end its incident."""
        return self in (When.FIRING, When.ESCALATED)


@record(frozen=True, slots=True)
class ResponsePlan:
    """A response.

    Attributes:
        match: One of the incident's alerts must satisfy them all.
        action: What is done, in words without secrets: `run /usr/local/bin/restart-shop`.
        level: The escalation level that runs it, from 1; for `ESCALATED` only.
        most, per: At most so many runs in any such span; None for no limit.
        repeat: It is run again that long after its last run while its incident fires on.
        dry_run: It is only written down.
        confirm: An operator must approve what Tocsin begins by itself, within `approve_within`.
        rerun: A run that a restart interrupted is begun again.
        helps_within: So long after it ended its incident must be over.
        stop_after: So many runs in a row that did not help stop it; 0 for never.
    """

    name: str
    match: tuple[Matcher, ...]
    when: When
    action: str
    level: int | None = None
    most: int | None = None
    per: Millis = 0
    cooldown: Millis = 0
    repeat: Millis | None = None
    dry_run: bool = False
    confirm: bool = False
    approve_within: Millis = 15 * MINUTE
    rerun: bool = False
    helps_within: Millis = 10 * MINUTE
    stop_after: int = 3
