"""Looking at the past: the same screens, marked, and nothing can be written in them."""

from __future__ import annotations

import datetime as dt

from textual.widgets import Input

from tests.tui import estate
from tests.tui.conftest import Opener, Session
from tests.tui.estate import HOUR, MINUTE
from tui.drawing.when import past_words
from tui.screens.seeking import SeekPrompt

BACK, ON, HOUR_BACK = "left_square_bracket", "right_square_bracket", "left_curly_bracket"
WORST, SEARCH, BACKUP = "01JD0CHECKOUT", "01JD0SEARCH", "01JD0BACKUP"


async def look(session: Session, ago_ms: int, key: str = "") -> None:
    """Look at the moment so long ago, by a key or by its name."""
    if key:
        await session.press(key)
    else:
        session.app.tour.travel.seek(estate.NOW - ago_ms)
    words = past_words(estate.NOW - ago_ms, estate.NOW, dt.UTC)
    await session.until(lambda: session.shows(f"◀ PAST  {words}"))
    await session.pilot.pause()


async def seek(session: Session, text: str) -> None:
    """Write a moment into the prompt."""
    await session.press("at")
    await session.until(lambda: isinstance(session.app.screen, SeekPrompt))
    session.app.screen.query_one(Input).value = text
    await session.press("enter")


async def test_the_screens_show_the_moment_and_say_so(opened: Opener) -> None:
    """The banner names it; ages count to it, not to the wall clock; nothing can be written."""
    async with opened() as session:
        await session.settle()
        await session.press("escape")
        await session.press(ON)
        assert session.toasts().strip() == "later: this is the present already"
        await look(session, 252_000, BACK)
        assert session.shows("◀ PAST  Sat 21 Nov 10:06:53, 4m12s ago", "[ ] step", "esc now")
        assert session.selected == WORST
        assert session.shows("5:00", "10:06:53  0s ago")
        assert not session.shows("press a to take it")
        assert not session.shows("a ack")
        session.fake.requests.clear()
        await session.press("a", "s", "z")
        assert session.toasts().count("this is the past, Sat 21 Nov 10:06:53; N goes back") == 3
        assert all(verb == "GET" for verb, _ in session.fake.requests)
        assert session.app.screen.has_class("-past")
        await session.press("escape")
        await session.until(lambda: not session.shows("◀ PAST"))
        assert session.shows("a ack", "4m")
        assert not session.app.screen.has_class("-past")


async def test_the_selection_stays_with_the_incident_between_moments(opened: Opener) -> None:
    """Another row stands in where it was not there; whoever moves chooses anew."""
    async with opened() as session:
        assert session.selected == WORST
        await look(session, 26 * MINUTE)
        assert session.selected == SEARCH
        await session.press("N")
        await session.until(lambda: session.selected == WORST)
        await look(session, 26 * MINUTE)
        await session.press("end")
        assert session.selected == BACKUP
        await session.press("N")
        await session.until(lambda: not session.shows("◀ PAST"))
        assert session.selected == BACKUP


async def test_the_present_goes_on_behind_the_past(opened: Opener) -> None:
    """A new page is said with the way to it, the top line counts it, and it is there at once."""
    async with opened(estate.quiet()) as session:
        await session.until(lambda: session.shows("All quiet."))
        await look(session, HOUR, HOUR_BACK)
        session.fake.add(estate.checkout())
        await session.until(lambda: "That is now: N, then w go there." in session.toasts())
        await session.until(lambda: session.shows("▲ 1 emerg", "◀ PAST"))
        assert WORST not in session.app.desk.mirror.incidents
        asked = len(session.fake.requests)
        await session.press("N", "w")
        await session.until(lambda: session.selected == WORST)
        assert not any("state?at" in path for _, path in session.fake.requests[asked:])


