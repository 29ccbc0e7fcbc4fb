"""Time that jumps or stands still: one unknown interval, no verdict, nothing stalls."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from daemon.api.schema import State
from daemon.client import Client
from tests.system.ground import Ground, all_up, open_ground
from tests.system.running import Tocsin

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000
NAMES = [f"t{number:02}" for number in range(10)]

SLOW_POLICY = """
[policy.slow]
[[policy.slow.level]]
after = "0s"
notify = ["channel:hook"]
[[policy.slow.level]]
after = "20m"
notify = ["channel:hook"]
[[policy.slow.level]]
after = "40m"
notify = ["channel:hook"]
[[policy.slow.level]]
after = "5h"
notify = ["channel:hook"]
"""


@pytest.fixture
def ground() -> Iterator[Ground]:
    with open_ground() as ground:
        yield ground


def told(state: State) -> bool:
    """Nothing is in flight, and that is on disk."""
    return state.daemon.outbox == 0 and state.daemon.queue == 0


class WrongClock:
    """The daemon's wall clock, set wrong at will."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        return {"TOCSIN_TEST_CLOCK": str(self._file)}

    def set(self, offset_ms: int) -> None:
        """From now on the clock is off by this."""
        new = self._file.with_suffix(".new")
        new.write_text(str(offset_ms))
        new.replace(self._file)


def unknown_intervals(database: Path, name: str) -> list[tuple[int, int]]:
    """The pieces of a check's history in which nothing was measured, between measured ones."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT start_at, end_at, status FROM interval WHERE name = ? AND entity = 'check'"
            " ORDER BY start_at",
            (name,),
        ).fetchall()
    merged: list[tuple[int, int]] = []
    for start, end, status in rows[1:]:  # before the first result nothing was known either
        if status == 2 and merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        elif status == 2:
            merged.append((start, end))
    return merged


async def after_more_runs(tocsin: Tocsin, ground: Ground) -> State:
    """Once every check has run at least twice more and all are up."""
    asked = ground.asked
    await tocsin.until(lambda _: ground.asked >= asked + 2 * len(NAMES))
    return await tocsin.until(all_up)


async def test_a_clock_that_jumps_ahead_leaves_a_gap_and_runs_overdue_levels_once_in_order(
    tmp_path: Path, ground: Ground
) -> None:
    clock = WrongClock(tmp_path / "clock")
    configuration = ground.configuration(NAMES, SLOW_POLICY).replace(
        'policy = "first"', 'policy = "slow"'
    )
    async with Tocsin(tmp_path, configuration, environment=clock.environment) as tocsin:
        await tocsin.until(all_up)
        ground.broken.add("t00")
        await tocsin.incident("t00")
        ground.wait_page("t00")
        await tocsin.until(told)
        asked = ground.asked
        clock.set(2 * HOUR_MS)
        ground.wait_page("t00", "incident.escalated")
        assert ground.asked - asked <= 4 * len(NAMES), "a burst of probes"
        ground.broken.clear()
        await after_more_runs(tocsin, ground)
        ground.wait_page("tocsin")
        others = {page.title for page in ground.pages if page.service != "t00"}
        assert others == {"Tocsin: a step of an escalation was late"}, (
            "the steps were two hours late"
        )
        incident = ground.pages[0].incident
        async with Client(tocsin.socket) as client:
            escalation = (await client.incident(incident)).incident.escalation
        assert escalation is not None
        assert escalation.level == 3
        assert "the clock went ahead by" in tocsin.words()
        assert tocsin.words().count("the clock went ahead by") == 1
        assert tocsin.end() == 0
    ground.assert_no_duplicates()


async def test_a_clock_that_is_set_back_stalls_nothing_and_is_reported(
    tmp_path: Path, ground: Ground
) -> None:
    clock = WrongClock(tmp_path / "clock")
    async with Tocsin(
        tmp_path, ground.configuration(NAMES), environment=clock.environment
    ) as tocsin:
        before = await tocsin.until(all_up)
        clock.set(-2 * HOUR_MS)
        ground.broken.add("t00")
        ground.wait_page("t00")
        ground.wait_page("tocsin")
        ground.broken.clear()
        ground.wait_page("t00", "incident.resolved")
        after = await after_more_runs(tocsin, ground)
        assert after.daemon.time > before.daemon.time
        assert {page.service for page in ground.pages} == {"t00", "tocsin"}
        assert any("the clock was set back" in each for each in after.daemon.problems)
        await tocsin.until(told)
        tocsin.kill()
        await tocsin.start()
        again = await after_more_runs(tocsin, ground)
        assert again.daemon.time > after.daemon.time
    ground.assert_no_duplicates()


async def test_a_process_that_was_stopped_leaves_one_unknown_interval_and_no_page(
    tmp_path: Path, ground: Ground
) -> None:
    sla = '[[sla]]\nname = "t"\nservice = "t01"\ntarget = 99.0\nperiod = "30d"\n'
    ground.slow_s = 0.3  # some probes are under way whenever it is stopped
    async with Tocsin(tmp_path, ground.configuration(NAMES, sla)) as tocsin:
        await tocsin.until(all_up)
        tocsin.signal(signal.SIGSTOP)
        await asyncio.sleep(15)  # this is what is tested
        tocsin.signal(signal.SIGCONT)
        await tocsin.until(lambda _: "stood still" in tocsin.words())
        await after_more_runs(tocsin, ground)
        assert tocsin.words().count("stood still") == 1
        assert [page for page in ground.pages if page.service != "tocsin"] == []
        assert tocsin.end() == 0
    for name in NAMES:
        pieces = unknown_intervals(tocsin.database, name)
        assert len(pieces) <= 1, pieces
        assert all(10_000 < end - start < 25_000 for start, end in pieces), pieces


async def test_a_short_stop_makes_no_verdict_from_what_took_long_meanwhile(
    tmp_path: Path, ground: Ground
) -> None:
    ground.slow_s = 0.3  # some probes are under way whenever it is stopped
    configuration = ground.configuration(NAMES).replace("down_after = 2", "down_after = 1")
    configuration = configuration.replace(
        'kind = "http"', 'kind = "http"\ndegraded_if = ["latency_ms > 900.0"]'
    )
    async with Tocsin(tmp_path, configuration) as tocsin:
        await tocsin.until(all_up)
        for _ in range(3):
            tocsin.signal(signal.SIGSTOP)
            await asyncio.sleep(4)  # this is what is tested
            tocsin.signal(signal.SIGCONT)
            await after_more_runs(tocsin, ground)
        assert {page.title for page in ground.pages if page.service != "tocsin"} == set()
