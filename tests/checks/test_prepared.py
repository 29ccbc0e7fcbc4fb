"""Preparing a check finds what cannot work; running one always answers, in time."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from pathlib import Path
from typing import Any

import pytest
import uvloop

import checks
from checks import cel_library
from checks import prepared as subject
from checks.errors import SpecError
from checks.prepared import Prepared
from checks.probe import Trace
from checks.result import Fault, Observation, Status
from tests.checks.conftest import AT, Run, prepared
from tests.peers.http import RawServer, answering, response, start_raw


class Scripted:
    """A probe that does what a test says."""

    def __init__(self, act: Any) -> None:
        self.act = act

    async def observe(self, trace: Trace) -> Observation:
        trace.enter("work")
        found: Observation = await self.act()
        return found

    async def close(self) -> None:
        """Nothing to close."""


def scripted(act: Any, timeout_ms: int = 1000) -> Prepared:
    check = prepared("tcp", host="127.0.0.1", port=1, timeout_ms=timeout_ms)
    check.probe = Scripted(act)
    return check


def raising(error: BaseException) -> Any:
    async def act() -> Observation:
        raise error

    return act


@pytest.mark.parametrize(
    ("kind", "keys", "field", "words"),
    [
        (
            "http",
            {"url": "http://x/", "expect": ["status == 200", "stat == 2"]},
            "expect[1]",
            "did you mean status",
        ),
        (
            "http",
            {"url": "http://x/", "degraded_if": ["latency_ms"]},
            "degraded_if[0]",
            "neither true",
        ),
        ("heartbeat", {"period": "1m", "expect": ["true"]}, "expect", "nothing to judge"),
        (
            "tcp",
            {"host": "h", "port": 1, "expect": ["status == 200"]},
            "expect[0]",
            "its fields are",
        ),
    ],
)
def test_what_cannot_work_is_a_spec_error_at_its_field(
    kind: str, keys: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        prepared(kind, **keys)
    assert caught.value.field == field


def test_a_driver_that_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SpecError, match=r"pip install 'tocsin\[postgres\]'"):
        prepared("postgres", user="x")
    assert checks.KINDS["http"].missing() is None


def test_a_timeout_of_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="longer than 0"):
        prepared("tcp", host="h", port=1, timeout_ms=0)


async def test_a_heartbeat_is_not_run() -> None:
    found = await checks.run(prepared("heartbeat", period="1m"), AT)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EPERM]
)
async def test_a_lack_of_our_own_is_unknown_never_down(number: int) -> None:
    found = await checks.run(scripted(raising(OSError(number, "x"))), AT)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert "this " in found.message


async def test_running_out_of_descriptors_for_real_is_unknown(run: Run) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = RawServer()
    async with start_raw(answering(server, response()), server=server):
        check = prepared("http", url=server.url)
        kept = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
            while True:
                try:
                    kept.append(Path("/dev/null").open("rb"))  # noqa: SIM115, ASYNC230  # all are closed below
                except OSError:
                    break
            found = await checks.run(check, AT)
        finally:
            for file in kept:
                file.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert "out of file descriptors" in found.message


@pytest.mark.parametrize("key", ["expect", "degraded_if"])
async def test_a_condition_whose_library_cannot_be_loaded_is_unknown_never_down(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answered() -> Observation:
        return Observation(latency_ms=1.0, fields={"status": "a text"})

    keys: dict[str, Any] = {"url": "http://x/", key: ["status == 200"]}
    check = prepared("http", **keys)
    check.probe = Scripted(answered)

    def out_of_files() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(cel_library, "library", out_of_files)
    found = await checks.run(check, AT)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == "the library for conditions cannot be loaded: Too many open files"
    with pytest.raises(SpecError, match=r"expect\[0\]: .*cannot be read now: the library"):
        prepared("http", url="http://x/", expect=["status == 200 && latency_ms < 1.0"])


async def test_a_bug_in_a_probe_is_unknown_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check = scripted(raising(KeyError("surprise")))
    with caplog.at_level(logging.ERROR, "tocsin.checks"):
        for _ in range(3):
            found = await checks.run(check, AT)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == "a bug in the tcp probe (KeyError); see the log"
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is not None


async def test_a_timeout_names_the_stage_and_keeps_its_bound() -> None:
    async def hang() -> Observation:
        await asyncio.sleep(60)
        return Observation()

    began = time.monotonic()
    found = await checks.run(scripted(hang, timeout_ms=100), AT)
    assert time.monotonic() - began < 0.6
    assert (found.status, found.fault) == (Status.DOWN, Fault.TIMEOUT)
    assert found.message == "timed out after 100ms (while waiting for: work)"
    assert found.phases["work"] >= 99  # uvloop counts whole milliseconds and may wake early


async def test_a_timeout_while_our_own_loop_stalled_is_unknown() -> None:
    async def stall() -> Observation:
        time.sleep(0.6)  # noqa: ASYNC251  # this is the stall
        await asyncio.sleep(60)
        return Observation()

    found = await checks.run(scripted(stall, timeout_ms=100), AT)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert "this host was too busy" in found.message


async def test_a_cancel_from_outside_goes_through() -> None:
    entered = asyncio.Event()

    async def hang() -> Observation:
        entered.set()
        await asyncio.sleep(60)
        return Observation()

    task = asyncio.create_task(checks.run(scripted(hang), AT))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_secrets_are_found_however_deep_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_SECRET", "hd-cccc")
    check = prepared(
        "http",
        url="http://x/",
        headers={"X-Key": "plain", "X-Secret": {"env": "X_SECRET"}},
        bearer="tok-aaaa",
        tls={"key_password": "pw-bbbb"},
    )
    assert set(check.secrets) == {"tok-aaaa", "pw-bbbb", "hd-cccc"}
    assert subject._masked("x tok-aaaa y pw-bbbb", check.secrets) == "x *** y ***"
    assert "tok-aaaa" not in repr(check.spec)
    assert "tok-aaaa" not in check.spec.model_dump_json()


def test_the_package_alone_draws_in_no_probe() -> None:
    import subprocess
    import sys

    program = (
        "import sys, checks.result; heavy = {'pydantic', 'cel', 'psutil', 'asyncpg', 'httptools',"
        " 'ssl', 'asyncio'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0);"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    program = (
        "import sys, checks; checks.KINDS; heavy = {'psutil', 'asyncpg', 'aiomysql', 'redis',"
        " 'aiohttp'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hundreds_of_runs_on_uvloop_leave_no_descriptor_and_no_task() -> None:
    async def body() -> None:
        server = RawServer()
        async with start_raw(answering(server, response(200, b"{}")), server=server):
            check = prepared("http", url=server.url, expect=["status == 200"])
            refused = prepared("tcp", host="127.0.0.1", port=1)
            await checks.run(check, AT)
            before = len(list(Path("/proc/self/fd").iterdir()))  # noqa: ASYNC240  # procfs
            for _ in range(100):
                assert (await checks.run(check, AT)).status is Status.UP
                assert (await checks.run(refused, AT)).status is Status.DOWN
            await asyncio.sleep(0.05)
            after = len(list(Path("/proc/self/fd").iterdir()))  # noqa: ASYNC240  # procfs
            assert after <= before + 2
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert len(others) <= 1

    uvloop.run(body())
