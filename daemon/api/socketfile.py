"""The socket's file: made safely, never taken from a daemon that lives, removed at the end.

SocketError
├── SocketTaken      a daemon listens there already; the error names its process
└── SocketUnusable   the path cannot be a socket of ours

A daemon that was killed leaves its file behind; whether somebody listens is found out by
connecting. Two daemons that start at once are kept apart by a lock on the directory, held
from the test to the moment the socket listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from daemon.api.access import peer_pid

MODE: Final = 0o660
"""The owner and the group; what each may do is decided by `daemon.api.access`."""

MAX_PATH_BYTES: Final = 107
"""`sun_path` of Linux without its closing zero."""

_LOCK_S: Final = 2.0
_LOCK_EVERY_S: Final = 0.02
_BACKLOG: Final = 128


class SocketError(Exception):
    """The daemon cannot listen; the text is for the operator."""


class SocketTaken(SocketError):
    """A daemon listens there.

    Attributes:
        pid: Its process, if the kernel says so.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"the daemon with pid {pid}"
        super().__init__(f"{path}: {holder} listens on this socket already")
        self.pid = pid


class SocketUnusable(SocketError):
    """The path cannot be a socket of ours."""


async def claim(path: Path) -> socket.socket:
    """Make the socket and listen on it.

    Raises:
        SocketTaken, SocketUnusable: See there.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise SocketUnusable(
            f"{path}: the path of a socket is at most {MAX_PATH_BYTES} bytes long;"
            " name a shorter one with [daemon] socket or TOCSIN_SOCKET"
        )
    try:
        _make_directory(path.parent)
        async with _locked(path.parent):
            _remove_stale(path)
            return _listen(path)
    except OSError as error:
        raise SocketUnusable(f"{path}: cannot listen: {error.strerror or error}") from None


def socket_gid(path: Path) -> int:
    """The socket's group, whose members are operators unless `[access]` says otherwise."""
    return path.stat().st_gid


def release(path: Path, listening: socket.socket) -> None:
    """Stop listening and remove the file, unless another daemon listens there by now."""
    listening.close()
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode) and not _holder(path)[0]:
            path.unlink()


def _make_directory(directory: Path) -> None:
    """Make the directory if need be: private below /tmp, and there only one of our own, since
    everybody may have made it before us.

    Raises:
        SocketUnusable: It belongs to somebody else, or others may write to it.
    """
    temporary = directory.parent == Path("/tmp")  # noqa: S108  # this is what is guarded against
    if not directory.exists():
        directory.mkdir(mode=0o700 if temporary else 0o750, parents=True, exist_ok=True)
    found = directory.lstat() if temporary else directory.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise SocketUnusable(f"{directory} is no directory")
    if temporary and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
        raise SocketUnusable(
            f"{directory} belongs to somebody else or is open to others; remove it,"
            " or name another socket with [daemon] socket or TOCSIN_SOCKET"
        )


@contextlib.asynccontextmanager
async def _locked(directory: Path) -> AsyncIterator[None]:
    """Hold the directory's lock.

    Raises:
        OSError: Somebody holds it for too long.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(round(_LOCK_S / _LOCK_EVERY_S)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_EVERY_S)
        else:
            raise OSError(errno.EAGAIN, f"another process holds the lock of {directory}")
        yield
    finally:
        os.close(handle)  # which gives the lock back


def _holder(path: Path) -> tuple[bool, int | None]:
    """Whether somebody listens on this socket, and who."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False, None
        except (BlockingIOError, TimeoutError):
            return True, None  # somebody listens, and is too busy to accept
        return True, peer_pid(probe)


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SocketUnusable(f"{path} exists and is no socket; remove it or name another one")
    listens, pid = _holder(path)
    if listens:
        raise SocketTaken(path, pid)
    path.unlink()


def _listen(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), 0o600)  # nobody else before it is as it should be
        listening.bind(str(path))
        path.chmod(MODE)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
