"""What each alert did over a span: what fires most, longest, and is escalated most, and what only
makes noise: what nobody acknowledges, what goes by itself within a minute, what comes back at once.

It reads an index that holds all it needs, and adds up in SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from daemon.core.alerting.sources import TEST
from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.record import record

SHORT: Final[Millis] = MINUTE
"""What fired for less than this was over before anybody could look."""
AGAIN: Final[Millis] = 10 * MINUTE
"""What fires again within this after its end came back at once."""


@record(frozen=True, slots=True)
class AlertTotals:
    """What the alerts of one name and source did in a span: occurrences that fired in it.

    Attributes:
        source: `check:NAME`, `rule:NAME:CHECK`, `self:NAME`.
        count: How many times they fired.
        open: How many of these fire still.
        firing_ms: How long, together; what fires still up to now.
        longest_ms, shortest_ms: The extremes of one time; the shortest of those that are over.
        escalated: How many belonged to an incident that went beyond its policy's first level.
        unacknowledged: How many belonged to an incident that nobody acknowledged.
        short: How many were over within `SHORT`.
        again: How many fired within `AGAIN` after the same alert's last end.
        worst: The worst severity, a word.
    """

    name: str
    source: str
    count: int
    open: int
    firing_ms: Millis
    longest_ms: Millis
    shortest_ms: Millis | None
    escalated: int
    unacknowledged: int
    short: int
    again: int
    worst: str


_RANK: Final = """CASE severity WHEN 'emergency' THEN 5 WHEN 'critical' THEN 4 WHEN 'high' THEN 3
    WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END"""
_WORDS: Final = ("info", "low", "medium", "high", "critical", "emergency")

_BEHIND_TESTS: Final = TEST[:-1] + chr(ord(TEST[-1]) + 1)

_TOTALS: Final = f"""
    WITH one AS (
        SELECT name, source, severity, incident, coalesce(resolved_at > :now, TRUE) AS open,
            max(0, coalesce(min(resolved_at, :now), :now) - fired_at) AS ms,
            fired_at - lag(resolved_at) OVER (PARTITION BY fingerprint ORDER BY fired_at) AS pause
        FROM alert_history WHERE fired_at >= :start AND fired_at < :end
            AND NOT (source >= '{TEST}' AND source < '{_BEHIND_TESTS}'))
    SELECT name, source, count(*), sum(open), sum(ms), max(ms),
        min(CASE WHEN open THEN NULL ELSE ms END),
        sum(EXISTS (SELECT 1 FROM incident INDEXED BY incident_escalated
            WHERE key = one.incident AND level > 0)),
        sum(EXISTS (SELECT 1 FROM incident INDEXED BY incident_unacknowledged
            WHERE key = one.incident AND acknowledged_at IS NULL)),
        sum(NOT open AND ms < {SHORT}), sum(coalesce(pause < {AGAIN}, 0)), max({_RANK})
    FROM one GROUP BY name, source"""  # noqa: S608  # constants of this file


def alert_totals(
    connection: sqlite3.Connection, start: Instant, end: Instant, now: Instant
) -> Sequence[AlertTotals]:
    """What the alerts of each name and source did in [start, end), the most frequent first;
    tests are left out.

    Args:
        now: What ended later is told as it was then: still firing.
    """
    rows = connection.execute(_TOTALS, {"start": start, "end": end, "now": now}).fetchall()
    found = [AlertTotals(*[*row[:-1], _WORDS[row[-1]]]) for row in rows]
    return sorted(found, key=lambda totals: (-totals.count, totals.name, totals.source))
