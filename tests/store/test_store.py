"""What was submitted is on disk, whole and in order, when its future says so."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save, StartProbe
from daemon.core.model import Alert, CheckState, Incident, IncidentState
from daemon.core.plan import Plan, RulePlan
from daemon.store.errors import StoreUnusable
from daemon.store.store import Store
from daemon.store.writer import ROWS_A_STEP, many_rows, steps_of
from tests.store.conftest import Query
from tests.store.samples import (
    NOW,
    a_notice,
    a_result,
    an_alert,
    an_audit,
    an_entry,
    an_incident,
)


async def test_a_decision_is_on_disk_when_its_future_resolves(store: Store, query: Query) -> None:
    effects: list[Effect] = [
        Save(an_incident()),
        Save(an_alert(incident="inc-1")),
        Append(an_entry()),
        Append(an_audit()),
        Append(Interval("service", "shop", NOW - 10, NOW, Status.UP)),
        Enqueue(a_notice()),
        Observed(a_result()),
        StartProbe("web", NOW),
    ]
    await store.submit(effects, NOW)
    assert query("SELECT key, state, severity FROM incident") == [
        ("inc-1", "triggered", "critical")
    ]
    assert query("SELECT name, incident FROM alert") == [("web down", "inc-1")]
    assert query("SELECT time, kind, text FROM v_timeline") == [
        ("2026-11-18T11:06:40.000Z", "fired", "web down")
    ]
    assert query("SELECT actor, action FROM audit") == [("ana", "acknowledge")]
    assert query("SELECT entity, name, status, ms FROM v_interval") == [
        ("service", "shop", "up", 10)
    ]
    assert query("SELECT state, channel, recipient FROM v_delivery") == [("queued", "mail", "ana")]
    assert query('SELECT "check", status, latency_ms FROM v_result') == [("web", "up", 12.345)]


async def test_what_channels_note_is_there_after_a_restart_and_gone_when_it_was_dropped(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notes.db"
    first = await Store.open(path)
    for key, text in (("a", "1"), ("b", "2"), ("a", "3"), ("b", ""), ("c", "4")):
        first.remember("ops", key, text)
    await first.close()
    second = await Store.open(path)
    assert sorted(await second.notes()) == [("ops", "a", "3"), ("ops", "c", "4")]
    await second.close()
    with pytest.raises(StoreUnusable):
        second.remember("ops", "a", "x")


async def test_a_record_column_can_be_read_by_hand(store: Store, query: Query) -> None:
    await store.submit([Save(CheckState("web", Status.DOWN, since=NOW))], NOW)
    ((status, record),) = query("SELECT status, record FROM check_state")
    assert status == "down"
    assert json.loads(record)["since"] == NOW


async def test_results_alone_gather_before_they_are_written(store: Store, query: Query) -> None:
    first = store.submit([Observed(a_result(NOW))], NOW)
    second = store.submit([Observed(a_result(NOW + 1))], NOW)
    await asyncio.sleep(0.05)
    assert not first.done()
    assert query("SELECT count(*) FROM result") == [(0,)]
    await asyncio.gather(first, second)
    assert query("SELECT count(*) FROM result") == [(2,)]


async def test_a_decision_takes_waiting_results_along_at_once(store: Store, query: Query) -> None:
    waiting = store.submit([Observed(a_result())], NOW)
    await asyncio.wait_for(store.submit([Save(CheckState("web"))], NOW), 0.2)
    assert waiting.done()
    assert query("SELECT count(*) FROM result") == [(1,)]


async def test_futures_resolve_in_the_order_of_the_calls(store: Store) -> None:
    order: list[int] = []
    futures = []
    for number in range(50):
        future = store.submit([Append(an_entry(text=str(number)))], NOW)
        future.add_done_callback(lambda _, number=number: order.append(number))  # type: ignore[misc]  # mypy cannot type a bound default
        futures.append(future)
        if number % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*futures)
    await asyncio.sleep(0)
    assert order == list(range(50))
    assert [entry.text for entry in await store.history.entries("inc-1")] == [
        str(number) for number in range(50)
    ]


async def test_the_newest_value_of_a_record_counts(store: Store, query: Query) -> None:
    for at in range(20):
        last = store.submit([Save(CheckState("web", since=at))], NOW)
    await last
    assert query("SELECT since FROM check_state") == [(19,)]


async def test_what_is_dropped_is_gone_and_what_returns_is_back(store: Store, query: Query) -> None:
    web, drop = Save(CheckState("web")), Drop(CheckState, "web")
    await store.submit([web, drop], NOW)
    assert query("SELECT key FROM check_state") == []
    await store.submit([web], NOW)
    store.submit([drop], NOW)
    await store.submit([web], NOW)
    assert query("SELECT key FROM check_state") == [("web",)]
    await store.submit([drop], NOW)
    assert query("SELECT key FROM check_state") == []


async def test_a_dropped_incident_stays_as_history_but_is_not_restored(store: Store) -> None:
    resolved = an_incident(state=IncidentState.RESOLVED, resolved_at=NOW + 5)
    await store.submit([Save(resolved), Drop(Incident, "inc-1")], NOW)
    assert (await store.restore(Plan(), NOW)).records == ()
    assert await store.history.incidents(None, 10) == [resolved]


async def test_every_time_an_alert_fired_stays_in_its_history(store: Store) -> None:
    first = an_alert(resolved_at=NOW + 5)
    again = an_alert(fired_at=NOW + 100)
    await store.submit([Save(an_alert()), Save(first), Drop(Alert, first.key)], NOW)
    await store.submit([Save(again)], NOW)
    assert await store.history.alerts(None, 10) == [again, first]
    assert await store.history.alerts(NOW + 50, 10) == [again]
    assert await store.history.alerts_of([first.key, "ffff"]) == [again]


async def test_nothing_to_write_is_done_at_once(store: Store) -> None:
    assert store.submit([], NOW).done()
    assert store.submit([StartProbe("web", NOW)], NOW).done()


async def test_the_outbox_gives_back_what_is_not_settled(path: Path) -> None:
    store = await Store.open(path)
    notices = [a_notice(f"n-{number}", at=NOW + number) for number in range(4)]
    await store.submit([Enqueue(notice) for notice in notices], NOW)
    await store.outbox.update("n-0", "sent", 1, None, "250 ok")
    await store.outbox.update("n-1", "sending", 1, None, "")
    await store.outbox.update("n-2", "queued", 2, NOW + 900, "timeout")
    await store.close()
    store = await Store.open(path)
    pending = await store.outbox.pending()
    assert [(p.notice, p.attempts, p.next_at) for p in pending] == [
        (notices[1], 1, NOW + 1),
        (notices[2], 2, NOW + 900),
        (notices[3], 0, NOW + 3),
    ]
    shown = {view.id: view for view in await store.history.deliveries("inc-1", 10)}
    assert shown["n-0"].state == "sent"
    assert shown["n-0"].sent_at is not None
    assert shown["n-2"].detail == "timeout"
    await store.close()


async def test_a_notice_that_is_queued_twice_is_one_delivery(store: Store, query: Query) -> None:
    await store.submit([Enqueue(a_notice())], NOW)
    await store.outbox.update("n-1", "sent", 1, None, "ok")
    await store.submit([Enqueue(a_notice())], NOW)
    assert query("SELECT state, attempts FROM delivery") == [("sent", 1)]


async def test_a_row_that_cannot_be_stored_keeps_no_other_out(
    store: Store, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    poison = an_entry(text="lone surrogate \ud800")
    effects: list[Effect] = [
        Save(an_incident()),
        Append(poison),
        Append(an_entry()),
        Enqueue(a_notice()),
    ]
    await store.submit(effects, NOW)
    assert query("SELECT count(*) FROM incident") == [(1,)]
    assert query("SELECT text FROM timeline") == [("web down",)]
    assert query("SELECT count(*) FROM delivery") == [(1,)]
    assert store.health().refused == 1
    assert not store.degraded
    assert "timeline was not stored" in caplog.text


async def test_many_rows_are_stored_whole_and_in_order(store: Store, query: Query) -> None:
    many = 3 * ROWS_A_STEP + 5
    alerts = [an_alert(f"{n:016x}", incident=f"inc-{n}") for n in range(many)]
    entries = [Append(an_entry(text=f"{n}")) for n in range(many)]
    results = [Observed(a_result(NOW + n)) for n in range(many)]
    await store.submit([*map(Save, alerts), *entries, *results], NOW)
    assert query("SELECT key, incident FROM alert ORDER BY key") == [
        (alert.key, alert.incident) for alert in alerts
    ]
    assert query("SELECT text FROM timeline ORDER BY rowid") == [(f"{n}",) for n in range(many)]
    assert query("SELECT at FROM result ORDER BY at") == [(NOW + n,) for n in range(many)]
    await store.submit([Save(an_alert(alert.key, incident="inc-x")) for alert in alerts], NOW)
    assert query("SELECT DISTINCT incident FROM alert") == [("inc-x",)]


async def test_many_records_are_dropped_whole(store: Store, query: Query) -> None:
    many = ROWS_A_STEP + 7
    alerts = [an_alert(f"{n:016x}") for n in range(many + 1)]
    incidents = [an_incident(f"{n:012x}") for n in range(many + 1)]
    await store.submit([*map(Save, alerts), *map(Save, incidents)], NOW)
    gone = [*alerts[:many], *incidents[:many]]
    await store.submit([Drop(type(one), one.key) for one in gone], NOW)
    assert query("SELECT key FROM alert") == [(alerts[-1].key,)]
    assert query("SELECT key FROM incident WHERE live") == [(incidents[-1].key,)]
    assert query("SELECT count(*) FROM incident") == [(many + 1,)]


@pytest.mark.parametrize("count", [0, 1, 31, ROWS_A_STEP - 1, ROWS_A_STEP, 3 * ROWS_A_STEP + 5])
def test_rows_are_written_in_few_steps_of_few_lengths(count: int) -> None:
    steps = list(steps_of(count))
    covered = [n for start, end in steps for n in range(start, end)]
    assert covered == list(range(count))
    assert all((end - start) & (end - start - 1) == 0 for start, end in steps)
    assert len(steps) <= count // ROWS_A_STEP + ROWS_A_STEP.bit_length() - 1


def test_what_a_statement_does_with_one_row_it_does_with_many() -> None:
    assert many_rows("INSERT INTO a (b, c) VALUES (?, ?) ON CONFLICT DO NOTHING", 2) == (
        "INSERT INTO a (b, c) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"
    )
    assert many_rows("DELETE FROM a WHERE key = ?", 3) == "DELETE FROM a WHERE key IN (?, ?, ?)"
    assert many_rows("UPDATE a SET b = 0 WHERE key = ?", 1) == (
        "UPDATE a SET b = 0 WHERE key IN (?)"
    )
    assert many_rows("UPDATE a SET b = ? WHERE key = ?", 2) is None
    assert many_rows("INSERT INTO a (b) VALUES (?, 'x')", 2) is None


async def test_one_refused_row_among_many_keeps_no_other_out(store: Store, query: Query) -> None:
    texts = [f"{n}" for n in range(2 * ROWS_A_STEP)]
    lines = [Append(an_entry(text=text)) for text in (*texts[:9], "lone \ud800", *texts[9:])]
    await store.submit(lines, NOW)
    assert query("SELECT text FROM timeline ORDER BY rowid") == [(text,) for text in texts]
    assert store.health().refused == 1


async def test_an_effect_that_cannot_be_encoded_keeps_no_other_out(
    store: Store, query: Query
) -> None:
    broken = Result("web", NOW, Status.UP, latency_ms=float("nan"))
    await store.submit([Observed(broken), Save(CheckState("web"))], NOW)
    assert query("SELECT count(*) FROM check_state") == [(1,)]
    assert query("SELECT count(*) FROM result") == [(0,)]
    assert store.health().refused == 1


async def test_only_metrics_that_rules_look_back_on_are_kept(store: Store) -> None:
    rule = RulePlan("busy", (), "avg('cpu','1m') > 90.0")
    await store.restore(Plan(rules={"busy": rule}), NOW)
    await store.submit(
        [Observed(Result("host", NOW, Status.UP, metrics={"cpu": 5.0, "swap": 1.0}))], NOW
    )
    (result,) = await store.history.results("host", 10)
    assert result.metrics == {"cpu": 5.0}


async def test_a_closed_store_takes_nothing_more(path: Path) -> None:
    store = await Store.open(path)
    last = store.submit([Observed(a_result())], NOW)
    await store.close()
    assert last.done()
    with pytest.raises(StoreUnusable, match="closed"):
        store.submit([Save(CheckState("web"))], NOW)
    await store.close()
    again = await Store.open(path)
    assert len(await again.history.results("web", 10)) == 1
    await again.close()


async def test_a_good_result_costs_at_most_thirty_bytes(path: Path, query: Query) -> None:
    store = await Store.open(path)
    rows = 40_000
    for number in range(rows):
        result = Result(f"check-{number % 50}", NOW + number * 20, Status.UP, 20 + number % 90)
        done = store.submit([Observed(result)], NOW)
    await done
    await store.close()
    pages = query("SELECT sum(pgsize) FROM dbstat WHERE name = 'result'")[0][0]
    assert pages / rows <= 30


async def test_health_tells_size_and_pace(store: Store) -> None:
    await store.submit([Save(CheckState("web"))], NOW)
    health = store.health()
    assert health.ok
    assert health.problem is None
    assert health.bytes > 4096
    assert 0 < health.last_commit_ms < 5_000
    assert store.alive
