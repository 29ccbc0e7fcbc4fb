"""How the store does, for the daemon's own watch and for operators."""

from __future__ import annotations

from pathlib import Path

from daemon.core.record import record


@record(frozen=True, slots=True)
class StoreHealth:
    """How the store does.

    Attributes:
        problem: What keeps it from writing now, in words; None if nothing does.
        queued: Rows that wait to be written.
        last_commit_ms: How long the newest transaction took.
        bytes: The size of the database on disk, with its write-ahead log.
        shed: Results given up because they could not be written for too long.
        refused: Rows that the database or the encoder refused; each was logged.
    """

    ok: bool
    problem: str | None
    queued: int
    last_commit_ms: float
    bytes: int
    shed: int
    refused: int


def size_on_disk(database: Path) -> int:
    """Bytes of the database and its write-ahead log."""
    return _size(database) + _size(database.with_name(database.name + "-wal"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
