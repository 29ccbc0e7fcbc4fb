"""Probes run as tasks: in place of others, through reloads, until the end."""

from __future__ import annotations

import asyncio

import pytest

import checks
from checks.result import Result, Status
from daemon.service import runner as service_runner
from daemon.service.runner import Runner

NOW = 1_700_000_000_000


class Target:
    """Stands for `checks.run`: a run ends when its Prepared is let go."""

    def __init__(self) -> None:
        self.begun: list[Stub] = []

    async def run(self, prepared: Stub, at: int) -> Result:
        self.begun.append(prepared)
        while not prepared.gate.is_set():
            try:
                await prepared.gate.wait()
            except asyncio.CancelledError:
                if not prepared.deaf:
                    raise
        return Result(prepared.name, at, Status.UP, message=prepared.words)


class Stub:
    """A prepared check whose run ends when its gate is opened."""

    timeout_ms = 0

    def __init__(self, name: str, words: str = "", deaf: bool = False) -> None:
        self.name, self.words, self.deaf = name, words, deaf
        self.gate = asyncio.Event()
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    made = Target()
    monkeypatch.setattr(checks, "run", made.run, raising=False)
    return made


def a_runner(*stubs: Stub, limit: int = 9) -> tuple[Runner, list[str]]:
    taken: list[str] = []
    runner = Runner(
        by_name(*stubs), lambda: NOW, lambda result: taken.append(result.message), limit
    )
    return runner, taken


def by_name(*stubs: Stub) -> dict[str, checks.Prepared]:
    return {stub.name: stub for stub in stubs}  # type: ignore[misc]  # a stand-in


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_run_under_way_outlives_the_reload_that_changes_its_check(target: Target) -> None:
    old, new = Stub("web", "old"), Stub("web", "new")
    runner, taken = a_runner(old)
    runner.start("web")
    await settle()
    await asyncio.wait_for(runner.replace(by_name(new)), 1)
    assert (runner.running, old.closed, taken) == (1, 0, [])
    old.gate.set()
    await settle()
    assert (runner.running, old.closed, taken) == (0, 1, ["old"])
    new.gate.set()
    runner.start("web")
    await settle()
    assert (taken, new.closed) == (["old", "new"], 0)


async def test_a_run_of_a_check_that_leaves_ends_without_a_result(target: Target) -> None:
    old = Stub("web")
    runner, taken = a_runner(old)
    runner.start("web")
    await settle()
    await runner.replace({})
    await settle()
    assert (runner.running, old.closed, taken) == (0, 1, [])


async def test_what_does_not_run_is_closed_by_the_reload_and_what_stays_is_not(
    target: Target,
) -> None:
    old, kept = Stub("web"), Stub("db")
    runner, _ = a_runner(old, kept)
    await runner.replace(by_name(Stub("web"), kept))
    assert (old.closed, kept.closed) == (1, 0)


async def test_what_waits_for_a_place_runs_as_the_reload_has_it(target: Target) -> None:
    first, old, new = Stub("db"), Stub("web", "old"), Stub("web", "new")
    runner, taken = a_runner(first, old, limit=1)
    runner.start("db")
    runner.start("web")
    await settle()
    assert (runner.running, runner.waiting) == (1, 1)
    await runner.replace(by_name(first, new))
    for stub in (first, old, new):
        stub.gate.set()
    await settle()
    await settle()
    assert (target.begun, taken, old.closed) == ([first, new], ["", "new"], 1)


async def given_up(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep as if the grace were over."""
    monkeypatch.setattr(service_runner, "GRACE_S", 0.001)
    await asyncio.sleep(0.01)
    runner.sweep()


async def test_a_run_that_never_returns_is_given_up_and_no_other_is_started_until_it_does(
    target: Target, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stub, other = Stub("web", "late", deaf=True), Stub("db", "fine")
    runner, taken = a_runner(stub, other, limit=1)
    runner.start("web")
    runner.start("db")
    await settle()
    await given_up(runner, monkeypatch)
    assert taken == [service_runner._OVER]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    other.gate.set()
    await settle()
    assert taken[1:] == ["fine"]  # it had waited for the place

    runner.start("web")
    assert len(taken) == 2  # nobody is called back within a start
    await settle()
    assert taken[2:] == [service_runner._STILL]
    assert target.begun.count(stub) == 1

    stub.gate.set()
    await settle()
    assert len(taken) == 3  # what it found in the end is not wanted any more
    runner.start("web")
    await settle()
    assert taken[3:] == ["late"]
    assert (runner.running, stub.closed) == (0, 0)


async def test_a_reload_lets_a_check_go_on_whose_old_run_never_returns(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, new = Stub("web", deaf=True), Stub("web", "new")
    runner, taken = a_runner(stub)
    runner.start("web")
    await settle()
    await given_up(runner, monkeypatch)
    await asyncio.wait_for(runner.replace(by_name(new)), 1)
    new.gate.set()
    runner.start("web")
    await settle()
    assert taken == [service_runner._OVER, "new"]
    assert stub.closed == 0  # its run holds it
    stub.gate.set()
    await settle()
    assert (stub.closed, taken[2:]) == (1, [])


async def test_runs_are_not_given_up_where_the_process_itself_stood_still(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub("web", "fine")
    runner, taken = a_runner(stub)
    runner.start("web")
    await settle()
    runner._swept_s -= 60
    await given_up(runner, monkeypatch)
    assert (runner.running, taken) == (1, [])
    stub.gate.set()
    await settle()
    assert taken == ["fine"]


async def test_a_run_within_its_time_is_left_alone(target: Target) -> None:
    runner, taken = a_runner(Stub("web"))
    runner.start("web")
    await settle()
    runner.sweep()
    assert (runner.running, taken) == (1, [])
    await runner.close()


async def test_closing_ends_old_runs_and_new_ones(target: Target) -> None:
    old, new = Stub("web"), Stub("web")
    runner, taken = a_runner(old)
    runner.start("web")
    await settle()
    await runner.replace(by_name(new))
    await runner.close()
    await settle()
    assert (runner.running, old.closed, new.closed, taken) == (0, 1, 1, [])
