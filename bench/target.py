"""The targets: one process that answers HTTP and TCP on loopback and notes when it was asked.

`python -m bench.target PORTS` opens PORTS listeners for each, prints their numbers as one
line of JSON, and then answers commands, one line each: `mark` says how many requests there
were since the last `mark` and how late each came, as JSON; the end of its input ends it.

A request's path is `/NAME?every=MS`. A check's slots are known from its name and interval
(`daemon.core.schedule.phase`), so the target can tell how late a request came without
asking the daemon: the lateness of the schedule and of the connection together.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial
from typing import Final, cast
from zlib import crc32

import uvloop

BODY: Final = b'{"ok": true, "queue": 3}'
ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: bench\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
)


class Tally:
    """What was asked since the last mark.

    Attributes:
        requests: HTTP requests answered.
        connections: TCP connections greeted.
        late_ms: By how much each HTTP request missed its slot.
    """

    def __init__(self) -> None:
        self.requests = self.connections = 0
        self.late_ms: list[float] = []

    def http(self, path: bytes) -> None:
        """A request came in."""
        self.requests += 1
        name, _, every = path.partition(b"?every=")
        if every:
            span = int(every)
            now_ms = time.time_ns() / 1e6
            self.late_ms.append((now_ms - crc32(name[1:]) % span) % span)

    def mark(self) -> str:
        """Everything since the last mark, as a line of JSON."""
        told = {
            "requests": self.requests,
            "connections": self.connections,
            "late_ms": [round(late, 2) for late in self.late_ms],
        }
        self.__init__()  # type: ignore[misc]  # begins anew
        return json.dumps(told)


class HttpTarget(asyncio.Protocol):
    """Answers every request with 200 and closes."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if b"\r\n\r\n" not in self._seen:
            return
        self._tally.http(self._seen.split(b" ", 2)[1])
        self._transport.write(ANSWER)
        self._transport.close()


class TcpTarget(asyncio.Protocol):
    """Greets and waits to be left."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tally.connections += 1
        cast("asyncio.Transport", transport).write(b"220 bench\r\n")


async def _serve(listeners: int) -> None:
    loop = asyncio.get_running_loop()
    tally = Tally()
    ports: dict[str, list[int]] = {"http": [], "tcp": []}
    made: tuple[type[HttpTarget | TcpTarget], ...] = (HttpTarget, TcpTarget)
    for kind, protocol in zip(ports, made, strict=True):
        for _ in range(listeners):
            server = await loop.create_server(
                partial(protocol, tally), "127.0.0.1", 0, backlog=1024
            )
            ports[kind].append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        print(tally.mark(), flush=True)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
