"""The traveller: steps, leaps, seeks, and what becomes of wishes while a question is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from daemon.api.schema import State
from daemon.api.times import stamp
from daemon.client import BadRequest, ClientError
from tests.tui import estate, estate_then
from tests.tui.beside import beside
from tests.tui.estate import HOUR, MINUTE, NOW
from tui.doing.travel import Travel

MOMENTS = estate_then.moments()
LAST = MOMENTS[-1]


class Way:
    """A traveller whose daemon answers when the test lets it."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.refused: list[str] = []
        self.fault: ClientError | None = None
        self.news: int | None = None
        self.patience = asyncio.Event()
        self.patience.set()
        self.travel = Travel(self._ask, lambda: NOW, lambda: None, self.refused.append)

    async def _ask(self, at: int) -> State:
        self.asked.append(at)
        await self.patience.wait()
        if self.fault is not None:
            raise self.fault
        state = estate_then.then(at)
        if self.news is not None and at < self.news and len(self.asked) > 1:
            assert state.past is not None
            state.past.after = stamp(self.news)
        return state

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the traveller go on until something is true."""
        for _ in range(5_000):
            if true():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never comes true")

    async def rest(self) -> None:
        """Let it come to where it wants."""
        await self.until(lambda: not self.travel.under_way)


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    async with walking() as made:
        yield made


@asynccontextmanager
async def walking() -> AsyncIterator[Way]:
    """A traveller under way."""
    made = Way()
    async with beside(made.travel.run()):
        yield made


async def test_steps_lead_through_every_change_and_back_to_the_present(way: Way) -> None:
    """None is left out, none comes twice."""
    seen = []
    for _ in MOMENTS:
        way.travel.step(forth=False)
        await way.rest()
        seen.append(way.travel.at)
    assert seen == MOMENTS[::-1]
    way.travel.step(forth=False)
    await way.rest()
    assert way.refused == ["nothing is known to have changed before this"]
    for at in MOMENTS[1:]:
        way.travel.step(forth=True)
        await way.rest()
        assert way.travel.at == at
    way.travel.step(forth=True)
    await way.rest()
    assert way.travel.at is None


async def test_what_happened_while_one_looks_is_not_passed_over(way: Way) -> None:
    """The moment that was the last one then has one after it by now."""
    way.news = NOW - MINUTE
    way.travel.seek(LAST)
    await way.rest()
    way.travel.step(forth=True)
    await way.rest()
    assert way.travel.at == NOW - MINUTE


async def test_a_key_that_is_held_down_leaves_no_queue(way: Way) -> None:
    """A hundred presses while one question is under way are one wish."""
    way.patience.clear()
    way.travel.step(forth=False)
    await way.until(lambda: way.asked == [NOW])
    for _ in range(100):
        way.travel.step(forth=False)
    way.patience.set()
    await way.rest()
    assert way.asked == [NOW, LAST, MOMENTS[-2]]
    assert way.travel.at == MOMENTS[-2]


async def test_leaps_add_up_while_the_daemon_thinks(way: Way) -> None:
    """Five presses of an hour are five hours; the first leap asks since when there is history."""
    way.patience.clear()
    for _ in range(5):
        way.travel.leap(-HOUR)
    assert way.travel.awaited == NOW - 5 * HOUR
    way.patience.set()
    await way.rest()
    assert way.travel.at == NOW - 5 * HOUR
    assert len(way.asked) <= 3
    way.travel.leap(+HOUR)
    await way.rest()
    assert way.travel.at == NOW - 4 * HOUR


async def test_a_leap_ends_at_the_oldest_and_in_the_present(way: Way) -> None:
    way.travel.seek(estate_then.OLDEST + MINUTE)
    await way.rest()
    way.travel.leap(-HOUR)
    await way.rest()
    assert way.travel.at == estate_then.OLDEST
    way.travel.leap(-HOUR)
    assert way.refused == ["there is no history before this"]
    way.travel.seek(NOW - MINUTE)
    await way.rest()
    way.travel.leap(+HOUR)
    assert way.travel.at is None


async def test_the_first_leap_over_all_history_ends_where_that_begins(way: Way) -> None:
    """Of a daemon that was set up this hour, an hour ago is its first moment."""
    way.travel.leap(estate_then.OLDEST - HOUR - NOW)
    await way.rest()
    assert way.travel.at == estate_then.OLDEST
    assert way.refused == []


async def test_a_moment_that_is_named_does_not_wait_and_the_older_answer_never_shows(
    way: Way,
) -> None:
    """The newest wish wins, also over a question that hangs."""
    way.patience.clear()
    way.travel.seek(NOW - 3 * HOUR)
    await way.until(lambda: way.asked == [NOW - 3 * HOUR])
    way.travel.seek(NOW - HOUR)
    await way.until(lambda: way.asked[-1] == NOW - HOUR)
    way.patience.set()
    await way.rest()
    assert way.travel.at == NOW - HOUR


async def test_the_way_back_is_at_once_and_nothing_comes_after_it(way: Way) -> None:
    """A picture that was under way does not appear once one is back."""
    way.travel.seek(NOW - HOUR)
    await way.rest()
    way.patience.clear()
    way.travel.step(forth=False)
    await way.until(lambda: len(way.asked) == 2)
    way.patience.set()
    way.travel.leave()
    assert way.travel.at is None
    await way.rest()
    assert way.travel.at is None


async def test_what_the_daemon_refuses_is_said_and_the_picture_stays(way: Way) -> None:
    way.travel.seek(NOW - HOUR)
    await way.rest()
    way.fault = BadRequest("there is no history before 2026-11-01")
    way.travel.step(forth=False)
    await way.rest()
    assert way.refused == ["there is no history before 2026-11-01"]
    assert way.travel.at == NOW - HOUR


async def test_a_daemon_that_answers_with_the_present_is_not_taken_for_the_past(way: Way) -> None:
    """An older one ignores the question's time."""

    async def present(at: int) -> State:
        del at
        return estate.state()

    travel = Travel(present, lambda: NOW, lambda: None, way.refused.append)
    with pytest.raises(ValueError, match="knows no past"):
        await travel.learn()


async def test_in_the_present_there_is_no_later(way: Way) -> None:
    way.travel.step(forth=True)
    way.travel.leap(+HOUR)
    assert way.refused == ["this is the present already"] * 2
    assert way.asked == []
