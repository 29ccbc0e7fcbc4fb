"""A database is ours or it is left alone; only one daemon has it."""

# ruff: noqa: ASYNC220, ASYNC240  # nobody else waits on a test's loop

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.store.connect import examine
from daemon.store.errors import StoreForeign, StoreLocked, StoreTooNew, StoreUnusable
from daemon.store.schema import APPLICATION_ID, VERSION
from daemon.store.store import Store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_new_database_is_for_its_owner_only(path: Path) -> None:
    store = await Store.open(path)
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600
    assert mode(path.with_name("tocsin.db-wal")) == 0o600
    await store.close()


async def test_a_fresh_file_says_whose_it_is_before_anything_is_in_it(path: Path) -> None:
    """A crash right after the first start must not leave a file that looks foreign."""
    store = await Store.open(path)
    assert examine(path) == VERSION
    await store.close()


async def test_a_second_daemon_is_refused_with_the_firsts_pid(path: Path, store: Store) -> None:
    with pytest.raises(StoreLocked) as refused:
        await Store.open(path)
    assert refused.value.pid == os.getpid()
    assert str(os.getpid()) in str(refused.value)


async def test_the_lock_is_free_again_after_its_holder_was_killed(path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from daemon.store.connect import Lock;"
        "lock = Lock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    path.parent.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        with pytest.raises(StoreLocked) as refused:
            await Store.open(path)
        assert refused.value.pid == child.pid
        child.kill()
        child.wait()
    store = await Store.open(path)
    await store.close()


async def test_a_newer_database_is_refused_untouched(path: Path) -> None:
    store = await Store.open(path)
    await store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.execute(f"PRAGMA user_version = {VERSION + 7}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"version {VERSION + 7}.*up to {VERSION}"):
        await Store.open(path)
    assert path.read_bytes() == before


async def test_a_newer_version_that_is_only_in_the_log_is_refused_too(path: Path) -> None:
    store = await Store.open(path)
    await store.close()
    keeper = sqlite3.connect(path)
    keeper.execute(f"PRAGMA user_version = {VERSION + 1}")
    assert examine(path) == VERSION
    with pytest.raises(StoreTooNew):
        await Store.open(path)
    keeper.close()


@pytest.mark.parametrize("application", [0, 42])
async def test_another_programs_database_is_refused_untouched(path: Path, application: int) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {application}")
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="another program"):
        await Store.open(path)
    assert path.read_bytes() == before
    assert application != APPLICATION_ID


async def test_a_file_that_is_no_database_is_refused_untouched(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("dear diary " * 50)
    with pytest.raises(StoreForeign, match="not an SQLite database"):
        await Store.open(path)
    assert path.read_text() == "dear diary " * 50


async def test_a_damaged_database_is_an_error_in_words(path: Path) -> None:
    store = await Store.open(path)
    await store.close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)
    with pytest.raises(StoreUnusable, match="tocsin db verify"):
        await Store.open(path)
    assert not path.with_name("tocsin.db.lock").read_bytes()


async def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        await Store.open(tmp_path / "file" / "tocsin.db")
    with pytest.raises(StoreUnusable, match=r"directory|cannot be"):
        await Store.open(tmp_path)
