"""The dashboard: connects, paints at most four times a second, and turns keys into deeds.

It ties the parts together and holds no picture of its own: the mirror knows what is, the
screens show it, the registry says what keys do, the deeds do it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final, cast

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.timer import Timer

from daemon.api.schema import SlaView
from daemon.client import Client
from daemon.core.model import Instant
from tui.asked import Asked
from tui.desk import Desk
from tui.doing.actions import ACTIONS, BY_ID, MODES, Action, Place, Situation, by_key, refusal
from tui.doing.asking import Asking
from tui.doing.carrying import Carrying
from tui.doing.deeds import Deeds
from tui.doing.palette import Registry
from tui.doing.tour import Tour
from tui.drawing.theme import DARK, LIGHT, PALETTES, theme
from tui.drawing.words import Zone
from tui.link import Link
from tui.mirror import Mirror
from tui.paging import Paging
from tui.ringing import Ringing
from tui.screens.analysis import AnalysisScreen
from tui.screens.board import Board
from tui.screens.channels import ChannelsScreen
from tui.screens.details import DetailsScreen
from tui.screens.help import HelpScreen
from tui.screens.incident import IncidentScreen
from tui.screens.incidents import IncidentsScreen
from tui.screens.oncall import OnCallScreen
from tui.screens.overview import OverviewScreen
from tui.screens.places import ChecksScreen, SilencesScreen
from tui.screens.sla import SlaScreen
from tui.showing.analysis import SPANS
from tui.showing.figures import worst_unacknowledged
from tui.stories import Stories
from tui.widgets.frame import KeyBar, TopBar
from tui.widgets.past_bar import PastBar
from tui.widgets.virtual_list import VirtualList

PAINT_S: Final = 0.25
"""The least time between two paints that nobody's hand asked for."""
TOAST_S: Final = 6.0


def wall_clock() -> Instant:
    """This host's clock."""
    return time.time_ns() // 1_000_000


