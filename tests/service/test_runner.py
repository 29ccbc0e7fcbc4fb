"""Probes run as tasks: in place of others, through reloads, until the end."""

from __future__ import annotations

import asyncio

import pytest

import checks
from checks.result import Result, Status
from daemon.service.runner import Runner

NOW = 1_700_000_000_000


class Target:
    """Stands for `checks.run`: a run ends when its Prepared is let go."""

    def __init__(self) -> None:
        self.begun: list[Stub] = []

    async def run(self, prepared: Stub, at: int) -> Result:
        self.begun.append(prepared)
        await prepared.gate.wait()
        return Result(prepared.name, at, Status.UP, message=prepared.words)


class Stub:
    """A prepared check whose run ends when its gate is opened."""

    def __init__(self, name: str, words: str = "") -> None:
        self.name, self.words = name, words
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


async def test_closing_ends_old_runs_and_new_ones(target: Target) -> None:
    old, new = Stub("web"), Stub("web")
    runner, taken = a_runner(old)
    runner.start("web")
    await settle()
    await runner.replace(by_name(new))
    await runner.close()
    await settle()
    assert (runner.running, old.closed, new.closed, taken) == (0, 1, 1, [])
