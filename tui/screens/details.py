"""The details of a check, a service, a silence or an SLA on the whole screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui.desk import Desk
from tui.doing.actions import Place, Situation
from tui.screens.board import Board
from tui.showing.sections import Section, section
from tui.widgets.frame import KeyBar
from tui.widgets.sections import Sections


class DetailsScreen(Board):
    """What stands beside a list where there is room, alone.

    Args:
        place: The place it was opened from; its keys work on.
        situation: The situation there, asked anew each time.
    """

    BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,backspace", "back", "back", show=False)
    ]

    def __init__(
        self,
        desk: Desk,
        place: Place,
        situation: Callable[[], Situation],
        make: Callable[[int], Sequence[Section]],
    ) -> None:
        super().__init__(desk)
        self._place = place
        self._situation = situation
        self._make = make

    def compose(self) -> ComposeResult:
        """The frame of the place it came from, and the details in it."""
        yield from self.frame(self._place)
        with Vertical(id="body"), Vertical(id="main", classes="pane"):
            yield Sections(self.desk, self._sections, id="facts")
        yield KeyBar(self.desk, self.situation)

    def situation(self) -> Situation:
        """What was selected there is still what keys act on."""
        return replace(self._situation(), lists=False)

    def _sections(self, width: int) -> list[Section]:
        made = list(self._make(width))
        if not made:
            gone = "The daemon no longer has this. Escape goes back."
            if self.desk.past is not None:
                gone = "This was not there then. ] goes on in time, escape goes back."
            made = [section([((gone, "faint"),)])]
        return [section([()]), *made]

    def start(self) -> None:
        """The details have the keys."""
        self.query_one("#facts").focus()
        self.take()

    def tick(self) -> None:
        """Countdowns."""
        self.query_one("#facts", Sections).show()
        super().tick()

    def action_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
