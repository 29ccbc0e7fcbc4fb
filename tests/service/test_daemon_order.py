"""What is shown, and when: decisions once they are durable, results at once behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from checks.result import Result, Status
from daemon.api.schema import CheckView
from daemon.config import load
from daemon.core.effects import Effect, Observed, Save, StartProbe
from daemon.core.engine import Engine
from daemon.core.events import ResultsArrived
from daemon.core.model import CheckState, Instant
from daemon.service.clock import Clock
from daemon.service.daemon import Daemon
from daemon.service.turns import TOGETHER
from daemon.store.reading.analysis import Analysis
from daemon.store.store import Store

CONFIG = '[[check]]\nname = "clock"\nkind = "exec"\nrun = ["date"]\n'


class SlowStore:
    """A store whose decisions are durable when the test says so."""

    def __init__(self, store: Store) -> None:
        self.outbox, self.remember, self.notes = store.outbox, store.remember, store.notes
        self.path = store.path
        self.analysis = Analysis(self.path)
        self.history = store.history
        self.noted: list[Result] = []
        self.waiting: list[asyncio.Future[None]] = []

    def note(self, results: Sequence[Result], _at: Instant) -> None:
        self.noted += results

    def submit(self, _effects: Sequence[Effect], _at: Instant) -> asyncio.Future[None]:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]


class Scripted(Engine):
    """An engine that answers what the test gives it."""

    answer: list[Effect]
    heard: list[ResultsArrived]
    told: asyncio.Event

    def handle(self, event: object, now: Instant) -> list[Effect]:
        del now  # whenever it happens, the answer is the script's
        if isinstance(event, ResultsArrived):
            self.heard.append(event)
            self.told.set()
        return self.answer

    def next_deadline(self) -> Instant | None:
        return None


Shown = tuple[str, str | None]
"""What subscribers are told of the check: its status, and that of its newest run."""


@pytest.fixture
async def parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Daemon, SlowStore, Scripted, list[Shown]]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    config = load(path)
    store = await Store.open(tmp_path / "tocsin.db")
    slow, engine = SlowStore(store), Scripted(config.plan)
    engine.heard, engine.told = [], asyncio.Event()
    daemon = Daemon(config, slow, engine, {}, Clock(), 8)  # type: ignore[arg-type]  # what a daemon asks of a store
    shown: list[Shown] = []

    def publish(
        kind: str, key: str, make: Callable[[], CheckView], *, patient: bool = False
    ) -> None:
        assert (kind, key) == ("check", "clock")
        view = make()
        assert patient is (view.last is not None)
        shown.append((view.status, view.last and view.last.status))

    monkeypatch.setattr(daemon.hub, "publish", publish)
    await store.close()
    return daemon, slow, engine, shown


async def arrive(daemon: Daemon, result: Observed) -> None:
    """A probe's result comes in, and the loop has gone round."""
    daemon.turns.take_result(result.result)
    await asyncio.sleep(0)


async def test_a_plain_result_is_shown_without_waiting_for_the_disk(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, slow, engine, shown = parts
    result = Observed(Result("clock", 1, Status.UP))
    engine.answer = [StartProbe("clock", 1), result]
    await arrive(daemon, result)
    assert slow.noted == [result.result]
    assert shown == [("unknown", "up")]


async def test_who_listens_hears_of_turns_that_decided_something_and_of_no_others(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, slow, engine, _ = parts
    heard: list[Effect] = []
    daemon.listeners.append(lambda effects, _: heard.extend(effects))
    result = Observed(Result("clock", 1, Status.UP))
    decision = Save(CheckState("clock", Status.UP))
    for engine.answer in ([result], [decision, result]):
        await arrive(daemon, result)
    slow.waiting[0].set_result(None)
    await asyncio.sleep(0)
    assert heard == [decision, result]


async def test_a_result_behind_an_undurable_decision_waits_for_it_and_keeps_the_order(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, slow, engine, shown = parts
    decision = Save(CheckState("clock", Status.DOWN))
    result = Observed(Result("clock", 2, Status.DOWN))
    engine.answer = [decision]
    await arrive(daemon, result)
    engine.answer = [result]
    await arrive(daemon, result)
    assert shown == []
    slow.waiting[0].set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert shown == [("down", None), ("unknown", "down")]
    await arrive(daemon, result)
    assert shown == [("down", None), *[("unknown", "down")] * 2]


async def test_results_of_one_round_of_the_loop_are_taken_in_one_turn(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, _, engine, _ = parts
    engine.answer = []
    for at in (1, 2, 3):
        daemon.turns.take_result(Result("clock", at, Status.UP))
    await asyncio.sleep(0)
    assert [[r.at for r in event.results] for event in engine.heard] == [[1, 2, 3]]


async def test_of_a_flood_of_results_each_round_of_the_loop_takes_so_many_in_order(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, _, engine, _ = parts
    engine.answer = []
    times = list(range(1, 2 * TOGETHER + 8))
    for at in times:
        daemon.turns.take_result(Result("clock", at, Status.UP))
    for turns in (1, 2, 3, 3):
        await asyncio.sleep(0)
        assert len(engine.heard) == turns
    taken = [[r.at for r in event.results] for event in engine.heard]
    assert [len(turn) for turn in taken] == [TOGETHER, TOGETHER, 7]
    assert [at for turn in taken for at in turn] == times


async def test_results_wait_for_a_wake_up_that_is_near(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, _, engine, _ = parts
    engine.answer = []
    daemon.turns.pulse.at(daemon.now() + 15)
    daemon.turns.take_result(Result("clock", 1, Status.UP))
    await asyncio.sleep(0)
    assert engine.heard == []
    async with asyncio.timeout(10):
        await engine.told.wait()
    assert [r.at for r in engine.heard[0].results] == [1]


async def test_a_reader_waits_for_the_disk_behind_a_decision(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]],
) -> None:
    daemon, slow, engine, _ = parts
    await daemon.durable()  # nothing to wait for
    engine.answer = [Save(CheckState("clock", Status.DOWN))]
    await arrive(daemon, Observed(Result("clock", 2, Status.DOWN)))
    reader = asyncio.create_task(daemon.durable())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reader.done()
    slow.waiting[0].set_result(None)
    async with asyncio.timeout(1):
        await reader


async def test_a_reader_does_not_wait_for_a_hung_disk_for_ever(
    parts: tuple[Daemon, SlowStore, Scripted, list[Shown]], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon, slow, engine, _ = parts
    monkeypatch.setattr("daemon.service.turns.PATIENCE_S", 0.01)
    engine.answer = [Save(CheckState("clock", Status.DOWN))]
    await arrive(daemon, Observed(Result("clock", 2, Status.DOWN)))
    async with asyncio.timeout(5):
        await daemon.durable()
    assert not slow.waiting[0].done()
