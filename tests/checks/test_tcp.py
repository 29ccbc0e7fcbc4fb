"""The tcp kind against a raw server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from checks.result import Fault, Status
from checks.tcp import TcpSpec
from tests.checks.conftest import Run
from tests.peers.http import Script, start_raw
from tests.peers.process import free_port


def saying(*parts: bytes, wait_s: float = 0.0, hold: bool = True) -> Script:
    """A script that says these parts, then waits for the peer to leave, or leaves."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(wait_s)
        if hold:
            await reader.read()

    return script


async def checked(run: Run, script: Script | None, **keys: Any) -> Any:
    async with start_raw(script) as server:
        return await run("tcp", host="127.0.0.1", port=server.port, **keys)


async def test_a_port_that_accepts_is_up(run: Run) -> None:
    found = await checked(run, None, expect=["connected", "latency_ms < 1000", 'banner == ""'])
    assert found.status is Status.UP, found


async def test_a_banner_in_pieces_is_read_until_it_matches(run: Run) -> None:
    script = saying(b"22", b"0 mail.example ESM", b"TP ready\r\nmore", wait_s=0.01)
    found = await checked(
        run, script, receive=r"^220 \S+ ESMTP", expect=['banner.startsWith("220 mail")']
    )
    assert found.status is Status.UP, found


async def test_what_does_not_match_is_shown(run: Run) -> None:
    found = await checked(run, saying(b"554 no \x1b[31mservice\r\n", hold=False), receive="^220")
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROTOCOL)
    assert 'said "554 no service", which does not match "^220"' in found.message


async def test_a_peer_that_says_nothing_times_out(run: Run) -> None:
    found = await checked(run, saying(), receive="^220", timeout_ms=150)
    assert found.fault is Fault.TIMEOUT
    assert found.message == "timed out after 150ms (while waiting for: answer)"


async def test_a_question_is_sent_and_its_first_line_read(run: Run) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"you said " + await reader.readline())
        await writer.drain()
        await reader.read()

    found = await checked(run, echo, send="hallo\n", expect=['banner == "you said hallo\\n"'])
    assert found.status is Status.UP, found


async def test_a_banner_is_bounded(run: Run) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    found = await checked(run, flood, expect=["size(banner) == 4096"])
    assert found.status is Status.UP, found


async def test_a_closed_port_is_refused(run: Run) -> None:
    port = free_port()
    found = await run("tcp", host="127.0.0.1", port=port)
    assert found.message == f"connection refused by 127.0.0.1:{port}"
    assert found.fault is Fault.REFUSED


async def test_a_name_without_address_is_told_apart_from_a_broken_resolver(run: Run) -> None:
    found = await run("tcp", host="no-such-host.invalid", port=80)
    assert found.fault is Fault.RESOLVE
    assert found.status in {Status.DOWN, Status.UNKNOWN}
    assert ("has no address" in found.message) == (found.status is Status.DOWN)


@pytest.mark.parametrize("receive", ["(", "[z-a]", "(?<name>x"])
def test_a_pattern_that_does_not_compile_is_refused(receive: str) -> None:
    with pytest.raises(ValidationError, match="no RE2 pattern"):
        TcpSpec(name="x", host="h", port=1, receive=receive)


@pytest.mark.parametrize(
    "keys", [{"host": ""}, {"host": "a b"}, {"port": 0}, {"port": 65536}, {"host": "[::1]"}]
)
def test_an_endpoint_that_cannot_be_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TcpSpec(**{"name": "x", "host": "h", "port": 1, **keys})
