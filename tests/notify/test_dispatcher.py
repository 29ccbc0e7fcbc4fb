"""The dispatcher: every notice ends, in order, whatever receivers, disk and restarts do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import pytest

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.events import Settled
from daemon.core.model import MINUTE, SECOND
from daemon.notify.channel import Channel, Message
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.errors import Permanent, Transient
from daemon.notify.lane import Pause, pause
from daemon.notify.outbox import Pending
from daemon.notify.spec import LogSpec
from tests.notify.lab import (
    T0,
    MemoryOutbox,
    Reports,
    ScriptedChannel,
    VirtualTime,
    compose,
    incident,
    notice,
    over,
)


class Bench:
    """A dispatcher in virtual time with its neighbours."""

    def __init__(
        self, *pending: Pending, wait: Pause | None = None, **channels: ScriptedChannel
    ) -> None:
        self.time = VirtualTime()
        self.outbox = MemoryOutbox(pending)
        self.reports = Reports()
        for channel in channels.values():
            channel.clock = self.time
        named: Mapping[str, Channel] = channels
        self.dispatcher = Dispatcher(
            named, self.outbox, self.time, self.reports, compose, wait or self.time.wait
        )

    async def __aenter__(self) -> Bench:
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispatcher.stop()


async def test_a_notice_is_sent_reported_and_written_as_sent() -> None:
    channel = ScriptedChannel("200 OK")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice()])
        assert await bench.reports.count(1) == [
            Settled("k1", "inc-1", "ops", "", delivered=True, attempts=1, detail="200 OK", level=0)
        ]
    row = bench.outbox.rows["k1"]
    assert (row.states, row.detail, row.next_at) == (["sending", "sent"], "200 OK", None)


async def test_a_transient_failure_is_retried_with_the_same_key_and_growing_waits() -> None:
    channel = ScriptedChannel(*[Transient("503")] * 3, "200 OK")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice()])
        (end,) = await bench.reports.count(1)
    assert (end.delivered, end.attempts) == (True, 4)
    assert channel.seen == ["k1"] * 4
    waits = [after - before for before, after in zip(channel.at, channel.at[1:], strict=False)]
    for wait, full_s in zip(waits, [5, 10, 20], strict=True):
        assert full_s * 800 <= wait <= full_s * SECOND
    assert bench.outbox.rows["k1"].states == ["sending", "queued"] * 3 + ["sending", "sent"]


async def test_of_many_failed_attempts_the_log_has_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Bench(ops=ScriptedChannel(*[Transient("503")] * 3, "200 OK")) as bench:
        bench.dispatcher.offer([notice()])
        await bench.reports.count(1)
    assert caplog.messages == ["incident inc-1 is not told over ops yet, and tried again: 503"]


async def test_a_permanent_failure_ends_at_once_and_says_why() -> None:
    channel = ScriptedChannel(Permanent("401 Unauthorized"))
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice()])
        (end,) = await bench.reports.count(1)
    assert (end.delivered, end.attempts, end.detail) == (False, 1, "401 Unauthorized")
    assert bench.outbox.rows["k1"].state == "failed"


def pages(number: int) -> list[Notice]:
    """First pages of so many incidents."""
    return [notice(f"k{n}", incident=incident(key=f"inc-{n}")) for n in range(number)]


async def test_retry_after_holds_the_whole_channel_but_what_is_in_flight() -> None:
    channel = ScriptedChannel(Transient("429", retry_after_s=90), "ok")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer(pages(12))
        await bench.reports.count(12)
    assert channel.at[:8] == [T0] * 8
    assert min(channel.at[8:]) >= T0 + 90 * SECOND


class Gate(ScriptedChannel):
    """A channel that answers when the test lets it, and knows how much is in flight."""

    def __init__(self) -> None:
        super().__init__()
        self.places = asyncio.Semaphore(0)
        self.flying = self.most = 0

    async def send(self, message: Message) -> str:
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            await self.places.acquire()
            assert not self.closed
            return await super().send(message)
        finally:
            self.flying -= 1


async def turns(number: int = 50) -> None:
    """Let everything run that can."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_slow_receiver_has_several_incidents_in_flight_and_no_more_than_eight() -> None:
    channel = Gate()
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer(pages(20))
        await turns()
        assert channel.flying == 8
        assert bench.dispatcher.health()["ops"].sending_since == T0
        for _ in range(20):
            channel.places.release()
        await bench.reports.count(20)
        await turns()
        assert bench.dispatcher.health()["ops"].sending_since is None
    assert channel.most == 8
    assert channel.seen == [f"k{n}" for n in range(20)]


