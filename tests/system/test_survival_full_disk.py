"""The database's disk is full: alerting goes on from memory, and the log is caught up later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from daemon.api.schema import State
from daemon.client import Client
from tests.system.faults import (
    Ballast,
    assert_sound,
    loop_disk,
    make_image,
    query,
    resident_mib,
    small_disk,
)
from tests.system.ground import Ground, all_up
from tests.system.running import Tocsin

pytestmark = pytest.mark.slow


def full(state: State) -> bool:
    return any("database cannot be written" in each for each in state.daemon.problems)


def written(state: State) -> bool:
    """The queue is empty: the log is caught up."""
    return state.daemon.queue == 0


def told(state: State) -> bool:
    """Nothing is in flight, and that is on disk."""
    return state.daemon.outbox == 0 and written(state)


async def test_pages_go_out_while_the_disk_is_full_and_the_log_is_caught_up_afterwards(
    tmp_path: Path, ground: Ground
) -> None:
    with small_disk(tmp_path / "disk", 4096) as disk:
        ballast = Ballast(disk)
        configuration = ground.configuration(["web", "shop", "mail"])
        async with Tocsin(tmp_path, configuration, database=disk / "tocsin.db") as tocsin:
            await tocsin.until(all_up)
            ballast.fill()
            ground.broken |= {"web", "shop"}
            ground.wait_page("web")
            ground.wait_page("shop")
            await tocsin.until(full)
            ground.wait_page("tocsin")
            web = await tocsin.incident("web")
            async with Client(tocsin.socket) as client:
                await client.ack(web.id, comment="with a full disk")
            ground.broken.discard("shop")
            ground.wait_page("shop", "incident.resolved")
            before = query(tocsin.database, "SELECT service FROM incident")
            assert before == [], "the disk was not full: the test shows nothing"
            ballast.drop()
            await tocsin.until(written)
            assert tocsin.end() == 0

            assert_sound(tocsin.database)
            rows = query(tocsin.database, "SELECT service, state FROM incident ORDER BY service")
            assert rows == [
                ("shop", "resolved"),
                ("tocsin", "triggered"),
                ("web", "acknowledged"),
            ]
            kinds = query(tocsin.database, "SELECT kind FROM timeline WHERE kind = 'fired'")
            assert len(kinds) == 3
            states = query(tocsin.database, "SELECT DISTINCT state FROM delivery")
            assert states == [("sent",)]

            await tocsin.start()
            after = await tocsin.incident("web", "acknowledged")
            assert after.id == web.id
            assert after.ack_comment == "with a full disk"
            ground.broken.clear()
            ground.wait_page("web", "incident.resolved")
    ground.assert_no_duplicates()
    assert len(ground.paged("web")) == len(ground.paged("shop")) == 1


@pytest.mark.parametrize("spare", [1, 5, 12])
async def test_a_disk_that_fills_in_the_middle_of_a_commit_leaves_the_database_sound(
    tmp_path: Path, ground: Ground, spare: int
) -> None:
    names = [f"t{number:02}" for number in range(20)]
    with small_disk(tmp_path / "disk", 4096) as disk:
        ballast = Ballast(disk)
        configuration = ground.configuration(names)
        async with Tocsin(tmp_path, configuration, database=disk / "tocsin.db") as tocsin:
            await tocsin.until(all_up)
            ballast.fill(spare)
            ground.broken |= set(names)
            for name in names:
                ground.wait_page(name)
            await tocsin.until(full)
            assert_sound(tocsin.database)
            ballast.drop()
            await tocsin.until(written)
            tocsin.kill()
            assert_sound(tocsin.database)
            rows = query(tocsin.database, "SELECT service FROM incident WHERE service != 'tocsin'")
            assert sorted(rows) == [(name,) for name in names]
            fired = query(tocsin.database, "SELECT count(*) FROM timeline WHERE kind = 'fired'")
            assert fired == [(len(names) + 1,)]
    ground.assert_no_duplicates()


async def test_kill_9_on_a_full_disk_forgets_what_only_memory_had_and_pages_anew(
    tmp_path: Path, ground: Ground
) -> None:
    image = make_image(tmp_path / "image", 16)
    with loop_disk(image, tmp_path / "disk") as disk:
        ballast = Ballast(disk)
        configuration = ground.configuration(["web", "shop"])
        async with Tocsin(tmp_path, configuration, database=disk / "tocsin.db") as tocsin:
            await tocsin.until(all_up)
            ground.broken.add("web")
            known = await tocsin.incident("web")
            ground.wait_page("web")
            await tocsin.until(told)
            ballast.fill()
            ground.broken.add("shop")
            ground.wait_page("shop")
            await tocsin.until(full)
            tocsin.kill()
            assert_sound(tocsin.database)
            ballast.drop()
            await tocsin.start()
            assert (await tocsin.incident("web")).id == known.id
            ground.wait_page("shop", count=2)
            assert_sound(tocsin.database)
    assert len({page.incident for page in ground.paged("shop")}) == 2
    assert len(ground.paged("web")) == 1


async def test_a_start_on_a_full_disk_goes_on_from_what_is_stored(
    tmp_path: Path, ground: Ground
) -> None:
    image = make_image(tmp_path / "image", 16)
    with loop_disk(image, tmp_path / "disk") as disk:
        ballast = Ballast(disk)
        tocsin = Tocsin(tmp_path, ground.configuration(["web"]), database=disk / "tocsin.db")
        async with tocsin:
            ground.broken.add("web")
            known = await tocsin.incident("web")
            ground.wait_page("web")
            await tocsin.until(told)
            tocsin.kill()
            ballast.fill()
            await tocsin.start()
            assert (await tocsin.incident("web")).id == known.id
            ground.broken.clear()
            ground.wait_page("web", "incident.resolved")
            ballast.drop()
            await tocsin.until(written)
            assert tocsin.end() == 0
            rows = query(tocsin.database, "SELECT state FROM incident WHERE service = 'web'")
            assert rows == [("resolved",)]
    ground.assert_no_duplicates()


async def test_a_start_without_room_for_the_write_ahead_log_is_refused_in_one_line(
    tmp_path: Path, ground: Ground
) -> None:
    with loop_disk(make_image(tmp_path / "image", 16, block=1024), tmp_path / "disk") as disk:
        ballast = Ballast(disk)
        tocsin = Tocsin(tmp_path, ground.configuration(["web"]), database=disk / "tocsin.db")
        async with tocsin:
            await tocsin.until(all_up)
            assert tocsin.end() == 0
            ballast.fill()
            assert tocsin.fail_to_start() == (
                2,
                f"tocsin: {tocsin.database}: its disk is full; free some room there, then start"
                " again\n",
            )
            ballast.drop()
            await tocsin.start()
            await tocsin.until(all_up)
            assert_sound(tocsin.database)


async def test_memory_stays_bounded_while_the_disk_is_full(tmp_path: Path, ground: Ground) -> None:
    names = [f"t{number:02}" for number in range(20)]
    with small_disk(tmp_path / "disk", 4096) as disk:
        ballast = Ballast(disk)
        configuration = ground.configuration(names)
        async with Tocsin(tmp_path, configuration, database=disk / "tocsin.db") as tocsin:
            await tocsin.until(all_up)
            ballast.fill()
            ground.broken |= set(names)
            await tocsin.until(full)
            before = resident_mib(tocsin.pid)
            for _ in range(4):
                ground.broken ^= set(names)
                await asyncio.sleep(0.7)  # the load itself: they break and mend
            assert resident_mib(tocsin.pid) - before < 20
            ballast.drop()
            await tocsin.until(written)
