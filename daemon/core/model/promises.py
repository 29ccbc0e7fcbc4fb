"""The records of SLAs: what operators said of the past after it was measured.

What that does to the figures is `daemon.core.sla.availability`'s to say.
"""

from __future__ import annotations

import enum

from daemon.core.model.basics import Actor, Instant
from daemon.core.record import record


class AmendmentKind(enum.StrEnum):
    """What an operator says of a stretch of the past."""

    EXCLUSION = "exclusion"
    """It counts for nothing."""
    NOTE = "note"
    """Something to read beside the violations in it: a cause, how it was mended."""


@record(frozen=True, slots=True)
class Amendment:
    """What an operator said of [start, end) of an SLA. Its key is its id."""

    key: str
    kind: AmendmentKind
    sla: str
    start: Instant
    end: Instant
    text: str
    made_by: Actor
    made_at: Instant
