"""A limit ends its body in time, and only its own."""

from __future__ import annotations

import asyncio

import pytest

from checks.limit import GRAIN_S, Limit


async def test_a_body_that_ends_in_time_is_left_alone() -> None:
    with Limit(5.0) as limit:
        await asyncio.sleep(0)
    assert limit.late_s is None
    await asyncio.sleep(2 * GRAIN_S)


async def test_a_body_that_takes_longer_is_ended_a_grain_late_at_most() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(TimeoutError), Limit(0.1) as limit:
        await asyncio.sleep(10)
    assert 0.099 <= clock() - began < 0.1 + GRAIN_S + 0.2  # uvloop's clock counts milliseconds
    assert limit.late_s is not None
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancel_from_outside_is_no_timeout() -> None:
    async def body() -> None:
        with Limit(5.0):
            await asyncio.sleep(10)

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancel_together_with_the_timeout_wins() -> None:
    async def body() -> None:
        with Limit(0.0) as limit:
            limit.expire(limit.ends_at)
            await asyncio.sleep(10)

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_body_goes_through_even_when_late() -> None:
    async def body() -> None:
        with Limit(0.0):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise KeyError("own") from None

    with pytest.raises(KeyError):
        await body()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_many_limits_share_one_timer_and_each_ends_at_its_own_time() -> None:
    async def body(seconds: float) -> str:
        try:
            with Limit(seconds):
                await asyncio.sleep(0.2)
        except TimeoutError:
            return "over"
        return "good"

    found = await asyncio.gather(*(body(0.01 if n % 2 else 5.0) for n in range(100)))
    assert found == ["good", "over"] * 50
