"""A receiver of webhooks: one process that notes when the first byte of each request came.

`python -m bench.sink` prints its port as a line of JSON. Each line on its input is answered
with what arrived since the last: a list of [seconds since the epoch, the decoded body]. The
end of its input ends it. It is the channel of the daemon and of Alertmanager alike.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any, Final, cast

import uvloop

ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)

Arrived = list[tuple[float, bytes]]


class Hook(asyncio.Protocol):
    """Reads requests with a body of a stated length, one after the other."""

    def __init__(self, arrived: Arrived) -> None:
        self._arrived = arrived
        self._seen = b""
        self._first_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._seen:
            self._first_s = time.time()
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self._arrived.append((self._first_s, body[: int(length[1])]))
        self._seen = b""
        self._transport.write(ANSWER)


def told(arrived: Arrived) -> list[tuple[float, Any]]:
    """What arrived, decoded."""
    return [(at_s, json.loads(body)) for at_s, body in arrived]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    arrived: Arrived = []
    server = await loop.create_server(lambda: Hook(arrived), "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        print(json.dumps(told(arrived)), flush=True)
        arrived.clear()


if __name__ == "__main__":
    uvloop.run(_serve())
