"""The `host` kind: the machine this runs on, over a hundred metrics of it.

A metric is a plain name (`cpu_percent`), and one of several like it has its instance behind a
colon (`disk_used_percent:/var`, `net_receive_bytes_per_s:eth0`); the plain name is then their
sum or worst. Conditions name plain metrics as they are and any metric as `metrics["..."]`.

Rates need two looks. The first run takes both, a quarter of a second apart; each later run
measures from the run before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from checks.aside import Aside
from checks.errors import ProbeError
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Observation
from checks.spec import CheckSpec
from checks.text import one_line

if TYPE_CHECKING:
    from checks.host_sample import Sample

_FIRST_SPAN_S: Final = 0.25

_PLAIN: Final = """
cpu_percent cpu_user_percent cpu_nice_percent cpu_system_percent cpu_idle_percent
cpu_iowait_percent cpu_irq_percent cpu_softirq_percent cpu_steal_percent cpu_guest_percent
cpu_guest_nice_percent cpu_count
load_1 load_5 load_15 load_1_per_core load_5_per_core load_15_per_core
context_switches_per_s interrupts_per_s forks_per_s
pressure_cpu_some_10s pressure_cpu_some_60s pressure_cpu_some_300s
pressure_cpu_full_10s pressure_cpu_full_60s pressure_cpu_full_300s
pressure_memory_some_10s pressure_memory_some_60s pressure_memory_some_300s
pressure_memory_full_10s pressure_memory_full_60s pressure_memory_full_300s
pressure_io_some_10s pressure_io_some_60s pressure_io_some_300s
pressure_io_full_10s pressure_io_full_60s pressure_io_full_300s
memory_total_bytes memory_used_bytes memory_available_bytes memory_free_bytes
memory_buffers_bytes memory_cached_bytes memory_shared_bytes memory_slab_bytes
memory_active_bytes memory_inactive_bytes memory_used_percent
swap_total_bytes swap_used_bytes swap_used_percent swap_in_bytes_per_s swap_out_bytes_per_s
disk_used_percent disk_free_bytes disk_inodes_used_percent disk_busy_percent
disk_read_bytes_per_s disk_write_bytes_per_s disk_reads_per_s disk_writes_per_s
net_receive_bytes_per_s net_send_bytes_per_s net_receive_packets_per_s net_send_packets_per_s
net_receive_errors_per_s net_send_errors_per_s net_receive_drops_per_s net_send_drops_per_s
sockets_used tcp_in_use tcp_orphaned tcp_time_wait tcp_allocated udp_in_use
files_open files_max files_used_percent temperature_celsius
processes_total processes_running processes_sleeping processes_disk_wait processes_zombie
processes_stopped processes_idle threads_total uptime_s boot_time_s
"""

PLAIN_METRICS: Final = tuple(_PLAIN.split())
"""All plain names; a host that lacks a source lacks its metrics."""

_METRIC_FIELDS: Final[dict[str, FieldType]] = dict.fromkeys(PLAIN_METRICS, "float")
FIELDS: Final[Mapping[str, FieldType]] = MappingProxyType({**_METRIC_FIELDS, "metrics": "map"})


class HostSpec(CheckSpec):
    """Nothing of its own: the host is the one this runs on."""

    kind: Literal["host"] = "host"


class HostProbe:
    """Looks at this host. Keeps the last look, for rates."""

    def __init__(self, order: Order) -> None:
        from checks.host_disks import Disks

        self._disks = Disks()
        self._disk_limit_s = order.timeout_ms / 2000.0
        self._first_span_s = min(_FIRST_SPAN_S, order.timeout_ms / 4000.0)
        self._look_aside = Aside("host metrics")
        self._disk_aside = Aside("disk usage")
        self._before: Sample | None = None

    async def observe(self, trace: Trace) -> Observation:
        """Look once, twice the first time."""
        from checks.host_sample import rates, take_sample

        trace.enter("sample")
        before = self._before
        if before is None:
            before = await self._look_aside.call(take_sample)
            await asyncio.sleep(self._first_span_s)
        after = await self._look_aside.call(take_sample)
        self._before = after
        trace.enter("disks")
        usage, hanging = await self._usage()
        found = {**after.gauges, **rates(before, after), **usage}
        metrics = {one_line(name, 120): round(value, 3) for name, value in found.items()}
        return self._observation(metrics, hanging, trace)

    async def _usage(self) -> tuple[dict[str, float], str]:
        """The file systems' metrics, or none and the place that hangs."""
        try:
            async with asyncio.timeout(self._disk_limit_s):
                return await self._disk_aside.call(self._disks.usage), ""
        except (TimeoutError, ProbeError):
            return {}, self._disks.at or "a file system"

    def _observation(self, metrics: dict[str, float], hanging: str, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        fields: dict[str, Any] = {**metrics, "metrics": metrics}
        words = [
            f"{label} {metrics[name]:.0f} %"
            for label, name in (
                ("cpu", "cpu_percent"),
                ("memory", "memory_used_percent"),
                ("disk", "disk_used_percent"),
            )
            if name in metrics
        ]
        if hanging:
            words.append(f"{hanging} does not answer, so nothing is known of any file system")
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=", ".join(words),
            degraded=bool(hanging),
        )

    async def close(self) -> None:
        """Nothing that needs closing is kept."""


KIND: Final = Kind(name="host", spec=HostSpec, fields=FIELDS, make=HostProbe, remote=False)
