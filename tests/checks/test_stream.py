"""A connection read as bytes, against a raw server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from checks.dial import Endpoint, connect
from checks.errors import ProbeError
from checks.probe import Trace
from checks.result import Fault
from checks.stream import BUFFER_LIMIT, Stream
from tests.peers.http import start_raw


async def talked(*parts: bytes, then: Callable[[Stream], Awaitable[Any]]) -> Any:
    """What `then` gets from a peer that says these parts and leaves."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async with start_raw(script) as server:
        endpoint = Endpoint.of("127.0.0.1", server.port)
        stream = Stream(endpoint.words)
        try:
            await connect(endpoint, stream, Trace(), 3.0)
            async with asyncio.timeout(3.0):
                return await then(stream)
        finally:
            stream.abort()


async def test_lines_and_counts_are_put_together_from_pieces() -> None:
    async def read(stream: Stream) -> list[object]:
        return [
            *(await stream.read_line(), await stream.read_exactly(4), await stream.read_line()),
            *(await stream.read(), await stream.read()),
        ]

    found = await talked(b"one", b" two\r", b"\nabc", b"d\n", then=read)
    assert found == ["one two", b"abcd", "", b"", b""]


@pytest.mark.parametrize("wish", ["line", "bytes"])
async def test_an_end_in_the_middle_is_a_reset(wish: str) -> None:
    async def read(stream: Stream) -> object:
        return await (stream.read_line() if wish == "line" else stream.read_exactly(9))

    with pytest.raises(ProbeError, match="closed the connection in the middle") as caught:
        await talked(b"abc", then=read)
    assert caught.value.fault is Fault.RESET


async def test_our_own_address_is_known() -> None:
    async def own(stream: Stream) -> str:
        return stream.local_address

    assert await talked(b"", then=own) == "127.0.0.1"


async def test_a_peer_that_pours_is_left() -> None:
    async def wait(stream: Stream) -> bytes:
        return await stream.read_exactly(2 * BUFFER_LIMIT)

    with pytest.raises(ProbeError, match="sent more than 1048576 bytes unasked") as caught:
        await talked(*[b"x" * 65_536] * 40, then=wait)
    assert caught.value.fault is Fault.PROTOCOL


async def test_a_line_without_end_is_left() -> None:
    with pytest.raises(ProbeError, match="a line longer than 8192 bytes"):
        await talked(*[b"x" * 4096] * 8, then=lambda stream: stream.read_line())