async def test_one_incident_is_told_in_order_however_many_places_there_are() -> None:
    channel = Gate()
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice("fire")])
        await turns()
        bench.dispatcher.offer([over("end")])
        await turns()
        assert channel.flying == 1
        channel.places.release()
        channel.places.release()
        await bench.reports.count(2)
    assert channel.seen == ["fire", "end"]


async def test_a_replaced_channel_is_closed_when_its_last_attempt_is_over() -> None:
    old, new = Gate(), ScriptedChannel("new")
    async with Bench(ops=old) as bench:
        bench.dispatcher.offer(pages(2))
        await turns()
        bench.dispatcher.replace({"ops": new})
        old.places.release()
        await bench.reports.count(1)
        await turns()
        assert not old.closed
        old.places.release()
        await bench.reports.count(2)
        await turns()
        assert old.closed


async def test_a_notice_that_is_no_use_any_more_is_not_tried() -> None:
    channel = ScriptedChannel()
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice(expires_at=T0)])
        (end,) = await bench.reports.count(1)
    assert (end.delivered, end.attempts) == (False, 0)
    assert channel.seen == []


async def test_with_a_fallback_it_gives_up_within_two_minutes() -> None:
    spec = LogSpec(name="ops", fallback="mail")
    channel = ScriptedChannel(Transient("503"), spec=spec)
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice()])
        (end,) = await bench.reports.count(1)
    assert not end.delivered
    assert "given up after" in end.detail
    assert bench.time.now <= T0 + 2 * MINUTE


async def test_what_stays_with_its_channel_is_not_given_up_for_another() -> None:
    """The engine turns to no fallback with it; giving up early would lose it."""
    spec = LogSpec(name="ops", fallback="mail")
    channel = ScriptedChannel(*[Transient("503")] * 9, "ok", spec=spec)
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice(fallback_of="k0", stays=True)])
        (end,) = await bench.reports.count(1)
    assert (end.delivered, end.attempts, end.fallback_of) == (True, 10, "k0")


async def test_the_report_tells_what_the_notice_was() -> None:
    async with Bench(ops=ScriptedChannel(Permanent("no"))) as bench:
        bench.dispatcher.offer([notice(type=NoticeType.ESCALATED, level=2)])
        (end,) = await bench.reports.count(1)
    assert (end.type, end.level) == (NoticeType.ESCALATED, 2)


async def test_a_notice_older_than_its_channels_patience_still_gets_one_attempt() -> None:
    """The daemon was off for an hour; giving up unseen would lose the page."""
    channel = ScriptedChannel("ok", spec=LogSpec(name="ops", fallback="mail"))
    async with Bench(Pending(notice(at=T0 - 60 * MINUTE), 0, T0), ops=channel) as bench:
        (end,) = await bench.reports.count(1)
    assert end.delivered


async def test_an_incident_that_ended_before_anyone_could_be_told_is_told_once() -> None:
    channel = ScriptedChannel(Transient("down"), "ok")
    bench = Bench(ops=channel)
    bench.dispatcher.offer([notice("fire"), over("end")])
    async with bench:
        ends = await bench.reports.count(2)
    assert channel.seen[-1] == "end"
    assert "fire" not in channel.seen
    assert [(end.notice, end.delivered) for end in ends] == [("fire", True), ("end", True)]
    assert ends[0].detail == "told with end: ok"
    assert bench.outbox.rows["fire"].state == "sent"


async def test_a_hanging_channel_delays_no_other_and_ends_in_a_timeout() -> None:
    slow = ScriptedChannel("hang", spec=LogSpec(name="slow", timeout="100ms"))
    quick = ScriptedChannel("ok")
    async with Bench(slow=slow, ops=quick) as bench:
        bench.dispatcher.offer([notice("s", channel="slow", expires_at=T0 + 1), notice("q")])
        ends = await bench.reports.count(2)
    assert [end.notice for end in ends] == ["q", "s"]
    assert ends[1].detail.startswith("no answer within 100ms")


async def test_what_was_in_flight_at_a_crash_goes_out_again_under_its_key() -> None:
    channel = ScriptedChannel("ok")
    async with Bench(Pending(notice("k7"), attempts=2, next_at=T0), ops=channel) as bench:
        (end,) = await bench.reports.count(1)
    assert (end.notice, end.attempts) == ("k7", 3)


