"""The analysis place: health, trends, the week, top alerts, noise; lazily, and never in the way."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from daemon.api.schema import TopAlertView
from tests.tui import estate, estate_past
from tests.tui.conftest import Opener
from tui.asked import Answer
from tui.drawing.text import width_of
from tui.showing.analysis import Known, sections
from tui.showing.rows import Moment
from tui.showing.sections import Section

MOMENT = Moment(estate.NOW, zone=dt.UTC)
WEEK = 7 * estate.DAY


def known(service: str | None = None) -> Known:
    """All answers are there."""
    health = next((one for one in estate_past.health() if one.service == service), None)
    return Known(
        WEEK, health, Answer(estate_past.statistics(service), estate.NOW),
        Answer(estate_past.trends("day", 7, service), estate.NOW),
        Answer(estate_past.top(), estate.NOW), Answer(estate_past.noise(), estate.NOW),
    )  # fmt: skip


def text(found: list[Section]) -> str:
    lines = [part.line(at) for part in found for at in range(part.count)]
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


@pytest.mark.parametrize("width", [40, 78, 118])
@pytest.mark.parametrize("service", [None, "checkout", "mailer", "login"])
def test_every_panel_fits_its_pane(width: int, service: str | None) -> None:
    found = sections(known(service), width, MOMENT)
    panels = [part for part in found if part.count > 2]
    widths = [width_of(part.line(at)) for part in panels for at in range(part.count)]
    assert max(widths) <= width
    for title in ("Incidents", "Trend", "The week", "Top alerts", "What to tune"):
        assert title in text(found)


def test_a_score_is_shown_with_its_parts_and_what_limits_it() -> None:
    shown = text(sections(known("checkout"), 100, MOMENT))
    assert "31 of 100, critical  at most 49 while down" in shown
    assert "incidents     ━━━━━━━─────  60  ×20  1 critical, 3 high" in shown
    assert "   –  ×10  it has no SLA" in shown


def test_each_figure_is_said_in_words_beside_its_drawing() -> None:
    shown = text(sections(known(), 100, MOMENT))
    assert "47  4 open, 1 acknowledged, 42 resolved, 6 escalated" in shown
    assert "half within 4m  95% within 31m, 47 of them" in shown
    assert "99.89%  12m down, 0s degraded" in shown
    assert "at most 8 incidents in an hour of the week" in shown
    assert "21× ━━━━━━━━ ◆ CheckDown  checkout  2h27m in all, 3 escalated" in shown
    assert "  for       11 of 14 were over within a minute" in shown


def test_where_nothing_happened_that_is_said() -> None:
    calm = Known(
        WEEK, None, Answer(estate_past.statistics("login"), 0),
        Answer(estate_past.trends("day", 7, "login"), 0),
        Answer[list[TopAlertView]]([], 0), Answer([], 0),
    )  # fmt: skip
    shown = text(sections(calm, 80, MOMENT))
    assert shown.count("none fired") == 3
    assert "nothing disturbs for nothing" in shown
    assert "100%  0s down" in shown


async def test_it_asks_only_when_looked_at_and_keys_do_not_wait(opened: Opener) -> None:
    async with opened(size=(120, 40)) as session:
        asked = [path for _, path in session.fake.requests if "/alerts/" in path]
        assert not asked
        session.fake.patience.clear()
        await session.press("8")
        await session.until(lambda: session.shows("Analysis", "asking …", "all services"))
        began = time.monotonic()
        await session.press("down", "down", "up", "up")
        assert session.app.board is not None
        assert time.monotonic() - began < 3
        session.fake.patience.set()
        await session.until(lambda: session.shows("31", "critical", "42 resolved"))
        assert not session.shows("asking …")


async def test_the_keys_look_further_back_and_into_a_service(opened: Opener) -> None:
    async with opened(size=(120, 40)) as session:
        await session.press("8")
        await session.until(lambda: session.shows("by the day"))
        await session.press("d")
        await session.until(lambda: session.shows("the last 30 days"))
        await session.press("d", "d")
        await session.until(lambda: session.shows("the last 24 hours"))
        await session.press("down")
        await session.until(lambda: session.shows("Health  checkout", "it has no SLA"))
        await session.until(lambda: session.asked("trends?unit=hour", "service=checkout"))
        await session.press("slash", *"band=poor", "enter")
        await session.until(lambda: not session.shows("catalogue"))
        await session.press("enter")
        await session.until(lambda: session.shows("58 of 100"))


async def test_without_answers_the_reason_is_shown_and_old_figures_stay_with_their_time(
    opened: Opener,
) -> None:
    async with opened(size=(120, 40)) as session:
        await session.press("8")
        await session.until(lambda: session.shows("42 resolved"))
        session.fake.refuse = (503, "the database is away")
        session.app.asked.forget()
        session.app.board.take()  # type: ignore[union-attr]  # a board is open
        await session.until(lambda: session.shows("as of 10:11:05: the database is away"))
        assert session.shows("42 resolved")
