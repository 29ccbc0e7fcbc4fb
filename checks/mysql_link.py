"""A MySQL connection that is opened our way, trusts less, and takes in no more than it should.

The driver's own way in looks names up in the loop's few threads, sends the login in plain when
a server says that it has no TLS, and gives the password in clear text to a server that asks for
it. Everything behind the login is the driver's. It stands on the driver's inner parts, which
the tests hold against a real server.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any, cast

from checks.dial import Endpoint, connect
from checks.errors import ProbeError
from checks.gate import Meter
from checks.probe import Trace
from checks.result import Fault

_CLEAR_TEXT = "mysql_clear_password"


async def open_link(
    arguments: dict[str, Any],
    endpoint: Endpoint,
    words: str,
    trace: Trace,
    limit_s: float,
) -> Any:
    """A connection of the driver that is logged in, read-only.

    Raises:
        ProbeError: It was not reached, or asks for what it must not.
        Exception: The driver's errors, and what nonsense makes it raise.
    """
    link = _link_class()(words, arguments)
    try:
        await link.enter(endpoint, trace, limit_s)
    except BaseException:
        link.close()
        raise
    return link


@functools.cache
def _link_class() -> Any:
    """The class, once the driver is there."""
    from aiomysql.connection import CLIENT, Connection, _StreamReader

    class Link(Connection):  # type: ignore[misc]  # the driver publishes no types
        """The driver's connection with our way in."""

        def __init__(self, words: str, arguments: dict[str, Any]) -> None:
            super().__init__(**arguments)
            self._words = words
            self._meter = Meter(words)

        async def enter(self, endpoint: Endpoint, trace: Trace, limit_s: float) -> None:
            """Connect and log in."""
            loop = asyncio.get_running_loop()
            reader = _StreamReader(loop=loop)
            protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
            if self._unix_socket:
                trace.enter("connect")
                await loop.create_unix_connection(lambda: protocol, self._unix_socket)
            else:
                await connect(endpoint, protocol, trace, limit_s, native=True)
            transport = cast("asyncio.Transport", reader._transport)
            self._reader = reader
            self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            self._secure = bool(self._unix_socket)
            trace.enter("login")
            self._next_seq_id = 0
            await self._get_server_information()
            if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
                raise ProbeError(Fault.TLS, f"{self._words}: no TLS is spoken there")
            self._refuse_clear_text(self._server_auth_plugin)
            await self._request_authentication()
            await self.query("SET SESSION TRANSACTION READ ONLY")
            await self.autocommit(True)

        def _refuse_clear_text(self, plugin: str) -> None:
            if plugin == _CLEAR_TEXT and not (self._secure or self._ssl_context):
                raise ProbeError(
                    Fault.AUTH,
                    f"{self._words} asks for the password in clear text, and there is no TLS",
                )

        async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
            self._refuse_clear_text(plugin_name.decode("ascii", "replace"))
            return await super()._process_auth(plugin_name, auth_packet)

        async def _read_bytes(self, num_bytes: int) -> Any:
            self._meter.spend(num_bytes)
            return await super()._read_bytes(num_bytes)

    return Link
