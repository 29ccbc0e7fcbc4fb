"""A daemon that starts goes on no earlier than the newest thing it has stored."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.model import Incident, IncidentState, Record, Silence
from daemon.core.severity import Severity
from daemon.core.snapshot import Snapshot
from daemon.service.resume import newest
from tests.service.test_failed_turn import CONFIG
from tests.system.running import Tocsin

AT = 1_800_000_000_000


def incident(at: int) -> Record:
    """One that fired then, and is acknowledged for a long time yet."""
    return Incident(
        key="i",
        group="g",
        state=IncidentState.TRIGGERED,
        severity=Severity.HIGH,
        title="t",
        summary="s",
        fired_at=at,
        ack_until=at + 10**9,
    )


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(last={"a": Result("a", AT, Status.UP), "b": Result("b", AT - 1, Status.UP)}),
        Snapshot(samples=(Result("a", AT, Status.UP),)),
        Snapshot(intervals=(Interval("service", "a", AT - 9, AT, Status.UP),)),
        Snapshot(records=(incident(AT),), last={"a": Result("a", AT - 1, Status.UP)}),
        Snapshot(records=(Silence("s", (), AT - 5, AT + 10**9, "ana", "", AT),)),
    ],
)
def test_the_newest_is_what_happened_last_and_not_what_is_yet_to_come(snapshot: Snapshot) -> None:
    assert newest(snapshot) == AT


def test_with_nothing_stored_there_is_no_newest() -> None:
    assert newest(Snapshot()) == 0


async def test_a_daemon_whose_clock_was_set_back_while_it_was_off_goes_on_and_says_so(
    tmp_path: Path,
) -> None:
    """The database is moved an hour into the future instead of the machine into the past."""
    async with Tocsin(tmp_path, CONFIG + 'every = "1s"\n') as tocsin:
        before = await tocsin.until(lambda now: now.checks[0].status == "up")
        tocsin.end()
        with sqlite3.connect(tocsin.database) as database:
            database.execute("UPDATE result SET at = at + 3600000")
        database.close()
        await tocsin.start()
        after = await tocsin.until(lambda now: bool(now.daemon.problems))
        assert after.daemon.time[:13] > before.daemon.time[:13]
        assert after.daemon.problems[0].startswith("the clock was set back by 3")
