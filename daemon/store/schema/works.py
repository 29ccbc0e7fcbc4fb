"""The migration for planned work as it happened: what began by the configuration, and what
operators announced. What the engine needs no more stays, with `live` 0."""

from __future__ import annotations

from typing import Final

WORKS: Final[tuple[str, ...]] = (
    """CREATE TABLE work (
        key TEXT PRIMARY KEY, name TEXT NOT NULL, services TEXT NOT NULL,
        start_at INTEGER NOT NULL, end_at INTEGER, created_by TEXT, ended_by TEXT,
        reason TEXT NOT NULL, live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    "CREATE INDEX work_by_time ON work (start_at)",
    """CREATE VIEW v_work AS SELECT name, services,
        strftime('%Y-%m-%dT%H:%M:%fZ', start_at / 1000.0, 'unixepoch') AS start,
        strftime('%Y-%m-%dT%H:%M:%fZ', end_at / 1000.0, 'unixepoch') AS "end",
        created_by, ended_by, reason, live FROM work ORDER BY start_at""",
)
