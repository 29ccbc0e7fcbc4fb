"""A lane that protects itself and its receiver: breaker, limits, and messages as a test."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.chronicle import NoticeType
from daemon.core.events import Settled
from daemon.core.model import HOUR, MINUTE, SECOND
from daemon.notify.breaker import BreakerState
from daemon.notify.channel import Message
from daemon.notify.channels.webhook import WebhookChannel
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.errors import Permanent, Transient
from daemon.notify.health import ChannelHealth, Wait
from daemon.notify.render import Renderer
from daemon.notify.retry import Delivered, Failed
from daemon.notify.spec import LogSpec, WebhookSpec
from tests.notify.lab import (
    T0,
    MemoryOutbox,
    Reports,
    ScriptedChannel,
    VirtualTime,
    compose,
    incident,
    notice,
)
from tests.notify.test_dispatcher import Bench, pages, turns
from tests.notify.test_webhook import serving as receiving

WITH_FALLBACK = LogSpec(name="ops", fallback="mail")
BUSY = Transient("503 Busy")


def spec(**changes: Any) -> LogSpec:
    return LogSpec(name="ops", **changes)


def health(bench: Bench) -> ChannelHealth:
    return bench.dispatcher.health()["ops"]


def page(key: str, **changes: Any) -> Any:
    """The first page of an incident of its own."""
    return notice(key, incident=incident(key=f"inc-{key}"), **changes)


async def broken(channel: ScriptedChannel) -> Bench:
    """A bench whose channel has failed until its breaker opened, and nothing waits."""
    bench = Bench(ops=channel)
    await bench.__aenter__()
    bench.dispatcher.offer(pages(5))
    await bench.reports.count(5)
    assert health(bench).breaker is BreakerState.OPEN
    return bench


async def test_without_a_fallback_only_probes_are_tried_and_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "daemon.notify")
    channel = ScriptedChannel(*[BUSY] * 7, "ok")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer(pages(6))
        ends = await bench.reports.count(6)
        await turns()
        assert health(bench).breaker is BreakerState.CLOSED
    assert [at - T0 for at in channel.at] == [0] * 6 + [30_000] + [90_000] * 6
    assert all(end.delivered for end in ends)
    told = [line for line in caplog.messages if "breaker" in line]
    assert told == [
        "channel ops: 5 failures in a row, the breaker opens, its notices wait: 503 Busy",
        "channel ops: its receiver answers again, the breaker closes",
    ]


async def test_a_real_receiver_that_was_away_gets_every_page_when_it_is_back() -> None:
    async with receiving() as receiver:
        good = receiver.handler

        async def away(request: web.Request) -> web.StreamResponse:
            if len(receiver.requests) > 6:
                return await good(request)
            return web.Response(status=503)

        receiver.handler = away
        clock, reports = VirtualTime(), Reports()
        hook = WebhookSpec.model_validate({"name": "ops", "url": receiver.url})
        channel = WebhookChannel(hook, Renderer())
        outbox = MemoryOutbox()
        dispatcher = Dispatcher({"ops": channel}, outbox, clock, reports, compose, clock.wait)
        await dispatcher.start()
        dispatcher.offer(pages(6))
        ends = await reports.count(6)
        await dispatcher.stop()
    assert all(end.delivered for end in ends)
    assert {row.detail for row in outbox.rows.values()} == {"200 OK"}
    assert len(receiver.requests) == 12
    assert clock.now >= T0 + 30 * SECOND


async def test_with_a_fallback_everything_fails_over_the_moment_it_opens() -> None:
    channel = ScriptedChannel(BUSY, spec=WITH_FALLBACK)
    bench = await broken(channel)
    assert bench.time.now == T0
    bench.dispatcher.offer([page("k9")])
    ends = await bench.reports.count(6)
    await bench.dispatcher.stop()
    assert len(channel.seen) == 5
    assert not any(end.delivered for end in ends)
    assert {end.detail for end in ends[:5]} == {
        "503 Busy; the breaker is open",
        "not tried again, the breaker is open: 503 Busy",
    }
    words = "not tried, the breaker is open: 503 Busy"
    assert (ends[5].notice, ends[5].attempts, ends[5].detail) == ("k9", 0, words)
    assert bench.outbox.rows["k9"].state == "failed"


@pytest.mark.parametrize(("answer", "closes"), [("ok", True), (BUSY, False)])
async def test_after_the_pause_one_page_is_the_probe_and_fails_over_if_it_fails(
    answer: str | Transient, closes: bool
) -> None:
    channel = ScriptedChannel(BUSY, spec=WITH_FALLBACK)
    bench = await broken(channel)
    channel.answers = [answer]
    bench.time.now += 30 * SECOND
    bench.dispatcher.offer([page("k8")])
    *_, end = await bench.reports.count(6)
    after = health(bench)
    await bench.dispatcher.stop()
    assert (end.attempts, end.delivered) == (1, closes)
    assert bench.time.now == T0 + 30 * SECOND
    assert (after.breaker is BreakerState.CLOSED) == closes
    assert after.breaker_since == (None if closes else T0)


class Hanging(ScriptedChannel):
    """A channel that hangs from some time on, until it is let go."""

    hangs = False

    async def send(self, message: Message) -> str:
        if self.hangs:
            self.seen.append(message.notice.key)
            await self.called.wait()
        return await super().send(message)


async def test_a_page_does_not_wait_for_a_probe_that_hangs() -> None:
    channel = Hanging(BUSY, spec=WITH_FALLBACK)
    bench = await broken(channel)
    channel.called.clear()
    channel.hangs = True
    bench.time.now += 30 * SECOND
    bench.dispatcher.offer([page("probe")])
    await turns()
    assert health(bench).breaker is BreakerState.HALF_OPEN
    bench.dispatcher.offer([page("k9")])
    *_, end = await bench.reports.count(6)
    assert (end.notice, end.delivered) == ("k9", False)
    assert channel.seen[5:] == ["probe"]
    channel.called.set()
    await bench.dispatcher.stop()


async def test_what_stays_with_its_channel_waits_for_the_receiver() -> None:
    """The engine turns to no fallback with it; failing it over would lose it."""
    channel = ScriptedChannel(BUSY, spec=WITH_FALLBACK)
    bench = await broken(channel)
    channel.answers = ["ok"]
    bench.dispatcher.offer([page("k7", fallback_of="k0", stays=True), page("k8")])
    *_, first, second = await bench.reports.count(7)
    await bench.dispatcher.stop()
    assert (first.notice, first.delivered) == ("k8", False)
    assert (second.notice, second.delivered, second.attempts) == ("k7", True, 1)
    assert T0 + 30 * SECOND <= channel.at[-1] <= T0 + 31 * SECOND


class Fussy(ScriptedChannel):
    """A receiver that is down for a while, and can never digest what has this key."""

    def __init__(self, poison: str, until: int) -> None:
        super().__init__("ok")
        self.poison, self.until = poison, until

    async def send(self, message: Message) -> str:
        await super().send(message)
        if message.notice.key == self.poison or self.clock() < self.until:
            raise BUSY
        return "ok"


async def test_a_page_that_always_fails_does_not_keep_the_breaker_open_for_others() -> None:
    channel = Fussy("k0", until=T0 + 20 * MINUTE)
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer(pages(8))
        ends = await bench.reports.count(7)
    assert {end.notice for end in ends} == {f"k{n}" for n in range(1, 8)}
    assert bench.time.now < T0 + 31 * MINUTE


async def test_refusals_and_wishes_to_be_left_alone_open_no_breaker() -> None:
    refusing = ScriptedChannel(*[Permanent("400")] * 8, Transient("429", retry_after_s=1), "ok")
    async with Bench(ops=refusing) as bench:
        bench.dispatcher.offer(pages(20))
        ends = await bench.reports.count(20)
        assert health(bench).breaker is BreakerState.CLOSED
    assert sum(end.delivered for end in ends) == 12
    asking = ScriptedChannel(*[Transient("429", retry_after_s=1)] * 8, "ok")
    async with Bench(ops=asking) as bench:
        bench.dispatcher.offer(pages(8))
        await bench.reports.count(8)
        assert bench.time.now < T0 + 7 * SECOND


async def test_faults_of_our_own_open_no_breaker(caplog: pytest.LogCaptureFixture) -> None:
    channel = ScriptedChannel(*[ZeroDivisionError()] * 8, "ok")
    caplog.set_level(logging.CRITICAL, "daemon.notify")
    async with Bench(ops=channel) as bench:
        bench.dispatcher.offer(pages(8))
        await bench.reports.count(8)
        assert bench.time.now < T0 + 7 * SECOND


async def test_a_reload_that_changes_the_channel_closes_its_breaker_and_no_other_does() -> None:
    bench = await broken(ScriptedChannel(BUSY, spec=WITH_FALLBACK))
    bench.dispatcher.replace({"ops": ScriptedChannel("ok", spec=WITH_FALLBACK)})
    assert health(bench).breaker is BreakerState.OPEN
    mended = ScriptedChannel("ok", spec=spec(fallback="mail", timeout="3s"))
    bench.dispatcher.replace({"ops": mended})
    assert health(bench).breaker is BreakerState.CLOSED
    await bench.dispatcher.stop()


def patient(**channels: ScriptedChannel) -> Bench:
    """A bench whose time goes on only when nothing else does."""

    async def wait(event: asyncio.Event, timeout_s: float | None) -> None:
        await turns()
        await bench.time.wait(event, timeout_s)

    bench = Bench(wait=wait, **channels)
    return bench


async def test_a_limit_spaces_attempts_and_lets_a_page_go_before_news() -> None:
    channel = ScriptedChannel("ok", spec=spec(rate="2/s"))
    updates = [
        notice(f"n{n}", type=NoticeType.UPDATED, incident=incident(key=f"i{n}")) for n in range(5)
    ]
    async with patient(ops=channel) as bench:
        bench.dispatcher.offer([*updates, page("page")])
        await bench.reports.count(6)
    assert channel.seen == ["page", "n0", "n1", "n2", "n3", "n4"]
    assert [at - T0 for at in channel.at] == [0, 0, 500, 1_000, 1_500, 2_000]


async def test_what_waits_for_a_limit_is_neither_late_nor_failed() -> None:
    """Its patience with a channel that has a fallback begins with its first attempt."""
    channel = ScriptedChannel("ok", BUSY, "ok", spec=spec(fallback="mail", rate="1/m"))
    seen = []

    async def watched(event: asyncio.Event, timeout_s: float | None) -> None:
        await turns()
        if timeout_s and not event.is_set():
            seen.append((health(bench).waits_for, bench.dispatcher.oldest_at))
        await bench.time.wait(event, timeout_s)

    bench = Bench(ops=channel, wait=watched)
    async with bench:
        bench.dispatcher.offer([page("k0"), page("k1", at=T0 - HOUR)])
        ends = await bench.reports.count(2)
    assert [end.delivered for end in ends] == [True, True]
    assert [at - T0 for at in channel.at] == [0, MINUTE, 2 * MINUTE]
    assert set(seen) == {(Wait.LIMIT, None)}


async def test_one_person_s_limit_delays_no_other() -> None:
    channel = ScriptedChannel("ok", spec=spec(rate_per_recipient="1/m"))
    async with patient(ops=channel) as bench:
        ana = [page(f"a{n}", recipient="ana") for n in range(3)]
        bench.dispatcher.offer([*ana, page("b0", recipient="ben")])
        await bench.reports.count(4)
    assert channel.seen == ["a0", "b0", "a1", "a2"]
    assert [at - T0 for at in channel.at] == [0, 0, MINUTE, 2 * MINUTE]


async def test_a_test_message_goes_past_everything_and_closes_the_breaker() -> None:
    channel = ScriptedChannel(BUSY, spec=WITH_FALLBACK)
    bench = await broken(channel)
    assert await bench.dispatcher.try_out(notice("test")) == Failed("503 Busy")
    assert health(bench).breaker is BreakerState.OPEN
    channel.answers = ["200 OK"]
    assert await bench.dispatcher.try_out(notice("test")) == Delivered("200 OK")
    assert health(bench).breaker is BreakerState.CLOSED
    assert "test" not in bench.outbox.rows
    assert len(bench.reports.settled) == 5
    await bench.dispatcher.stop()


async def test_health_says_what_keeps_notices_waiting() -> None:
    async def waits(channel: ScriptedChannel, number: int) -> tuple[Wait | None, int | None]:
        """What the lane says when it first has to wait; its time stands still then."""
        waiting = asyncio.Event()

        async def stand_still(event: asyncio.Event, timeout_s: float | None) -> None:
            if timeout_s:
                waiting.set()
            await event.wait()

        bench = Bench(ops=channel, wait=stand_still)
        async with bench:
            bench.dispatcher.offer(pages(number))
            await waiting.wait()
            found = health(bench)
        return found.waits_for, found.waits_until

    assert await waits(ScriptedChannel(BUSY), 5) == (Wait.BREAKER, T0 + 30 * SECOND)
    asked = Transient("429", retry_after_s=90)
    assert await waits(ScriptedChannel(asked), 1) == (Wait.RETRY_AFTER, T0 + 90 * SECOND)
    limited = ScriptedChannel("ok", spec=spec(rate="1/h"))
    assert await waits(limited, 2) == (Wait.LIMIT, T0 + HOUR)
    assert await waits(ScriptedChannel(BUSY), 1) == (None, None)


class Night:
    """Pages that are decided at their times while a receiver is away for a while."""

    def __init__(self, channel: ScriptedChannel, times: list[int]) -> None:
        due = [T0 + at for at in sorted(times)]
        self._due = [(at, page(f"k{number}", at=at)) for number, at in enumerate(due)]
        self.decided = {one.key: at for at, one in self._due}
        self.ended: dict[str, tuple[int, bool]] = {}
        self.bench = Bench(ops=channel, wait=self._wait)
        self.bench.dispatcher = Dispatcher(
            {"ops": channel}, self.bench.outbox, self.bench.time, self._report, compose, self._wait
        )

    async def _report(self, settled: Settled) -> None:
        assert settled.notice not in self.ended
        self.ended[settled.notice] = (self.bench.time.now, settled.delivered)
        await self.bench.reports(settled)

    async def _wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Time goes on when nothing else does, but not past the next decision."""
        await turns(10)
        time = self.bench.time
        if event.is_set():
            return
        until = None if timeout_s is None else time.now + max(1, round(timeout_s * 1_000))
        if self._due and (until is None or self._due[0][0] <= until):
            time.now, one = self._due.pop(0)
            self.bench.dispatcher.offer([one])
        elif until is not None:
            time.now = until
        else:
            await event.wait()

    async def pass_by(self, number: int) -> None:
        """Let so many notices come to their ends."""
        async with self.bench:
            await self.bench.reports.count(number)


@settings(max_examples=40)
@given(
    times=st.lists(st.integers(0, 40 * MINUTE), min_size=1, max_size=12),
    back_at=st.integers(0, 30 * MINUTE),
    poison=st.booleans(),
    falls_back=st.booleans(),
)
def test_whenever_a_receiver_is_away_each_page_ends_once_and_none_is_starved(
    times: list[int], back_at: int, poison: bool, falls_back: bool
) -> None:
    """Without a fallback a page arrives two pauses after it can at the latest, even beside one
    that never can; with one it is delivered, or turned to the fallback within its patience."""
    channel = Fussy("k0" if poison else "", until=T0 + back_at)
    channel.spec = WITH_FALLBACK if falls_back else spec()
    night = Night(channel, times)
    digestible = len(times) - (poison and not falls_back)
    asyncio.run(night.pass_by(digestible))
    for key, (at, delivered) in night.ended.items():
        decided = night.decided[key]
        if falls_back:
            assert delivered or at <= decided + 2 * MINUTE
        else:
            assert delivered
            assert at <= max(decided, T0 + back_at) + 10 * MINUTE + SECOND
