"""A question in a process of its own has the same answer, and says what is wrong."""

from __future__ import annotations

import os
import sqlite3
from functools import partial

import pytest

from daemon.core.effects import Save
from daemon.store.errors import StoreUnusable
from daemon.store.reading.incidents import incident_statistics
from daemon.store.store import Store
from tests.store.samples import NOW, an_incident


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
