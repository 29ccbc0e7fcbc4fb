"""Putting somebody on call from the keyboard: for a while, taken back with z, seen at once."""

from __future__ import annotations

from tests.tui import estate
from tests.tui.conftest import Opener


async def test_somebody_is_put_on_call_and_z_takes_it_back(opened: Opener) -> None:
    """The answer of the daemon is shown before it says so itself."""
    async with opened(size=(120, 40)) as session:
        await session.press("6", "v")
        assert session.shows("Override primary, on call now: ana")
        await session.press(*"be", "enter", "enter", *"dentist", "enter")
        assert session.shows("write who is on call")
        await session.press("shift+tab", "shift+tab", "end", "n", *["enter"] * 3)
        await session.until(lambda: "ben is on call for primary for 4h" in session.toasts())
        assert session.fake.bodies[-1] == {
            "persons": ["ben"], "swap": False, "comment": "dentist", "for_ms": 4 * estate.HOUR,
        }  # fmt: skip
        await session.until(lambda: session.shows("ben ⇄"))
        await session.press("z")
        await session.until(lambda: "Ended the override of primary" in session.toasts())
        assert session.fake.requests[-1] == ("DELETE", "/api/v1/schedules/primary/overrides/o1")


async def test_of_several_one_may_be_replaced(opened: Opener) -> None:
    """And only somebody who is on call."""
    async with opened(size=(80, 24)) as session:
        await session.press("6", "down", "v")
        assert session.shows("cai & dan")
        await session.press(*"ana", "enter", "enter", *"ben", "enter", "enter")
        assert session.shows("ben is not on call now")
        await session.press("shift+tab", *["backspace"] * 3, *"dan", "enter", "enter")
        await session.until(lambda: "in place of dan" in session.toasts())
        assert session.fake.bodies[-1]["replaces"] == "dan"


async def test_the_next_step_names_whoever_is_on_call(opened: Opener) -> None:
    """A schedule is a person, with the schedule beside."""
    state = estate.state()
    worst = next(one for one in state.incidents if one.id == "01JD0CHECKOUT")
    assert worst.escalation is not None
    worst.escalation.next_notify = ["schedule:primary", "schedule:nights"]
    async with opened(state, size=(120, 40)) as session:
        assert session.shows("ana (primary), schedule:nights")
        worst.escalation.next_in_turn = True
        session.fake.publish("incident", worst)
        await session.until(lambda: session.shows("ana (primary) or schedule:nights"))


async def test_without_a_schedule_the_key_says_why_not(opened: Opener) -> None:
    """No key is silently dead."""
    state = estate.state()
    state.daemon.on_call = []
    async with opened(state) as session:
        await session.press("6", "v")
        await session.until(lambda: "no schedule is selected" in session.toasts())
