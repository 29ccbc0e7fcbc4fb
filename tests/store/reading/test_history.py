"""Readers find what is stored, newest first where that is asked, and wait for nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Enqueue, Observed, Save
from daemon.core.model import MINUTE, IncidentState
from daemon.store.store import Store
from tests.store.samples import NOW, a_notice, a_result, an_audit, an_incident


async def test_incidents_since_a_time_and_all_open_ones(store: Store) -> None:
    old_open = an_incident("a-open", fired_at=NOW - 900)
    old = an_incident(
        "b-old", fired_at=NOW - 800, state=IncidentState.RESOLVED, resolved_at=NOW - 700
    )
    new = an_incident("b-new", fired_at=NOW, state=IncidentState.RESOLVED, resolved_at=NOW + 1)
    await store.submit([Save(old_open), Save(old), Save(new)], NOW)
    history = store.history
    assert await history.incidents(None, 10) == [new, old, old_open]
    assert await history.incidents(NOW - 100, 10) == [new, old_open]
    assert await history.incidents(None, 1) == [new]
    assert await history.find_incidents("b-", 10) == [new, old]
    assert await history.find_incidents("b-o", 10) == [old]
    assert await history.find_incidents("%", 10) == []


async def test_results_come_oldest_first_and_are_the_newest(store: Store) -> None:
    await store.submit([Observed(a_result(NOW + at)) for at in range(20)], NOW)
    found = await store.history.results("web", 3)
    assert [result.at for result in found] == [NOW + 17, NOW + 18, NOW + 19]
    assert len(await store.history.results("web", 100, since=NOW + 15)) == 5
    assert await store.history.results("nobody", 3) == []


async def test_rollups_tell_a_checks_minutes(store: Store) -> None:
    first = NOW // MINUTE * MINUTE
    results = [Observed(a_result(first + second * 1000)) for second in range(60)]
    failed = Observed(a_result(first + MINUTE, Status.DOWN))
    await store.submit([*results, failed], first)
    await store.submit([Observed(a_result(first + 5 * MINUTE))], first + 5 * MINUTE)
    await store.prune()
    minutes = await store.history.rollups("web", first)
    assert [(one.at, one.counts) for one in minutes] == [
        (first, (60, 0, 0, 0)),
        (first + MINUTE, (0, 0, 0, 1)),
    ]
    median = minutes[0].sketch.quantile(0.5)
    assert median is not None
    assert abs(median - 12_345) < 124
    assert await store.history.rollups("web", first + 1) == minutes[1:]


async def test_intervals_that_touch_a_span(store: Store) -> None:
    pieces = [
        Interval("service", "shop", start, start + 10, Status.UP) for start in range(0, 100, 10)
    ]
    await store.submit([Append(piece) for piece in pieces], NOW)
    assert await store.history.intervals("service", "shop", 25, 41) == pieces[2:5]
    assert await store.history.intervals("service", "shop", 20, 30) == pieces[2:3]
    assert await store.history.intervals("check", "shop", 0, 100) == []


async def test_the_audit_log_is_newest_first(store: Store) -> None:
    lines = [an_audit(str(number)) for number in range(5)]
    await store.submit([Append(line) for line in lines], NOW)
    assert await store.history.audit(2) == [lines[4], lines[3]]


async def test_deliveries_are_newest_first(store: Store) -> None:
    notices = [a_notice(f"n-{at}", f"inc-{at % 2}", NOW + at) for at in range(4)]
    await store.submit([Enqueue(notice) for notice in notices], NOW)
    assert [view.id for view in await store.history.deliveries(None, 3)] == ["n-3", "n-2", "n-1"]
    (newest, _) = await store.history.deliveries("inc-1", 10)
    assert (newest.id, newest.state, newest.created_at) == (
        "n-3",
        "queued",
        "2026-11-18T11:06:40.003Z",
    )


async def test_readers_do_not_wait_for_a_writer_nor_it_for_them(path: Path, store: Store) -> None:
    await store.submit([Save(an_incident())], NOW)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    assert await asyncio.wait_for(store.history.incidents(None, 5), 1) == [an_incident()]
    foreign.execute("ROLLBACK")
    foreign.execute("BEGIN")
    foreign.execute("SELECT count(*) FROM incident").fetchone()
    await asyncio.wait_for(store.submit([Save(an_incident("inc-2"))], NOW), 1)
    foreign.close()


async def test_more_questions_than_readers_are_all_answered(store: Store) -> None:
    await store.submit([Save(an_incident())], NOW)
    answers = await asyncio.gather(*(store.history.incidents(None, 5) for _ in range(20)))
    assert all(answer == [an_incident()] for answer in answers)
