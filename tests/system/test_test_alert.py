"""A test alert of a real daemon: the real way to a page, and an end that `kill -9` leaves alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from daemon.client import Client
from tests.system.ground import all_up, open_ground
from tests.system.running import Tocsin


async def test_a_test_alert_pages_for_real_and_ends_by_itself_over_kill_9(tmp_path: Path) -> None:
    with open_ground() as ground:
        async with Tocsin(tmp_path, ground.configuration(["web"])) as tocsin:
            await tocsin.until(all_up)
            async with Client(tocsin.socket) as client:
                begun = await client.test_alert("web", for_ms=2_000)
            (page,) = await asyncio.to_thread(ground.wait_page, "web")
            assert page.title == "[TEST] web is down"
            assert page.incident in begun.incidents
            tocsin.kill()
            await tocsin.start()
            await asyncio.to_thread(ground.wait_page, "web", "incident.resolved")
            state = await tocsin.until(all_up)
            assert [one for one in state.incidents if one.state != "resolved"] == []
        ground.assert_no_duplicates()
