"""The database cannot be written or read: read-only, held by another process, corrupt."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from daemon.api.schema import State
from daemon.client import Client
from tests.system.faults import (
    assert_sound,
    break_disk,
    held_by_another,
    immutable,
    loop_disk,
    make_image,
    query,
)
from tests.system.ground import Ground, all_up
from tests.system.running import Tocsin

pytestmark = pytest.mark.slow

PAGE = 4096


def from_memory(state: State) -> bool:
    return any("database cannot be written" in each for each in state.daemon.problems)


def written(state: State) -> bool:
    """The queue is empty: the log is caught up."""
    return state.daemon.queue == 0 and state.daemon.outbox == 0


# -- read-only


async def test_files_that_become_read_only_are_outlasted(tmp_path: Path, ground: Ground) -> None:
    with loop_disk(make_image(tmp_path / "image", 16), tmp_path / "disk") as disk:
        database = disk / "tocsin.db"
        log = database.with_name("tocsin.db-wal")
        configuration = ground.configuration(["web", "shop"])
        async with Tocsin(tmp_path, configuration, database=database) as tocsin:
            await tocsin.until(all_up)
            with immutable(database, log):
                ground.broken.add("web")
                ground.wait_page("web")
                await tocsin.until(from_memory)
                ground.wait_page("tocsin")
                assert query(database, "SELECT count(*) FROM incident") == [(0,)]
            await tocsin.until(written)
            tocsin.kill()
            assert_sound(database)
            assert query(database, "SELECT state FROM incident WHERE service = 'web'") == [
                ("triggered",)
            ]
    ground.assert_no_duplicates()


async def test_a_disk_that_breaks_stops_no_page_and_what_was_on_it_is_there_after_a_repair(
    tmp_path: Path, ground: Ground
) -> None:
    image = make_image(tmp_path / "image", 16)
    database = tmp_path / "disk" / "tocsin.db"
    tocsin = Tocsin(tmp_path, ground.configuration(["web", "shop"]), database=database)
    with loop_disk(image, tmp_path / "disk") as disk:
        await tocsin.start()
        ground.broken.add("web")
        known = await tocsin.incident("web")
        ground.wait_page("web")
        await tocsin.until(written)
        break_disk(disk)
        ground.broken.add("shop")
        ground.wait_page("shop")
        await tocsin.until(from_memory)
        assert tocsin.end() == 2
        assert "rows could not be written" in tocsin.words()
    with loop_disk(image, tmp_path / "disk"):
        assert_sound(database)
        async with tocsin:
            assert (await tocsin.incident("web")).id == known.id
            ground.wait_page("shop", count=2)
    assert len(ground.paged("web")) == 1


async def test_a_start_on_a_read_only_file_system_is_refused_in_one_line(
    tmp_path: Path, ground: Ground
) -> None:
    image = make_image(tmp_path / "image", 16)
    tocsin = Tocsin(
        tmp_path, ground.configuration(["web"]), database=tmp_path / "disk" / "tocsin.db"
    )
    with loop_disk(image, tmp_path / "disk"):
        await tocsin.start()
        await tocsin.until(all_up)
        tocsin.end()
    with loop_disk(image, tmp_path / "disk", "ro"):
        assert tocsin.fail_to_start() == (
            2,
            f"tocsin: {tocsin.database}: cannot be opened for writing: Read-only file system\n",
        )


# -- held by another process


async def test_a_database_held_by_another_process_delays_no_check_and_loses_nothing(
    tmp_path: Path, ground: Ground
) -> None:
    async with Tocsin(tmp_path, ground.configuration(["web", "shop"])) as tocsin:
        await tocsin.until(all_up)
        with held_by_another(tocsin.database):
            began = time.monotonic()
            ground.broken.add("web")
            (page,) = ground.wait_page("web")
            assert page.at - began < 10
            await tocsin.until(from_memory)
            asked = ground.asked
            await tocsin.until(lambda _: ground.asked > asked + 12)
            state = await tocsin.state()
            assert state.daemon.lag_ms < 500
            assert {each.name: each.status for each in state.services}["shop"] == "up"
            ground.broken.clear()
            ground.wait_page("web", "incident.resolved")
            assert query(tocsin.database, "SELECT count(*) FROM incident") == [(0,)]
        await tocsin.until(written)
        tocsin.kill()
        assert_sound(tocsin.database)
        (counts,) = query(
            tocsin.database,
            "SELECT sum(kind = 'fired'), sum(kind = 'resolved') FROM timeline"
            " JOIN incident ON incident.key = timeline.incident WHERE service = 'web'",
        )
        assert counts == (1, 1)
        statuses = query(
            tocsin.database, "SELECT DISTINCT status FROM interval WHERE name = 'shop'"
        )
        assert statuses in ([], [(0,)])
    ground.assert_no_duplicates()


async def test_a_daemon_ends_in_time_while_another_process_holds_its_database(
    tmp_path: Path, ground: Ground
) -> None:
    async with Tocsin(tmp_path, ground.configuration(["web"])) as tocsin:
        await tocsin.until(all_up)
        with held_by_another(tocsin.database):
            ground.broken.add("web")
            ground.wait_page("web")
            assert tocsin.end() == 2
        assert "database is locked" in tocsin.words()
        assert_sound(tocsin.database)


# -- corrupt


@pytest.fixture
async def stored(tmp_path: Path, ground: Ground) -> Tocsin:
    """A daemon that has stored an incident and ended."""
    tocsin = Tocsin(tmp_path, ground.configuration(["web", "shop"]))
    ground.broken.add("web")
    await tocsin.start()
    await tocsin.incident("web")
    ground.wait_page("web")
    await tocsin.until(written)
    assert tocsin.end() == 0
    return tocsin


def spoil(file: Path, at: int, length: int) -> None:
    """Write garbage over a part of a file."""
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(b"\xa5\x3c" * (length // 2))


def root_of(database: Path, table: str) -> int:
    """Where the first page of a table is in the file."""
    with closing(sqlite3.connect(database)) as connection:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page: int = connection.execute(sql, (table,)).fetchone()[0]
    return (page - 1) * PAGE


def refused(tocsin: Tocsin) -> str:
    """The line with which a start is refused; the file stays as it is."""
    before = tocsin.database.read_bytes()
    code, words = tocsin.fail_to_start()
    assert code == 2, words
    assert tocsin.database.read_bytes() == before
    assert words.startswith(f"tocsin: {tocsin.database}: ")
    assert words.count("\n") == 1
    return words


async def test_a_database_with_a_spoiled_header_is_refused_and_left_as_it_is(
    stored: Tocsin,
) -> None:
    spoil(stored.database, 0, 100)
    assert "restore a backup" in refused(stored)


@pytest.mark.parametrize("table", ["incident", "check_name", "sqlite_master"])
async def test_a_database_with_a_spoiled_page_is_refused_and_left_as_it_is(
    stored: Tocsin, table: str
) -> None:
    at = 100 if table == "sqlite_master" else root_of(stored.database, table)
    spoil(stored.database, at, PAGE - 100)
    words = refused(stored)
    assert "malformed" in words
    assert "tocsin db verify" in words
    assert "restore a backup" in words


async def test_a_truncated_database_is_refused_and_left_as_it_is(stored: Tocsin) -> None:
    size = stored.database.stat().st_size
    with stored.database.open("r+b") as file:
        file.truncate(size // PAGE // 2 * PAGE)
    assert "restore a backup" in refused(stored)


async def test_a_spoiled_write_ahead_log_costs_what_was_in_it_and_never_the_database(
    tmp_path: Path, ground: Ground
) -> None:
    async with Tocsin(tmp_path, ground.configuration(["web"])) as tocsin:
        await tocsin.until(all_up)
        ground.broken.add("web")
        known = await tocsin.incident("web")
        await tocsin.until(written)
        tocsin.kill()
        log = tocsin.database.with_name("tocsin.db-wal")
        spoil(log, log.stat().st_size // 2, log.stat().st_size // 4)
        await tocsin.start()
        after = await tocsin.incident("web")
        assert after.id == known.id or after.fired_at > known.fired_at
        assert_sound(tocsin.database)


async def test_a_database_that_is_spoiled_under_a_running_daemon_stops_no_page(
    stored: Tocsin, ground: Ground
) -> None:
    with closing(sqlite3.connect(stored.database)) as database, database:
        filler = [(f"msg_filler{number}", "x" * 900) for number in range(40_000)]
        database.executemany(
            "INSERT INTO audit (at, actor, origin, action, subject, detail)"
            " VALUES (1, 'x', 'x', 'x', ?, ?)",
            filler,
        )
    shutil.copy(stored.database, stored.home / "backup.db")
    ground.broken.clear()
    async with stored:
        ground.wait_page("web", "incident.resolved")
        await stored.until(written)
        size = stored.database.stat().st_size
        spoil(stored.database, PAGE, size - PAGE)
        ground.broken.add("shop")
        ground.wait_page("shop")
        shop = await stored.incident("shop")
        async with Client(stored.socket) as client:
            await client.ack(shop.id)  # the audit's pages were not read before
        await stored.until(from_memory)
        ground.wait_page("tocsin")
        ground.broken.clear()
        ground.wait_page("shop", "incident.resolved")
        assert stored.end() == 2
        assert "rows could not be written" in stored.words()
    (stored.home / "backup.db").rename(stored.database)
    for end in ("-wal", "-shm"):
        stored.database.with_name(stored.database.name + end).unlink(missing_ok=True)
    async with stored:
        await stored.until(all_up)
        assert_sound(stored.database)
