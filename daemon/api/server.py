"""The API's server: the table of endpoints behind aiohttp on a Unix socket.

The service makes one, starts it when the engine is restored, and stops it first of all when
the daemon ends: streams end at once, requests that are being answered have a second.
"""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Final, Self

from aiohttp import web

from daemon.api import openapi
from daemon.api.access import Directory, Role
from daemon.api.backend import Backend
from daemon.api.call import Endpoint, Gate, handler_for
from daemon.api.routes.stream import events
from daemon.api.routes.table import endpoints
from daemon.api.socketfile import SocketError, SocketTaken, claim, release, socket_gid
from daemon.api.wire import MAX_BODY_BYTES, SERVER, Runner

__all__ = ["ApiServer", "SocketError", "SocketTaken"]

log: Final = logging.getLogger(__name__)

SHUTDOWN_S: Final = 0.75
"""How long a request that is being answered may take once the daemon stops; a reader that
does not read may hold things up for twice as long."""

_OPENAPI_PATH: Final = "/api/v1/openapi.json"


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    """Name the server."""
    del request
    response.headers["Server"] = SERVER


def make_app(gate: Gate) -> web.Application:
    """The application: every endpoint of the table, and the document that lists them."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(_sign)
    rows = endpoints()
    described = Endpoint("GET", _OPENAPI_PATH, Role.VIEWER, openapi.handler(rows), None)
    for row in (*rows, described):
        handler = handler_for(row, gate)
        if row.method == "GET":
            app.router.add_get(row.path, handler, allow_head=row.handler is not events)
        else:
            app.router.add_route(row.method, row.path, handler)
    return app


class ApiServer:
    """Serves a backend on a socket; `start` makes one that listens, `close` ends it."""

    def __init__(
        self, backend: Backend, path: Path, runner: Runner, listening: socket.socket
    ) -> None:
        self.path = path
        self._backend = backend
        self._runner = runner
        self._listening = listening

    @classmethod
    async def start(cls, backend: Backend, path: Path) -> Self:
        """Listen on the socket and answer.

        Raises:
            SocketError: The socket cannot be had; the text says why, and who has it.
        """
        listening = await claim(path)
        gate = Gate(backend, Directory(), socket_gid(path))
        runner = Runner(make_app(gate), handle_signals=False, shutdown_timeout=SHUTDOWN_S)
        server = cls(backend, path, runner, listening)
        try:
            await runner.setup()
            await web.SockSite(runner, listening).start()
        except BaseException:
            await server.close()
            raise
        log.info("listening on %s", path)
        return server

    async def close(self) -> None:
        """End all streams, let requests finish, and remove the socket's file."""
        self._backend.hub.close()
        await self._runner.cleanup()
        release(self.path, self._listening)
