"""The host kind looks at the machine that the tests run on."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import psutil
import pytest

import checks
from checks import host_disks
from checks.host import FIELDS, PLAIN_METRICS
from checks.host_sample import Sample, rates
from checks.result import Status
from tests.checks.conftest import AT, Run, prepared


async def test_the_first_run_tells_more_than_fifty_metrics_rates_included(run: Run) -> None:
    found = await run("host")
    assert found.status is Status.UP, found
    assert len(found.metrics) > 50
    plain = {name for name in found.metrics if ":" not in name}
    assert plain - set(FIELDS) <= {"processes_unknown"}
    for name in ("cpu_percent", "memory_used_percent", "load_1", "disk_used_percent:/", "uptime_s"):
        assert isinstance(found.metrics[name], float), name
    assert found.message.startswith("cpu ")


async def test_values_are_plausible(run: Run) -> None:
    found = await run("host", times=2)
    metrics = {name: float(value) for name, value in found.metrics.items()}
    for name, value in metrics.items():
        if "_percent" in name:
            assert 0 <= value <= 100, name
        assert value >= 0 or "temperature" in name, name
    assert metrics["memory_total_bytes"] == psutil.virtual_memory().total
    assert metrics["cpu_count"] == os.cpu_count()
    assert metrics["processes_total"] >= 1
    df = os.statvfs("/")
    assert metrics["disk_total_bytes:/"] == df.f_blocks * df.f_frsize


async def test_conditions_name_plain_metrics_and_any_metric(run: Run) -> None:
    found = await run(
        "host",
        expect=["cpu_percent <= 100", "memory_total_bytes > 1000000", "disk_used_percent < 101"],
        degraded_if=['metrics["disk_total_bytes:/"] > 0', 'metrics["load_1"] < 0'],
    )
    assert found.status is Status.DEGRADED
    assert found.message.startswith('metrics["disk_total_bytes:/"] > 0 (metrics["disk_total_bytes')


async def test_a_metric_this_host_lacks_is_unknown_not_down(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", dict)
    found = await run("host", expect=["temperature_celsius < 90"])
    assert found.status is Status.UNKNOWN
    assert "temperature_celsius has no value in this run" in found.message


async def test_a_file_system_that_hangs_costs_only_its_own_metrics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def hang(mount: str) -> dict[str, float]:
        release.wait()
        return {}

    monkeypatch.setattr(host_disks, "mounts", lambda: ["/mnt/dead"])
    monkeypatch.setattr(host_disks, "_usage", hang)
    check = prepared("host", timeout_ms=800)
    try:
        for _ in range(2):
            found = await checks.run(check, AT)
            assert found.status is Status.DEGRADED
            assert "/mnt/dead does not answer" in found.message
            assert "cpu_percent" in found.metrics
            assert "disk_used_percent" not in found.metrics
    finally:
        release.set()
        await asyncio.sleep(0.05)


def sample(at_s: float, **values: float) -> Sample:
    counters = {name.replace("__", ":"): value for name, value in values.items()}
    cpu = {"user": at_s * 0.5, "idle": at_s * 1.0, "iowait": at_s * 0.5}
    return Sample(at_s, {}, counters, cpu, {"sda": at_s * 250})


def test_rates_are_differences_over_time() -> None:
    found = rates(sample(100, net_bytes__eth0=1000), sample(110, net_bytes__eth0=3000))
    assert found["net_bytes_per_s:eth0"] == 200
    assert found["cpu_user_percent"] == 25
    assert found["cpu_percent"] == 25
    assert found["disk_busy_percent:sda"] == found["disk_busy_percent"] == 25


def test_a_counter_that_went_back_or_is_new_has_no_rate() -> None:
    found = rates(sample(100, a=1000), sample(110, a=10, b=5))
    assert not any(name.startswith(("a_", "b_")) for name in found)
    assert rates(sample(100), sample(100)) == {}


def test_pseudo_file_systems_and_second_mounts_of_a_device_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "mounts"
    table.write_text(
        "proc /proc proc rw 0 0\n"
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sda1 /var/lib/bind ext4 rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n"
        "/dev/loop3 /snap/x squashfs ro 0 0\n"
        "nas:/export /mnt/with\\040space nfs4 rw 0 0\n"
        "broken\n"
    )
    monkeypatch.setattr(host_disks, "_MOUNTS", table)
    assert host_disks.mounts() == ["/", "/mnt/with space", "/run"]


def test_the_worst_writable_file_system_stands_for_all() -> None:
    found = host_disks._worst(
        {
            "disk_read_only:/": 0.0,
            "disk_used_percent:/": 40.0,
            "disk_read_only:/data": 0.0,
            "disk_used_percent:/data": 90.0,
            "disk_read_only:/cd": 1.0,
            "disk_used_percent:/cd": 100.0,
        }
    )
    assert found == {"disk_used_percent": 90.0}


def test_plain_names_are_unique() -> None:
    assert len(PLAIN_METRICS) == len(set(PLAIN_METRICS)) >= 50
