"""An open store on a real file, closed when the test ends."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.store import commits
from daemon.store.store import Store
from daemon.store.upkeep.prune import Retention

Query = Callable[..., list[Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tocsin.db"


@pytest.fixture(autouse=True)
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Store]]:
    """Every store that the test opens is closed, also when the test fails."""
    stores: list[Store] = []
    open_it = Store.open

    async def open_and_note(path: Path, retention: Retention | None = None) -> Store:
        stores.append(await open_it(path, retention))
        return stores[-1]

    monkeypatch.setattr(Store, "open", open_and_note)
    yield stores
    for store in stores:
        await store.close()


@pytest.fixture(autouse=True)
def _results_wait_for_little_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """What alone would gather for a second is written in a moment."""
    monkeypatch.setattr(commits, "GATHER_S", 0.2)


@pytest.fixture
async def store(path: Path, opened: list[Store]) -> Store:
    return await Store.open(path)


@pytest.fixture
def query(path: Path) -> Query:
    """Ask the file itself, as an operator with `sqlite3` would."""

    def ask(text: str, *values: Any) -> list[Any]:
        connection = sqlite3.connect(path)
        try:
            return connection.execute(text, values).fetchall()
        finally:
            connection.close()

    return ask
