"""What a process takes, as the kernel says, held against what psutil says of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from daemon.service import usage
from daemon.service.usage import Share, cpu_s, rss_bytes

SYSTEMS = [sys.platform, "another"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_process_is_counted_as_psutil_counts_it(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage.sys, "platform", system)
    with subprocess.Popen(
        [sys.executable, "-c", "sum(range(3_000_000)); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        times, memory = (process := psutil.Process(child.pid)).cpu_times(), process.memory_info()
        assert cpu_s(child.pid) == pytest.approx(times.user + times.system, abs=0.03)
        assert rss_bytes(child.pid) == pytest.approx(memory.rss, rel=0.1)
        child.communicate(b"\n")
    for figure in (cpu_s, rss_bytes):
        with pytest.raises(ProcessLookupError):
            figure(child.pid)


def test_a_share_is_what_was_run_of_the_time_since_it_was_last_asked() -> None:
    at_s = [10.0]
    share = Share(os.getpid(), lambda: at_s[0])
    assert share.percent() == 0.0  # no time has passed
    began_s = before_s = time.process_time()
    while before_s - began_s < 0.05:
        before_s = time.process_time()
    at_s[0] += 0.1
    assert 50.0 <= share.percent() < 500.0
    at_s[0] += 1_000.0
    assert share.percent() < 1.0
