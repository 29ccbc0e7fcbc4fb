"""The open file is missed when its name leads elsewhere, and a backup still holds all of it."""

# ruff: noqa: ASYNC240  # nobody else waits on a test's loop

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from daemon.core.effects import Observed, Save
from daemon.store.errors import TargetExists
from daemon.store.place import Place
from daemon.store.store import Store
from daemon.store.upkeep.care import verify
from tests.store.samples import NOW, a_result, an_incident


def _remove(path: Path) -> None:
    path.unlink()


def _put_another(path: Path) -> None:
    other = path.with_name("other.db")
    shutil.copy(path, other)
    other.rename(path)


def _remove_log(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink()


@pytest.mark.parametrize("harm", [_remove, _put_another, _remove_log])
async def test_a_backup_of_a_file_that_lost_its_name_holds_what_was_written_after_that(
    path: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    store = await Store.open(path)
    await store.submit([Observed(a_result(NOW))], NOW)
    place = Place(path)
    assert place.look() is None
    harm(path)
    await store.submit([Save(an_incident())], NOW)
    words = place.look()
    assert words is not None
    assert "tocsin db backup FILE" in words
    assert str(path) in words
    copy = tmp_path / "copy.db"
    await store.backup(copy)
    assert verify(copy) == []
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM incident").fetchone() == (1,)
    await store.close()


async def test_a_file_that_is_put_back_is_well_again(path: Path) -> None:
    store = await Store.open(path)
    place, aside = Place(path), path.with_name("aside.db")
    path.rename(aside)
    assert place.look() is not None
    aside.rename(path)
    assert place.look() is None
    await store.close()


async def test_no_backup_goes_where_the_lost_file_was(path: Path) -> None:
    store = await Store.open(path)
    path.unlink()
    with pytest.raises(TargetExists, match="name another file"):
        await store.backup(path)
    assert not path.exists()
    await store.close()


async def test_another_process_that_closes_the_file_does_not_take_the_log_away(
    path: Path, tmp_path: Path
) -> None:
    """POSIX locks go with any descriptor of the file that the process closes."""
    store = await Store.open(path)
    await store.submit([Observed(a_result(NOW))], NOW)
    place = Place(path)
    await store.backup(tmp_path / "copy.db")
    assert await store.verify() == []
    await store.analysis.ask(lambda one: one.execute("SELECT 1").fetchone())
    look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
    look += " print(c.execute('SELECT count(*) FROM sqlite_master').fetchone()); c.close()"
    subprocess.run([sys.executable, "-c", look, str(path)], check=True, capture_output=True)  # noqa: ASYNC221
    assert place.look() is None
    await store.close()
