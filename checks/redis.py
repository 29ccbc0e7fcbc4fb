"""The `redis` kind, for Redis and Valkey: connect, authenticate, run a command, close.

`info` is the server's own report (INFO) as a map; it is fetched when a condition names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field, model_validator

from checks.dial import Endpoint, Family, connect, start_tls
from checks.errors import ProbeError
from checks.faults import read_fault
from checks.probe import FieldType, Kind, Order, Trace
from checks.resp import Refused, Reply, ReplyReader, RespViolation, command_bytes
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec, Secret
from checks.text import one_line
from checks.tls_client import TlsSpec, client_context

FIELDS: Final[Mapping[str, FieldType]] = {
    "reply": "any",
    "info": "map",
    "addresses_failed": "int",
    "latency_ms": "float",
    "phases": "map",
}
_AUTH_CODES: Final = frozenset({"NOAUTH", "WRONGPASS", "NOPERM"})
_INFO_METRICS: Final = ("connected_clients", "used_memory", "instantaneous_ops_per_sec")


class RedisSpec(CheckSpec):
    """A Redis server, a login and a command.

    Attributes:
        user: A user of Redis 6 and later; without it the password is the server's own.
        tls: `true`, or a table of options; without it the connection is plain.
        database: The number of the database to select.
        command: A command and its arguments.
    """

    kind: Literal["redis"] = "redis"
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/\[\]]+$")] = (
        "localhost"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = 6379
    user: str | None = None
    password: Secret | None = None
    tls: bool | TlsSpec = False
    database: Annotated[int, Field(ge=0, le=65535)] = 0
    command: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)] = ("PING",)
    family: Family = "any"

    @model_validator(mode="after")
    def _user_needs_password(self) -> RedisSpec:
        if self.user is not None and self.password is None:
            raise ValueError("a user needs a password")
        return self


class _Talk(asyncio.Protocol):
    """A connection that takes one command at a time."""

    def __init__(self, words: str) -> None:
        self.transport: asyncio.Transport | None = None
        self._words = words
        self._reader = ReplyReader()
        self._reply: asyncio.Future[Reply] | None = None
        self._lost: BaseException | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._lost is not None:
            return
        if self._reply is None or self._reply.done():
            self._lose(self._violation("it spoke before it was asked"))
            return
        try:
            if self._reader.feed(data):
                self._reply.set_result(self._reader.reply)
        except RespViolation as error:
            self._lose(self._violation(str(error)))

    def connection_lost(self, exc: Exception | None) -> None:
        lost = exc or EOFError()
        self._lose(read_fault(lost, self._words) or lost)

    def _violation(self, what: str) -> ProbeError:
        return ProbeError(
            Fault.PROTOCOL, f"{self._words} does not speak the Redis protocol: {what}"
        )

    def _lose(self, why: BaseException) -> None:
        self._lost = self._lost or why
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(self._lost)

    async def ask(self, words: Sequence[str]) -> Reply:
        """Send a command and wait for its reply."""
        if self._reader.rest:
            self._lose(self._violation("it said more than it was asked"))
        if self._lost is not None or self.transport is None:
            raise self._lost or ProbeError(Fault.RESET, f"{self._words} closed the connection")
        self._reader = ReplyReader()
        self._reply = asyncio.get_running_loop().create_future()
        self.transport.write(command_bytes(words))
        return await self._reply


class RedisProbe:
    """Asks one server."""

    def __init__(self, order: Order) -> None:
        spec: RedisSpec = order.spec
        self._spec = spec
        self._limit_s = order.timeout_ms / 1000.0
        self._wants_info = "info" in order.wanted
        self._endpoint = Endpoint.of(spec.host, spec.port, spec.family)
        self._words = f"redis at {self._endpoint.words}"
        self._tls = TlsSpec() if spec.tls is True else spec.tls or None
        self._context = client_context(self._tls) if self._tls is not None else None

    async def observe(self, trace: Trace) -> Observation:
        """Connect, log in, ask, close."""
        talk = _Talk(self._words)
        try:
            await connect(self._endpoint, talk, trace, self._limit_s)
            if self._context is not None and self._tls is not None and talk.transport is not None:
                name = self._tls.server_name or self._spec.host
                talk.transport = await start_tls(
                    talk.transport, talk, self._context, name, trace, lambda: self._words
                )
            await self._log_in(talk, trace)
            trace.enter("command")
            reply = await self._asked(talk, self._spec.command)
            if reply != "PONG" and self._spec.command == ("PING",):
                said = one_line(str(_friendly(reply)), 60)
                raise ProbeError(Fault.PROTOCOL, f"{self._words} answers PING with {said}")
            info = _info(await self._asked(talk, ("INFO",))) if self._wants_info else None
        finally:
            if talk.transport is not None:
                talk.transport.abort()
        return self._observation(reply, info, trace)

    async def _log_in(self, talk: _Talk, trace: Trace) -> None:
        spec = self._spec
        if spec.password is not None:
            trace.enter("auth")
            user = (spec.user,) if spec.user is not None else ()
            await self._asked(talk, ("AUTH", *user, spec.password.get_secret_value()))
        if spec.database:
            await self._asked(talk, ("SELECT", str(spec.database)))

    async def _asked(self, talk: _Talk, words: Sequence[str]) -> Reply:
        reply = await talk.ask(words)
        if not isinstance(reply, Refused):
            return reply
        told = f"{self._words}: {reply.text}"
        if reply.code in _AUTH_CODES or words[0] == "AUTH":
            raise ProbeError(Fault.AUTH, told)
        if reply.code in {"LOADING", "MASTERDOWN"} or "max number of clients" in reply.text:
            raise ProbeError(Fault.REFUSED, told)
        raise ProbeError(Fault.QUERY, told)

    def _observation(self, reply: Reply, info: dict[str, Any] | None, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        friendly = _friendly(reply)
        fields: dict[str, Any] = {
            "reply": friendly,
            "latency_ms": latency_ms,
            "addresses_failed": len(trace.failed_addresses),
            "phases": trace.phases,
        }
        metrics: dict[str, Scalar] = {}
        if isinstance(reply, int):
            metrics["reply"] = reply
        if info is not None:
            fields["info"] = info
            metrics |= {name: info[name] for name in _INFO_METRICS if name in info}
        said = one_line(str(friendly), 60)
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=f"{said} in {latency_ms:.0f} ms",
        )

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _friendly(reply: Reply) -> Any:
    """A reply as conditions see it; errors inside of arrays become their texts."""
    if isinstance(reply, Refused):
        return reply.text
    if isinstance(reply, list):
        return [_friendly(item) for item in reply]
    return reply


def _info(reply: Reply) -> dict[str, Any]:
    """INFO's lines `name:value`; what looks like a number is one."""
    found: dict[str, Any] = {}
    for line in str(reply).splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            found[name] = _number(value)
    return found


def _number(text: str) -> int | float | str:
    for form in (int, float):
        try:
            return form(text)
        except ValueError:
            continue
    return text


KIND: Final = Kind(name="redis", spec=RedisSpec, fields=FIELDS, make=RedisProbe)
