"""Amending an SLA's past from the keyboard: excluding, noting, taking back, and the previews."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from textual.widgets import Input

from tests.tui import estate
from tests.tui.conftest import Opener, Session
from tui.doing.amending import amendments, stretches, written
from tui.drawing.when import parse_moment

BERLIN = ZoneInfo("Europe/Berlin")


def test_violations_are_offered_before_the_outages_that_are_not_the_same() -> None:
    """What lasts ends now; an outage that is a violation as a whole stands once."""
    sla = estate.slas()[0]
    found = stretches(sla, estate.NOW)
    assert [(one.kind, (one.end - one.start) // 1000) for one in found] == [
        ("violation", 252), ("violation", 31 * 60),
    ]  # fmt: skip
    sla.violations = sla.violations[:1]
    assert [one.kind for one in stretches(sla, estate.NOW)] == ["violation", "outage"]


def test_what_was_said_is_listed_once_and_the_newest_first() -> None:
    """A note that stands with two violations is one note."""
    sla = estate.slas()[0]
    sla.violations[1].notes = [*sla.violations[0].notes]
    sla.exclusions = [estate.excluded(sla.name)]
    assert [one.id for one in amendments(sla)] == ["n1", "x1"]


@pytest.mark.parametrize(
    "at",
    [
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        dt.datetime(2026, 11, 21, 9, 50, 1, 7_000, tzinfo=BERLIN),
        dt.datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN),
    ],
)
def test_a_moment_that_is_filled_in_is_read_back_to_the_millisecond(at: dt.datetime) -> None:
    """Also in the hour that comes twice when the clocks go back."""
    moment = round(at.timestamp() * 1000)
    text = written(moment, estate.NOW, BERLIN)
    assert parse_moment(text, estate.NOW, estate.NOW, BERLIN) == moment


def excluded(session: Session, sla: str) -> list[str]:
    return [one.text for one in session.app.mirror.slas[sla].exclusions]


def noted(session: Session) -> list[str]:
    violations = session.app.mirror.slas["checkout-availability"].violations
    return [note.text for note in violations[0].notes]


async def test_an_exclusion_is_filled_in_previewed_made_and_taken_back(opened: Opener) -> None:
    """From the selected violation; the reason is required, z takes it back."""
    async with opened(size=(80, 24)) as session:
        await session.press("5", "x")
        await session.until(lambda: session.shows("Exclude what from", "another stretch"))
        await session.press("down", "enter")
        await session.until(lambda: session.shows("now   99.88% missed", "then  99.96% met"))
        first = session.app.screen.query_one("#from", Input).value
        assert first == "2026-11-15 10:11:05"
        await session.press("ctrl+s")
        await session.until(lambda: session.shows("say why"))
        assert not session.fake.bodies
        await session.press("enter", "enter", *"theirs", "enter")
        await session.until(lambda: "Excluded 31m from" in session.toasts())
        assert session.fake.bodies[-1] == {
            "start": "2026-11-15T10:11:05.000Z", "end": "2026-11-15T10:42:05.000Z",
            "reason": "theirs",
        }  # fmt: skip
        await session.until(lambda: excluded(session, "checkout-availability") == ["theirs"])
        await session.press("z")
        await session.until(lambda: "Undone. Took the exclusion “theirs” back" in session.toasts())
        assert (
            "DELETE",
            "/api/v1/sla/checkout-availability/exclusions/a1",
        ) in session.fake.requests


async def test_a_stretch_that_is_no_past_is_refused_while_it_is_written(opened: Opener) -> None:
    """In words, and nothing is sent."""
    async with opened(size=(80, 24)) as session:
        await session.press("5", "x")
        await session.until(lambda: session.shows("another stretch"))
        await session.press("end", "enter")
        await session.until(lambda: session.shows("write from when it does not count"))
        await session.press(*"1h", "enter", *"2h")
        await session.until(lambda: session.shows("the end must come after the start"))
        session.app.screen.query_one("#to", Input).value = "now"
        await session.until(lambda: session.shows("then  99.96% met"))
        session.app.screen.query_one("#to", Input).value = "2099-01-01"
        await session.until(lambda: session.shows("that lies ahead"))
        await session.press("escape")
        assert not session.fake.bodies


async def test_a_note_of_ones_own_is_edited_and_z_brings_the_old_one_back(opened: Opener) -> None:
    """The new note is written before the old one goes."""
    state = estate.state()
    state.slas[0].violations[0].notes[0].made_by = state.me
    async with opened(state, size=(80, 24)) as session:
        await session.press("5", "n", "down", "enter")
        await session.until(lambda: session.shows("Edit your note on"))
        session.app.screen.query_one("#text", Input).value = "renewed by itself"
        await session.press("enter")
        await session.until(lambda: "Changed your note" in session.toasts())
        sent = [kind for kind, path in session.fake.requests if kind in ("POST", "DELETE")]
        assert sent == ["POST", "DELETE"]
        await session.until(lambda: noted(session) == ["renewed by itself"])
        await session.press("z")
        await session.until(lambda: noted(session)[0].startswith("the certificate had expired"))


async def test_what_was_excluded_is_taken_back_from_a_list(opened: Opener) -> None:
    """With its words, and z brings it back."""
    async with opened(size=(80, 24)) as session:
        await session.press("5", "down", "u")
        await session.until(lambda: session.shows("Take what back from", "the provider's outage"))
        await session.press("enter")
        await session.until(lambda: "Took the exclusion" in session.toasts())
        await session.until(lambda: not excluded(session, "orders-db-availability"))
        await session.press("z")
        await session.until(lambda: excluded(session, "orders-db-availability"))
