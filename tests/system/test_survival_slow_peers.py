"""Somebody else is slow: a subscriber that does not read, channels that never answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from daemon.client import Client
from tests.system.faults import resident_mib
from tests.system.ground import Ground, Page, all_up, open_ground
from tests.system.running import PATIENCE_S, Tocsin


@pytest.fixture
def ground() -> Iterator[Ground]:
    with open_ground() as ground:
        yield ground


class Tarpit:
    """A server that accepts everybody and answers nobody, or with a byte now and then."""

    def __init__(self, *, drips: bool) -> None:
        self._drips = drips
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listening.settimeout(0.1)
        self._held: list[socket.socket] = []
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def held(self) -> int:
        """How many came."""
        return len(self._held)

    def _serve(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listening.accept()
                self._held.append(connection)
                if self._drips:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for each in self._held if self._drips else ():
                with contextlib.suppress(OSError):  # it lost its patience
                    each.sendall(b".")

    def end(self) -> None:
        """Let everybody go."""
        self._over.set()
        self._thread.join()
        for each in (*self._held, self._listening):
            each.close()


@pytest.fixture
def tarpits() -> Iterator[tuple[Tarpit, Tarpit]]:
    """One that is silent and one that drips."""
    both = Tarpit(drips=False), Tarpit(drips=True)
    try:
        yield both
    finally:
        for each in both:
            each.end()


def _waited_s(page: Page) -> float:
    """How long after it was decided a page arrived."""
    arrived = time.time() - (time.monotonic() - page.at)
    return arrived - datetime.fromisoformat(page.time).timestamp()


async def test_channels_that_hang_and_drip_delay_no_page_of_another(
    tmp_path: Path, ground: Ground, tarpits: tuple[Tarpit, Tarpit]
) -> None:
    names = [f"t{number:02}" for number in range(10)]
    stuck = [f"stuck{number:02}" for number in range(20)]
    channels = "".join(
        f'[channel.{name}]\nkind = "webhook"\nurl = "http://127.0.0.1:{tarpits[at % 2].port}/"\n'
        for at, name in enumerate(stuck)
    )
    everybody = ", ".join(f'"channel:{name}"' for name in (*stuck, "hook"))
    configuration = ground.configuration(names, channels).replace(
        'notify = ["channel:hook"]', f"notify = [{everybody}]"
    )
    async with Tocsin(tmp_path, configuration) as tocsin:
        await tocsin.until(all_up)
        began = time.monotonic()
        ground.broken |= set(names)
        for name in names:
            (page,) = ground.wait_page(name)
            assert page.at - began < 8
        waits = sorted(_waited_s(ground.paged(name)[0]) for name in names)
        assert waits[len(waits) // 2] < 3, f"told so late after it was decided: {waits}"
        assert (await tocsin.state()).daemon.lateness_ms < 1_000
        print("decision to page, beside 20 channels that hang:", *(f"{s:.2f}" for s in waits), "s")
        assert min(tarpit.held for tarpit in tarpits) > 10, "they were not asked"
        ground.broken.clear()
        for name in names:
            ground.wait_page(name, "incident.resolved")
        state = await tocsin.state()
        assert state.daemon.lag_ms < 500
        assert resident_mib(tocsin.pid) < 200
        began = time.monotonic()
        assert tocsin.end() == 0
        assert time.monotonic() - began < 5
    ground.assert_no_duplicates()


async def _until_sleepers_are_dropped(sleepers: list[socket.socket]) -> None:
    """A dropped subscriber sees the end after what had been written; only then is it read."""
    async with asyncio.timeout(PATIENCE_S):
        for sleeper in sleepers:
            await asyncio.to_thread(_read_to_the_end, sleeper)


def _read_to_the_end(sleeper: socket.socket) -> None:
    sleeper.settimeout(PATIENCE_S)
    with contextlib.suppress(ConnectionError):
        while sleeper.recv(1 << 20):
            pass


@pytest.mark.slow
async def test_subscribers_that_do_not_read_cost_little_and_are_dropped(
    tmp_path: Path, ground: Ground
) -> None:
    names = [f"t{number:03}" for number in range(150)]
    async with Tocsin(tmp_path, ground.configuration(names)) as tocsin:
        await tocsin.until(all_up)
        before = resident_mib(tocsin.pid)
        sleepers = [socket.socket(socket.AF_UNIX) for _ in range(10)]
        for sleeper in sleepers:
            sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sleeper.connect(str(tocsin.socket))
            sleeper.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        dropped = "did not read"
        seen: set[str] = set()
        async with (
            Client(tocsin.socket) as client,
            contextlib.aclosing(client.events()) as events,
        ):
            ends = time.monotonic() + 2 * PATIENCE_S
            async for event in events:
                seen.add(event.kind)
                if tocsin.words().count(dropped) == len(sleepers):
                    break
                assert time.monotonic() < ends, tocsin.words()
        assert resident_mib(tocsin.pid) - before < 30
        await _until_sleepers_are_dropped(sleepers)
        for sleeper in sleepers:
            sleeper.close()
        ground.broken.add("t000")
        ground.wait_page("t000")
        assert "check" in seen
        assert {page.service for page in ground.pages} <= {"t000", "tocsin"}
