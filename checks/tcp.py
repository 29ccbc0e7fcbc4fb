"""The `tcp` kind: connect, optionally speak TLS, optionally send something and read a banner.

`receive` is an RE2 pattern searched in what the target says (use `\\Q...\\E` around plain text
that holds special characters); reading stops as soon as it matches. Without `receive`, a
banner is read up to its first line end, and only when something was sent or a condition asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field, field_validator

from checks.dial import Endpoint, Family, connect, start_tls
from checks.errors import ProbeError
from checks.faults import read_fault
from checks.patterns import checked_pattern, compile_pattern
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec
from checks.text import one_line
from checks.tls_client import TlsSpec, cert_days, client_context

BANNER_LIMIT: Final = 4096
"""How many bytes of what the target says are read."""

FIELDS: Final[Mapping[str, FieldType]] = {
    "connected": "bool",
    "banner": "string",
    "latency_ms": "float",
    "cert_days": "float",
    "addresses_failed": "int",
    "phases": "map",
}


class TcpSpec(CheckSpec):
    """A TCP connection and what is said on it.

    Attributes:
        tls: `true`, or a table of options: speak TLS from the start.
        send: What to send once connected, UTF-8.
        receive: An RE2 pattern that the answer must match.
        family: As for `http`.
    """

    kind: Literal["tcp"] = "tcp"
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/\[\]]+$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool | TlsSpec = False
    send: Annotated[str, Field(max_length=65536)] | None = None
    receive: str | None = None
    family: Family = "any"

    @field_validator("receive")
    @classmethod
    def _receive_compiles(cls, pattern: str | None) -> str | None:
        return pattern if pattern is None else checked_pattern(pattern)


class _Caller(asyncio.Protocol):
    """Connects, and that is all; nothing is read."""

    __slots__ = ("transport",)

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)


class _Listener(_Caller):
    """Collects what the target says, up to `BANNER_LIMIT`, until it is enough."""

    __slots__ = ("_pattern", "_words", "enough", "heard")

    def __init__(self, pattern: Any, words: str) -> None:
        super().__init__()
        self.heard = bytearray()
        self.enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pattern = pattern
        self._words = words

    @property
    def text(self) -> str:
        return self.heard.decode("utf-8", "replace")

    def data_received(self, data: bytes) -> None:
        self.heard += data[: BANNER_LIMIT - len(self.heard)]
        full = len(self.heard) >= BANNER_LIMIT
        if (full or self._satisfied()) and not self.enough.done():
            self.enough.set_result(None)

    def _satisfied(self) -> bool:
        if self._pattern is None:
            return b"\n" in self.heard
        return self._pattern.search(self.text) is not None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.enough.done():
            return
        if exc is None:
            self.enough.set_result(None)
        else:
            self.enough.set_exception(read_fault(exc, self._words) or exc)
            self.enough.exception()  # nobody may be waiting for it


class TcpProbe:
    """Connects to one endpoint."""

    def __init__(self, order: Order) -> None:
        spec: TcpSpec = order.spec
        self._spec = spec
        self._wanted = order.wanted
        self._limit_s = order.timeout_ms / 1000.0
        self._endpoint = Endpoint.of(spec.host, spec.port, spec.family)
        self._words = self._endpoint.words
        self._pattern = None if spec.receive is None else compile_pattern(spec.receive)
        self._listens = bool(spec.receive or spec.send or "banner" in order.wanted)
        self._tls = TlsSpec() if spec.tls is True else spec.tls or None
        self._context = client_context(self._tls) if self._tls is not None else None
        self._deaf = not self._listens and self._tls is None

    async def observe(self, trace: Trace) -> Observation:
        """Connect, talk, and close."""
        listener = None if self._deaf else _Listener(self._pattern, self._words)
        caller = _Caller() if listener is None else listener
        try:
            await connect(self._endpoint, caller, trace, self._limit_s, deaf=self._deaf)
            if listener is None:
                return self._observation("", None, trace)
            days = None if self._tls is None else await self._secure(listener, trace)
            if self._listens:
                await self._talk(listener, trace)
            return self._observation(listener.text if self._listens else "", days, trace)
        finally:
            if caller.transport is not None:
                caller.transport.abort()

    async def _secure(self, listener: _Listener, trace: Trace) -> float | None:
        plain = listener.transport
        if self._context is None or self._tls is None or plain is None:
            return None
        name = self._tls.server_name or self._spec.host
        secured = await start_tls(
            plain, listener, self._context, name, trace, lambda: self._endpoint.words
        )
        listener.transport = secured
        return cert_days(secured.get_extra_info("ssl_object"))

    async def _talk(self, listener: _Listener, trace: Trace) -> None:
        trace.enter("answer")
        if self._spec.send is not None and listener.transport is not None:
            listener.transport.write(self._spec.send.encode())
        await listener.enough
        if self._pattern is not None and not self._pattern.search(listener.text):
            said = f'"{one_line(listener.text, 80)}"' if listener.heard else "nothing"
            raise ProbeError(
                Fault.PROTOCOL,
                f'{self._endpoint.words} said {said}, which does not match "{self._spec.receive}"',
            )

    def _observation(self, banner: str, days: float | None, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        fields: dict[str, Any] = {
            "connected": True,
            "banner": banner,
            "latency_ms": latency_ms,
            "addresses_failed": len(trace.failed_addresses),
            "phases": trace.phases,
        }
        metrics: dict[str, Scalar] = {}
        if days is not None:
            fields["cert_days"] = metrics["cert_days"] = days
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=f"connected in {latency_ms:.0f} ms",
        )

    async def close(self) -> None:
        """Nothing is kept between runs."""


KIND: Final = Kind(name="tcp", spec=TcpSpec, fields=FIELDS, make=TcpProbe)
