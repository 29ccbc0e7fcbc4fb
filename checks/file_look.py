"""One look at files: what matches a path or a pattern, and what stands in the newest of it.

All of it blocks, for ever where a network's file system is gone; `checks.file` calls it from a
thread of its own. Memory is bounded: directories are walked entry by entry, and of a file only
what was asked for is kept.
"""

from __future__ import annotations

import errno
import fnmatch
import grp
import hashlib
import os
import pwd
import re
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checks.errors import ProbeError
from checks.result import Fault

ENTRY_LIMIT: Final = 200_000
"""How many entries of directories one look goes through."""
_CHUNK: Final = 256 * 1024
_WILD: Final = re.compile(r"[*?\[]")
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM})
_SORTS: Final = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISBLK, "block"),
    (stat.S_ISCHR, "character"),
)


class Stopped(Exception):
    """Nobody waits for this look any more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be found out.

    Attributes:
        path: An absolute path, perhaps a pattern.
        names: Whether owner and group are wanted by name.
        digest: Whether the SHA-256 of the newest is wanted.
        content: How many bytes of the newest are wanted; 0 for none.
        from_end: Whether those are its last ones.
    """

    path: str
    names: bool = False
    digest: bool = False
    content: int = 0
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What there was.

    Attributes:
        count: How many entries match.
        total_bytes: Their sizes together.
        newest_s, oldest_s: When they were last modified, in seconds since the epoch.
        path: The newest; all below is of it alone.
        sort: `file`, `directory`, `socket`, ...
        mode: The permissions, as chmod has them: `0644`.
        owner, group: Their names, or numbers where they have none; "" if not wanted.
    """

    count: int
    total_bytes: int
    newest_s: float
    oldest_s: float
    path: str
    sort: str
    size_bytes: int
    mode: str
    owner: str
    group: str
    sha256: str | None
    content: bytes | None


def is_pattern(path: str) -> bool:
    """Whether a path has `*`, `?` or `[` in it."""
    return _WILD.search(path) is not None


def look(wish: Wish, stop: threading.Event) -> Found | None:
    """Look once; None if nothing is there. Given up soon after `stop` is set.

    Raises:
        Stopped: `stop` was set.
        ProbeError: It may not be looked at (unknown), or is not what was asked for.
    """
    count, total = 0, 0
    newest: tuple[float, str, os.stat_result] | None = None
    oldest_s = float("inf")
    for path in _matching(wish.path, stop):
        seen = _stat(path)
        if seen is None:
            continue
        count += 1
        total += seen.st_size
        oldest_s = min(oldest_s, seen.st_mtime)
        if newest is None or (seen.st_mtime, path) > newest[:2]:
            newest = (seen.st_mtime, path, seen)
    if newest is None:
        return None
    newest_s, path, seen = newest
    sha256, content = _read(path, wish, stop) if wish.digest or wish.content else (None, None)
    return Found(
        count=count,
        total_bytes=total,
        newest_s=newest_s,
        oldest_s=oldest_s,
        path=path,
        sort=next((name for test, name in _SORTS if test(seen.st_mode)), "other"),
        size_bytes=seen.st_size,
        mode=f"{stat.S_IMODE(seen.st_mode):04o}",
        owner=_user(seen.st_uid) if wish.names else "",
        group=_group(seen.st_gid) if wish.names else "",
        sha256=sha256,
        content=content,
    )


def _matching(path: str, stop: threading.Event) -> Iterator[str]:
    """The path itself, or what its pattern matches, one by one."""
    if not is_pattern(path):
        yield path
        return
    left = [ENTRY_LIMIT]
    yield from _expanded("/", [part for part in path.split("/") if part], left, stop)


def _expanded(base: str, parts: list[str], left: list[int], stop: threading.Event) -> Iterator[str]:
    if not parts:
        yield base
        return
    part, rest = parts[0], parts[1:]
    if not is_pattern(part):
        yield from _expanded(os.path.join(base, part), rest, left, stop)  # noqa: PTH118  # texts keep bytes that are no UTF-8
        return
    matches = re.compile(fnmatch.translate(part)).match
    try:
        with os.scandir(base) as entries:
            for entry in entries:
                _count(left, stop)
                hidden = entry.name.startswith(".") and not part.startswith(".")
                if not hidden and matches(entry.name):
                    yield from _expanded(entry.path, rest, left, stop)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise _failed(base, error) from None


def _count(left: list[int], stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped
    left[0] -= 1
    if left[0] < 0:
        words = f"there are more than {ENTRY_LIMIT} entries to go through; narrow the pattern"
        raise ProbeError(Fault.INTERNAL, words)


def _stat(path: str) -> os.stat_result | None:
    """As stat(2), following links; None if it is not there (a link to nowhere is not)."""
    try:
        return os.stat(path)  # noqa: PTH116  # a text, as everything here
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise _failed(path, error) from None


def _failed(path: str, error: OSError) -> ProbeError:
    """The words for what the system says of a path."""
    if error.errno in _FORBIDDEN:
        words = f"{path} may not be looked at by this user ({error.strerror})"
        return ProbeError(Fault.INTERNAL, words)
    if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
        return ProbeError(Fault.INTERNAL, f"{path} was not looked at: {error.strerror}")
    return ProbeError(Fault.UNREACHABLE, f"{path}: {error.strerror}")


def _read(path: str, wish: Wish, stop: threading.Event) -> tuple[str | None, bytes | None]:
    """The digest and the content of a regular file, as far as wanted."""
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _failed(path, error) from None
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise ProbeError(Fault.PROTOCOL, f"{path} is no regular file and has no content")
        content = _content(number, wish) if wish.content else None
        return _digest(number, stop) if wish.digest else None, content
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        os.close(number)


def _content(number: int, wish: Wish) -> bytes:
    start = max(0, os.fstat(number).st_size - wish.content) if wish.from_end else 0
    kept = bytearray()
    while len(kept) < wish.content:
        more = os.pread(number, wish.content - len(kept), start + len(kept))
        if not more:
            break
        kept += more
    return bytes(kept)


def _digest(number: int, stop: threading.Event) -> str:
    found = hashlib.sha256()
    os.lseek(number, 0, os.SEEK_SET)
    while chunk := os.read(number, _CHUNK):
        found.update(chunk)
        if stop.is_set():
            raise Stopped
    return found.hexdigest()


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
