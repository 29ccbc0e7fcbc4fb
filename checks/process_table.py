"""One look at the processes of this host: which match, and what they use.

Candidates are found by one short read of proc(5) each, because a host may have thousands of
processes and psutil reads several files of every one it meets; only what matches is looked at
closely, by psutil. All of it blocks; `checks.process` calls it from a thread. What ends while
it is looked at is left out, as are zombies: they run no more.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

import psutil

from checks.errors import ProbeError
from checks.result import Fault

_PROC: Final = "/proc"
_NAME_BYTES: Final = 15
"""How much of a program's name the kernel keeps."""
_CMDLINE_BYTES: Final = 64 * 1024
_PIDFILE_BYTES: Final = 64
_PAUSE_EVERY: Final = 100
_PAUSE_S: Final = 0.001
_PID: Final = re.compile(rb"\s*([0-9]{1,9})\s*(?:\n|$)")

Identity = tuple[int, float]
"""A process number and when it began: numbers are used again."""


class Stopped(Exception):
    """Nobody waits for this look any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which processes; all that is given must fit.

    Attributes:
        program: The program's name, exactly.
        cmdline: A compiled RE2 pattern, searched in the words joined by spaces.
        pidfile: Where the number of the one process stands.
        user: The name or number of the effective user.
    """

    program: str | None = None
    cmdline: Any = None
    pidfile: Path | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process that matches.

    Attributes:
        began_s: When it began, in seconds since the epoch.
        cpu_s: The CPU time it has used.
        open_files: None if this user may not see them.
    """

    pid: int
    began_s: float
    cpu_s: float
    rss_bytes: int
    threads: int
    open_files: int | None

    @property
    def identity(self) -> Identity:
        """What tells it from others, before and after."""
        return self.pid, self.began_s


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found.

    Attributes:
        taken_s: When, on the monotonic clock.
        at_s: When, in seconds since the epoch.
        hidden: Whether the system hides others' processes from this user.
        why: Why there can be none, if that is known.
    """

    taken_s: float
    at_s: float
    processes: tuple[Process, ...]
    hidden: bool = False
    why: str = ""


def look(wanted: Wanted, stop: threading.Event) -> Look:
    """Look once. Given up soon after `stop` is set.

    Raises:
        Stopped: `stop` was set.
        ProbeError: It cannot be told on this host.
    """
    uid = None if wanted.user is None else _uid(wanted.user)
    why = ""
    if wanted.pidfile is not None:
        number, why = _from_pidfile(wanted.pidfile)
        pids: Iterator[int] = iter(() if number is None else (number,))
    else:
        pids = _pids()
    found: list[Process] = []
    for position, pid in enumerate(pids):
        # A moment off now and then leaves the interpreter to the loop.
        if stop.is_set() or (position % _PAUSE_EVERY == 0 and stop.wait(_PAUSE_S)):
            raise Stopped
        if _matches(pid, wanted):
            process = _process(pid, uid)
            if process is not None:
                found.append(process)
    if wanted.pidfile is not None and not found:
        why = why or f"the process named in {wanted.pidfile} does not run, or is another"
    return Look(monotonic(), time(), tuple(found), _hides_others(), why)


def _uid(user: str) -> int:
    if user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise ProbeError(Fault.INTERNAL, f"this host knows no user {user}") from None


def _pids() -> Iterator[int]:
    try:
        with os.scandir(_PROC) as entries:
            for entry in entries:
                if entry.name.isdecimal():
                    yield int(entry.name)
    except FileNotFoundError:
        raise ProbeError(Fault.INTERNAL, "there is no /proc on this host") from None


def _hides_others() -> bool:
    """Whether /proc is mounted with hidepid and hides even the first process."""
    try:
        os.stat(f"{_PROC}/1/comm")  # noqa: PTH116  # one call of many; paths are made of texts here
    except OSError:
        return True
    return False


def _from_pidfile(path: Path) -> tuple[int | None, str]:
    """The number in a pidfile, or None and why there is none."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            return None, f"{path} does not exist"
        raise ProbeError(
            Fault.INTERNAL, f"{path} cannot be read by this user: {error.strerror}"
        ) from None
    try:
        content = os.read(number, _PIDFILE_BYTES)
    except OSError as error:
        raise ProbeError(Fault.INTERNAL, f"{path} cannot be read: {error.strerror}") from None
    finally:
        os.close(number)
    match = _PID.match(content)
    return (int(match[1]), "") if match else (None, f"{path} holds no process number")


def _matches(pid: int, wanted: Wanted) -> bool:
    """Whether name and command line fit; cheapest first."""
    program = wanted.program
    if program is not None:
        kept = os.fsencode(program)[:_NAME_BYTES]
        if _read(pid, "comm", 64).rstrip(b"\n") != kept:
            return False
        # The kernel cuts long names; the first word of the command line has all of it.
        if len(kept) == _NAME_BYTES and program not in _long_names(pid, kept):
            return False
    if wanted.cmdline is None:
        return True
    words = _read(pid, "cmdline", _CMDLINE_BYTES).rstrip(b"\0").replace(b"\0", b" ")
    return bool(words) and wanted.cmdline.search(words.decode("utf-8", "replace")) is not None


def _long_names(pid: int, kept: bytes) -> set[str]:
    """The names that a process whose name fills the kernel's room may have."""
    first, _, second = _read(pid, "cmdline", _CMDLINE_BYTES).partition(b"\0")
    names = {os.fsdecode(word.rpartition(b"/")[2]) for word in (first, second.partition(b"\0")[0])}
    return {name for name in names if os.fsencode(name).startswith(kept)} or {os.fsdecode(kept)}


def _read(pid: int, name: str, limit: int) -> bytes:
    """The beginning of a file of proc(5); nothing if the process is gone or not ours to see."""
    try:
        number = os.open(f"{_PROC}/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
            raise
        return b""
    try:
        return os.read(number, limit)
    except OSError:
        return b""  # it ended meanwhile
    finally:
        os.close(number)


def _process(pid: int, uid: int | None) -> Process | None:
    """A process looked at closely; None if it has ended or is another user's than `uid`."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            if uid is not None and process.uids().effective != uid:
                return None
            times = process.cpu_times()
            return Process(
                pid=pid,
                began_s=process.create_time(),
                cpu_s=times.user + times.system,
                rss_bytes=process.memory_info().rss,
                threads=process.num_threads(),
                open_files=_open_files(pid),
            )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None  # it has ended, or is hidden; `Look.hidden` tells


def _open_files(pid: int) -> int | None:
    """How many file descriptors it has open; the kernel counts since Linux 6.2."""
    place = f"{_PROC}/{pid}/fd"
    try:
        counted = os.stat(place).st_size  # noqa: PTH116  # as above
        if counted and os.access(place, os.R_OK | os.X_OK):
            return counted
        with os.scandir(place) as entries:
            return sum(1 for _ in entries)
    except OSError:
        return None
