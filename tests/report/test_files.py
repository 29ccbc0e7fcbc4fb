"""A report's file: whole or not at all, and nothing left beside it."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from daemon.report.files import put


def test_what_a_killed_process_left_is_taken_over_and_does_not_stay(tmp_path: Path) -> None:
    left = tmp_path / ".month.html.part"
    left.write_text("half of a longer report")
    left.chmod(0o600)
    put(tmp_path / "month.html", "whole")
    assert [one.name for one in tmp_path.iterdir()] == ["month.html"]
    assert (tmp_path / "month.html").read_text() == "whole"
    assert (tmp_path / "month.html").stat().st_mode & 0o777 == 0o640


def test_two_that_write_at_once_do_not_mix(tmp_path: Path) -> None:
    put(tmp_path / "month.html", "before")
    with (tmp_path / ".month.html.part").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another program is writing it"):
            put(tmp_path / "month.html", "mine")
        assert (tmp_path / "month.html").read_text() == "before"
    put(tmp_path / "month.html", "mine")
    assert (tmp_path / "month.html").read_text() == "mine"


def test_a_link_in_its_way_is_not_followed_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("dear")
    (tmp_path / ".a.md.part").symlink_to(victim)
    with pytest.raises(OSError, match=r"\.a\.md\.part"):
        put(tmp_path / "a.md", "x")
    assert victim.read_text() == "dear"
    with pytest.raises(UnicodeEncodeError):
        put(tmp_path / "b.md", "\ud800")
    assert not (tmp_path / ".b.md.part").exists()
