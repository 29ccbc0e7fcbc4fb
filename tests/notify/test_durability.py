"""Dispatcher and store together: what was decided is told, also after a crash."""

from __future__ import annotations

from pathlib import Path

from daemon.core.effects import Enqueue, Save
from daemon.notify.dispatcher import Dispatcher
from daemon.store.store import Store
from tests.notify.lab import (
    T0,
    Reports,
    ScriptedChannel,
    VirtualTime,
    alert,
    compose,
    incident,
    notice,
)


async def decide(store: Store, *keys: str) -> None:
    """Store the incident and its notices in one transaction, as the service does."""
    queued = [Enqueue(notice(key)) for key in keys]
    await store.submit([Save(alert()), Save(incident()), *queued], T0)


def dispatcher(store: Store, channel: ScriptedChannel, reports: Reports) -> Dispatcher:
    clock = VirtualTime()
    return Dispatcher({"ops": channel}, store.outbox, clock, reports, compose, clock.wait)


async def test_what_was_queued_when_the_daemon_died_goes_out_after_the_restart(
    tmp_path: Path,
) -> None:
    store = await Store.open(tmp_path / "t.db")
    await decide(store, "k1", "k2")
    await store.close()
    store = await Store.open(tmp_path / "t.db")
    channel, reports = ScriptedChannel("ok"), Reports()
    one = dispatcher(store, channel, reports)
    await one.start()
    await reports.count(2)
    await one.stop()
    assert await store.outbox.pending() == []
    await store.close()
    assert channel.seen == ["k1", "k2"]


async def test_what_was_in_flight_goes_out_again_under_its_key_and_counts_on(
    tmp_path: Path,
) -> None:
    store = await Store.open(tmp_path / "t.db")
    await decide(store, "k1")
    hanging = ScriptedChannel("hang")
    one = dispatcher(store, hanging, Reports())
    await one.start()
    await hanging.called.wait()
    await one.stop()
    await store.close()
    store = await Store.open(tmp_path / "t.db")
    channel, reports = ScriptedChannel("ok"), Reports()
    again = dispatcher(store, channel, reports)
    await again.start()
    (end,) = await reports.count(1)
    await again.stop()
    await store.close()
    assert channel.seen == ["k1"]
    assert (end.notice, end.attempts, end.delivered) == ("k1", 2, True)


async def test_a_body_restored_from_the_store_is_the_one_that_was_decided(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "t.db")
    await decide(store, "k1")
    await store.close()
    store = await Store.open(tmp_path / "t.db")
    (pending,) = await store.outbox.pending()
    await store.close()
    assert compose(pending.notice) == compose(notice("k1"))


async def test_the_time_of_the_next_attempt_outlives_a_restart(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "t.db")
    await decide(store, "k1")
    await store.outbox.update("k1", "queued", 1, T0 + 4_321, "503")
    await store.close()
    store = await Store.open(tmp_path / "t.db")
    (pending,) = await store.outbox.pending()
    await store.close()
    assert (pending.attempts, pending.next_at) == (1, T0 + 4_321)
