"""Crashes and full disks: what was acknowledged is there, what was decided is not lost."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.result import Status
from daemon.core.effects import Append, Effect, Enqueue, Observed, Save
from daemon.core.model import CheckState
from daemon.store.errors import StoreUnusable
from daemon.store.store import Store
from daemon.store.upkeep.care import verify
from tests.store.conftest import Query
from tests.store.samples import NOW, a_notice, a_result, an_entry, an_incident

WRITER = """
import asyncio, sys
from pathlib import Path
from daemon.core.effects import Append, Enqueue, Observed, Save
from daemon.store.store import Store
from tests.store.samples import NOW, a_notice, a_result, an_entry, an_incident

async def main():
    store = await Store.open(Path(sys.argv[1]))
    number = 0
    while True:
        for number in range(number, number + 5):
            for extra in range(20):
                store.submit([Observed(a_result(NOW + number * 100 + extra))], NOW + number * 100)
            effects = [
                Save(an_incident(f"inc-{number}")),
                Append(an_entry(f"inc-{number}")),
                Enqueue(a_notice(f"n-{number}", f"inc-{number}")),
            ]
            done = store.submit(effects, NOW + number * 100)
        await done
        number += 1
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("round_", range(4))
def test_what_was_acknowledged_survives_kill_9(path: Path, round_: int, query: Query) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        acknowledged = 0
        while acknowledged < 20 + 37 * round_:
            acknowledged = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().split("\n")
        acknowledged = max([acknowledged, *(int(line) for line in lines[:-1] if line)])
    stored = {row[0] for row in query("SELECT key FROM incident")}
    assert {f"inc-{number}" for number in range(acknowledged)} <= stored
    told = query("SELECT key FROM delivery WHERE state = 'queued'")
    assert {key.replace("n-", "inc-") for (key,) in told} == stored
    assert {row[0] for row in query("SELECT incident FROM timeline")} == stored
    assert verify(path) == []


@pytest.fixture
async def full_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Store, sqlite3.Connection]:
    """A store whose database may not grow any more, and the connection that holds it back."""
    monkeypatch.setattr("daemon.store.commits.PAUSES_S", (0.02,))
    store = await Store.open(path)
    await store.submit([Save(CheckState("web"))], NOW)
    connection = store._writer._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    return store, connection


