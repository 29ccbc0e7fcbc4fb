"""What processes of ours take: CPU time and resident memory, as the kernel counts them.

On Linux these are one clock and one short file. What knows the same of every system (psutil) is
1 MB, so it is loaded only where it is needed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_CLOCK_SCHED: Final = 2
"""CPUCLOCK_SCHED of the kernel's posix-timers: with a process's number it makes the number of the
clock that counts what it runs, all threads (clock_getcpuclockid(3))."""


def cpu_s(pid: int) -> float:
    """CPU time of a process, without that of its children.

    Raises:
        ProcessLookupError: There is none.
        OSError: It cannot be read.
    """
    if not sys.platform.startswith("linux"):
        return _cpu_s_elsewhere(pid)
    try:
        return time.clock_gettime((~pid << 3) | _CLOCK_SCHED)
    except OSError as error:
        raise ProcessLookupError(*error.args) from None


def rss_bytes(pid: int) -> int:
    """Resident memory of a process; errors as for `cpu_s`."""
    if not sys.platform.startswith("linux"):
        return _rss_bytes_elsewhere(pid)
    try:
        pages = Path(f"/proc/{pid}/statm").read_bytes().split()[1]
    except FileNotFoundError as error:
        raise ProcessLookupError(*error.args) from None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _cpu_s_elsewhere(pid: int) -> float:
    import psutil

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error as error:
        raise ProcessLookupError(str(error)) from None
    return float(times.user + times.system)


def _rss_bytes_elsewhere(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error as error:
        raise ProcessLookupError(str(error)) from None


class Share:
    """How much of a core a process takes."""

    def __init__(self, pid: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Count from now; errors as for `cpu_s`."""
        self._pid = pid
        self._monotonic_s = monotonic_s
        self._seen = monotonic_s(), cpu_s(pid)

    def percent(self) -> float:
        """Since it was last asked, to a tenth; errors as for `cpu_s`."""
        before_s, spent_before_s = self._seen
        self._seen = now_s, spent_s = self._monotonic_s(), cpu_s(self._pid)
        if now_s <= before_s:
            return 0.0
        return round((spent_s - spent_before_s) * 100 / (now_s - before_s), 1)
