"""The targets: one process that answers HTTP, HTTPS and TCP on loopback, and fails when told.

`python -m bench.target PORTS [DIRECTORY]` opens PORTS listeners for each kind and prints
their numbers as one line of JSON; HTTPS needs the directory, where it leaves the throw-away
authority's certificate as `ca.pem`. Then each line on its input is answered with one:

    mark              requests and connections since the last mark, and how late each came
    fail NAME ...     from now on answer 503 where the path is one of these; when that was
    mend NAME ...     answer 200 again; when that was
    anew              another daemon begins to ask: nothing ever failed; when that was

The end of its input ends it. A request's path is `/NAME?slots=EVERY_MS,GRAIN_MS`. A check's
slots are known from its name and these (`daemon.core.observing.schedule.phase`), so the target can
tell how late a request came without asking the daemon: the lateness of the schedule and the
connection.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, cast

import trustme
import uvloop

from daemon.core.observing.schedule import phase

BODY: Final = b'{"ok": true, "queue": 3}'
BACKLOG: Final = 4096
AUTHORITY: Final = "ca.pem"

slot_of = lru_cache(maxsize=20_000)(phase)


def _answer(status: bytes) -> bytes:
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nServer: bench\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(BODY), BODY)
    )


GOOD: Final = _answer(b"200 OK")
BAD: Final = _answer(b"503 Service Unavailable")


class Tally:
    """What was asked since the last mark, and who is to fail.

    Attributes:
        requests: HTTP and HTTPS requests answered.
        connections: TCP connections greeted.
        late_ms: By how much each request missed its slot; not of names that ever failed, which
            are asked again between their slots.
        failing: The names that are answered badly.
    """

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self._ever_failed: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self.requests = self.connections = 0
        self.late_ms: list[float] = []

    def http(self, path: bytes) -> bytes:
        """A request came in; its answer."""
        self.requests += 1
        name, _, slots = path[1:].decode("ascii", "replace").partition("?slots=")
        if slots and name not in self._ever_failed:
            span, size = map(int, slots.split(","))
            self.late_ms.append((time.time_ns() / 1e6 - slot_of(name, span, size)) % span)
        return BAD if name in self.failing else GOOD

    def obey(self, line: str) -> dict[str, object]:
        """Do what a line of input says; the answer."""
        word, *names = line.split()
        match word:
            case "mark":
                return self._mark()
            case "fail":
                self.failing.update(names)
                self._ever_failed.update(names)
            case "mend":
                self.failing.difference_update(names)
            case "anew":
                self.failing.clear()
                self._ever_failed.clear()
            case _:
                raise ValueError(f"unknown command {word!r}")
        return {"at_s": time.time()}

    def _mark(self) -> dict[str, object]:
        told: dict[str, object] = {
            "requests": self.requests,
            "connections": self.connections,
            "late_ms": [round(late, 2) for late in self.late_ms],
        }
        self._begin()
        return told


class HttpTarget(asyncio.Protocol):
    """Answers every request and closes."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if b"\r\n\r\n" not in self._seen:
            return
        self._transport.write(self._tally.http(self._seen.split(b" ", 2)[1]))
        self._transport.close()


class TcpTarget(asyncio.Protocol):
    """Greets and waits to be left."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tally.connections += 1
        cast("asyncio.Transport", transport).write(b"220 bench\r\n")


def _tls(directory: Path) -> ssl.SSLContext:
    """A server's context under an authority made for this run. It hands out no tickets, so
    no handshake can be shortened by an earlier one."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / AUTHORITY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


async def _serve(listeners: int, directory: Path | None) -> None:
    loop = asyncio.get_running_loop()
    tally = Tally()
    ports: dict[str, list[int]] = {"http": [], "tcp": []}
    made: dict[str, type[HttpTarget | TcpTarget]] = {"http": HttpTarget, "tcp": TcpTarget}
    contexts: dict[str, ssl.SSLContext] = {}
    if directory is not None:
        ports["https"], made["https"], contexts["https"] = [], HttpTarget, _tls(directory)
    for kind, numbers in ports.items():
        for _ in range(listeners):
            make = partial(made[kind], tally)
            server = await loop.create_server(
                make, "127.0.0.1", 0, backlog=BACKLOG, ssl=contexts.get(kind)
            )
            numbers.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    commands = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(json.dumps(tally.obey(line.decode())), flush=True)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
