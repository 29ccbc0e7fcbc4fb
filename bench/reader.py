"""A subscriber of the event stream: one process that reads everything and says how much.

`python -m bench.reader SOCKET READERS` opens that many streams and counts events; each line
on its input is answered with the events since the last, as JSON; the end of it ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

REQUEST = b"GET /api/v1/events HTTP/1.1\r\nHost: tocsin\r\nAccept: text/event-stream\r\n\r\n"


class Stream(asyncio.Protocol):
    """Counts what comes in; an event ends with an empty line."""

    def __init__(self) -> None:
        self.events = self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self.events += data.count(b"\nevent: ")
        self.bytes += len(data)


async def _read(socket: str, readers: int) -> None:
    loop = asyncio.get_running_loop()
    streams = [(await loop.create_unix_connection(Stream, socket))[1] for _ in range(readers)]
    print("{}", flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        told = {"events": [one.events for one in streams], "bytes": [one.bytes for one in streams]}
        for one in streams:
            one.events = one.bytes = 0
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(_read(sys.argv[1], int(sys.argv[2])))
