"""The migration for what tends to fire together; learned, and of no use to anybody else."""

from __future__ import annotations

from typing import Final

KINSHIP: Final[tuple[str, ...]] = (
    """CREATE TABLE kin (
        key TEXT PRIMARY KEY, count REAL NOT NULL, at INTEGER NOT NULL,
        record TEXT NOT NULL) STRICT""",
)
