"""The database's file is removed or replaced under a running daemon: it says so and goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.api.schema import State
from daemon.client import Client
from tests.system.faults import assert_sound, query
from tests.system.ground import Ground, all_up
from tests.system.running import Tocsin

pytestmark = pytest.mark.slow


def _remove(database: Path) -> None:
    database.unlink()


def _put_another(database: Path) -> None:
    other = database.with_name("other.db")
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE another (one)")
    made.close()
    other.rename(database)


def _is_told(state: State) -> bool:
    return any("tocsin db backup FILE" in each for each in state.daemon.problems)


@pytest.mark.parametrize("harm", [_remove, _put_another])
async def test_a_database_that_is_taken_away_is_told_and_a_backup_holds_everything(
    tmp_path: Path, ground: Ground, harm: Callable[[Path], None]
) -> None:
    copy = tmp_path / "copy.db"
    async with Tocsin(tmp_path, ground.configuration(["web", "shop"])) as tocsin:
        await tocsin.until(all_up)
        ground.broken.add("web")
        ground.wait_page("web")
        harm(tocsin.database)
        await tocsin.until(_is_told)
        ground.wait_page("tocsin")
        ground.broken.add("shop")
        ground.wait_page("shop")
        async with Client(tocsin.socket) as client:
            await client.backup(copy)
        tocsin.kill()
    assert_sound(copy)
    found = {service for (service,) in query(copy, "SELECT service FROM incident")}
    assert found == {"web", "shop", "tocsin"}
    ground.assert_no_duplicates()
