"""One timer wakes the engine for everything that is due."""

from __future__ import annotations

import asyncio

from daemon.service.pulse import SPACING_MS, Pulse

NOW = 1_800_000_000_000


async def test_a_wake_up_within_the_spacing_is_imminent_and_a_later_one_is_not() -> None:
    pulse = Pulse(lambda: NOW, lambda: None)
    assert not pulse.is_imminent(NOW)
    pulse.at(NOW + SPACING_MS + 1)
    assert not pulse.is_imminent(NOW)
    pulse.at(NOW + SPACING_MS)
    assert pulse.is_imminent(NOW)
    pulse.stop()
    assert not pulse.is_imminent(NOW)


async def test_the_sooner_of_two_deadlines_wakes() -> None:
    woken = asyncio.Event()
    pulse = Pulse(lambda: NOW, woken.set)
    pulse.at(NOW + 60_000)
    pulse.at(NOW + 1)
    async with asyncio.timeout(10):
        await woken.wait()
    assert not pulse.is_imminent(NOW)
