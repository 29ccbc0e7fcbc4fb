"""One incident on the whole screen; in broad windows its story stands beside its facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from daemon.api.schema import IncidentView
from tui.desk import Desk
from tui.doing.actions import Place, Situation
from tui.screens.board import Board
from tui.screens.story import facts, story
from tui.showing.sections import Section, section
from tui.widgets.sections import Sections


class IncidentScreen(Board):
    """Everything about an incident."""

    PLACE = Place.INCIDENT
    BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,backspace", "back", "back", show=False)
    ]

    def __init__(self, desk: Desk, incident: str) -> None:
        super().__init__(desk)
        self.incident_id = incident

    @property
    def incident(self) -> IncidentView | None:
        """The incident as the mirror has it now."""
        return self.desk.mirror.incidents.get(self.incident_id)

    def situation(self) -> Situation:
        """This incident is what keys act on."""
        base = self.desk.situation(self.PLACE)
        return replace(base, incident=self.incident, lists=False)

    def body(self) -> ComposeResult:
        """Facts, and the story."""
        with Vertical(id="main", classes="pane"):
            yield Sections(self.desk, self._facts, id="facts")
        with Vertical(id="side", classes="pane"):
            yield Sections(self.desk, self._story, id="story")

    def start(self) -> None:
        """The facts have the keys."""
        self.query_one("#facts").focus()
        self.take()

    def _facts(self, width: int) -> Sequence[Section]:
        incident = self.incident
        if incident is None:
            gone = "The daemon no longer lists this incident. Escape goes back."
            if self.desk.past is not None:
                gone = "This incident was not there then. ] goes on in time, escape goes back."
            return [section([(), ((gone, "faint"),)])]
        made = facts(self.desk, incident, width)
        beside = self.query_one("#side").display
        return made if beside else [*made, *story(self.desk, incident, width)]

    def _story(self, width: int) -> Sequence[Section]:
        incident = self.incident
        return () if incident is None else story(self.desk, incident, width)

    def tick(self) -> None:
        """Countdowns, and the story when the incident has changed."""
        for window in self.query(Sections):
            window.show()
        super().tick()

    def action_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
