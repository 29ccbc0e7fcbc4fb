"""How long the daemon keeps somebody waiting: one process that asks it every 20 ms.

`python -m bench.pinger SOCKET` asks `/-/healthy` on one kept connection. An answer cannot come
while the daemon's loop is held up, so the longest wait is more than the longest hold-up (by
the request itself, and by what the system's scheduler adds). Each line on its input is
answered with the waits in milliseconds since the last; the end of its input ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Final

import uvloop

EVERY_S: Final = 0.02
REQUEST: Final = b"GET /-/healthy HTTP/1.1\r\nHost: tocsin\r\n\r\n"


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    began_s = time.perf_counter()
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    wait_ms = (time.perf_counter() - began_s) * 1000
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return wait_ms


async def _ping(socket: str, waits_ms: list[float]) -> None:
    reader, writer = await asyncio.open_unix_connection(socket)
    while True:
        waits_ms.append(await _ask(reader, writer))
        await asyncio.sleep(EVERY_S)


async def _run(socket: str) -> None:
    waits_ms: list[float] = []
    pinging = asyncio.create_task(_ping(socket, waits_ms))
    print("{}", flush=True)
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        if pinging.done():
            pinging.result()
        print(json.dumps({"waits_ms": [round(wait, 2) for wait in waits_ms]}), flush=True)
        waits_ms.clear()
    pinging.cancel()


if __name__ == "__main__":
    uvloop.run(_run(sys.argv[1]))
