"""A real daemon acts on its incidents: with approval, to the end, and over `kill -9`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.api.schema import IncidentDetail, RunView
from daemon.client import Client, Refused
from tests.peers.process import free_port
from tests.respond.desk import is_alive, until, written
from tests.system.running import PATIENCE_S, Tocsin

CONFIG = """
[defaults]
every = "500ms"
timeout = "400ms"
retry_every = "100ms"
down_after = 2

[[check]]
name = "shop"
kind = "tcp"
host = "127.0.0.1"
port = {port}

[channel.log]
kind = "log"

[[route]]
channels = ["log"]

[[response]]
name = "restart-shop"
on = ['service="shop"']
run = ["{script}"]
{more}
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A port for the shop's server; whatever serves there is ended with the test."""
    yield free_port()
    for name in ("server", "run"):
        for pid in written(tmp_path / name).split():
            if is_alive(int(pid)):
                os.kill(int(pid), signal.SIGKILL)


def script(home: Path, *lines: str) -> Path:
    """A program that an operator would write."""
    path = home / "restart-shop"
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def served(command: list[str]) -> subprocess.Popen[bytes]:
    """The shop's server, as it ran before it died."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def run_in(tocsin: Tocsin, *states: str) -> RunView:
    """The newest run, once it is in one of these states."""
    async with asyncio.timeout(PATIENCE_S), Client(tocsin.socket) as client:
        while True:
            found = await client.response_runs()
            if found and found[0].state in states:
                return found[0]
            await asyncio.sleep(0.05)


async def resolved(client: Client, incident: str) -> IncidentDetail:
    """The incident, once it is over."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await client.incident(incident)).incident.state != "resolved":  # noqa: ASYNC110  # another process tells no event
            await asyncio.sleep(0.05)
    return found


async def test_a_service_that_died_is_restarted_after_approval_and_recovers(
    tmp_path: Path, port: int
) -> None:
    serve = f"{sys.executable} -m http.server --bind 127.0.0.1 {port}"
    program = script(
        tmp_path,
        f"setsid {serve} >/dev/null 2>&1 </dev/null &",
        f"echo $! > {tmp_path}/server",
        'echo "started for $TOCSIN_INCIDENT"',
    )
    first = served(serve.split())
    await until(lambda: answers(port))
    more = 'confirm = true\nmax = "1/h"'
    config = CONFIG.format(port=port, script=program, more=more)
    try:
        await _restarted(tmp_path, config, first, program, port)
    finally:
        first.kill()
        first.wait()


async def _restarted(
    home: Path, config: str, first: subprocess.Popen[bytes], program: Path, port: int
) -> None:
    async with Tocsin(home, config) as tocsin:
        first.kill()
        first.wait()
        incident = await tocsin.incident("shop")
        waiting = await run_in(tocsin, "waiting")
        async with Client(tocsin.socket) as client:
            assert [one.id for one in (await client.state()).runs] == [waiting.id]
            assert (await client.approve_run(waiting.id[:6])).state == "running"
            story = await resolved(client, incident.id)
            ended = await run_in(tocsin, "succeeded")
            assert ended.detail.endswith(f"started for {incident.id}")
            detail = await client.response_run(ended.id)
            assert detail.output == f"started for {incident.id}\n"
            (response,) = await client.responses()
            assert (response.runs, response.failed, response.stopped_at) == (1, 0, None)
            with pytest.raises(Refused, match="already resolved"):
                await client.respond(incident.id, "restart-shop")
        lines = [one.text for one in story.timeline if one.kind == "response"]
        assert lines[0] == f"restart-shop asks for approval (run {waiting.id}): run {program}"
        assert lines[1] == f"restart-shop begins (firing): run {program}"
        assert lines[2].startswith("restart-shop succeeded: exit code 0 in ")
        assert answers(port)


@pytest.mark.slow
async def test_a_run_that_kill_9_interrupts_is_on_disk_and_is_not_run_again(
    tmp_path: Path, port: int
) -> None:
    program = script(tmp_path, f"echo $$ >> {tmp_path}/run", "sleep 600")
    config = CONFIG.format(port=port, script=program, more="")
    async with Tocsin(tmp_path, config) as tocsin:
        await tocsin.incident("shop")
        await until(lambda: bool(written(tmp_path / "run").strip()))
        tocsin.kill()
        await tocsin.start()
        ended = await run_in(tocsin, "interrupted")
        assert "what became of it is not known" in ended.detail
        (incident,) = [one for one in (await tocsin.state()).incidents if one.service == "shop"]
        assert [(one.response, one.state) for one in incident.responses] == [
            ("restart-shop", "interrupted")
        ]
        assert len(written(tmp_path / "run").split()) == 1
