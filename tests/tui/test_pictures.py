"""Every screen at three sizes, line by line as it was last looked at.

After a wanted change: `pytest tests/tui/test_pictures.py --snapshot-update`, then look at the
pictures in `__snapshots__` before they are committed.
"""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input

from tests.tui import estate
from tests.tui.conftest import Clock, Opener
from tui.drawing.theme import LIGHT

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
LARGEST = pytest.param("200x60", marks=pytest.mark.slow, id="200x60")
SCREENS = {
    "overview": ["1"],
    "incidents": [],
    "incident": ["enter"],
    "checks": ["3"],
    "silences": ["4"],
    "sla": ["5"],
    "oncall": ["6"],
    "channels": ["7"],
    "analysis": ["8"],
}


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures are kept as SVG, one file each."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.mark.parametrize("size", ["80x24", "120x40", LARGEST])
@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion, screen: str, size: str
) -> None:
    """On a bad morning."""
    async with opened(size=SIZES[size]) as session:
        await session.press(*SCREENS[screen])
        await session.settle()
        assert session.app.export_screenshot(title=f"{screen} {size}") == pictures


@pytest.mark.parametrize(("screen", "size"), [("incidents", "80x24"), ("overview", "120x40")])
async def test_the_past_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion, screen: str, size: str
) -> None:
    """The line that names the moment, the other ground, the keys that are gone."""
    async with opened(size=SIZES[size]) as session:
        await session.press(*SCREENS[screen], "left_curly_bracket")
        await session.until(lambda: session.shows("◀ PAST  Sat 21 Nov 09:11:05"))
        await session.settle()
        await session.pilot.pause(0.3)
        assert session.app.export_screenshot(title=f"past {screen} {size}") == pictures


PROMPTS = {
    "help": ["question_mark"],
    "seek": ["at", *"2h ago"],
    "override": ["6", "v", *"be"],
    "exclude": ["5", "x", "down", "enter"],
    "confirm": ["e"],
    "silence": ["s"],
    "filter": ["slash", *"severity=~crit.*"],
}


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_a_prompt_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion, prompt: str
) -> None:
    """Over the incidents, in the smallest usual window."""
    async with opened() as session:
        await session.settle()
        await session.press(*PROMPTS[prompt])
        await session.settle()
        for line in session.app.screen.query(Input):
            line.cursor_blink = False
        await session.pilot.pause(0.3)
        assert session.app.export_screenshot(title=prompt) == pictures


async def test_a_quiet_morning_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion
) -> None:
    """Nothing open, nothing due."""
    state = estate.quiet()
    state.incidents = [estate.backup()]
    async with opened(state) as session:
        await session.pilot.pause()
        assert session.app.export_screenshot(title="quiet") == pictures


async def test_a_stale_picture_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The banner, the grey bars, the keys that are gone."""
    monkeypatch.setattr("tui.link.WAITS_S", (600.0,))
    async with opened() as session:
        await session.settle()
        await session.fake.stop()
        await session.until(lambda: session.shows("STALE"))
        session.app.link.reason = "no daemon: nobody listens"
        clock.at += 9_000
        session.app._tick()
        await session.pilot.pause()
        assert session.app.export_screenshot(title="stale") == pictures


async def test_the_light_theme_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion
) -> None:
    """The same words on paper."""
    async with opened(size=(120, 40)) as session:
        session.app.theme = LIGHT.name
        await session.settle()
        await session.pilot.pause(0.3)
        assert session.app.export_screenshot(title="light") == pictures
