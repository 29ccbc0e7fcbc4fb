"""How a database driver connects: through `checks.dial`, and with a bound on what it is sent.

The drivers look names up in the loop's few threads, try addresses their own way, show no
phases, and take in whatever the other side pours. `DialLoop` is the event loop as such a driver
sees it: connections are opened by `checks.dial`, everything else is the loop's own. `Gate`
stands between the connection and the driver's protocol and counts.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final, cast

from checks.dial import Endpoint, connect
from checks.errors import ProbeError
from checks.probe import Trace
from checks.result import Fault

RECEIVE_LIMIT: Final = 16 * 1024 * 1024
"""How many bytes a database may send in one run."""
_MESSAGES: Final = 10_000
"""How many messages PostgreSQL may say it in; a row is one."""
_MARKS: Final = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")
"""The letters that a PostgreSQL server's messages begin with (manual, "Message Formats")."""


class Meter:
    """What one run takes in: how much, and whether it comes in PostgreSQL's messages.

    A message is a letter, its length and the rest. The driver believes the length: one of
    nothing keeps it, and with it the loop, busy for ever.

    Attributes:
        fault: Set once something must not pass.
    """

    __slots__ = ("_head", "_left", "_messages", "_rest", "_words", "fault")

    def __init__(self, words: str) -> None:
        self._left = RECEIVE_LIMIT
        self._words = words
        self._head = b""
        self._rest = 0
        self._messages = 0
        self.fault: ProbeError | None = None

    def count(self, data: bytes) -> None:
        """Let some bytes pass.

        Raises:
            ProbeError: They are too many.
        """
        self.spend(len(data))

    def spend(self, size: int) -> None:
        """As `count`, for bytes that are still to come."""
        self._left -= size
        if self._left < 0:
            limit = RECEIVE_LIMIT // (1024 * 1024)
            raise self.refuse(f"sent more than {limit} MiB for one query")

    def take(self, data: bytes) -> None:
        """Let some bytes pass that are part of messages.

        Raises:
            ProbeError: They are too many, or no messages.
        """
        self.spend(len(data))
        at = min(self._rest, len(data))
        self._rest -= at
        while at < len(data):
            head = self._head + data[at : at + 5 - len(self._head)]
            at += len(head) - len(self._head)
            if head[0] not in _MARKS:
                raise self.refuse("does not speak its protocol")
            if len(head) < 5:
                self._head = head
                return
            self._head = b""
            self._messages += 1
            if self._messages > _MESSAGES:
                raise self.refuse(f"sent more than {_MESSAGES} messages for one query")
            length = int.from_bytes(head[1:], signed=True)
            if not 4 <= length <= RECEIVE_LIMIT:
                raise self.refuse(f"sent a message of {length} bytes")
            skipped = min(length - 4, len(data) - at)
            self._rest = length - 4 - skipped
            at += skipped

    def refuse(self, words: str) -> ProbeError:
        """Let nothing more pass, because of this."""
        self.fault = ProbeError(Fault.PROTOCOL, f"{self._words} {words}")
        return self.fault


class Gate(asyncio.Protocol):
    """Hands a connection's events to the driver's protocol as long as the meter lets them pass."""

    def __init__(self, inner: asyncio.Protocol, meter: Meter, *, framed: bool) -> None:
        self.transport: asyncio.Transport | None = None
        self._inner = inner
        self._take = meter.take if framed else meter.count
        self._meter = meter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._meter.fault is not None:
            return
        try:
            self._take(data)
            self._inner.data_received(data)
        except ProbeError:
            self._end()
        except Exception as error:  # noqa: BLE001  # the driver cannot read it: the server's fault
            self._meter.refuse(f"does not keep to its protocol ({error})")
            self._end()

    def _end(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


class _SecuredTransport:
    """A TLS transport that keeps the gate in front of the protocol it is given."""

    def __init__(self, transport: asyncio.Transport, meter: Meter) -> None:
        self._transport = transport
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_protocol(self, protocol: asyncio.Protocol) -> None:
        gate = Gate(protocol, self._meter, framed=True)
        gate.transport = self._transport
        self._transport.set_protocol(gate)


class DialLoop:
    """The running loop, but for how connections are opened. For one run.

    The first connection is the run's and fills its trace; a driver opens another only to
    cancel a query on the first.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        trace: Trace,
        limit_s: float,
        meter: Meter,
        *,
        secure: bool,
        server_name: str | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._endpoint = endpoint
        self._trace = trace
        self._limit_s = limit_s
        self._meter = meter
        self._secure = secure
        self._server_name = server_name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self,
        factory: Callable[[], asyncio.Protocol],
        host: str,  # noqa: ARG002  # the endpoint's, as the driver was told
        port: int,  # noqa: ARG002
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """As the loop's, to the endpoint."""
        trace, self._trace = self._trace, Trace()
        inner = factory()
        gate = Gate(inner, self._meter, framed=not self._secure)
        await connect(self._endpoint, gate, trace, self._limit_s, native=True)
        trace.enter("login")
        return cast("asyncio.Transport", gate.transport), inner

    async def create_unix_connection(
        self, factory: Callable[[], asyncio.Protocol], path: str
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """As the loop's."""
        trace, self._trace = self._trace, Trace()
        inner = factory()
        trace.enter("connect")
        transport, _ = await self._loop.create_unix_connection(
            lambda: Gate(inner, self._meter, framed=True), path
        )
        trace.enter("login")
        return transport, inner

    async def start_tls(
        self,
        transport: asyncio.Transport,
        protocol: asyncio.Protocol,
        context: ssl.SSLContext,
        *,
        server_hostname: str,
    ) -> _SecuredTransport | None:
        """As the loop's, for the configured name; what is decrypted is counted too."""
        secured = await self._loop.start_tls(
            transport, protocol, context, server_hostname=self._server_name or server_hostname
        )
        return None if secured is None else _SecuredTransport(secured, self._meter)
