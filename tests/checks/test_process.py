"""The process kind against real processes."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import checks
from checks.process import ProcessSpec
from checks.result import Fault, Status
from tests.checks.conftest import AT, Run, prepared

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs, which end with the test."""
    with ExitStack() as stack:

        def once(*words: str, **keys: Any) -> subprocess.Popen[bytes]:
            process = stack.enter_context(subprocess.Popen(words, **keys))
            stack.callback(process.kill)
            return process

        yield once


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """A program that sleeps, under a name of its own that is longer than the kernel keeps."""
    path = tmp_path / f"sleeper-of-tests-{os.getpid()}"
    shutil.copy(str(shutil.which("sleep")), path)
    return path


async def test_a_program_that_runs_is_up_with_what_it_uses(
    run: Run, start: Start, sleeper: Path
) -> None:
    process = start(str(sleeper), "60")
    found = await run("process", program=sleeper.name, expect=[f"pid == {process.pid}"])
    assert (found.status, found.fault) == (Status.UP, None), found
    assert found.message.startswith(f"process {process.pid} of {sleeper.name}: cpu 0 %, memory ")
    metrics = found.metrics
    assert (metrics["count"], metrics["threads"], metrics["restarted"]) == (1, 1, False)
    assert float(metrics["rss_bytes"]) > 100_000
    assert metrics["open_files"] == 3
    assert 0 <= float(metrics["oldest_age_s"]) < 60


async def test_the_long_name_is_compared_whole(run: Run, start: Start, sleeper: Path) -> None:
    start(str(sleeper), "60")
    found = await run("process", program=sleeper.name + "-other")
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROGRAM)
    assert found.message == f"no process of {sleeper.name}-other"
    assert found.metrics["count"] == 0


async def test_numbers_are_held_against_min_and_max(run: Run, start: Start, sleeper: Path) -> None:
    for _ in range(3):
        start(str(sleeper), "60")
    name = sleeper.name
    found = await run("process", program=name, min=3, max=3)
    assert found.status is Status.UP, found
    assert found.message.startswith(f"3 processes of {name}: ")
    found = await run("process", program=name, min=4)
    assert (found.status, found.message) == (Status.DOWN, f"3 of {name}, 4 at least are wanted")
    found = await run("process", program=name, max=2)
    assert (found.status, found.message) == (Status.DOWN, f"3 of {name}, 2 at most may run")
    found = await run("process", program=name, max=0)
    assert (found.status, found.message) == (Status.DOWN, f"3 of {name}, none may run")
    found = await run("process", program=name + "x", max=0)
    assert found.status is Status.UP, found


async def test_a_command_line_and_a_user_choose(run: Run, start: Start, sleeper: Path) -> None:
    start(str(sleeper), "61")
    start(str(sleeper), "62")
    line = rf"^{re.escape(str(sleeper))} 61$"
    me = pwd.getpwuid(os.geteuid()).pw_name
    found = await run("process", cmdline=line, user=me, expect=["count == 1"])
    assert found.status is Status.UP, found
    found = await run("process", program=sleeper.name, user=str(os.geteuid()), min=2)
    assert found.status is Status.UP, found
    found = await run("process", program=sleeper.name, user="4294967000")
    assert found.status is Status.DOWN
    found = await run("process", program=sleeper.name, user="no-such-user")
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == "this host knows no user no-such-user"


async def test_a_pidfile_names_the_one_process(
    run: Run, start: Start, sleeper: Path, tmp_path: Path
) -> None:
    pidfile = tmp_path / "daemon.pid"
    found = await run("process", pidfile=str(pidfile))
    assert (found.status, found.message) == (Status.DOWN, f"{pidfile} does not exist")
    for text in ("", "many words\n", "99999999999999\n"):
        pidfile.write_text(text)
        found = await run("process", pidfile=str(pidfile))
        assert (found.status, found.message) == (
            Status.DOWN,
            f"{pidfile} holds no process number",
        )
    process = start(str(sleeper), "60")
    pidfile.write_text(f"{process.pid}\n")
    found = await run("process", pidfile=str(pidfile), program=sleeper.name)
    assert found.status is Status.UP, found
    found = await run("process", pidfile=str(pidfile), program="another")
    assert found.message == f"the process named in {pidfile} does not run, or is another"
    process.kill()
    found = await run("process", pidfile=str(pidfile))  # a zombie until it is waited for
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROGRAM)


