"""The record of what tends to fire together; learned by `daemon.core.muting.kinship`."""

from __future__ import annotations

from daemon.core.model.basics import Instant
from daemon.core.record import record


@record(frozen=True, slots=True)
class Kin:
    """How often alerts of a kind fired, and beside which others. Its key names the kind:
    `alertname@service`. What is long ago counts less.

    Attributes:
        count: How often it fired, as of `at`.
        at: When it last did.
        beside: Kinds that had fired a little before, and how often, as of `at`; the most frequent.
    """

    key: str
    count: float
    at: Instant
    beside: tuple[tuple[str, float], ...] = ()
