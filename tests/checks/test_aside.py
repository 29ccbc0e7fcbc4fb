"""Blocking calls stand aside: one at a time, and a hung one hangs alone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from checks.aside import Aside
from checks.errors import ProbeError
from checks.result import Fault


async def test_a_call_answers_from_another_thread() -> None:
    aside = Aside("test")
    assert await aside.call(threading.get_ident) != threading.get_ident()
    assert await aside.call(lambda: 2) == 2


async def test_an_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await Aside("test").call(lambda: 1 // 0)


async def test_a_hung_call_refuses_the_next_and_frees_the_place_when_it_ends() -> None:
    aside, release = Aside("slow disk"), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await aside.call(release.wait)
    with pytest.raises(ProbeError, match=r"an earlier call \(slow disk\) still hangs") as caught:
        await aside.call(int)
    assert caught.value.fault is Fault.INTERNAL
    release.set()
    async with asyncio.timeout(5):
        while True:
            try:
                assert await aside.call(int) == 0
                break
            except ProbeError:
                await asyncio.sleep(0.01)


def test_a_call_that_outlives_its_loop_harms_nothing() -> None:
    aside, release, ended = Aside("late"), threading.Event(), threading.Event()

    def work() -> None:
        release.wait()
        ended.set()

    async def body() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aside.call(work)

    asyncio.run(body())
    release.set()
    assert ended.wait(5)
    for thread in threading.enumerate():
        if thread.name == "tocsin late":
            thread.join(5)