def room(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # the store has no event for it
            await asyncio.sleep(0.01)


async def until_degraded(store: Store, *, degraded: bool) -> None:
    await until(lambda: store.degraded is degraded)


LONG = "x" * 3000


async def test_a_full_disk_lets_alerting_go_on_and_loses_no_decision(
    full_disk: tuple[Store, sqlite3.Connection], query: Query
) -> None:
    store, connection = full_disk
    for number in range(50):
        effects: list[Effect] = [
            Save(an_incident(f"inc-{number}", summary=LONG)),
            Append(an_entry(f"inc-{number}", str(number))),
            Enqueue(a_notice(f"n-{number}", f"inc-{number}")),
        ]
        await asyncio.wait_for(store.submit(effects, NOW + number), 2)
    assert store.degraded
    health = store.health()
    assert not health.ok
    assert health.problem is not None
    assert health.problem == "database or disk is full"  # who shows it says what it means
    assert health.queued > 0
    assert store.alive
    assert query("SELECT count(*) FROM incident")[0][0] < 50
    room(connection)
    await until_degraded(store, degraded=False)
    await store.submit([Append(an_entry("inc-0", "after"))], NOW + 99)
    assert [row[0] for row in query("SELECT text FROM timeline ORDER BY id")] == [
        *map(str, range(50)),
        "after",
    ]
    assert query("SELECT count(*) FROM delivery WHERE state = 'queued'") == [(50,)]
    assert store.health().problem is None


async def test_a_delivery_can_be_settled_while_the_disk_is_full(
    full_disk: tuple[Store, sqlite3.Connection], query: Query
) -> None:
    store, connection = full_disk
    notice = a_notice()
    await store.submit([Enqueue(notice), Save(an_incident(summary=LONG * 5))], NOW)
    assert store.degraded
    await asyncio.wait_for(store.outbox.update("n-1", "sent", 1, None, "ok"), 1)
    room(connection)
    await until_degraded(store, degraded=False)
    await store.submit([Append(an_entry())], NOW)
    assert query("SELECT state, detail FROM delivery") == [("sent", "ok")]


async def test_results_are_given_up_before_memory_runs_out(
    full_disk: tuple[Store, sqlite3.Connection],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, connection = full_disk
    monkeypatch.setattr("daemon.store.commits.MOST_RESULTS", 100)
    await store.submit([Save(an_incident(summary=LONG * 5))], NOW)
    for number in range(500):
        store.submit([Observed(a_result(NOW + number, Status.DOWN))], NOW + number)
    health = store.health()
    assert health.shed == 400
    assert health.queued <= 110
    room(connection)
    await until_degraded(store, degraded=False)
    await store.submit([Append(an_entry())], NOW)
    assert query("SELECT count(*), min(at) FROM result") == [(100, NOW + 400)]
    assert query("SELECT count(*) FROM incident") == [(1,)]


async def test_decisions_take_the_little_room_there_is_before_results(
    full_disk: tuple[Store, sqlite3.Connection], query: Query
) -> None:
    store, connection = full_disk
    await store.submit([Save(an_incident(summary=LONG * 5))], NOW)
    for number in range(6_000):
        store.note([a_result(NOW + number, Status.DOWN)], NOW + number)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 12}")
    await until(lambda: query("SELECT key FROM incident") != [])
    assert query("SELECT count(*) FROM result") == [(0,)]
    room(connection)
    await until_degraded(store, degraded=False)
    await until(lambda: query("SELECT count(*) FROM result") == [(6_000,)])


async def test_closing_with_a_full_disk_says_what_is_lost(
    full_disk: tuple[Store, sqlite3.Connection], path: Path
) -> None:
    store, _ = full_disk
    await store.submit([Save(an_incident(summary=LONG * 5))], NOW)
    with pytest.raises(StoreUnusable, match="1 rows could not be written"):
        await store.close()
    again = await Store.open(path)
    assert await again.history.incidents(None, 5) == []


async def test_another_process_that_holds_the_file_only_delays(
    path: Path, store: Store, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.store.commits.PAUSES_S", (0.02,))
    store._writer._connection.execute("PRAGMA busy_timeout = 20")
    person = sqlite3.connect(path, isolation_level=None)
    person.execute("BEGIN IMMEDIATE")
    await store.submit([Save(an_incident())], NOW)
    assert store.degraded
    assert "locked" in (store.health().problem or "")
    person.execute("ROLLBACK")
    person.close()
    await until_degraded(store, degraded=False)
    assert query("SELECT count(*) FROM incident") == [(1,)]


LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from daemon.core.effects import Append, Save
from daemon.store.store import Store
from tests.store.samples import NOW, an_entry, an_incident

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = await Store.open(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    await store.submit([Save(an_incident())], NOW)
    written = 0
    while not store.degraded:
        await store.submit([Append(an_entry(text=str(written) + "x" * 900))], NOW)
        written += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    while store.degraded:
        await asyncio.sleep(0.05)
    await store.close()
    print(written)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system has no such limit")
def test_a_file_system_that_says_no_is_outlasted(path: Path, query: Query) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert query("SELECT count(*) FROM timeline") == [(int(done.stdout),)]
    assert verify(path) == []


async def test_the_loop_is_not_held_up_by_a_large_batch(store: Store) -> None:
    """The writer works on its own thread: a heartbeat of the loop goes on beside it."""
    for number in range(20_000):
        store.submit([Observed(a_result(NOW + number))], NOW)
    done = store.submit([Save(CheckState("web"))], NOW)
    gaps, before = [], time.monotonic()
    while not done.done():
        await asyncio.sleep(0.001)
        gaps.append(time.monotonic() - before)
        before = time.monotonic()
    assert max(gaps) < 0.1
