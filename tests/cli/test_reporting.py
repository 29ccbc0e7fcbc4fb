"""Where a report may be put: in the place of an older one, never of what is none."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from daemon.cli.reporting import deliver
from daemon.cli.stop import Stop


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with a row, and what lies beside it."""
    path = tmp_path / "tocsin.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE page (told TEXT)")
    connection.commit()
    connection.close()
    for end in ("-wal", ".lock"):
        path.with_name(path.name + end).write_text("mine")
    return path


@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".lock"])
def test_a_report_never_takes_the_place_of_a_database_or_of_what_lies_beside_it(
    database: Path, end: str
) -> None:
    before = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    with pytest.raises(Stop, match="belongs to a database; name another file"):
        deliver("a report", database.with_name(database.name + end))
    assert {path.name: path.read_bytes() for path in database.parent.iterdir()} == before


def test_a_report_never_takes_the_place_of_a_configuration_or_a_device(tmp_path: Path) -> None:
    config, pipe = tmp_path / "config.toml", tmp_path / "pipe"
    config.write_text("[daemon]\n")
    os.mkfifo(pipe)
    with pytest.raises(Stop, match="is a configuration by its name"):
        deliver("a report", config)
    with pytest.raises(Stop, match="is no regular file"):
        deliver("a report", pipe)
    assert config.read_text() == "[daemon]\n"
    assert pipe.is_fifo()


def test_a_report_takes_the_place_of_an_older_one_also_through_a_link(tmp_path: Path) -> None:
    old, link = tmp_path / "october.md", tmp_path / "newest.md"
    old.write_text("old")
    link.symlink_to(old)
    deliver("new", link)
    assert link.is_symlink()
    assert old.read_text() == "new"
