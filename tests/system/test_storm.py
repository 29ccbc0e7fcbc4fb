"""A thousand checks behind one database that dies: one page with its cause, one recovery."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.client import Client
from tests.peers.process import free_port
from tests.system.ground import TELL, Ground, all_up, open_ground
from tests.system.running import PATIENCE_S, Tocsin

CHECKS = 1_000

_DATABASE = """
import asyncio, sys
async def serve():
    server = await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(serve())
"""

_TOP = """
[defaults]
every = "5s"
timeout = "4s"
retry_every = "500ms"
every_down = "2s"
down_after = 2

[[check]]
name = "db"
kind = "tcp"
host = "127.0.0.1"
port = {port}
"""

_PAGE = """
[[check]]
name = "page-{number}"
kind = "http"
url = "http://127.0.0.1:{port}/{number}"
depends_on = ["db"]
"""


class Database:
    """A process that takes connections."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begin to take them."""
        command = [sys.executable, "-c", _DATABASE, str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """`kill -9`, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class Pages:
    """Web pages that are made from the database: without it each is an error."""

    def __init__(self, database: int) -> None:
        self.port = 0
        self._database = database
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def start(self) -> None:
        """Serve, in a thread."""
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def end(self) -> None:
        """Serve no more."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=1_000)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._over.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            status = b"200 OK" if await self._is_there() else b"500 Internal Server Error"
            head = b"HTTP/1.1 " + status
            writer.write(head + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return  # the daemon went away
        finally:
            writer.close()

    async def _is_there(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._database)
        except OSError:
            return False
        writer.close()
        return True


@contextmanager
def shop() -> Iterator[tuple[Database, Pages, Ground]]:
    """A database, what is made from it, and the receiver of pages."""
    database = Database()
    database.start()
    pages = Pages(database.port)
    pages.start()
    try:
        with open_ground() as ground:
            yield database, pages, ground
    finally:
        database.kill()
        pages.end()


@pytest.mark.slow
async def test_a_thousand_checks_behind_one_dead_database_are_one_page_and_one_recovery(
    tmp_path: Path,
) -> None:
    with shop() as (database, pages, ground):
        fronts = (_PAGE.format(number=n, port=pages.port) for n in range(CHECKS - 1))
        configuration = _TOP.format(port=database.port) + "".join(fronts)
        async with Tocsin(tmp_path, configuration + TELL.format(url=ground.url)) as tocsin:
            await tocsin.until(all_up)
            database.kill()
            (page,) = await asyncio.to_thread(ground.wait_page, "db")
            await tocsin.until(
                lambda now: (
                    {one.status for one in now.services if one.name != "tocsin"}
                    == {"down", "unknown"}
                )
            )
            async with Client(tocsin.socket) as client:
                told = (await client.incident(page.incident)).incident
            assert told.title == "db is down"
            assert told.summary.endswith(f"; {CHECKS - 1} checks stand behind it")
            database.start()
            await asyncio.to_thread(ground.wait_page, "db", "incident.resolved")
            state = await tocsin.until(all_up)
            assert [one for one in state.incidents if one.state != "resolved"] == []
    kinds = [page.kind for page in ground.pages]
    assert kinds == ["incident.firing", "incident.resolved"]
    alone = 2 * CHECKS
    reduction = 100 * (alone - len(kinds)) / alone
    print(f"{len(kinds)} messages instead of {alone}: {reduction:.1f} % less")
    assert reduction >= 95
