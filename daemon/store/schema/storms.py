"""The migration for storms: alerts of several conditions that a correlation rule makes one
incident of."""

from __future__ import annotations

from typing import Final

STORMS: Final[tuple[str, ...]] = (
    """CREATE TABLE storm (
        key TEXT PRIMARY KEY, rule TEXT NOT NULL, incident TEXT, began_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL, record TEXT NOT NULL) STRICT""",
    """CREATE VIEW v_storm AS SELECT key, rule, incident,
        strftime('%Y-%m-%dT%H:%M:%fZ', began_at / 1000.0, 'unixepoch') AS began,
        strftime('%Y-%m-%dT%H:%M:%fZ', last_at / 1000.0, 'unixepoch') AS last FROM storm""",
)
