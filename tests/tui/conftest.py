"""What the dashboard's tests share: a daemon on a socket, and a dashboard that follows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import _wait, screen
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from daemon.api.schema import State
from tests.tui import estate
from tests.tui.fake_daemon import FakeDaemon
from tui.app import Dashboard


@pytest.fixture(scope="session", autouse=True)
def _styles_are_read_once() -> Iterator[None]:
    """Every test opens a dashboard of its own, and all have the same style sheets."""
    read: dict[tuple[object, ...], Any] = {}
    afresh = Stylesheet._parse_rules

    def remembered(sheet: Stylesheet, css: str, read_from: Any, *args: Any, **more: Any) -> Any:
        said = (css, read_from, args, *more.items())
        key = (*said, *sheet._variables.items())
        if key not in read:
            read[key] = afresh(sheet, css, read_from, *args, **more)
        return read[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_quiet_moment_is_short() -> Iterator[None]:
    """Textual's pilot waits after each key until the dashboard did next to nothing for a while,
    in which whatever changed has been painted. Half the tests' time was that waiting; so both
    while and paint are shorter here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_wait, "SLEEP_GRANULARITY", 0.005)
        patch.setattr(_wait, "SLEEP_IDLE", 0.000_5)
        patch.setattr(screen, "UPDATE_PERIOD", 0.005)
        yield


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.at = estate.NOW

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """The tests' clock."""
    return Clock()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[[State], Awaitable[FakeDaemon]]]:
    """Start daemons on a socket; they are stopped at the end."""
    started: list[FakeDaemon] = []

    async def start(state: State) -> FakeDaemon:
        fake = FakeDaemon(tmp_path / "tocsin.sock", state)
        await fake.start()
        started.append(fake)
        return fake

    yield start
    for fake in started:
        await fake.stop()


class Session:
    """A dashboard under test with its daemon and its hands."""

    def __init__(self, app: Dashboard, fake: FakeDaemon, pilot: Pilot[None]) -> None:
        self.app, self.fake, self.pilot = app, fake, pilot

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before has had its effect."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def until(self, true: Callable[[], object], within_s: float = 5.0) -> None:
        """Let the dashboard go on until something is true."""
        loops = int(within_s / 0.02)
        for _ in range(loops):
            if true():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"not within {within_s} s; the screen shows:\n{self.text()}")

    async def settle(self) -> None:
        """Wait for the selected incident's story and what else is asked for, and their paint."""
        incident = self.app.situation().incident
        if incident is not None:
            await self.until(lambda: self.app.stories.of(incident))
        asked = self.app.asked
        await self.until(lambda: not (asked._wishes or asked._under_way))
        for _ in range(2):
            if self.app.board is not None:
                self.app.board.take()
            await self.pilot.pause(0.05)

    def text(self) -> str:
        """What stands on the screen."""
        lines = self.app.screen._compositor.render_strips()  # what is painted, not what is meant
        return "\n".join(line.text for line in lines)

    def shows(self, *texts: str) -> bool:
        """Whether all these stand on the screen."""
        shown = self.text()
        return all(text in shown for text in texts)

    def asked(self, *parts: str) -> bool:
        """Whether the daemon was asked for something whose address has all these."""
        return any(all(part in path for part in parts) for _, path in self.fake.requests)

    @property
    def selected(self) -> str | None:
        """The incident keys would act on."""
        incident = self.app.situation().incident
        return incident.id if incident is not None else None

    def toasts(self) -> str:
        """What the toasts say."""
        return "\n".join(f"{one.title} {one.message}" for one in self.app._notifications)


Opener = Callable[..., "asynccontextmanager[Session]"]


@pytest.fixture
def opened(serve: Callable[[State], Awaitable[FakeDaemon]], clock: Clock) -> Callable[..., object]:
    """Open a dashboard on a state: `async with opened(state, size) as session`."""

    @asynccontextmanager
    async def open_(
        state: State | None = None, size: tuple[int, int] = (80, 24), *, colour: bool = True
    ) -> AsyncIterator[Session]:
        fake = await serve(state or estate.state())
        app = Dashboard(fake.socket, now=clock, zone=dt.UTC, colour=colour)
        async with app.run_test(size=size, notifications=True) as pilot:
            session = Session(app, fake, pilot)
            await session.until(lambda: app.opened)
            await pilot.pause()
            yield session

    return open_
