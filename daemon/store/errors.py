"""What can be wrong with the database, in an operator's words.

StoreError             the base; its text says what is wrong and what to do (exit code 2)
├── StoreLocked        another daemon has it open; `pid` is that daemon's
├── StoreTooNew        a newer Tocsin wrote it; it was not touched
├── StoreForeign       the file is no database of Tocsin's; it was not touched
├── StoreUnusable      it cannot be created, opened, read or migrated
├── StoreBusy          it is open in a daemon, which is to do this itself
└── TargetExists       a backup never overwrites a file
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class StoreError(Exception):
    """The database cannot be used like this."""


class StoreLocked(StoreError):
    """Another daemon uses this database."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = "another process" if pid is None else f"the process with pid {pid}"
        super().__init__(
            f"{path}: already in use by {who}; stop it, or give this daemon a database of its own"
            " ([daemon] database)"
        )
        self.pid = pid


class StoreTooNew(StoreError):
    """The database's version is newer than this program knows."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path}: the database has version {found}, this program knows versions up to {known};"
            " use the newer tocsin that wrote it, or restore a backup"
        )
        self.found = found
        self.known = known


class StoreForeign(StoreError):
    """The file belongs to something else."""


class StoreUnusable(StoreError):
    """The file, or the place it is in, does not let us."""


def unusable(path: Path, error: Exception) -> StoreUnusable:
    """What SQLite or a record's decoder says of a database, and what to do about it."""
    mend = "`tocsin db verify` tells more"
    if not isinstance(error, sqlite3.OperationalError):  # those are of the disk and of locks
        mend += "; if it is damaged, restore a backup"
    return StoreUnusable(f"{path}: {error}; {mend}")


class StoreBusy(StoreError):
    """A daemon has it open."""


class TargetExists(StoreError):
    """There is a file already where the backup should go."""
