"""A real daemon whose receiver is away: its breaker opens, the fallback is told, it closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.client import Client
from tests.api.lab import raw_http
from tests.notify.test_webhook import serving
from tests.peers.process import free_port
from tests.system.running import PATIENCE_S, Tocsin

CHECK = """
[[check]]
name = "c{number}"
kind = "tcp"
host = "127.0.0.1"
port = {port}
"""
CONFIGURATION = """
[defaults]
every = "1s"
every_down = "1s"
down_after = 1
timeout = "500ms"
[[route]]
match = ['check=~"c.*"']
channels = ["hook"]
group_by = ["check"]
group_wait = "0s"
[[route]]
channels = []
[channel.hook]
kind = "webhook"
url = "{url}"
fallback = "pages"
[channel.pages]
kind = "log"
file = "{file}"
"""


async def until(holds: Callable[[], bool], tocsin: Tocsin) -> None:
    """Wait until it is so. What is waited for has no way to wake anybody."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110  # a file of another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never was so:\n{tocsin.words()}") from None


async def hook(tocsin: Tocsin) -> dict[str, Any]:
    """How the channel does."""
    async with raw_http(tocsin.socket) as http:
        views = (await http.get("/api/v1/channels")).json()
    return next(dict(one) for one in views if one["name"] == "hook")


async def test_a_dead_receiver_s_pages_are_in_the_fallback_at_once_and_it_comes_back(
    tmp_path: Path,
) -> None:
    pages, port = tmp_path / "pages.log", free_port()
    pages.touch()
    up = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with serving() as receiver, up:
        receiver.answer(503, "away")
        down = "".join(CHECK.format(number=number, port=free_port()) for number in range(6))
        written = CONFIGURATION.format(url=receiver.url, file=pages)
        written += down + CHECK.format(number=9, port=port)
        async with Tocsin(tmp_path, written) as tocsin:
            # Without the breaker each would be tried for two minutes.
            await until(lambda: len(pages.read_text().splitlines()) == 6, tocsin)
            assert len(receiver.requests) <= 8
            assert (await hook(tocsin))["breaker"] == "open"
            assert "the breaker opens, pages is told instead" in tocsin.words()

            receiver.handler = receiver.accept
            async with Client(tocsin.socket) as client:
                found = await client.test_channel("hook")
            assert (found.delivered, found.detail) == (True, "200 OK")
            assert (await hook(tocsin))["breaker"] == "closed"

            seen = len(receiver.requests)
            up.close()
            await until(lambda: len(receiver.requests) > seen, tocsin)
            assert b"c9" in receiver.requests[-1][1]
            assert len(pages.read_text().splitlines()) == 6
