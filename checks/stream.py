"""A connection read as a stream of bytes: so many of them, a line, or whatever has come.

For the probes that hold a dialogue before, around or instead of TLS. What the peer sends is
bounded: a peer that pours more than `BUFFER_LIMIT` without being asked is left.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.result import Fault

BUFFER_LIMIT: Final = 1_048_576
LINE_LIMIT: Final = 8_192
"""The longest line, in bytes."""


class Stream(asyncio.Protocol):
    """One connection to `words`, the target's name in messages. One reader at a time."""

    def __init__(self, words: str) -> None:
        self.transport: asyncio.Transport | None = None
        self.words = words
        self._buffer = bytearray()
        self._lost: BaseException | None = None
        self._more: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._lost is None:
            self._buffer += data
        if len(self._buffer) > BUFFER_LIMIT:
            self._lost = ProbeError(
                Fault.PROTOCOL, f"{self.words} sent more than {BUFFER_LIMIT} bytes unasked"
            )
            self._buffer.clear()
            self.abort()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = self._lost or exc or EOFError()
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    @property
    def waiting_bytes(self) -> int:
        """How many bytes have come that nobody took."""
        return len(self._buffer)

    @property
    def local_address(self) -> str:
        """Our own address on this connection."""
        socket = self.transport.get_extra_info("socket") if self.transport is not None else None
        return str(socket.getsockname()[0]) if socket is not None else ""

    def write(self, data: bytes) -> None:
        """Send; a connection that is gone is found out by the next read."""
        if data and self.transport is not None:
            self.transport.write(data)

    async def read(self) -> bytes:
        """What has come, waiting for something to come; b"" at the peer's end.

        Raises:
            ProbeError: The connection broke.
        """
        if not self._buffer and not await self._grown():
            return b""
        return self._take(len(self._buffer))

    async def read_exactly(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            ProbeError: The connection ended or broke before.
        """
        while len(self._buffer) < count:
            if not await self._grown():
                raise self._ended()
        return self._take(count)

    async def read_line(self) -> str:
        """The next line without its end, as UTF-8.

        Raises:
            ProbeError: The connection ended or broke before, or the line is too long.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LINE_LIMIT:
                raise ProbeError(
                    Fault.PROTOCOL, f"{self.words} sent a line longer than {LINE_LIMIT} bytes"
                )
            if not await self._grown():
                raise self._ended()
        return self._take(end + 1).decode("utf-8", "replace").rstrip("\r\n")

    async def _grown(self) -> bool:
        """Wait for more; False at the peer's end."""
        if self._lost is None:
            before = len(self._buffer)
            self._more = asyncio.get_running_loop().create_future()
            await self._more
            if len(self._buffer) > before:
                return True
        if self._lost is None or isinstance(self._lost, EOFError):
            return False
        raise read_fault(self._lost, self.words) or self._lost

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _ended(self) -> ProbeError:
        return ProbeError(Fault.RESET, f"{self.words} closed the connection in the middle")

    def abort(self) -> None:
        """Let go of the connection at once."""
        if self.transport is not None:
            self.transport.abort()
