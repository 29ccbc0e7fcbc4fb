"""The link: follows, resyncs, waits and comes back, with a source made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from daemon.api.schema import Reset, State
from daemon.client import Disconnected, NoDaemon, StreamEvent
from tests.tui import estate
from tui import link as link_module
from tui.link import Link, LinkState
from tui.mirror import Mirror
from tui.stories import Stories


class Source:
    """A daemon that says what the test wants."""

    def __init__(self) -> None:
        self.states: list[State | Exception] = []
        self.queue: asyncio.Queue[StreamEvent | Exception] = asyncio.Queue()
        self.asked_since: list[int | None] = []
        self.reads = 0

    async def state(self) -> State:
        self.reads += 1
        answer = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def events(self, since: int | None = None) -> AsyncIterator[StreamEvent]:
        self.asked_since.append(since)
        while True:
            event = await self.queue.get()
            if isinstance(event, Exception):
                raise event
            yield event


@pytest.fixture
def source() -> Source:
    """The source."""
    return Source()


class Run:
    """A link that runs until the test ends."""

    def __init__(self, source: Source, quiet_s: float = 20.0) -> None:
        self.mirror = Mirror()
        self.changes = 0
        self.link = Link(source, self.mirror, lambda: estate.NOW, self._changed, quiet_s)
        self.task = asyncio.create_task(self.link.run())

    def _changed(self) -> None:
        self.changes += 1

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})


async def test_it_reads_the_state_and_follows_from_its_number(source: Source) -> None:
    """No event between the two is lost."""
    source.states = [estate.state()]
    run = Run(source)
    await run.until(lambda: source.asked_since == [100])
    assert run.link.live
    changed = estate.checkout()
    changed.version, changed.title = 5, "news"
    source.queue.put_nowait(StreamEvent(101, "incident", changed))
    await run.until(lambda: run.mirror.seq == 101)
    assert run.mirror.incidents["01JD0CHECKOUT"].title == "news"
    await run.end()


async def test_a_reset_reads_the_state_and_the_same_stream_goes_on(source: Source) -> None:
    """Events that the new state already holds are passed over."""
    later = estate.state()
    later.seq = 500
    source.states = [estate.state(), later]
    run = Run(source)
    source.queue.put_nowait(StreamEvent(500, "reset", Reset(seq=500, reason="too old")))
    await run.until(lambda: run.mirror.seq == 500)
    stale = estate.checkout()
    stale.title, stale.version = "old news", 99
    source.queue.put_nowait(StreamEvent(499, "incident", stale))
    fresh = estate.orders()
    fresh.title, fresh.version = "new news", 99
    source.queue.put_nowait(StreamEvent(501, "incident", fresh))
    await run.until(lambda: run.mirror.seq == 501)
    assert run.mirror.incidents["01JD0CHECKOUT"].title != "old news"
    assert source.asked_since == [100]
    await run.end()


async def test_a_broken_stream_is_lost_and_tried_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason and the next attempt are known meanwhile; the picture stays."""
    source.states = [estate.state()]
    run = Run(source)
    await run.until(lambda: run.link.live)
    monkeypatch.setattr(link_module, "WAITS_S", (30.0,))
    source.queue.put_nowait(Disconnected("the stream broke"))
    await run.until(lambda: run.link.state is LinkState.LOST)
    assert run.link.reason == "the stream broke"
    assert run.link.retry_at == estate.NOW + 30_000
    assert run.mirror.incidents
    run.link.hurry()
    await run.until(lambda: run.link.live)
    assert run.link.retry_at is None
    await run.end()


async def test_waits_grow_and_start_anew_after_a_success(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that restarts is found at once; one that is gone is not hammered."""
    monkeypatch.setattr(link_module, "WAITS_S", (10.0, 20.0, 30.0))
    source.states = [NoDaemon("nobody there"), NoDaemon("still"), estate.state()]
    run = Run(source)
    for wait_ms in (10_000, 20_000):
        await run.until(lambda wait_ms=wait_ms: run.link.retry_at == estate.NOW + wait_ms)
        run.link.hurry()
    await run.until(lambda: run.link.live)
    source.states = [NoDaemon("gone again")]
    source.queue.put_nowait(Disconnected("broke"))
    await run.until(lambda: run.link.retry_at == estate.NOW + 10_000)
    await run.end()


async def test_a_silent_stream_is_checked_and_a_dead_daemon_noticed(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process holds its socket open; silence alone must not look live."""
    monkeypatch.setattr(link_module, "WAITS_S", (30.0,))
    source.states = [estate.state(), estate.state(), Disconnected("did not answer within 10 s")]
    run = Run(source, quiet_s=0.01)
    await run.until(lambda: run.link.state is LinkState.LOST)
    assert source.reads == 3
    assert "did not answer" in run.link.reason
    await run.end()


async def test_an_answer_of_another_shape_is_a_lost_link_not_a_crash(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon of another version is told apart in words."""
    monkeypatch.setattr(link_module, "WAITS_S", (30.0,))
    source.states = [estate.state()]
    run = Run(source)
    source.queue.put_nowait(StreamEvent(101, "incident", Reset(seq=1, reason="no incident")))
    await run.until(lambda: run.link.state is LinkState.LOST)
    assert run.link.reason
    await run.end()


async def test_a_story_is_fetched_for_the_row_one_stops_at() -> None:
    """Running down a list asks once; a change of the incident asks again."""
    mirror, asked, came = Mirror(), [], asyncio.Event()

    async def ask(incident: str) -> object:
        asked.append(incident)
        raise NoDaemon("gone")

    stories = Stories(ask, mirror, came.set)  # type: ignore[arg-type]  # it only refuses here
    task = asyncio.create_task(stories.run())
    for one in (estate.checkout(), estate.orders(), estate.search_()):
        assert stories.of(one) is None
    await asyncio.wait_for(came.wait(), 5)
    assert asked == ["01JD0SEARCH"]
    assert stories.fault(estate.search_()) == "gone"
    came.clear()
    stories.of(estate.search_())
    newer = estate.search_()
    newer.version = 99
    stories.of(newer)
    await asyncio.wait_for(came.wait(), 5)
    assert asked == ["01JD0SEARCH", "01JD0SEARCH"]
    task.cancel()
    await asyncio.wait({task})
