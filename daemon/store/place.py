"""Whether the database's path still leads to the file that is open.

Who removes the file, or puts another in its place, takes nothing from the daemon at first: it goes
on writing to a file that has no name, and all of that is gone with the process. So the path is
looked at now and then, from a thread, and what is wrong is said while a backup can still be made
from the open connections.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from daemon.store.errors import StoreUnusable, TargetExists

_log = logging.getLogger("tocsin.store")

LOOK_EVERY_S: Final = 2.0

_Identity = tuple[int, int]
"""Device and inode."""


class Place:
    """Knows the open files by device and inode, and looks whether they are still there.

    Attributes:
        problem: What happened to the file and what to do, in words; None while it is there.
    """

    def __init__(self, database: Path) -> None:
        """The database must be open, and its write-ahead log made."""
        self.problem: str | None = None
        self._database = database.absolute()
        self._log = database.absolute().with_name(database.name + "-wal")
        self._known = {path: _identity(path) for path in (self._database, self._log)}

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self.problem = await asyncio.to_thread(self.look)
            except OSError as error:  # a disk that cannot be asked says nothing of the file
                _log.warning("%s: cannot be looked at: %s", self._database, error.strerror)

    def look(self) -> str | None:
        """What happened to the files, in words; None if they are there.

        Raises:
            OSError: The disk does not tell.
        """
        for path, known in self._known.items():
            found = _identity(path)
            if known is not None and found != known:
                return self._words(path, gone=found is None)
        return None

    def spare(self, target: Path) -> None:
        """Keep a copy from being made where the daemon's own files are, or were.

        Raises:
            TargetExists: It would be.
        """
        try:
            wanted = target.resolve()
        except (OSError, RuntimeError) as error:
            raise StoreUnusable(f"{target}: cannot be written: {error}") from None
        if wanted in {self._database.resolve(), self._log.resolve()}:
            raise TargetExists(
                f"{target}: is the place of the running daemon's own database; name another file"
            )

    def _words(self, path: Path, *, gone: bool) -> str:
        happened = "was removed" if gone else "was replaced by another file"
        return (
            f"{path} {happened} while it was open: what is stored from now on is lost when this"
            " daemon ends; save all of it with `tocsin db backup FILE`, stop the daemon, and put"
            f" FILE at {self._database}, without the -wal and -shm beside it"
        )


def _identity(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino
