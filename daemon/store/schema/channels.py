"""The migration for what channels remember over a restart."""

from __future__ import annotations

from typing import Final

CHANNELS: Final[tuple[str, ...]] = (
    """CREATE TABLE channel_note (
        channel TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (channel, key)) STRICT, WITHOUT ROWID""",
)

REMEMBER: Final = "INSERT OR REPLACE INTO channel_note (channel, key, at, text) VALUES (?, ?, ?, ?)"
"""An empty text says that the note was taken away; `FORGET` removes those."""
FORGET: Final = "DELETE FROM channel_note WHERE text = ''"
RECALL: Final = "SELECT channel, key, text FROM channel_note WHERE text <> '' ORDER BY at, key"
