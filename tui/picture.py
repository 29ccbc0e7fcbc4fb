"""Pictures: the dashboard drawn once, without a terminal, from a running daemon to an SVG.

What the README shows is made with this, so it can never show what the program does not.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from daemon.client import ClientError
from tui.app import Dashboard
from tui.doing.actions import MODES
from tui.drawing.theme import LIGHT
from tui.showing.figures import incidents

PATIENCE_S: Final = 10.0
"""How long the daemon may take to answer."""


def draw(socket: Path, file: Path, size: tuple[int, int], screen: str, *, light: bool) -> int:
    """Draw a screen; the exit code is 0, 2 for a file that cannot be written, 3 for no daemon."""
    try:
        svg = asyncio.run(render(socket, size, screen, light=light))
    except ClientError as error:
        sys.stderr.write(f"tocsin tui: {error}\n")
        return 3
    try:
        file.write_text(svg, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"tocsin tui: cannot write {file}: {error.strerror}\n")
        return 2
    return 0


async def render(socket: Path, size: tuple[int, int], screen: str, *, light: bool = False) -> str:
    """A screen as SVG.

    Raises:
        ClientError: The daemon does not answer.
    """
    app = Dashboard(socket)
    if light:
        app.theme = LIGHT.name
    async with app.run_test(size=size) as pilot:
        await _until_loaded(app, pilot)
        if screen in {place.value for place in MODES}:
            await app.switch_mode(screen)
        elif screen == "incident" and incidents(app.mirror):
            first = incidents(app.mirror)[0]
            await app.open_incident(first.id)
        for _ in range(4):
            await pilot.pause(0.15)
        return app.export_screenshot(title="tocsin")


async def _until_loaded(app: Dashboard, pilot: Pilot[None]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not (app.mirror.loaded and app.opened):
            if app.link.reason:
                raise ClientError(app.link.reason)
            await pilot.pause(0.02)
