"""The shop's servers do what the scene says."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from daemon.demo.script import Scene
from daemon.demo.shop import HEARTBEAT, Shop, send_heartbeats


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    one = Shop(tmp_path)
    await one.open()
    yield one
    await one.close()


async def get(shop: Shop, path: str) -> int:
    url = f"http://127.0.0.1:{shop.addresses.web_port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_the_database_greets_is_refused_and_comes_back_on_its_port(shop: Shop) -> None:
    port = shop.addresses.database_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert b"ready" in await reader.readline()
    writer.close()
    await shop.play(Scene(database=False))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await shop.play(Scene())
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


@pytest.mark.parametrize(
    ("scene", "status"),
    [(Scene(), 200), (Scene(database=False), 503), (Scene(checkout=False), 502)],
)
async def test_checkout_answers_by_the_scene(shop: Shop, scene: Scene, status: int) -> None:
    await shop.play(scene)
    assert await get(shop, "/checkout/health") == status


async def test_search_takes_as_long_as_the_scene_says(shop: Shop) -> None:
    await shop.play(Scene(search_ms=120))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert await get(shop, "/search") == 200
    assert loop.time() - begun >= 0.119  # uvloop's clock counts milliseconds


async def test_recommendations_answer_by_the_scene(shop: Shop) -> None:
    await shop.play(Scene(recommendations=False))
    assert await get(shop, "/recommendations") == 500


async def test_invoices_pile_up_in_the_file(shop: Shop) -> None:
    await shop.play(Scene(unsent=41))
    with closing(sqlite3.connect(shop.addresses.invoices)) as database:
        query = "SELECT count(*) FROM invoices WHERE sent = 0"
        assert database.execute(query).fetchone() == (41,)


async def test_the_backup_calls_in_unless_the_scene_forbids(shop: Shop, tmp_path: Path) -> None:
    called = asyncio.Event()

    async def ping(request: web.Request) -> web.Response:
        assert request.match_info["token"] == HEARTBEAT
        called.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/ping/{token}", ping)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, tmp_path / "s.sock").start()
    task = asyncio.create_task(send_heartbeats(shop, tmp_path / "s.sock"))
    async with asyncio.timeout(5):
        await called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()
