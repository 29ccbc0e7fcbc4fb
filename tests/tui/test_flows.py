"""What an operator does, key by key, against a daemon on a real socket."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui import estate
from tests.tui.conftest import Opener
from tui.screens.prompts import Confirm

WORST, SECOND = "01JD0CHECKOUT", "01JD0ORDERS"


async def test_it_opens_with_the_cursor_on_the_worst_unacknowledged(opened: Opener) -> None:
    """Promise 4: at 3 a.m. nobody searches."""
    async with opened() as session:
        assert session.app.current_mode == "incidents"
        assert session.selected == WORST
        assert session.shows("EMERGENCY", "nobody yet", "0:48")


async def test_without_incidents_it_opens_on_the_overview(opened: Opener) -> None:
    """And says that all is quiet."""
    async with opened(estate.quiet()) as session:
        assert session.app.current_mode == "overview"
        await session.until(lambda: session.shows("All quiet. 12 services up."))


async def test_the_first_incident_of_a_quiet_time_is_one_key_away(opened: Opener) -> None:
    """The dashboard was open and quiet when it came: `a` takes it, nothing is searched."""
    async with opened(estate.quiet()) as session:
        await session.until(lambda: session.shows("All quiet."))
        session.fake.add(estate.checkout())
        await session.until(lambda: session.selected == WORST)
        await session.press("a")
        await session.until(lambda: "Acknowledged" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/ack") in session.fake.requests


async def test_a_acknowledges_and_z_takes_it_back(opened: Opener) -> None:
    """One key each; the toast says what was done and how to undo it."""
    async with opened() as session:
        await session.press("a")
        await session.until(lambda: "Acknowledged" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/ack") in session.fake.requests
        assert "z undoes" in session.toasts()
        assert session.selected == WORST
        await session.until(lambda: session.shows("ana has it"))
        await session.press("z")
        await session.until(lambda: "Undone." in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/unack") in session.fake.requests
        await session.press("z")
        await session.until(lambda: "nothing to undo" in session.toasts())


async def test_undo_does_not_trample_on_what_others_did_meanwhile(opened: Opener) -> None:
    """Ben took it over; ana's undo would take it from him."""
    async with opened() as session:
        await session.press("a")
        await session.until(lambda: "Acknowledged" in session.toasts())
        session.fake.change(WORST, acknowledged_by="ben")
        await session.until(lambda: session.shows("ben has it"))
        session.fake.requests.clear()
        await session.press("z")
        await session.until(lambda: "Not undone: ben has it" in session.toasts())
        assert not [path for verb, path in session.fake.requests if verb == "POST"]


async def test_u_gives_back_what_was_taken(opened: Opener) -> None:
    """Un-ack of an incident somebody has, undone by acknowledging again."""
    async with opened() as session:
        await session.press("down", "down")
        assert session.selected == "01JD0SEARCH"
        await session.press("u")
        await session.until(lambda: "Gave" in session.toasts())
        await session.press("z")
        await session.until(lambda: "Undone. Acknowledged" in session.toasts())


async def test_a_note_is_written_into_the_timeline(opened: Opener) -> None:
    """Typed letters are text, not keys; the story shows it."""
    async with opened(size=(120, 40)) as session:
        await session.press("n", *"aqz1", "enter")
        await session.until(lambda: "Noted" in session.toasts())
        assert {"text": "aqz1"} in session.fake.bodies
        await session.until(lambda: session.shows("aqz1"))


async def test_an_empty_note_is_refused_where_it_is_written(opened: Opener) -> None:
    """Nothing is sent; escape gives up."""
    async with opened() as session:
        await session.press("n", "enter")
        assert session.shows("an empty note says nothing")
        await session.press("escape")
        assert not session.fake.bodies


async def test_acknowledge_with_a_comment_and_for_a_time(opened: Opener) -> None:
    """A asks for both; a bad time is told apart on the spot."""
    async with opened() as session:
        await session.press("A", *"mine", "enter", *"soon", "enter")
        assert session.shows("is no duration")
        line = session.app.screen.query_one("#for", Input)
        line.value = "30m"
        await session.press("enter")
        await session.until(lambda: "Acknowledged" in session.toasts())
        assert {"comment": "mine", "expires_after_ms": 1_800_000} in session.fake.bodies


