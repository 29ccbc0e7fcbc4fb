"""One look at this host: gauges as they are, and counters that only a second look makes rates.

Everything is read defensively: what a kernel, a container or another system does not have is
left out, never guessed. The sources are psutil and, where psutil has none or a slow one, the
files of proc(5). All of it blocks, briefly; `checks.host` calls it from a thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

import psutil

_PROC: Final = Path("/proc")
_PROCESS_STATES: Final[Mapping[str, str]] = {
    "R": "running",
    "S": "sleeping",
    "D": "disk_wait",
    "Z": "zombie",
    "T": "stopped",
    "t": "stopped",
    "I": "idle",
}
_SOCKETS: Final[Mapping[tuple[str, str], str]] = {
    ("sockets", "used"): "sockets_used",
    ("TCP", "inuse"): "tcp_in_use",
    ("TCP", "orphan"): "tcp_orphaned",
    ("TCP", "tw"): "tcp_time_wait",
    ("TCP", "alloc"): "tcp_allocated",
    ("UDP", "inuse"): "udp_in_use",
}
_NET: Final = {
    "bytes_recv": "net_receive_bytes",
    "bytes_sent": "net_send_bytes",
    "packets_recv": "net_receive_packets",
    "packets_sent": "net_send_packets",
    "errin": "net_receive_errors",
    "errout": "net_send_errors",
    "dropin": "net_receive_drops",
    "dropout": "net_send_drops",
}
_DISK: Final = {
    "read_bytes": "disk_read_bytes",
    "write_bytes": "disk_write_bytes",
    "read_count": "disk_reads",
    "write_count": "disk_writes",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look found.

    Attributes:
        taken_s: When, on the monotonic clock.
        gauges: Values as they are.
        counters: Values that only grow; two samples make rates of them.
        cpu_s: Seconds each CPU mode was in use since boot, all CPUs together.
        busy_ms: Milliseconds each disk was busy since boot.
    """

    taken_s: float
    gauges: Mapping[str, float]
    counters: Mapping[str, float]
    cpu_s: Mapping[str, float]
    busy_ms: Mapping[str, float]


def take_sample() -> Sample:
    """Look once."""
    gauges = {
        **_load(),
        **_pressure(),
        **_memory(),
        **_sockets(),
        **_files(),
        **_temperatures(),
        **_processes(),
    }
    boot_time = psutil.boot_time()
    gauges |= {"boot_time_s": boot_time, "uptime_s": max(0.0, time() - boot_time)}
    disks = _disks()
    counters = {**_activity(), **_network(), **_disk_counters(disks)}
    busy = {name: float(io.busy_time) for name, io in disks.items() if hasattr(io, "busy_time")}
    return Sample(monotonic(), gauges, counters, _cpu(), busy)


def rates(before: Sample, after: Sample) -> dict[str, float]:
    """What happened between two samples: `..._per_s`, and percentages of CPU and disk time.

    A counter that went back (an interface that came anew) has no rate this time.
    """
    span_s = after.taken_s - before.taken_s
    if span_s <= 0:
        return {}
    found = dict(_cpu_percentages(before.cpu_s, after.cpu_s))
    for name, value in after.counters.items():
        grown = value - before.counters.get(name, value + 1)
        if grown >= 0:
            base, colon, instance = name.partition(":")
            found[f"{base}_per_s{colon}{instance}"] = grown / span_s
    busy = {
        name: min(100.0, (value - before.busy_ms[name]) / span_s / 10.0)
        for name, value in after.busy_ms.items()
        if value >= before.busy_ms.get(name, value + 1)
    }
    found |= {f"disk_busy_percent:{name}": value for name, value in busy.items()}
    if busy:
        found["disk_busy_percent"] = max(busy.values())
    return found


def _cpu_percentages(
    before: Mapping[str, float], after: Mapping[str, float]
) -> Iterator[tuple[str, float]]:
    spent = {mode: max(0.0, value - before.get(mode, value)) for mode, value in after.items()}
    # The kernel counts guests in user and nice too.
    total = sum(value for mode, value in spent.items() if mode not in {"guest", "guest_nice"})
    if total <= 0:
        return
    for mode, value in spent.items():
        yield f"cpu_{mode}_percent", min(100.0, 100.0 * value / total)
    idle = spent.get("idle", 0.0) + spent.get("iowait", 0.0)
    yield "cpu_percent", max(0.0, 100.0 * (total - idle) / total)


def _cpu() -> dict[str, float]:
    return {mode: float(value) for mode, value in psutil.cpu_times()._asdict().items()}


def _load() -> dict[str, float]:
    cores = os.cpu_count() or 1
    found: dict[str, float] = {"cpu_count": float(cores)}
    try:
        load = os.getloadavg()
    except OSError:
        return found
    for minutes, value in zip((1, 5, 15), load, strict=True):
        found[f"load_{minutes}"] = value
        found[f"load_{minutes}_per_core"] = value / cores
    return found


