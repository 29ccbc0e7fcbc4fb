"""A question in a process of its own has the same answer, and says what is wrong."""

from __future__ import annotations

import os
import sqlite3
import sys
from functools import partial
from pathlib import Path

import pytest

from daemon.core.effects import Save
from daemon.store.errors import StoreUnusable
from daemon.store.reading import apart
from daemon.store.reading.incidents import incident_statistics
from daemon.store.store import Store
from tests.store.samples import NOW, an_incident


@pytest.fixture(autouse=True)
def these_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process finds the questions of these tests, which are not installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


def process(connection: sqlite3.Connection) -> tuple[int, int]:
    del connection
    return os.getpid(), os.nice(0)


def harm(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM incident")


async def test_the_answer_is_that_of_a_thread(store: Store) -> None:
    await store.submit([Save(an_incident())], NOW)
    question = partial(incident_statistics, start=NOW, end=NOW + 1)
    apart = await store.analysis.ask_apart(question)
    assert apart.total == 1
    assert apart == await store.analysis.ask(question)


async def test_it_runs_in_another_process_at_a_lower_priority(store: Store) -> None:
    pid, niceness = await store.analysis.ask_apart(process)
    assert pid != os.getpid()
    assert niceness > os.nice(0)


async def test_what_is_wrong_is_told(store: Store) -> None:
    with pytest.raises(StoreUnusable, match="readonly"):
        await store.analysis.ask_apart(harm)


async def test_it_runs_nothing_that_lies_where_the_daemon_was_started(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pickle.py", "daemon.py"):
        (tmp_path / name).write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    assert (await store.analysis.ask_apart(process))[0] != os.getpid()


async def test_a_newer_version_over_the_one_that_runs_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "__version__", "0.0.9")
    with pytest.raises(StoreUnusable, match=r"was installed over 0\.0\.9, which runs; restart it"):
        await store.analysis.ask_apart(process)


async def test_no_process_for_a_question_is_told_as_what_is_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(StoreUnusable, match="no process to ask it can be started"):
        await store.analysis.ask_apart(process)
