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


class Meter:
    """What one run has taken in so far.

    Attributes:
        overrun: Set once it was more than `RECEIVE_LIMIT`.
    """

    __slots__ = ("_left", "_words", "overrun")

    def __init__(self, words: str) -> None:
        self._left = RECEIVE_LIMIT
        self._words = words
        self.overrun: ProbeError | None = None

    def take(self, count: int) -> None:
        """Count some bytes.

        Raises:
            ProbeError: They are too many.
        """
        self._left -= count
        if self._left < 0:
            limit = RECEIVE_LIMIT // (1024 * 1024)
            self.overrun = ProbeError(
                Fault.PROTOCOL, f"{self._words} sent more than {limit} MiB for one query"
            )
            raise self.overrun


class Gate(asyncio.Protocol):
    """Hands a connection's events to the driver's protocol until the meter runs out."""

    def __init__(self, inner: asyncio.Protocol, meter: Meter) -> None:
        self.transport: asyncio.Transport | None = None
        self._inner = inner
        self._meter = meter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._meter.overrun is not None:
            return
        try:
            self._meter.take(len(data))
        except ProbeError:
            if self.transport is not None:
                self.transport.abort()
        else:
            self._inner.data_received(data)

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
        gate = Gate(protocol, self._meter)
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
        server_name: str | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._endpoint = endpoint
        self._trace = trace
        self._limit_s = limit_s
        self._meter = meter
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
        gate = Gate(inner, self._meter)
        await connect(self._endpoint, gate, trace, self._limit_s)
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
            lambda: Gate(inner, self._meter), path
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
