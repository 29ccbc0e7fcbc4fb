"""How full each file system of this host is: space and inodes.

Asking a file system can hang for ever when it is a network's and its server is gone, so this
stands apart from the other samples, in a thread of its own, and tells where it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_MOUNTS: Final = Path("/proc/self/mounts")
_PSEUDO_NAMES: Final = """
autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devfs devpts devtmpfs efivarfs fdescfs
fuse.gvfsd-fuse fuse.lxcfs fuse.portal fusectl hugetlbfs mqueue nsfs proc procfs pstore ramfs
rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs
"""
_PSEUDO: Final = frozenset(_PSEUDO_NAMES.split())
"""File systems that hold no data, or are always full (images)."""
_NOT_WATCHED: Final = ("/proc", "/sys", "/dev", "/run/credentials")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


class Disks:
    """Reads all file systems; `at` is the one being asked, for when it hangs."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = ""

    def usage(self) -> dict[str, float]:
        """`disk_used_percent:/var` and the like; without a mount point, the worst of all."""
        found: dict[str, float] = {}
        for mount in mounts():
            self.at = mount
            found |= _usage(mount)
        self.at = ""
        return {**_worst(found), **found}


def mounts() -> list[str]:
    """Where file systems that hold data are mounted; each device once, the shortest path."""
    if not _MOUNTS.exists():
        return [partition.mountpoint for partition in psutil.disk_partitions(all=False)]
    first: dict[str, str] = {}
    for device, mount, kind in _mounted():
        if kind in _PSEUDO or mount.startswith(_NOT_WATCHED):
            continue
        key = device if device.startswith("/") else f"{device} {mount}"
        if key not in first or len(mount) < len(first[key]):
            first[key] = mount
    return sorted(set(first.values()))


def _mounted() -> Iterator[tuple[str, str, str]]:
    """Device, mount point and type of all mounts (proc(5): spaces stand as octal escapes)."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 2:
            mount = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), words[1])
            yield words[0], mount, words[2]


def _usage(mount: str) -> dict[str, float]:
    """As df(1) counts: used percent is of what users can have, without root's reserve."""
    try:
        found = os.statvfs(mount)
    except OSError:
        return {}
    if not found.f_blocks:
        return {}
    total = float(found.f_blocks * found.f_frsize)
    free = float(found.f_bavail * found.f_frsize)
    used = total - float(found.f_bfree * found.f_frsize)
    usage = {
        f"disk_total_bytes:{mount}": total,
        f"disk_used_bytes:{mount}": used,
        f"disk_free_bytes:{mount}": free,
        f"disk_used_percent:{mount}": 100.0 * used / (used + free) if used + free else 100.0,
        f"disk_read_only:{mount}": float(bool(found.f_flag & os.ST_RDONLY)),
    }
    if found.f_files:  # some file systems have no fixed number of inodes
        share = 100.0 * (found.f_files - found.f_ffree) / found.f_files
        usage[f"disk_inodes_used_percent:{mount}"] = share
        usage[f"disk_inodes_free:{mount}"] = float(found.f_ffree)
    return usage


def _worst(found: dict[str, float]) -> dict[str, float]:
    """The fullest file system that can be written to stands for all."""
    writable = {
        name.partition(":")[2]
        for name, value in found.items()
        if name.startswith("disk_read_only:") and not value
    }
    worst: dict[str, float] = {}
    for name, choose in (
        ("disk_used_percent", max),
        ("disk_inodes_used_percent", max),
        ("disk_free_bytes", min),
    ):
        values = [found[f"{name}:{mount}"] for mount in writable if f"{name}:{mount}" in found]
        if values:
            worst[name] = choose(values)
    return worst
