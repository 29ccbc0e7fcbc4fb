"""What a clean-up of the history would remove: all that was over before a moment, and that the
engine does not remember any more. `prune.remove_past` removes it."""

from __future__ import annotations

import sqlite3

from daemon.core.model import Instant
from daemon.core.record import record


@record(frozen=True, slots=True)
class Removable:
    """How many incidents and occurrences of alerts would go."""

    incidents: int
    alerts: int


def removable(connection: sqlite3.Connection, before: Instant) -> Removable:
    """What was over before this."""
    (incidents,) = connection.execute(
        "SELECT count(*) FROM incident WHERE fired_at < :before AND resolved_at < :before"
        " AND NOT live",
        {"before": before},
    ).fetchone()
    (alerts,) = connection.execute(
        "SELECT count(*) FROM alert_history WHERE fired_at < :before AND resolved_at < :before",
        {"before": before},
    ).fetchone()
    return Removable(incidents, alerts)