async def test_a_notice_is_taken_in_once_however_often_it_is_offered() -> None:
    channel = ScriptedChannel("ok")
    async with Bench(Pending(notice(), 0, T0), ops=channel) as bench:
        bench.dispatcher.offer([notice(), notice()])
        await bench.reports.count(1)
        bench.dispatcher.offer([notice(), notice("k2")])
        await bench.reports.count(2)
    assert channel.seen == ["k1", "k2"]


async def test_a_full_disk_keeps_no_page_back(caplog: pytest.LogCaptureFixture) -> None:
    channel = ScriptedChannel("ok")
    async with Bench(ops=channel) as bench:
        bench.outbox.broken = True
        bench.dispatcher.offer([notice()])
        (end,) = await bench.reports.count(1)
    assert end.delivered
    assert "could not be stored" in caplog.text


async def test_a_fault_in_a_channel_is_a_failed_attempt(caplog: pytest.LogCaptureFixture) -> None:
    channel = ScriptedChannel(ZeroDivisionError("token=abc"), "ok")
    with caplog.at_level(logging.CRITICAL, "daemon.notify"):
        async with Bench(ops=channel) as bench:
            bench.dispatcher.offer([notice()])
            (end,) = await bench.reports.count(1)
    assert (end.delivered, end.attempts) == (True, 2)


async def test_an_unknown_channel_fails_in_words() -> None:
    async with Bench() as bench:
        bench.dispatcher.offer([notice(channel="gone")])
        (end,) = await bench.reports.count(1)
    assert end.detail == "there is no channel gone in the configuration"


async def test_a_reload_closes_old_channels_and_uses_new_ones() -> None:
    old, new = ScriptedChannel("old"), ScriptedChannel("new")
    async with Bench(ops=old) as bench:
        bench.dispatcher.replace({"ops": new, "more": ScriptedChannel("more")})
        bench.dispatcher.offer([notice(), notice("k2", channel="more")])
        ends = await bench.reports.count(2)
        assert old.closed
    assert {end.detail for end in ends} == {"new", "more"}
    assert new.closed


async def test_a_reload_without_a_channel_fails_what_waits_for_it() -> None:
    channel = ScriptedChannel(Transient("503"))
    bench = Bench(ops=channel)
    bench.dispatcher.offer([notice()])
    bench.dispatcher.replace({})
    async with bench:
        (end,) = await bench.reports.count(1)
    assert not end.delivered


async def test_stopping_takes_less_than_two_seconds_and_leaves_what_hangs_as_sending() -> None:
    channel = ScriptedChannel("hang")
    outbox, reports = MemoryOutbox(), Reports()
    dispatcher = Dispatcher({"ops": channel}, outbox, lambda: T0, reports, compose, pause)
    await dispatcher.start()
    dispatcher.offer([notice(), *pages(20)])
    await channel.called.wait()
    was_alive = dispatcher.alive
    async with asyncio.timeout(2):
        await dispatcher.stop()
    assert outbox.rows["k1"].state == "sending"
    assert reports.settled == []
    assert channel.closed
    assert (was_alive, dispatcher.alive) == (True, False)


async def test_health_counts_attempts_and_names_the_last_failure() -> None:
    channel = ScriptedChannel(Transient("503 Busy"), "ok")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer([notice()])
        await bench.reports.count(1)
        await asyncio.sleep(0)
        health = bench.dispatcher.health()["ops"]
    assert (health.sent, health.failed, health.given_up, health.waiting) == (1, 1, 0, 0)
    assert health.success_rate == 0.5
    assert health.last_failure == "503 Busy"
    assert health.last_success_at is not None
    assert health.latency_p95_ms is not None


async def test_the_age_of_the_oldest_waiting_notice_is_known() -> None:
    bench = Bench(ops=ScriptedChannel())
    ages = [bench.dispatcher.oldest_at]
    bench.dispatcher.offer([over("b"), notice("a", incident=incident(key="x"))])
    assert [*ages, bench.dispatcher.oldest_at] == [None, T0]
    assert bench.dispatcher.waiting == 2
    await bench.dispatcher.stop()


async def test_a_failure_the_engine_could_not_take_stays_in_the_outbox() -> None:
    """So that the next start reports it again and its fallback is told."""
    outbox, clock = MemoryOutbox(), VirtualTime()
    tried = asyncio.Event()

    async def broken(settled: Settled) -> None:
        tried.set()
        raise RuntimeError(settled.notice)

    channel = ScriptedChannel(Permanent("410 Gone"))
    dispatcher = Dispatcher({"ops": channel}, outbox, clock, broken, compose, clock.wait)
    await dispatcher.start()
    dispatcher.offer([notice()])
    await tried.wait()
    await dispatcher.stop()
    assert outbox.rows["k1"].state == "sending"
