"""How many runs burn alerts may count is read back from minutes, hours and results."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from checks.result import Status
from daemon.core.effects import Observed
from daemon.core.model import DAY, HOUR, MINUTE
from daemon.core.plan import BurnPlan, SlaPlan
from daemon.core.severity import Severity
from daemon.store.reading.run_counts import read_run_counts
from daemon.store.store import Store
from tests.store.samples import NOW, a_result
from tests.store.test_restore import PLAN

BURN = BurnPlan(Decimal(2), 3 * DAY, 6 * HOUR, Severity.HIGH, min_events=50)
ASKING = replace(
    PLAN, slas={"sla": SlaPlan("sla", "shop", Decimal("99.9"), 30 * DAY, burns=(BURN,))}
)


async def test_runs_are_counted_once_wherever_they_are_kept(path: Path) -> None:
    now, minute = NOW + 10 * MINUTE, NOW // MINUTE
    store = await Store.open(path)
    seen = [Observed(a_result(at)) for at in (NOW, NOW + 1, NOW + MINUTE)]
    unknown = Observed(a_result(NOW + MINUTE + 1, Status.UNKNOWN))
    await store.submit([*seen, unknown], NOW + MINUTE)
    assert not (await store.restore(PLAN, now)).runs
    found = (await store.restore(ASKING, now)).runs
    assert {(one.check, one.minute - minute, one.runs) for one in found} == {
        ("web", 0, 2), ("web", 1, 1)
    }  # fmt: skip
    await store.close()
    with sqlite3.connect(path) as connection:
        (web,) = connection.execute("SELECT id FROM check_name WHERE name = 'web'").fetchone()
        figures = "9, 0, 4, 1, 0, NULL, NULL, x''"
        minutes = [(web, at, figures) for at in (minute, minute - 4 * 24 * 60)]
        hours = [(at, web, figures) for at in (minute // 60 - 40, minute // 60 - 90)]
        for table, rows in (("rollup_minute", minutes), ("rollup_hour", hours)):
            for first, second, rest in rows:
                connection.execute(f"REPLACE INTO {table} VALUES ({first}, {second}, {rest})")  # noqa: S608  # numbers of this test
        found = tuple(read_run_counts(connection, ASKING, now))
    assert {(one.minute - minute // 60 * 60, one.runs) for one in found} == {
        (minute % 60, 10), (minute % 60 + 1, 1), (-40 * 60, 10)
    }  # fmt: skip
