"""A name server that tests script, over UDP and TCP on one port; it may lie.

`start_nameserver(script)` serves `script(question) -> list of messages`, where a question is a
message as it came; whatever the script gives is sent back, each as a datagram or framed on the
connection. `zone(...)` makes a script that answers from a table, well.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

Script = Callable[["Asked"], Sequence[bytes]]


@dataclass(frozen=True)
class Asked:
    """A question as it came in."""

    message: bytes
    transport: str

    @property
    def question(self) -> bytes:
        """The question section: name, type and class."""
        end = self.message.index(b"\0", 12) + 5
        return self.message[12:end]

    @property
    def edns(self) -> bool:
        """Whether it has an OPT record."""
        return self.message[11] == 1

    def answer(
        self,
        *records: bytes,
        code: int = 0,
        flags: int = 0x8180,
        question: bytes | None = None,
        number: int | None = None,
    ) -> bytes:
        """An answer to it, or to another question."""
        named = self.question if question is None else question
        own = int.from_bytes(self.message[:2])
        head = (own if number is None else number, flags | code, 1, len(records), 0, 0)
        return struct.pack("!6H", *head) + named + b"".join(records)


def record(kind: int, data: bytes, *, ttl: int = 300, owner: bytes = b"\xc0\x0c") -> bytes:
    """A record; its owner is the name asked for."""
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def address(text: str, *, ttl: int = 300) -> bytes:
    """An A record."""
    return record(1, bytes(map(int, text.split("."))), ttl=ttl)


def always(*records: bytes, code: int = 0, flags: int = 0x8180) -> Script:
    """A script that answers every question so."""
    return lambda asked: [asked.answer(*records, code=code, flags=flags)]


def by_transport(scripts: Mapping[str, Script]) -> Script:
    """One script for `udp`, another for `tcp`."""
    return lambda asked: scripts[asked.transport](asked)


@dataclass
class Nameserver:
    """A running server; what it was asked, in order."""

    port: int = 0
    host: str = "127.0.0.1"
    asked: list[Asked] = field(default_factory=list)

    @property
    def words(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver, script: Script) -> None:
        self._server = server
        self._script = script

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: object) -> None:
        asked = Asked(data, "udp")
        self._server.asked.append(asked)
        for message in self._script(asked):
            self._transport.sendto(message, address)  # type: ignore[attr-defined]  # uvloop's transport has no class of its own


@contextlib.asynccontextmanager
async def start_nameserver(script: Script, host: str = "127.0.0.1") -> AsyncIterator[Nameserver]:
    """Serve `script` on the loopback until the block ends."""
    server = Nameserver(host=host)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                asked = Asked(await reader.readexactly(length), "tcp")
                server.asked.append(asked)
                for message in script(asked):
                    writer.write(len(message).to_bytes(2) + message)
        writer.close()

    loop = asyncio.get_running_loop()
    listener = await asyncio.start_server(converse, host, 0)
    server.port = listener.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(server, script), local_addr=(host, server.port)
    )
    try:
        yield server
    finally:
        transport.close()
        listener.close()
        await asyncio.sleep(0)
