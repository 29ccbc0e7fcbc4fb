"""The exec kind: Nagios conventions, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import checks
from checks.exec import ExecSpec, read_output
from checks.result import Fault, Status
from tests.checks.conftest import AT, Run, prepared


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        (0, Status.UP, None),
        (1, Status.DEGRADED, None),
        (2, Status.DOWN, Fault.PROGRAM),
        (3, Status.UNKNOWN, Fault.PROGRAM),
        (77, Status.UNKNOWN, Fault.PROGRAM),
    ],
)
async def test_the_exit_code_is_the_verdict(
    run: Run, code: int, status: Status, fault: Fault | None
) -> None:
    found = await run("exec", run=shell(f"echo the message; exit {code}"))
    assert (found.status, found.fault) == (status, fault)
    assert found.message == ("exit code 77: the message" if code == 77 else "the message")
    assert found.metrics == {"exit_code": code}


async def test_conditions_replace_the_convention(run: Run) -> None:
    found = await run("exec", run=shell("exit 5"), expect=["exit_code in [0, 5]"])
    assert found.status is Status.UP, found
    found = await run("exec", run=shell("echo hm; exit 2"), expect=['output == "fine"'])
    assert found.message == 'output == "fine" (output is "hm")'


async def test_degrading_conditions_stand_beside_the_convention(run: Run) -> None:
    found = await run(
        "exec", run=shell("echo 'OK | load=3.5'"), degraded_if=["perf.load.value > 3.0"]
    )
    assert found.status is Status.DEGRADED
    assert found.message == "perf.load.value > 3.0 (perf.load.value is 3.5)"
    found = await run("exec", run=shell("exit 2"), degraded_if=["exit_code == 2"])
    assert found.status is Status.DOWN


async def test_performance_data_becomes_metrics(run: Run) -> None:
    found = await run(
        "exec", run=shell("echo \"OK - fine | time=0.25s;1;2 'disk /var'=81%;80;90 broken\"")
    )
    assert found.metrics == {"time": 0.25, "disk /var": 81.0, "exit_code": 0}
    assert found.message == "OK - fine"


async def test_output_is_scrubbed_bounded_and_decoded(run: Run) -> None:
    found = await run("exec", run=shell(r"printf '\033]0;owned\007a\377b\033[31mc\n'"))
    assert found.message == "a\ufffdbc"
    found = await run("exec", run=shell("yes | head -c 3000000; exit 1"))
    assert found.status is Status.DEGRADED
    assert found.message == "y"


async def test_without_output_the_error_output_speaks(run: Run) -> None:
    found = await run("exec", run=shell("echo oops >&2; exit 2"))
    assert found.message == "oops"
    found = await run("exec", run=shell("exit 2"))
    assert found.message == "no output, exit code 2"


@pytest.mark.parametrize("run_as", ["/no/such/program", "/etc/passwd", "/tmp"])
async def test_a_program_that_cannot_be_run_is_unknown(run: Run, run_as: str) -> None:
    found = await run("exec", run=[run_as])
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.PROGRAM)
    assert found.message.startswith(f"the program could not be run: {run_as} ")


async def test_a_missing_directory_and_a_broken_script_are_unknown(
    run: Run, tmp_path: Path
) -> None:
    found = await run("exec", run=["/bin/true"], cwd=tmp_path / "missing")
    assert found.status is Status.UNKNOWN
    assert "missing does not exist" in found.message
    script = tmp_path / "script"
    script.write_bytes(b"\x00\x01")
    script.chmod(0o755)
    found = await run("exec", run=[str(script)])
    assert found.status is Status.UNKNOWN
    # asyncio's exec says so at once, uvloop's (libc's execvp) has /bin/sh find it out.
    assert "cannot be executed" in found.message or "exit code 127" in found.message


async def test_a_program_ended_by_a_signal_is_unknown(run: Run) -> None:
    found = await run("exec", run=shell("echo dying; kill -SEGV $$"))
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.PROGRAM)
    assert found.message == "/bin/sh was ended by SIGSEGV: dying"


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def written(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()]


async def all_ended(path: Path, count: int) -> bool:
    """Whether all processes whose numbers stand in a file end within a second."""
    pids = written(path)
    assert len(pids) == count
    for _ in range(50):
        if not any(alive(pid) for pid in pids):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_timeout_ends_the_whole_group_even_where_it_ignores_term(
    run: Run, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; echo $$ >> {pids}; sh -c 'echo $$ >> {pids}; sleep 60' ; sleep 60"
    found = await run("exec", run=shell(script), timeout_ms=300)
    assert (found.status, found.fault) == (Status.DOWN, Fault.TIMEOUT)
    assert found.latency_ms is not None
    assert found.latency_ms < 800
    assert await all_ended(pids, 2)


async def test_at_the_timeout_a_program_has_a_moment_to_end_itself(
    run: Run, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    script = f"trap 'sleep 0.03; echo bye > {said}; exit 0' TERM; while :; do sleep 0.01; done"
    found = await run("exec", run=shell(script), timeout_ms=300)
    assert found.fault is Fault.TIMEOUT
    assert said.read_text() == "bye\n"


async def test_a_child_that_stays_behind_is_ended_and_not_waited_for(
    run: Run, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    found = await run("exec", run=shell(f"sleep 60 & echo $! > {pids}; echo done"))
    assert found.status is Status.UP
    assert found.message == "done"
    assert found.latency_ms is not None
    assert found.latency_ms < 1000
    assert await all_ended(pids, 1)


async def test_a_cancelled_run_leaves_no_process(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    check = prepared("exec", run=shell(f"echo $$ > {pids}; sleep 60"))
    task = asyncio.create_task(checks.run(check, AT))
    for _ in range(100):
        if pids.exists() and pids.read_text():
            break
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await all_ended(pids, 1)


async def test_the_environment_is_ours_with_additions_and_no_shell(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    monkeypatch.setenv("TOKEN", "hidden-token-value")
    program = (
        "import os, sys; of = os.environ.get;"
        "print(of('NOTIFY_SOCKET'), of('LC_NUMERIC'), sys.argv[1], of('T'))"
    )
    found = await run(
        "exec", run=[sys.executable, "-c", program, "$HOME;`id`"], env={"T": {"env": "TOKEN"}}
    )
    assert found.message == "None C $HOME;`id` ***"


async def test_the_program_leads_a_group_of_its_own(run: Run) -> None:
    program = "import os; print(os.getpgid(0) == os.getpid())"
    found = await run("exec", run=[sys.executable, "-c", program])
    assert found.message == "True"
    assert os.getpgid(0) == os.getpgrp()


@pytest.mark.parametrize(
    "keys", [{"run": []}, {"run": [" "]}, {"run": ["a\0b"]}, {"run": ["a"], "env": {"A=B": "x"}}]
)
def test_a_program_that_cannot_be_started_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExecSpec.model_validate({"name": "x", **keys})


def test_long_output_and_performance_data_of_many_lines_are_told_apart() -> None:
    text = "DISK OK | a=1\nfirst\nsecond | b=2\nc=3\n"
    output, long_output, perf = read_output(text)
    assert output == "DISK OK"
    assert long_output == "first\nsecond "
    assert [(item.label, item.value) for item in perf] == [("a", 1), ("b", 2), ("c", 3)]