def _pressure() -> dict[str, float]:
    """Pressure stall information: percent of time in which tasks waited (kernel's psi.rst)."""
    found: dict[str, float] = {}
    for resource in ("cpu", "memory", "io"):
        for line in _lines(_PROC / "pressure" / resource):
            share, *pairs = line.split()
            averages = dict(pair.split("=", 1) for pair in pairs)
            for span in ("10", "60", "300"):
                if f"avg{span}" in averages:
                    found[f"pressure_{resource}_{share}_{span}s"] = float(averages[f"avg{span}"])
    return found


def _memory() -> dict[str, float]:
    memory = psutil.virtual_memory()
    found = {
        f"memory_{name}_bytes": float(getattr(memory, name))
        for name in (
            *("total", "used", "available", "free", "buffers", "cached", "shared", "slab"),
            *("active", "inactive"),
        )
        if hasattr(memory, name)
    }
    swap = psutil.swap_memory()
    return {
        **found,
        "memory_used_percent": float(memory.percent),
        "swap_total_bytes": float(swap.total),
        "swap_used_bytes": float(swap.used),
        "swap_used_percent": float(swap.percent),
    }


def _sockets() -> dict[str, float]:
    """Sockets by state, from the kernel's own sums; walking all of them would cost milliseconds."""
    found: dict[str, float] = {}
    for line in (*_lines(_PROC / "net/sockstat"), *_lines(_PROC / "net/sockstat6")):
        family, _, rest = line.partition(":")
        words = rest.split()
        for name, value in zip(words[::2], words[1::2], strict=False):
            metric = _SOCKETS.get((family.removesuffix("6"), name))
            if metric is not None:
                found[metric] = found.get(metric, 0.0) + float(value)
    return found


def _files() -> dict[str, float]:
    words = next(_lines(_PROC / "sys/fs/file-nr"), "").split()
    if len(words) != 3:
        return {}
    opened, limit = float(words[0]) - float(words[1]), float(words[2])
    share = {"files_used_percent": 100.0 * opened / limit} if limit else {}
    return {"files_open": opened, "files_max": limit, **share}


def _temperatures() -> dict[str, float]:
    read = getattr(psutil, "sensors_temperatures", None)
    if read is None:
        return {}
    found: dict[str, float] = {}
    for chip, sensors in read().items():
        for position, sensor in enumerate(sensors):
            if sensor.current is not None:
                label = sensor.label or str(position)
                found[f"temperature_celsius:{chip}/{label}"] = float(sensor.current)
    return {"temperature_celsius": max(found.values()), **found} if found else {}


def _processes() -> dict[str, float]:
    """Processes by state, from one short line each."""
    if not _PROC.joinpath("self/stat").exists():
        return {"processes_total": float(len(psutil.pids()))}
    counts = {f"processes_{state}": 0.0 for state in _PROCESS_STATES.values()}
    total = 0
    for entry in os.scandir(_PROC):
        if not entry.name.isdigit():
            continue
        line = next(_lines(Path(entry.path, "stat")), "")
        state = line.rpartition(")")[2].strip()[:1]  # a command's name may hold anything
        if state:
            total += 1
        if state in _PROCESS_STATES:
            counts[f"processes_{_PROCESS_STATES[state]}"] += 1.0
    threads = next(_lines(_PROC / "loadavg"), "").split()
    found = {"processes_total": float(total), **counts}
    if len(threads) > 3 and "/" in threads[3]:
        found["threads_total"] = float(threads[3].partition("/")[2])
    return found


def _activity() -> dict[str, float]:
    stats = psutil.cpu_stats()
    found = {
        "context_switches": float(stats.ctx_switches),
        "interrupts": float(stats.interrupts),
    }
    for line in _lines(_PROC / "stat"):
        if line.startswith("processes "):
            found["forks"] = float(line.split()[1])
    swap = psutil.swap_memory()
    return {**found, "swap_in_bytes": float(swap.sin), "swap_out_bytes": float(swap.sout)}


def _network() -> dict[str, float]:
    """Counters of each interface, and of all but the loopback."""
    found: dict[str, float] = {}
    for interface, io in psutil.net_io_counters(pernic=True, nowrap=False).items():
        for attribute, metric in _NET.items():
            value = float(getattr(io, attribute))
            found[f"{metric}:{interface}"] = value
            if interface not in {"lo", "lo0"}:
                found[metric] = found.get(metric, 0.0) + value
    return found


def _disks() -> dict[str, Any]:
    """Whole disks, without their partitions, loops and memory disks."""
    counters = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
    blocks = Path("/sys/block")
    known = {entry.name for entry in blocks.iterdir()} if blocks.is_dir() else set(counters)
    return {
        name: io
        for name, io in counters.items()
        if name in known and not name.startswith(("loop", "ram"))
    }


def _disk_counters(disks: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for disk, io in disks.items():
        for attribute, metric in _DISK.items():
            value = float(getattr(io, attribute))
            found[f"{metric}:{disk}"] = value
            # A device mapper's traffic is its disks' too.
            if not disk.startswith(("dm-", "md")):
                found[metric] = found.get(metric, 0.0) + value
    return found


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file of proc(5); none where it is not there or not ours to read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from text.splitlines()
