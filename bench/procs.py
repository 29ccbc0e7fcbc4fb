"""What the kernel knows of a process and all that descends from it: CPU time and memory.

The clock of another process (clock_getcpuclockid(3)) counts nanoseconds over all of its
threads. A child that has ended is on no clock any more; its time is then in its parent's
`cutime`, in ticks of 10 ms. So the sum over a family neither loses nor counts twice, also
where a program forks one process a check.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psutil

_SCHED: Final = 2
"""CPUCLOCK_SCHED of the kernel's posix-timers."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def clock_of(pid: int) -> int:
    """The number of the clock that counts a process's CPU time."""
    return (~pid << 3) | _SCHED


def reaped_s(stat: str) -> float:
    """CPU seconds of the children that were waited for, of a line of /proc/PID/stat."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS


def family(pid: int) -> list[int]:
    """The process and all that lives of its descendants."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def cpu_s(pid: int) -> float:
    """CPU time of a process and all its descendants, living and ended."""
    return sum(_each_cpu_s(family(pid)))


def _each_cpu_s(pids: Sequence[int]) -> Iterator[float]:
    for pid in pids:
        try:
            yield time.clock_gettime(clock_of(pid))
            yield reaped_s(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"))
        except OSError:
            continue  # it ended just now; its parent has or will have its time


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in units of 1,000,000 bytes."""
    total = 0
    for one in family(pid):
        try:
            total += psutil.Process(one).memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def keep_on(pid: int, cores: Sequence[int]) -> None:
    """Keep a running process, with the threads and children it makes later, on these cores."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def installed(*names: str) -> str | None:
    """The first program of these that is here."""
    where = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/lib/nagios/plugins"
    return next((found for name in names if (found := shutil.which(name, path=where))), None)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for what does not mind it."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
