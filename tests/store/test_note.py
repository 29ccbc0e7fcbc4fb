"""Results that nobody waits for are kept like all others."""

from __future__ import annotations

import pytest

from checks.result import Status
from daemon.core.effects import Observed, Save
from daemon.core.model import CheckState
from daemon.store.errors import StoreUnusable
from daemon.store.store import Store
from tests.store.conftest import Query
from tests.store.samples import NOW, a_result


async def test_a_noted_result_is_written_with_the_next_decision(store: Store, query: Query) -> None:
    store.note([a_result(NOW)], NOW)
    await store.submit([Save(CheckState("web", Status.UP))], NOW)
    assert query("SELECT count(*) FROM result") == [(1,)]


async def test_a_noted_result_is_written_before_a_later_one_is_durable(
    store: Store, query: Query
) -> None:
    store.note([a_result(NOW)], NOW)
    await store.submit([Observed(a_result(NOW + 1))], NOW)
    assert query("SELECT at FROM result ORDER BY at") == [(NOW,), (NOW + 1,)]


async def test_nothing_is_noted_in_a_closed_store(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnusable, match="closed"):
        store.note([a_result(NOW)], NOW)
