"""A raw TCP server for tests: each connection is handed to a script, which may misbehave.

`start_raw(script)` serves `async def script(reader, writer)`; with `tls` it speaks TLS.
`answering(...)` makes the usual script: read one request, send these bytes, close.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """A running raw server.

    Attributes:
        requests: The head and body of every request that `answering` read, as bytes.
        connections: How many connections it took.
    """

    port: int = 0
    host: str = "127.0.0.1"
    secure: bool = False
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http{'s' if self.secure else ''}://{self.host}:{self.port}"


@contextlib.asynccontextmanager
async def start_raw(
    script: Script | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    port: int = 0,
    server: RawServer | None = None,
) -> AsyncIterator[RawServer]:
    """Serve `script` on the loopback until the block ends."""
    server = server or RawServer()
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            if script is not None:
                await script(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer left, or the test is over: both are expected of a test's server
        finally:
            writer.close()
            tasks.discard(task)

    listener = await asyncio.start_server(serve, server.host, port, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.secure = tls is not None
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One whole HTTP request."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    return head


def answering(server: RawServer, *answers: bytes) -> Script:
    """Answer the n-th request (of all connections) with the n-th bytes, the last ever after;
    then close."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.requests.append(await read_request(reader))
        writer.write(answers[min(len(server.requests), len(answers)) - 1])
        await writer.drain()

    return script


def response(
    status: int = 200,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """A well-formed HTTP/1.1 response."""
    lines = [
        f"HTTP/1.1 {status} Reason",
        f"Content-Length: {len(body) if length is None else length}",
    ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