async def test_a_snooze_has_an_end_and_is_undone_by_giving_it_back(opened: Opener) -> None:
    """S offers an hour; the toast says what comes after."""
    async with opened() as session:
        await session.press("S", "enter", *"later", "enter")
        await session.until(lambda: "for 1h. It is triggered again then." in session.toasts())
        assert {"for_ms": 3_600_000, "comment": "later"} in session.fake.bodies
        await session.press("z")
        await session.until(lambda: "Undone. Gave" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/unack") in session.fake.requests


async def test_o_assigns_to_a_person_and_z_takes_that_back(opened: Opener) -> None:
    """Those on call come first; a beginning of a name is enough once it means one person."""
    async with opened(size=(120, 40)) as session:
        await session.press("o")
        await session.until(lambda: session.shows("ana (on call), cai (on call), bella, ben"))
        await session.press("b", "enter", *"yours", "enter")
        assert session.shows("as far as it means one of them")
        session.app.screen.query_one("#person", Input).value = "ben"
        await session.press("enter")
        await session.until(lambda: "to ben. Nobody has acknowledged it yet." in session.toasts())
        assert {"to": "ben", "comment": "yours"} in session.fake.bodies
        await session.until(lambda: session.shows("assigned to ben"))
        await session.press("z")
        await session.until(lambda: "Undone. Assigned" in session.toasts())
        assert session.fake.bodies[-1] == {"to": None, "comment": ""}


async def test_an_assignment_is_taken_away_by_assigning_to_nobody(opened: Opener) -> None:
    """And who handed it on meanwhile keeps the last word."""
    async with opened() as session:
        session.fake.change(WORST, assigned_to="ben")
        await session.until(lambda: session.app.mirror.incidents[WORST].assigned_to == "ben")
        await session.press("o")
        await session.until(lambda: session.shows("empty: take it from ben"))
        await session.press("ctrl+s")
        await session.until(lambda: "to nobody." in session.toasts())
        session.fake.change(WORST, assigned_to="cai")
        await session.until(lambda: session.app.mirror.incidents[WORST].assigned_to == "cai")
        await session.press("z")
        await session.until(lambda: "Not undone: it is assigned to cai" in session.toasts())


async def test_who_cannot_be_assigned_to_is_said_where_it_is_asked(opened: Opener) -> None:
    """A name that nobody has, no persons at all, and a daemon that does not answer."""
    async with opened() as session:
        await session.press("o")
        await session.until(lambda: session.shows("bella, ben"))
        await session.press("x", "enter", "enter")
        assert session.shows("nobody's name begins so")
        await session.press("escape")
        session.fake.persons = []
        await session.press("o")
        await session.until(lambda: session.shows("the configuration has no persons"))
        await session.press("escape")
        session.fake.refuse = (503, "shutting down")
        await session.press("o")
        await session.until(lambda: "Not done" in session.toasts())
        assert not session.fake.bodies


async def test_a_silence_is_prefilled_previewed_and_undone(opened: Opener) -> None:
    """From an incident: its shared labels, how many it mutes, an end, a reason."""
    async with opened() as session:
        await session.press("s")
        assert session.shows('alertname="CheckDown" service="checkout"')
        assert session.shows("mutes 2 of 5 firing alerts now")
        await session.press("enter", "enter", *"deploy", "enter")
        await session.until(lambda: "Silenced" in session.toasts())
        body = session.fake.bodies[-1]
        assert body["matchers"] == ['alertname="CheckDown"', 'service="checkout"']
        assert body["for_ms"] == estate.HOUR
        assert body["comment"] == "deploy"
        await session.press("z")
        await session.until(lambda: "Undone. Ended the silence" in session.toasts())
        assert session.fake.state.silences[-1].status.state == "expired"


async def test_a_silence_of_everything_is_refused_in_the_dialog(opened: Opener) -> None:
    """The preview turns into the complaint."""
    async with opened() as session:
        await session.press("s")
        session.app.screen.query_one("#matchers", Input).value = 'env=~".*"'
        await session.pilot.pause()
        assert session.shows("would silence everything")
        await session.press("ctrl+s")
        assert not session.fake.bodies


async def test_escalate_asks_with_the_focus_on_no(opened: Opener) -> None:
    """Enter right away changes nothing; y does it."""
    async with opened() as session:
        await session.press("e")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        assert session.shows("This tells ana, mail at once")
        await session.press("enter")
        assert not session.fake.bodies
        await session.press("e")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        await session.press("y")
        await session.until(lambda: "Escalated" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/escalate") in session.fake.requests


async def test_resolve_asks_and_n_is_no(opened: Opener) -> None:
    """A resolved incident stays selected, at the end, until the operator moves."""
    async with opened() as session:
        await session.press("r")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        await session.press("n")
        assert not session.fake.bodies
        await session.press("r")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        await session.press("y")
        await session.until(lambda: "Resolved" in session.toasts())
        assert session.selected == WORST
        await session.press("a")
        await session.until(lambda: "this incident is resolved" in session.toasts())


async def test_writing_keys_do_nothing_below_a_dialog(opened: Opener) -> None:
    """While a question stands, its letters are answers."""
    async with opened() as session:
        await session.press("e")
        await session.until(lambda: isinstance(session.app.screen, Confirm))
        await session.press("a", "z", "r")
        assert isinstance(session.app.screen, Confirm)
        assert not session.fake.bodies


async def test_a_viewer_is_told_why_not(opened: Opener) -> None:
    """The key is alive, the answer is a reason, and nothing is sent."""
    async with opened(estate.state(role="viewer")) as session:
        await session.press("a")
        await session.until(lambda: "you are a viewer" in session.toasts())
        assert not [path for verb, path in session.fake.requests if verb == "POST"]


async def test_a_refusal_of_the_daemon_is_shown_in_its_words(opened: Opener) -> None:
    """Between the look and the key the world may change."""
    async with opened() as session:
        session.fake.refuse = (409, "this incident is resolved since 10:11:04")
        await session.press("a")
        await session.until(lambda: "resolved since 10:11:04" in session.toasts())
        await session.press("z")
        await session.until(lambda: "nothing to undo" in session.toasts())


async def test_a_failed_undo_can_be_tried_again(opened: Opener) -> None:
    """The daemon was busy once."""
    async with opened() as session:
        await session.press("a")
        await session.until(lambda: "Acknowledged" in session.toasts())
        session.fake.refuse = (503, "shutting down")
        await session.press("z")
        await session.until(lambda: "shutting down" in session.toasts())
        session.fake.refuse = None
        await session.press("z")
        await session.until(lambda: "Undone." in session.toasts())
