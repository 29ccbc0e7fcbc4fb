"""Opening the database file: its directory, its lock, its identity, its connections.

The lock is a `flock` on PATH.lock, which holds the pid of who has it; the kernel gives it
back however the process ends. The file is looked at before anything is written to it, so a
file of another program or of a newer Tocsin stays as it is, byte for byte.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.store.errors import (
    StoreForeign,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
    unusable,
)
from daemon.store.schema import APPLICATION_ID, VERSION, migrate

BUSY_MS: Final = 2_000
"""How long a statement waits for another process (a person with `sqlite3`) to finish."""

_STATEMENTS: Final = 300
"""Kept ready: the writer has one for each kind of row and each length of a step."""

_MAGIC: Final = b"SQLite format 3\x00"
_WAL_LIMIT: Final = 64 * 1024 * 1024
"""A write-ahead log that grew beyond this is cut back when it has been merged."""

_INDEX_PIECE: Final = 32 * 1024
_LOGGED_PER_PIECE: Final = 4096 * 4096
"""Of the write-ahead log's index, a piece for so many bytes of the log."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Lock:
    """The right to write to a database; held until `release`."""

    def __init__(self, database: Path) -> None:
        """Take it.

        Raises:
            StoreLocked: Somebody has it.
            StoreUnusable: The lock's file cannot be made.
        """
        self.path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(f"{self.path}: cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._file, 20, 0).strip()
            os.close(self._file)
            raise StoreLocked(database, int(holder) if holder.isdigit() else None) from None
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._file)
            raise StoreUnusable(f"{self.path}: cannot be written: {error.strerror}") from None

    def release(self) -> None:
        """Give it back. The file stays: taking it away would race with the next who locks."""
        with contextlib.suppress(OSError):  # a broken disk keeps the pid, which is but a word
            os.ftruncate(self._file, 0)
        os.close(self._file)


def make_place(path: Path) -> None:
    """Make the database's directory (0700) and an empty file (0600) where there is none.

    Raises:
        StoreUnusable: They cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnusable(f"{path}: cannot be opened for writing: {error.strerror}") from None


def need_room(path: Path) -> None:
    """Make sure that the write-ahead log's index can be made whole. SQLite maps it into
    memory, and where the disk has no block for a page of it the kernel ends the process.

    Raises:
        StoreUnusable: The disk is full.
    """
    index, log = (path.with_name(path.name + end) for end in ("-shm", "-wal"))
    pieces = 1 + (log.stat().st_size if log.exists() else 0) // _LOGGED_PER_PIECE
    has = index.stat().st_blocks * 512 if index.exists() else 0
    if has >= pieces * _INDEX_PIECE:
        return
    trial = path.with_name(path.name + ".room")
    try:
        with trial.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, pieces * _INDEX_PIECE - has)
    except OSError as error:
        words = "its disk is full" if error.errno in _FULL else error.strerror
        raise StoreUnusable(f"{path}: {words}; free some room there, then start again") from None
    finally:
        trial.unlink(missing_ok=True)


def is_database(path: Path) -> bool:
    """Whether a file is there that SQLite made, ours or another's."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (FileNotFoundError, NotADirectoryError):
        return False


def examine(path: Path) -> int:
    """Whose database this is, from its first 100 bytes; its version.

    0 means empty, as far as the header tells: `open_writer` looks for tables.

    Raises:
        StoreForeign, StoreTooNew, StoreUnusable: It is not for this program.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreUnusable(f"{path}: cannot be read: {error.strerror}") from None
    if not head:
        return 0
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise _no_database(path)
    version, application = int.from_bytes(head[60:64], "big"), int.from_bytes(head[68:72], "big")
    if version or application:
        _check_identity(path, version, application)
    return version


def _check_identity(path: Path, version: int, application: int) -> None:
    if application != APPLICATION_ID:
        raise StoreForeign(f"{path}: is a database of another program; name another file")
    if version > VERSION:
        raise StoreTooNew(path, version, VERSION)


def open_writer(path: Path) -> sqlite3.Connection:
    """The connection that writes, with the newest schema. May be used on any one thread.

    Raises:
        StoreError: It is not for this program, or cannot be used.
    """
    examine(path)
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
    except sqlite3.Error as error:
        raise unusable(path, error) from None
    with _closed_unless_good(path, connection):
        _prepare(path, connection)
    return connection


@contextlib.contextmanager
def _closed_unless_good(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """What fails in here closes the connection."""
    try:
        yield
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise unusable(path, error) from None
        raise


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    """Make sure whose it is, bring it to the newest version, and set it up for writing.

    A fresh file is migrated before it gets its write-ahead log, so that from the first
    moment its header says whose it is.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        _check_identity(path, version, application)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}").fetchall()
    migrate(connection)
    for setting in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        f"journal_size_limit = {_WAL_LIMIT}",
        "cache_size = -16000",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}").fetchall()


def open_reader(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    """A connection that cannot write, for one-off readers and for `daemon.store.reading.analysis`.

    Args:
        any_thread: Threads take turns with it, one at a time.

    Raises:
        StoreError: It is not for this program, or cannot be read.
    """
    try:
        path.stat()
    except OSError as error:
        raise StoreUnusable(f"{path}: cannot be read: {error.strerror}") from None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=not any_thread,
        )
    except sqlite3.Error as error:
        raise unusable(path, error) from None
    with _closed_unless_good(path, connection):
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}").fetchall()
        identify(path, connection)
    return connection


def identify(path: Path, connection: sqlite3.Connection) -> int:
    """As `examine`, through a connection. Where the daemon has the file open nothing else may
    open and close it: that would give up SQLite's locks, which belong to the whole process, and
    the next program that closes the file would take the write-ahead log away.

    Raises:
        StoreForeign, StoreTooNew: It is not for this program.
        sqlite3.Error: It cannot be read.
    """
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        raise _no_database(path) from None
    if version or application:
        _check_identity(path, version, application)
    return int(version)


def _no_database(path: Path) -> StoreForeign:
    words = "is not an SQLite database; name another file, or restore a backup"
    return StoreForeign(f"{path}: {words}")
