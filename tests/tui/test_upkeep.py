"""Maintenance from the keyboard: on what is selected, with a preview, and taken back."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui import estate
from tests.tui.conftest import Opener


async def test_maintenance_is_prefilled_previewed_and_ended_by_z(opened: Opener) -> None:
    """On the service of the selected incident."""
    async with opened() as session:
        await session.press("M")
        assert session.app.screen.query_one("#services", Input).value == "checkout"
        assert session.shows("mutes 2 of 5 firing alerts now; no SLA counts the time")
        await session.press("enter", "enter", "enter", *"disks", "enter")
        await session.until(lambda: "Maintenance checkout-work" in session.toasts())
        assert session.fake.bodies[-1] == {
            "name": "checkout-work", "services": ["checkout"], "for_ms": estate.HOUR,
            "reason": "disks",
        }  # fmt: skip
        await session.press("z")
        await session.until(lambda: "Ended the maintenance checkout-work" in session.toasts())
        assert session.fake.requests[-1] == ("POST", "/api/v1/maintenance/w1/end")


async def test_a_service_that_is_unknown_is_refused_in_the_dialog(opened: Opener) -> None:
    """The preview turns into the complaint, and nothing is sent."""
    async with opened() as session:
        await session.press("M")
        session.app.screen.query_one("#services", Input).value = "checkout, nowhere"
        await session.pilot.pause()
        assert session.shows("there is no service 'nowhere'")
        await session.press("ctrl+s")
        assert not session.fake.bodies


async def test_a_reason_is_asked_for_but_none_is_demanded_as_on_the_command_line(
    opened: Opener,
) -> None:
    async with opened() as session:
        await session.press("M")
        assert session.shows("for those who come after you (may stay empty)")
        await session.press("ctrl+s")
        await session.until(lambda: "Maintenance checkout-work" in session.toasts())
        assert session.fake.bodies[-1]["reason"] == ""
