"""The migration for who has to answer: overrides of schedules at run time, whose turn it is at
levels that tell one after the other, and who was last announced to be on call.
"""

from __future__ import annotations

from typing import Final

DUTY: Final[tuple[str, ...]] = (
    """CREATE TABLE oncall_override (
        key TEXT PRIMARY KEY, schedule TEXT NOT NULL, starts_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL, persons TEXT NOT NULL, created_by TEXT NOT NULL,
        live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    """CREATE TABLE turnabout (
        key TEXT PRIMARY KEY, last TEXT NOT NULL, record TEXT NOT NULL) STRICT""",
    """CREATE TABLE handover (
        key TEXT PRIMARY KEY, persons TEXT NOT NULL, record TEXT NOT NULL) STRICT""",
    """CREATE VIEW v_oncall_override AS SELECT key, schedule, persons, created_by, live,
        strftime('%Y-%m-%dT%H:%M:%fZ', starts_at / 1000.0, 'unixepoch') AS starts,
        strftime('%Y-%m-%dT%H:%M:%fZ', ends_at / 1000.0, 'unixepoch') AS ends
        FROM oncall_override""",
)
