"""A restart finds all that the engine goes on from, and no more."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from checks.result import Fault, Status, changed
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Effect, Observed, Save
from daemon.core.model import (
    ENGINE,
    HOUR,
    MINUTE,
    Amendment,
    AmendmentKind,
    CheckState,
    Handover,
    Override,
    Record,
    Turnabout,
)
from daemon.core.plan import CheckPlan, Plan, RulePlan, ServicePlan, SlaKind, SlaPlan
from daemon.core.sla.books import Books
from daemon.core.turn import Fact, Turn
from daemon.store.connect import open_reader
from daemon.store.errors import StoreUnusable
from daemon.store.restore import _SAMPLES, read_snapshot
from daemon.store.store import Store
from tests.store.samples import NOW, a_result, an_alert, an_incident


def check_of(name: str) -> CheckPlan:
    return CheckPlan(name, "http", "shop", 10_000, 1_000, 10_000, 3, 1, {"check": name})


PLAN = Plan(
    checks={name: check_of(name) for name in ("web", "db")},
    services={"shop": ServicePlan("shop", ("web", "db"))},
    slas={"sla": SlaPlan("sla", "shop", Decimal("99.9"), 6 * HOUR)},
)


async def test_records_and_newest_results_come_back(path: Path) -> None:
    store = await Store.open(path)
    records: list[Record] = [
        an_incident(),
        an_alert(),
        CheckState("web", Status.DOWN, since=NOW),
        Turnabout("duty/0", "person:ana"),
        Handover("primary", ("ana",)),
        Amendment("5e1f", AmendmentKind.EXCLUSION, "sla", 1, 2, "theirs", ENGINE, NOW),
        Override("3f2a", "primary", NOW, NOW + HOUR, ("ben",), "ana", NOW),
    ]
    down = a_result(NOW + 3, Status.DOWN)
    await store.submit([Save(record) for record in records], NOW)
    await store.submit([Observed(a_result(NOW)), Observed(down)], NOW)
    await store.close()
    store = await Store.open(path)
    found = await store.restore(PLAN, NOW + 10)
    by_key = {record.key: record for record in found.records}
    assert by_key == {record.key: record for record in records}
    assert found.last == {"web": down}
    assert found.samples == ()
    await store.close()


async def test_samples_reach_as_far_back_as_the_rules_look(store: Store) -> None:
    rule = RulePlan("slow", (), "avg('latency_ms','1m') > 150.0")
    plan = Plan(checks=PLAN.checks, rules={"slow": rule})
    for name in ("db", "web"):
        await store.submit(
            [Observed(a_result(NOW - age * 1000, check=name)) for age in range(90, 0, -10)], NOW
        )
    found = await store.restore(plan, NOW)
    assert len(found.samples) == 2 * 6
    assert [sample.at for sample in found.samples] == sorted(s.at for s in found.samples)
    assert found.samples[0].at == NOW - 60_000
    wanted = await store.restore(plan, NOW, {"web": NOW - 25_000})
    assert [(s.check, NOW - s.at) for s in wanted.samples] == [("web", 20_000), ("web", 10_000)]


async def test_samples_come_back_as_they_were_said(store: Store) -> None:
    names = [f"c{number}" for number in range(150)]
    rule = RulePlan("many", (), "avg('rows','1m') > avg('latency_ms','1m')")
    plan = Plan(checks={name: check_of(name) for name in names}, rules={"many": rule})
    store.follow(plan)
    bad = changed(
        a_result(NOW - 2, Status.DOWN),
        message='"\\\t\x7f \u2028 é 🐢 \x00',
        fault=Fault.CONDITION,
        phases={},
        metrics={"rows": 0.1},
    )
    blind = changed(bad, at=NOW - 1, status=Status.UNKNOWN, latency_ms=None, metrics={"rows": 3})
    said = [changed(one, check=name) for one in (bad, blind) for name in names]
    await store.submit([Observed(one) for one in said], NOW)
    found = await store.restore(plan, NOW)
    assert sorted(found.samples, key=lambda one: (one.at, names.index(one.check))) == said
    assert found.last == {one.check: one for one in said[150:]}
    assert list(found.last) == names


async def test_samples_that_are_too_many_for_one_text_are_read_in_several(
    store: Store, path: Path
) -> None:
    for name in ("web", "db"):
        await store.submit(
            [Observed(changed(a_result(NOW - 1_000 * n), check=name)) for n in range(20)], NOW
        )
    connection = open_reader(path)
    whole = read_snapshot(connection, PLAN, NOW, {"web": 0, "db": 0}).samples
    assert len(whole) == 40
    text = len(connection.execute(_SAMPLES, ('{"web":0,"db":0}',)).fetchone()[0])
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, text * 3 // 4)
    assert read_snapshot(connection, PLAN, NOW, {"web": 0, "db": 0}).samples == whole
    connection.close()


async def test_intervals_reach_as_far_back_as_the_slas_and_the_settling_need(
    store: Store,
) -> None:
    def piece(entity: str, name: str, start: int, end: int) -> Interval:
        return Interval(entity, name, NOW + start * HOUR, NOW + end * HOUR, Status.UP)

    kept = [
        piece("service", "shop", -7, -5),
        piece("service", "shop", -5, -2),
        piece("check", "web", -3, -1),
    ]
    gone = [
        piece("service", "shop", -9, -7),
        piece("check", "web", -9, -3),
        piece("check", "db", -9, -2),
        piece("check", "other", -2, -1),
    ]
    await store.submit([Append(one) for one in kept + gone], NOW)
    found = await store.restore(PLAN, NOW)
    assert list(found.intervals) == kept


async def test_books_go_on_from_the_store_as_if_nothing_had_happened(path: Path) -> None:
    books, store = Books(PLAN), await Store.open(path)
    since: dict[str, int] = {}
    story = [
        (0, "web", Status.UP),
        (0, "db", Status.UP),
        (20, "web", Status.DOWN),
        (30, "web", Status.UP),
        (31, "db", Status.DEGRADED),
        (50, "db", Status.DOWN),
        (55, "web", Status.UNKNOWN),
        (70, "db", Status.UP),
    ]
    for minute, name, status in story:
        at = NOW + minute * MINUTE
        turn = Turn(at + 5, facts=[Fact(name, at, status)])
        turn.emit(Observed(a_result(at, status, name)))
        books.take(turn)
        books.settle(turn)
        effects: list[Effect] = [*turn.effects, Save(CheckState(name, status, since=at))]
        await store.submit(effects, at)
        since[name] = at
    now = NOW + 80 * MINUTE
    before = books.sla("sla", now)
    await store.close()
    store = await Store.open(path)
    snapshot = await store.restore(PLAN, now)
    states = {record.key: record for record in snapshot.records if isinstance(record, CheckState)}
    again = Books(PLAN)
    again.restore(snapshot.intervals, states, now, snapshot.last)
    assert again.sla("sla", now) == before
    assert again.settled("shop") == books.settled("shop")
    assert before.down_ms == 30 * MINUTE
    await store.close()


async def test_a_record_that_cannot_be_read_stops_the_start_in_words(path: Path) -> None:
    store = await Store.open(path)
    await store.submit([Save(an_incident())], NOW)
    await store.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE incident SET record = 'x'")
    connection.commit()
    connection.close()
    store = await Store.open(path)
    with pytest.raises(StoreUnusable, match="tocsin db verify"):
        await store.restore(PLAN, NOW)
    await store.close()


async def test_what_an_objective_counted_comes_back_with_its_last_word(store: Store) -> None:
    """A piece that went on was written again, longer, under the same start."""
    counting = SlaPlan("fast", "shop", Decimal(95), 6 * HOUR, kind=SlaKind.LATENCY, under=300)
    pieces = [
        Interval("sla", "fast", NOW - 5 * MINUTE, NOW - 4 * MINUTE, Status.UP),
        Interval("sla", "fast", NOW - 5 * MINUTE, NOW - 3 * MINUTE, Status.UP),
        Interval("sla", "fast", NOW - 3 * MINUTE, NOW - 2 * MINUTE, Status.DOWN),
        Interval("sla", "other", NOW - 3 * MINUTE, NOW - 2 * MINUTE, Status.DOWN),
    ]
    await store.submit([Append(one) for one in pieces], NOW)
    found = await store.restore(Plan(checks=PLAN.checks, slas={"fast": counting}), NOW)
    assert list(found.intervals) == pieces[1:3]