async def test_a_restart_is_seen_once_and_over_a_gap(start: Start, sleeper: Path) -> None:
    check = prepared("process", program=sleeper.name, degraded_if=["restarted"])
    process = start(str(sleeper), "60")
    for _ in range(2):
        assert (await checks.run(check, AT)).status is Status.UP
    process.kill()
    process.wait()
    assert (await checks.run(check, AT)).status is Status.DOWN
    start(str(sleeper), "60")
    found = await checks.run(check, AT)
    assert (found.status, found.message) == (Status.DEGRADED, "restarted (restarted is true)")
    start(str(sleeper), "60")  # a further one is no restart
    assert (await checks.run(check, AT)).status is Status.UP


async def test_cpu_time_is_measured_between_two_runs(run: Run, start: Start) -> None:
    mark = f"busy of {os.getpid()}"
    start(sys.executable, "-c", f"{mark!r}\nwhile True: pass")
    check = prepared("process", cmdline=re.escape(mark), timeout_ms=4000)
    for _ in range(100):
        await asyncio.sleep(0.05)
        found = await checks.run(check, AT)
        if float(found.metrics.get("cpu_percent", 0)) > 5:
            break
    assert 5 < float(found.metrics["cpu_percent"]) < 150, found


async def test_hundreds_of_processes_do_not_hold_the_loop_up(start: Start, sleeper: Path) -> None:
    script = f"for i in $(seq 300); do {sleeper} 60 & done; echo ready; wait"
    shell = start("/bin/sh", "-c", script, stdout=subprocess.PIPE, start_new_session=True)
    assert shell.stdout is not None
    try:
        assert shell.stdout.readline() == b"ready\n"
        check = prepared("process", cmdline="sleeper-of-tests-.* 60$", min=300, timeout_ms=20_000)
        task = asyncio.ensure_future(checks.run(check, AT))
        longest_s, before = 0.0, time.perf_counter()
        while not task.done():
            await asyncio.sleep(0.001)
            longest_s, before = max(longest_s, time.perf_counter() - before), time.perf_counter()
        assert task.result().status is Status.UP, task.result()
        assert longest_s < 0.25
    finally:
        os.killpg(shell.pid, 9)
        shell.stdout.close()


HIDDEN = """
import asyncio, json, sys
import checks
from tests.checks.conftest import AT, prepared

async def main():
    check = prepared("process", program="init-of-nobody")
    found = await checks.run(check, AT)
    print(json.dumps([found.status.word, found.message]))

asyncio.run(main())
"""


def test_where_proc_hides_others_processes_the_verdict_is_unknown() -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting /proc anew needs root")
    script = (
        "mount -o remount,hidepid=2 /proc && exec setpriv --regid=65534 --clear-groups"
        ' --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace "$0" -c "$1"'
    )
    done = subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c"),
            *(f"({script})", sys.executable, HIDDEN),
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"/proc cannot be mounted anew: {done.stderr}")
    status, message = json.loads(done.stdout)
    assert status == "unknown", message
    assert "this host hides others' processes (hidepid)" in message


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"program": ""},
        {"program": "a", "min": 3, "max": 2},
        {"program": "a", "min": 1, "max": 0},
        {"program": "a", "min": -1},
        {"cmdline": "("},
    ],
)
def test_what_chooses_nothing_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProcessSpec.model_validate({"name": "x", **keys})
