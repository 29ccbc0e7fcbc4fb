"""Opening a database for the daemon: looked at, locked, migrated, and made whole again.

In this order, because a file that is not ours or is somebody else's must not be touched.
"""

from __future__ import annotations

from pathlib import Path

from daemon.store.connect import Lock, examine, make_place, need_room, open_writer
from daemon.store.errors import StoreError, unusable
from daemon.store.upkeep.forget import finish
from daemon.store.upkeep.prune import Retention
from daemon.store.writer import Writer


def open_database(path: Path, retention: Retention) -> tuple[Lock, Writer, dict[str, int]]:
    """The lock, the writer, and the number of each check's name; blocks while it migrates.

    Raises:
        StoreError: As `Store.open`; nothing stays locked.
    """
    if path.exists():
        examine(path)
    make_place(path)
    need_room(path)
    lock = Lock(path)
    try:
        connection = open_writer(path)
        writer = Writer(connection, retention)
        finish(connection)
        writer.recover()
        ids = dict(connection.execute("SELECT name, id FROM check_name").fetchall())
    except BaseException as error:
        lock.release()
        if isinstance(error, StoreError):
            raise
        if isinstance(error, Exception):
            raise unusable(path, error) from error
        raise
    return lock, writer, ids
