"""What a hostility is: a script that has a connection to itself, and tools to write one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

DRIP_S = 0.05
"""Seconds between two bytes of a drip."""


async def serve(script: Script, tls: ssl.SSLContext | None = None) -> int:
    """Hand every connection to `script`; the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):  # the check leaves when it has had enough
            await script(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port: int = server.sockets[0].getsockname()[1]
    return port


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a RST."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hold(reader: asyncio.StreamReader) -> None:
    """Say nothing more until the other side leaves."""
    while await reader.read(65_536):
        pass


async def pour(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """Send the same for ever, as fast as it is taken."""
    while True:
        writer.write(piece)
        await writer.drain()


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send a byte at a time, for ever."""
    while True:
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(DRIP_S)


def says(*answers: bytes, asked: bool = True, then: str = "hold") -> Script:
    """A script: after each thing that is heard the next answer; then `hold`, `close` or `reset`.

    `asked` is false where it speaks first.
    """

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            if (asked or number) and not await reader.read(65_536):
                return
            writer.write(answer)
            await writer.drain()
        if then == "hold":
            await hold(reader)
        elif then == "reset":
            reset(writer)

    return script


def pours(head: bytes, piece: bytes, *, asked: bool = True) -> Script:
    """A script: `head`, and then `piece` for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked:
            await reader.read(65_536)
        writer.write(head)
        await pour(writer, piece)

    return script


def drips(data: bytes, *, head: bytes = b"", asked: bool = True) -> Script:
    """A script: `head`, and then `data` a byte at a time, for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked:
            await reader.read(65_536)
        writer.write(head)
        await drip(writer, data)

    return script
