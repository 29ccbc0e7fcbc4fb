"""What operators said of SLAs' past: exclusions and notes. See `daemon.core.model.promises`.

What was withdrawn stays, with `live` 0: a report that was made while it counted can be explained.
"""

from __future__ import annotations

from typing import Final

PROMISES: Final[tuple[str, ...]] = (
    """CREATE TABLE amendment (
        key TEXT PRIMARY KEY, kind TEXT NOT NULL, sla TEXT NOT NULL, start_at INTEGER NOT NULL,
        end_at INTEGER NOT NULL, text TEXT NOT NULL, made_by TEXT NOT NULL,
        made_at INTEGER NOT NULL, live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    "CREATE INDEX amendment_by_sla ON amendment (sla, end_at)",
    """CREATE VIEW v_amendment AS SELECT sla, kind,
        strftime('%Y-%m-%dT%H:%M:%fZ', start_at / 1000.0, 'unixepoch') AS start,
        strftime('%Y-%m-%dT%H:%M:%fZ', end_at / 1000.0, 'unixepoch') AS "end",
        text, made_by, live FROM amendment ORDER BY made_at""",
)
