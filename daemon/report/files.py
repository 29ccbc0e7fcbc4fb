"""Writing a report to a file: whole, or not at all.

What is not whole yet stands beside the place under a name of its own, always the same: so what a
process left that was killed is taken over by the next that writes there, and never stays. A lock
keeps two from writing it at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def put(path: Path, text: str) -> None:
    """Write the text beside the place, and put it there in one step once it is on disk.

    Raises:
        OSError: It cannot be written, or another program writes there now; what was there before
            is there still.
    """
    beside = path.with_name(f".{path.name[:100]}.part")
    with os.fdopen(_taken(beside), "w", encoding="utf-8", newline="") as out:
        try:
            out.truncate(0)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), 0o640)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _taken(beside: Path) -> int:
    """The file beside the place, open and ours alone."""
    while True:
        file = os.open(beside, _FLAGS, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.fstat(file)
            _need_own(held, beside)
            if _is_at(beside, held):
                return file
        except BlockingIOError as error:
            os.close(file)
            words = "another program is writing it; try again"
            raise OSError(errno.EBUSY, words, str(beside)) from error
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # who held it has put it in its place meanwhile


def _need_own(held: os.stat_result, path: Path) -> None:
    if held.st_uid != os.geteuid() or held.st_nlink > 1:
        raise PermissionError(errno.EPERM, "is another user's; remove it", str(path))


def _is_at(path: Path, held: os.stat_result) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
