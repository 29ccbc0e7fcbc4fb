"""The shop's servers: real targets on free loopback ports that do what the scene says."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from daemon.demo.script import Scene

_log = logging.getLogger(__name__)

HEARTBEAT = "nightly-backup"
HEARTBEAT_EVERY_S = 2.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the targets are."""

    web_port: int
    database_port: int
    invoices: Path


def hold(port: int = 0) -> socket.socket:
    """A socket that keeps a port of loopback, a free one for 0, and does not listen yet: who
    connects is refused, and nobody else gets the port."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held


def port_of(held: socket.socket) -> int:
    """The port that the socket keeps."""
    return int(held.getsockname()[1])


class Shop:
    """Starts the targets and plays scenes on them."""

    def __init__(self, directory: Path) -> None:
        self._web_port, self._database_port = hold(), hold()
        self.addresses = Addresses(
            port_of(self._web_port), port_of(self._database_port), directory / "invoices.db"
        )
        self.scene = Scene()
        self._runner: web.AppRunner | None = None
        self._database: asyncio.Server | None = None
        self._unsent = -1

    async def open(self) -> None:
        """Start everything, all well."""
        app = web.Application()
        app.router.add_get("/checkout/health", self._checkout)
        app.router.add_get("/search", self._search)
        app.router.add_get("/recommendations", self._recommendations)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.SockSite(self._runner, self._web_port).start()
        with closing(sqlite3.connect(self.addresses.invoices)) as database:
            database.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY, sent INTEGER)")
            database.commit()
        await self.play(Scene())

    async def close(self) -> None:
        """Stop all servers."""
        await self._set_database(up=False)
        if self._runner is not None:
            await self._runner.cleanup()
        self._database_port.close()
        self._web_port.close()

    async def play(self, scene: Scene) -> None:
        """Make the shop as the scene says."""
        self.scene = scene
        await self._set_database(up=scene.database)
        if scene.unsent != self._unsent:
            await asyncio.to_thread(self._write_invoices, scene.unsent)
            self._unsent = scene.unsent

    async def _set_database(self, *, up: bool) -> None:
        if up and self._database is None:
            self._database = await asyncio.start_server(_greet, sock=self._database_port)
        elif not up and self._database is not None:
            self._database.close()
            await self._database.wait_closed()
            self._database = None
            self._database_port = hold(self.addresses.database_port)

    def _write_invoices(self, unsent: int) -> None:
        with closing(sqlite3.connect(self.addresses.invoices, timeout=5)) as database:
            database.execute("DELETE FROM invoices")
            database.executemany("INSERT INTO invoices (sent) VALUES (?)", [(0,)] * unsent)
            database.commit()

    async def _checkout(self, _request: web.Request) -> web.StreamResponse:
        if not self.scene.database:
            return web.json_response({"ok": False, "error": "orders-db is gone"}, status=503)
        if not self.scene.checkout:
            return web.json_response({"ok": False, "error": "no such payment module"}, status=502)
        return web.json_response({"ok": True, "orders_per_minute": 42})

    async def _search(self, _request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.scene.search_ms / 1_000)
        return web.json_response({"hits": 17})

    async def _recommendations(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=200 if self.scene.recommendations else 500)


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The orders database, as far as a TCP probe looks."""
    try:
        writer.write(b"orders-db 14.2 ready\r\n")
        await writer.drain()
        async with asyncio.timeout(5):
            await reader.read(1)
    except (OSError, TimeoutError):
        _log.debug("a probe of the orders database went away")
    finally:
        writer.close()


async def send_heartbeats(shop: Shop, socket_path: Path) -> None:
    """Call in as the nightly backup does, while the scene lets it. Never returns."""
    connector = aiohttp.UnixConnector(str(socket_path))
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        while True:
            if shop.scene.backup:
                await _ping(session)
            await asyncio.sleep(HEARTBEAT_EVERY_S)


async def _ping(session: aiohttp.ClientSession) -> None:
    try:
        async with session.post(f"http://tocsin/ping/{HEARTBEAT}") as answer:
            if answer.status >= 400:
                _log.warning("the daemon refused a heartbeat: %s", answer.status)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        _log.info("a heartbeat did not get through: %s", error)
