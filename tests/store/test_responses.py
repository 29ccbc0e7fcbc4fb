"""Runs of responses are restored while the engine needs them, and stay in history for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from daemon.core.chronicle import RunOutput
from daemon.core.effects import Append, Drop, Save
from daemon.core.model import ResponseRun, ResponseState, RunState
from daemon.core.plan import Plan
from daemon.store.store import Store
from tests.store.conftest import Query
from tests.store.samples import ANA, NOW


def a_run(key: str = "run-1", **changes: object) -> ResponseRun:
    base = ResponseRun(
        key, "restart", "inc-1", "g", RunState.RUNNING, "firing", "run x", NOW, asked_by=ANA
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


async def test_what_the_engine_keeps_is_restored_and_what_it_drops_stays_in_history(
    path: Path, store: Store
) -> None:
    waiting = a_run("run-2", state=RunState.WAITING, expires_at=NOW + 5, decided_at=NOW + 1)
    old = a_run("run-0", incident="inc-0", state=RunState.FAILED, exit_code=1)
    state = ResponseState("restart", known_at=NOW, recent=(NOW,), runs=1, stopped_at=NOW)
    await store.submit([Save(a_run()), Save(waiting), Save(old), Save(state)], NOW)
    await store.submit([Drop(ResponseRun, "run-0")], NOW)
    await store.close()
    again = await Store.open(path)
    kept = (await again.restore(Plan(), NOW)).records
    assert sorted(kept, key=lambda one: one.key) == [state, a_run(), waiting]
    assert await again.history.runs(None, None, 10) == [waiting, old, a_run()]
    assert await again.history.runs("inc-1", None, 10) == [waiting, a_run()]
    assert await again.history.runs("inc-0", "restart", 10) == [old]
    assert await again.history.runs(None, "other", 10) == []
    assert await again.history.find_runs("run-1", 10) == [a_run()]


async def test_what_a_run_wrote_is_read_with_sqlite3_too(store: Store, query: Query) -> None:
    ended = a_run(state=RunState.SUCCEEDED, ended_at=NOW + 1_500, exit_code=0, detail="done")
    await store.submit([Save(ended), Append(RunOutput("run-1", NOW, "restarting\n"))], NOW)
    assert await store.history.run_output("run-1") == "restarting\n"
    assert await store.history.run_output("run-9") == ""
    told = "SELECT response, state, cause, asked_by, ended, exit_code, output FROM v_response"
    assert query(told) == [
        ("restart", "succeeded", "firing", "ana", "2026-11-18T11:06:41.500Z", 0, "restarting\n")
    ]
