"""HTTP on the wire: aiohttp's server with our bounds, our refusals and the peer's identity.

aiohttp answers what it cannot even parse by itself, in plain text; a `Connection` answers
it as problem details instead. It also asks the kernel once who connected, and a peer that
opens connections without end is turned away before anything is read.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

from checks.text import one_line
from daemon.api.access import Credentials, peer_credentials
from daemon.api.problems import problem, problem_for

log: Final = logging.getLogger(__name__)

SERVER: Final = "tocsin"
"""What answers call the server, instead of the versions of the libraries it is made of."""
MAX_BODY_BYTES: Final = 64 * 1024
MAX_CONNECTIONS: Final = 256
MAX_CONNECTIONS_A_USER: Final = 96
IDLE_S: Final = 30.0
"""A connection without a complete request is closed after this; clients open a new one."""

_BOUNDS: Final[dict[str, Any]] = {
    "max_line_size": 8190,
    "max_field_size": 8190,
    "max_headers": 64,
    "keepalive_timeout": IDLE_S,
    "lingering_time": 0.5,  # an answered request's body is read and thrown away so long
    "auto_decompress": False,  # a small body that unpacks to gigabytes is of no use to us
    "tcp_keepalive": False,
    "access_log": None,
}


class Connection(RequestHandler):
    """One accepted connection.

    Attributes:
        credentials: Who is on the other end, as the kernel says; None if it would not.
        on_lost: Called when it is gone; a stream learns so at once.
    """

    __slots__ = ("credentials", "on_lost")

    def __init__(self, listener: Listener, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(listener, loop=loop, **_BOUNDS)
        self.credentials: Credentials | None = None
        self.on_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it, unless it is one too many."""
        self.credentials = _credentials(transport)
        listener = self._manager
        if isinstance(listener, Listener) and not listener.admits(self.credentials):
            log.warning("too many connections: one more of %s was refused", self.credentials)
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be parsed."""
        if isinstance(exc, Exception) and status >= 500:
            response = problem_for(exc, request)
        else:
            words = one_line(message or "", 200)
            log.debug("not an HTTP request: %s", words)
            response = problem(status, f"this is no valid HTTP request: {words}")
        response.headers["Server"] = SERVER  # what signs other answers does not see this one
        response.force_close()
        return response


def _credentials(transport: asyncio.BaseTransport) -> Credentials | None:
    connected = transport.get_extra_info("socket")
    try:
        return peer_credentials(connected)
    except OSError as error:
        log.warning("the kernel does not say who connected: %s", error)
        return None


class Listener(Server):
    """Makes a `Connection` for every one that is accepted, within the bounds."""

    def admits(self, credentials: Credentials | None) -> bool:
        """Whether one more of this user is still within the bounds."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        users = Counter(
            connection.credentials.uid
            for connection in self._connections
            if isinstance(connection, Connection) and connection.credentials is not None
        )
        return credentials is None or users[credentials.uid] < MAX_CONNECTIONS_A_USER

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop)


class Runner(web.AppRunner):
    """Runs an application behind a `Listener`."""

    __slots__ = ()

    async def _make_server(self) -> Server:
        prepared = await super()._make_server()  # freezes and starts the application

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            try:
                return await prepared.request_handler(request)
            except Exception as error:  # the border: everything becomes an answer
                if isinstance(error, ConnectionError):
                    raise
                return problem_for(error, request)

        return Listener(
            answer, request_factory=prepared.request_factory, loop=asyncio.get_running_loop()
        )
