"""A backup is whole, verification finds damage, and neither needs a daemon."""

# ruff: noqa: ASYNC240  # nobody else waits on a test's loop

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from checks.result import Status
from daemon.core.effects import Append, Effect, Enqueue, Observed, Save
from daemon.core.model import DAY, HOUR
from daemon.store.errors import StoreBusy, StoreForeign, StoreUnusable, TargetExists
from daemon.store.store import Store
from daemon.store.upkeep.care import backup, prune, verify
from daemon.store.upkeep.prune import Retention
from tests.store.samples import NOW, a_notice, a_result, an_alert, an_entry, an_incident


@pytest.fixture
async def full(path: Path) -> Path:
    store = await Store.open(path)
    effects: list[Effect] = [
        Save(an_incident()),
        Save(an_alert()),
        Append(an_entry()),
        Enqueue(a_notice()),
        *(Observed(a_result(NOW - 6 * DAY + age * HOUR)) for age in range(100)),
    ]
    await store.submit(effects, NOW)
    await store.close()
    return path


def test_a_sound_database_has_no_problems(full: Path) -> None:
    assert verify(full) == []


async def test_a_backup_of_a_running_store_is_whole_and_refuses_to_overwrite(
    full: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    store = await Store.open(full)
    writes = [store.submit([Observed(a_result(NOW + at))], NOW) for at in range(500)]
    await store.backup(target)
    await asyncio.gather(*writes)
    with pytest.raises(TargetExists, match=r"copy\.db"):
        await store.backup(target)
    assert await store.verify() == []
    await store.close()
    assert verify(target) == []
    assert target.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("copy.db-*"))
    copied = await Store.open(target)
    assert await copied.history.incidents(None, 5) == [an_incident()]
    await copied.close()


def test_a_backup_that_cannot_be_written_is_an_error_in_words(full: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot be written"):
        backup(full, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StoreUnusable, match="cannot be read"):
        backup(tmp_path / "absent.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_record_that_cannot_be_read_is_named(full: Path) -> None:
    connection = sqlite3.connect(full)
    connection.execute("UPDATE incident SET record = '{\"key\": 5}'")
    connection.commit()
    connection.close()
    (problem,) = verify(full)
    assert problem.startswith("incident inc-1: cannot be read")


def test_lines_without_their_incident_are_counted(full: Path) -> None:
    connection = sqlite3.connect(full)
    connection.execute("DELETE FROM incident")
    connection.commit()
    connection.close()
    assert verify(full) == [
        "timeline: 1 rows belong to incidents that are not there",
        "delivery: 1 rows belong to incidents that are not there",
    ]


def test_damage_is_found(full: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    shutil.copy(full, damaged)
    data = bytearray(damaged.read_bytes())
    data[8192:40960] = b"\x00" * (40960 - 8192)
    damaged.write_bytes(data)
    assert verify(damaged)


def test_what_is_no_database_of_ours_cannot_be_verified(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello " * 50)
    with pytest.raises(StoreForeign):
        verify(tmp_path / "text")
    with pytest.raises(StoreUnusable):
        verify(tmp_path / "absent")
    (tmp_path / "empty").write_text("")
    assert verify(tmp_path / "empty") == [f"{tmp_path / 'empty'}: has no tables yet"]


async def test_pruning_removes_what_expired_unless_a_daemon_has_it(full: Path) -> None:
    store = await Store.open(full)
    with pytest.raises(StoreBusy):
        prune(full, Retention(), NOW)
    await store.close()
    assert prune(full, Retention(raw=DAY, minutes=DAY), NOW) >= 99
    reopened = await Store.open(full)
    (left,) = await reopened.history.results("web", 500)
    assert left.status is Status.UP
    await reopened.close()


async def test_an_open_store_prunes_when_asked(full: Path) -> None:
    store = await Store.open(full)
    await store.submit([Observed(a_result())], NOW)
    await store.prune()
    assert await store.prune() == 0
    store.retain(Retention(raw=DAY, minutes=DAY))
    assert await store.prune() >= 99
    assert [result.at for result in await store.history.results("web", 500)] == [NOW]
