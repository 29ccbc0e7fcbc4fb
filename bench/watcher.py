"""A subscriber that notes when it heard of what: one process that reads the event stream.

`python -m bench.watcher SOCKET KIND` keeps the events of one kind (`incident`, `alert`,
`check`). Each line on its input is answered with what came since the last, as JSON: a list
of [seconds since the epoch, the event's data]. The end of its input ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

REQUEST = b"GET /api/v1/events HTTP/1.1\r\nHost: tocsin\r\nAccept: text/event-stream\r\n\r\n"


class Watch(asyncio.Protocol):
    """Keeps the events of a kind with the time of their arrival.

    The daemon sends whole events in each chunk, so what stands between two empty lines is a
    chunk's length at most, and an event. Data is decoded when it is asked for.
    """

    def __init__(self, kind: str) -> None:
        self._mark = b"event: %s\ndata: " % kind.encode()
        self._rest = b""
        self._missed = False
        self.heard: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(REQUEST)

    def data_received(self, data: bytes) -> None:
        now_s = time.time()
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        for event in whole:
            _, found, text = event.partition(self._mark)
            if found:
                self.heard.append((now_s, text))
            self._missed = self._missed or b"event: reset\n" in event

    def take(self) -> list[tuple[float, Any]]:
        """What came since this was last asked.

        Raises:
            RuntimeError: The daemon said that something was missed.
        """
        if self._missed:
            raise RuntimeError("the stream was reset; events were missed")
        heard, self.heard = self.heard, []
        return [(at_s, json.loads(text)) for at_s, text in heard]


async def _watch(socket: str, kind: str) -> None:
    loop = asyncio.get_running_loop()
    _, watch = await loop.create_unix_connection(lambda: Watch(kind), socket)
    print("{}", flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        print(json.dumps(watch.take()), flush=True)


if __name__ == "__main__":
    uvloop.run(_watch(sys.argv[1], sys.argv[2]))