async def test_a_moment_is_sought_by_its_words(opened: Opener) -> None:
    """A wrong one is explained where it is written, with what there is to be had."""
    async with opened() as session:
        await seek(session, "90d ago")
        await session.until(lambda: session.shows("there is no history before Sun 1 Nov"))
        assert session.shows("from Sun 1 Nov 10:11:05 to now")
        session.app.screen.query_one(Input).value = "yesterday 03:00"
        await session.until(lambda: session.shows("Fri 20 Nov 03:00:00, 1d7h ago"))
        await session.press("enter")
        await session.until(lambda: session.shows("◀ PAST  Fri 20 Nov 03:00:00"))
        await seek(session, "18d ago")
        await session.until(lambda: session.shows("◀ PAST  Tue 3 Nov 10:11:05, 18d ago"))
        await session.press("question_mark")
        await session.until(lambda: session.shows("Not known of this moment"))
        assert session.shows("latencies older than 7d")
        await session.pilot.resize_terminal(80, 90)
        await session.until(lambda: session.shows("Not now: this is the past", "Give it back"))
        assert session.text().count("this is the past") == 1
        await session.press("escape")
        await seek(session, "now")
        await session.until(lambda: not session.shows("◀ PAST"))


async def test_a_story_holds_nothing_that_came_later(opened: Opener) -> None:
    """The note of two minutes ago was not written three minutes ago."""
    async with opened(size=(120, 50)) as session:
        await session.press("enter")
        await session.until(lambda: session.shows("note", "looked at the load balancer"))
        await look(session, 3 * MINUTE)
        await session.until(lambda: not session.shows("load balancer"))
        assert session.shows("joined", "✓ sent", "N now")
        await look(session, 5 * MINUTE)
        await session.until(lambda: session.shows("not there then"))
        await session.press("escape")
        await session.until(lambda: session.shows("esc now"))
        await session.fake.stop()
        await session.until(lambda: session.shows("STALE  now last seen at", "◀ PAST"))


async def test_each_place_shows_the_past_or_that_it_is_not_kept(opened: Opener) -> None:
    """Who was on call then, what was asked of the days before then, and what nobody knows."""
    async with opened(size=(80, 34)) as session:
        await look(session, HOUR, HOUR_BACK)
        await session.press("6")
        await session.until(lambda: session.shows("eve", "◀ PAST"))
        await session.press("7")
        await session.until(lambda: session.shows("How the channels did then is not kept"))
        await session.press("5")
        await session.until(lambda: session.shows("known of the present only", "◀ PAST"))
        await session.press("8")
        await session.until(lambda: session.shows("the 7 days before"))
        wanted = "until=2026-11-21T09%3A11%3A05.000Z"
        await session.until(lambda: any(wanted in path for _, path in session.fake.requests))


async def test_what_hinders_is_said_once_and_the_keys_of_the_line_can_be_clicked(
    opened: Opener,
) -> None:
    """A daemon that refuses does not fill the screen while a key is held down; of one that hangs
    nothing is wanted any more with escape."""
    async with opened() as session:
        session.fake.patience.clear()
        await session.press(BACK)
        await session.until(lambda: session.shows("◀ asking the daemon for the past"))
        await session.press("escape")
        await session.until(lambda: not session.shows("◀"))
        session.fake.patience.set()
        await look(session, 252_000)
        session.fake.refuse = (400, "there is no history of that time")
        for _ in range(3):
            await session.press(BACK)
            await session.until(lambda: not session.app.tour.travel.under_way)
        assert session.toasts().count("there is no history of that time") == 1
        assert session.app.desk.past == estate.NOW - 252_000
        session.fake.refuse = None
        line = session.text().splitlines()[2]
        await session.pilot.click("#past", offset=(line.index("{ "), 0))
        await session.until(lambda: session.app.desk.past == estate.NOW - 252_000 - HOUR)
        await session.pilot.click("#past", offset=(line.index("now"), 0))
        await session.until(lambda: session.app.desk.past is None)
