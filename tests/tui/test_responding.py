"""Automated actions in the dashboard: marked where they wait, decided on with one key."""

from __future__ import annotations

from textual.widgets import OptionList

from tests.tui import estate
from tests.tui.conftest import Opener
from tui.mirror import Mirror
from tui.screens.choosing import ChoicePrompt
from tui.screens.prompts import Confirm
from tui.showing.responding import choices, question

WORST = "01JD0CHECKOUT"


def mirror() -> Mirror:
    made = Mirror()
    made.load(estate.asking(), estate.NOW)
    return made


def test_what_waits_is_offered_first_and_what_is_not_of_this_incident_not_at_all() -> None:
    made = mirror()
    offered = choices(made, made.incidents[WORST], estate.responses())
    assert [(one.deed, one.response) for one in offered] == [
        ("approve", "restart-checkout"),
        ("refuse", "restart-checkout"),
        ("run", "clear-cache"),
    ]
    assert offered[2].hindered == "stopped: 3 runs in a row did not help"
    asked, follows, yes = question(offered[2], "“it”")
    assert (asked, yes) == ("Run clear-cache for “it”?", "Run")
    assert "likely to be refused" in follows


def test_the_mirror_keeps_what_waits_and_runs_and_tells_what_became_of_it() -> None:
    made = mirror()
    made.apply("response", estate.run(state="running"), made.seq + 1, estate.NOW)
    assert [one.state for one in made.runs.values()] == ["running"]
    ended = estate.run(state="failed", ended_at=estate.ago(0), detail="exit code 3 in 1.2 s")
    made.apply("response", ended, made.seq + 1, estate.NOW)
    assert made.runs == {}
    assert [one.text for one in made.feed if one.subject == "restart-checkout"] == [
        "begins",
        "failed: exit code 3 in 1.2 s",
    ]


async def test_an_approval_is_marked_in_the_top_line_the_list_and_the_details(
    opened: Opener,
) -> None:
    for size in ((80, 24), (120, 40)):
        async with opened(estate.asking(), size) as session:
            assert session.shows("◈ 1", "◈", "asks for approval", "p approves or refuses")


async def test_p_approves_only_after_a_yes_with_the_focus_on_no(opened: Opener) -> None:
    async with opened(estate.asking(), (120, 40)) as session:
        await session.press("p")
        await session.until(lambda: isinstance(session.app.screen, ChoicePrompt))
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        assert session.shows("Approve restart-checkout for", "/usr/local/bin/restart-checkout")
        await session.press("enter")
        assert all(method == "GET" for method, _ in session.fake.requests)
        await session.press("p")
        await session.until(lambda: isinstance(session.app.screen, ChoicePrompt))
        await session.press("enter", "y")
        await session.until(lambda: "restart-checkout begins" in session.toasts())
        assert ("POST", "/api/v1/responses/runs/r1/approve") in session.fake.requests
        await session.until(lambda: not session.shows("to approve"))


async def test_p_refuses_and_runs_what_is_chosen_and_says_where_nothing_fits(
    opened: Opener,
) -> None:
    async with opened(estate.asking(), (120, 40)) as session:
        await session.press("p")
        await session.until(lambda: isinstance(session.app.screen, ChoicePrompt))
        await session.press("j", "enter", "y")
        await session.until(lambda: "Refused restart-checkout" in session.toasts())
        await session.press("p")
        await session.until(lambda: isinstance(session.app.screen, ChoicePrompt))
        assert session.app.screen.query_one(OptionList).option_count == 2
        await session.press("j", "enter", "y")
        await session.until(lambda: "clear-cache begins" in session.toasts())
        assert {"response": "clear-cache", "dry_run": False} in session.fake.bodies
        session.fake.responses = []
        await session.press("p")
        await session.until(lambda: "no responses" in session.toasts())
