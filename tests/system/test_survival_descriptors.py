"""A process that may open no more files: no verdict about targets, and a way back."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.client import ClientError
from tests.system.faults import limit_files
from tests.system.ground import Ground, Page, all_up, open_ground
from tests.system.running import PATIENCE_S, Tocsin

pytestmark = pytest.mark.slow

NAMES = [f"t{number:02}" for number in range(12)]
BY_NAME = """
[[check]]
name = "by-name"
kind = "tcp"
host = "localhost"
port = {port}
"""


@pytest.fixture
def ground() -> Iterator[Ground]:
    with open_ground() as ground:
        yield ground


def verdicts(ground: Ground) -> list[Page]:
    """The pages that say that a target is down."""
    return [page for page in ground.pages if page.title.endswith(" is down")]


async def _ask_for_ever(tocsin: Tocsin) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await tocsin.state()


async def test_without_file_descriptors_nothing_is_said_of_targets_and_all_goes_on_afterwards(
    tmp_path: Path, ground: Ground
) -> None:
    by_name = BY_NAME.format(port=ground.url.rpartition(":")[2])
    async with Tocsin(tmp_path, ground.configuration(NAMES, by_name)) as tocsin:
        await tocsin.until(all_up)
        asked = ground.asked
        had = limit_files(tocsin.pid, 0)
        with pytest.raises(ClientError):
            await _ask_for_ever(tocsin)
        await asyncio.sleep(6)  # every part of the daemon, and every check, has had its turn
        ground.broken.add("t00")
        assert ground.asked - asked < len(NAMES) * 2, "checks still run: the test shows nothing"
        resource.prlimit(tocsin.pid, resource.RLIMIT_NOFILE, had)
        ground.wait(lambda: verdicts(ground))
        ground.wait_page("tocsin")
        assert any("LimitNOFILE" in each for each in (await tocsin.state()).daemon.problems)
        ground.broken.clear()
        ground.wait_page("t00", "incident.resolved")
        await tocsin.until(all_up)
        assert {page.service for page in verdicts(ground)} == {"t00"}
        assert tocsin.end() == 0
    words = tocsin.words()
    assert "t01 is unknown" in words
    assert "out of file descriptors" in words
    assert "by-name is down" not in words