class Dashboard(App[None]):
    """The program.

    Args:
        socket: The daemon's socket.
        now: The clock, in milliseconds since the epoch.
        zone: The zone of the times of day; None is this host's.
        ringing: How a new page is announced outside of the dashboard.
    """

    TITLE = "Tocsin"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Registry}
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (120, "-wide"), (150, "-broad")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (14, "-short"), (34, "-tall")]  # noqa: RUF012  # as Textual declares it
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"press('{key}')", show=False)
        for key in dict.fromkeys(key for action in ACTIONS for key in action.keys)
        if key != "ctrl+p"
    ]

    def __init__(
        self,
        socket: Path,
        now: Callable[[], Instant] = wall_clock,
        zone: Zone = None,
        *,
        colour: bool = True,
        ringing: Ringing = Ringing.BELL,
    ) -> None:
        super().__init__(ansi_color=None if colour else True)
        for palette in PALETTES.values():
            self.register_theme(theme(palette))
        self.theme = DARK.name
        self.animation_level = "none"
        self.mirror = Mirror()
        self.client = Client(socket)
        self.now = now
        self.tour = Tour(self)
        self.link = Link(self.client, self.mirror, now, self.changed)
        self.stories = Stories(self.client.incident, self.mirror, self.changed)
        self.asked = Asked(now, self.changed)
        travel = self.tour.travel
        parts = (self.mirror, travel, self.link, self.stories, self.client, self.asked)
        self.desk = Desk(*parts, now, zone, colour=colour)
        self.deeds = Deeds(self.client, self.mirror, now)
        self.asking = Asking(self)
        self.carrying = Carrying(self)
        self.paging = Paging(self, ringing)
        self._paint_timer: Timer | None = None
        self._painted_at = 0.0
        self.opened = False
        self._was_live = False
        screens: dict[Place, Callable[[], Board]] = {
            Place.OVERVIEW: lambda: OverviewScreen(self.desk),
            Place.INCIDENTS: lambda: IncidentsScreen(self.desk),
            Place.CHECKS: lambda: ChecksScreen(self.desk),
            Place.SILENCES: lambda: SilencesScreen(self.desk),
            Place.SLA: lambda: SlaScreen(self.desk),
            Place.ONCALL: lambda: OnCallScreen(self.desk),
            Place.CHANNELS: lambda: ChannelsScreen(self.desk),
            Place.ANALYSIS: lambda: AnalysisScreen(self.desk),
        }
        for place in MODES:
            self.add_mode(place.value, screens[place])

    # Life

    async def on_mount(self) -> None:
        """Show the overview, follow the daemon, keep the clock."""
        await self.switch_mode(Place.OVERVIEW.value)
        self.run_worker(self.link.run(), name="link", exclusive=False)
        self.run_worker(self.stories.run(), name="stories", exclusive=False)
        self.run_worker(self.asked.run(), name="asked", exclusive=False)
        self.run_worker(self.tour.travel.run(), name="travel", exclusive=False)
        self.set_interval(1.0, self._tick)

    async def on_unmount(self) -> None:
        """Let the connection go."""
        await self.client.close()

    # Painting

    def changed(self) -> None:
        """The mirror or the link has changed: paint soon, and not too often."""
        if self._paint_timer is None:
            wait_s = max(0.0, self._painted_at + PAINT_S - time.monotonic())
            self._paint_timer = self.set_timer(max(wait_s, 0.001), self._paint)

    def travelled(self) -> None:
        """Another moment is looked at, or awaited: paint it at once."""
        if self._paint_timer is not None:
            self._paint_timer.stop()
            self._paint_timer = None
        self.hurry()

    def hurry(self) -> None:
        """Paint what has changed at once: a hand asked for it."""
        self._painted_at = 0.0
        self.changed()

    async def _paint(self) -> None:
        self._paint_timer = None
        self._painted_at = time.monotonic()
        if self.link.live and not self._was_live:
            self.stories.forget()
            self.asked.forget()
        self._was_live = self.link.live
        if self.mirror.loaded:
            if not self.opened:
                await self._open()
            else:
                self.paging.take()
        for board in self._boards():
            board.take()

    def _tick(self) -> None:
        for board in self._boards():
            board.tick()

    def _boards(self) -> list[Board]:
        """The boards on the screen: the top one, and what shines through a modal."""
        stack = self.screen_stack
        return [screen for screen in stack[-2:] if isinstance(screen, Board) and screen.ready]

    async def _open(self) -> None:
        """The first picture: the cursor goes to the worst unacknowledged incident."""
        self.paging.begin()
        worst = worst_unacknowledged(self.mirror)
        if worst is not None and self.current_mode == Place.OVERVIEW.value:
            await self.go_to(Place.INCIDENTS, worst.id)
        self.opened = True

    def send(self, sequence: str) -> None:
        """Send the terminal something beside the picture."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
            self._driver.flush()

    def say(self, text: str, title: str = "", severity: str = "information") -> None:
        """A toast; nothing in it is markup."""
        self.notify(text, title=title, severity=severity, timeout=TOAST_S, markup=False)  # type: ignore[arg-type]  # one of Textual's three words

    # Keys

    @property
    def board(self) -> Board | None:
        """The board the operator works on, under a modal too."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, Board)), None)

    def situation(self) -> Situation:
        """What keys are judged by now."""
        board = self.board
        return board.situation() if board else self.desk.situation(Place.OVERVIEW)

    async def action_press(self, key: str) -> None:
        """A key of the registry was pressed."""
        situation = self.situation()
        if key == "escape" and not situation.past:
            self.tour.travel.leave()  # a picture that is on its way is no longer wanted
            return
        action = by_key(key, situation.place)
        if action is None:
            others = " or ".join(sorted(a.title for a in ACTIONS if key in a.keys))
            self.say(f"{key} ({others}) has no meaning here", severity="warning")
            return
        await self.action_act(action.id)

    async def action_act(self, action: str) -> None:
        """Do an action, or say why it cannot be done."""
        wanted, situation = BY_ID[action], self.situation()
        reason = refusal(wanted, situation)
        if reason is not None:
            self.say(f"{wanted.title}: {reason}", severity="warning")
        elif action.startswith("mode."):
            await self.switch_mode(action.removeprefix("mode."))
        elif wanted.writes:
            self._write(wanted, situation)
        else:
            await self._move(wanted, situation)

    async def _move(self, action: Action, situation: Situation) -> None:
        match action.id:
            case "quit":
                self.exit()
            case "help":
                self.push_screen(HelpScreen(self.desk, situation))
            case "palette":
                self.action_command_palette()
            case "theme":
                self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
            case "filter":
                cast("Board", self.board).open_filter()
            case "span":
                self.desk.span_ms = SPANS[(SPANS.index(self.desk.span_ms) + 1) % len(SPANS)]
                cast("Board", self.board).take()
            case "what_if" if situation.sla is not None:
                self._try(situation.sla)
            case "worst":
                worst = worst_unacknowledged(self.desk.mirror)
                if worst is None:
                    self.say("Nothing waits: no incident is unacknowledged.")
                else:
                    await self.go_to(Place.INCIDENTS, worst.id)
            case _:
                self.tour.act(action.id)

    @work
    async def _try(self, sla: SlaView) -> None:
        """Ask how much more down time to try on an SLA, and show what it would do."""
        await self.asking.sla.trial(sla)

    def _write(self, action: Action, situation: Situation) -> None:
        if action.id == "undo":
            deed = self.carrying.do(self.carrying.undo())
            self.run_worker(deed, name="deed", exclusive=False)
        else:
            self._ask(action, situation)

    @work
    async def _ask(self, action: Action, situation: Situation) -> None:
        """Ask what a deed needs, then do it."""
        deed = await self.asking.deed(action.id, situation)
        if deed is not None:
            await self.carrying.do(deed)

    # Going places

    def go(self, place: Place, key: str) -> None:
        """Go to a row of a place, in its own time."""
        self.run_worker(self.go_to(place, key), exclusive=False)

    async def go_to(self, place: Place, key: str) -> None:
        """Go to a row of a place; a filter that hides it is dropped."""
        await self.switch_mode(place.value)
        while isinstance(self.screen, IncidentScreen | DetailsScreen):
            await self.pop_screen()
        board = self.board
        if board is None or board.PLACE is not place or not board.ready:
            return
        wanted = "#services" if place is Place.OVERVIEW else "#list"
        rows = board.query_one(wanted, VirtualList)
        board.take()
        if key not in rows.keys and self.desk.filter(place):
            self.desk.filters.pop(place)
            board.take()
        rows.select(key)
        rows.focus()

    async def open_incident(self, incident: str) -> None:
        """Show an incident on the whole screen."""
        await self.push_screen(IncidentScreen(self.desk, incident))

    async def on_virtual_list_chosen(self, message: VirtualList.Chosen) -> None:
        """Enter opens what is selected on the whole screen."""
        if message.key in self.desk.mirror.incidents:
            await self.open_incident(message.key)
            return
        board = self.board
        make = board.details_of(message.key) if board is not None else None
        if board is not None and make is not None:
            screen = DetailsScreen(self.desk, board.PLACE, board.situation, make)
            await self.push_screen(screen)

    async def on_top_bar_picked(self, message: TopBar.Picked) -> None:
        """The name of a mode was clicked."""
        await self.switch_mode(message.place.value)

    async def on_past_bar_picked(self, message: PastBar.Picked) -> None:
        """A key's name was clicked in the line of the past."""
        await self.action_act(message.action)

    async def on_key_bar_picked(self, message: KeyBar.Picked) -> None:
        """A key's name was clicked."""
        await self.action_act(message.action)

    def watch_theme(self, name: str) -> None:
        """Lines are painted anew in the other theme's colours."""
        if name in PALETTES and hasattr(self, "desk"):
            self.desk.palette = PALETTES[name]
            for screen in self.screen_stack:
                screen.refresh(layout=True)
