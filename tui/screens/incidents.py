"""The incidents: the list one is woken to, with the details of the selected one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui.desk import Desk
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.drawing.words import plural
from tui.screens.board import ListBoard
from tui.screens.story import incident_sections
from tui.showing import figures
from tui.showing.rows import GONE, incident_columns, incident_row
from tui.showing.sections import Section
from tui.showing.topline import quiet_words


class IncidentsScreen(ListBoard):
    """All open incidents, the most urgent first, and those resolved lately."""

    PLACE = Place.INCIDENTS
    TITLE_TEXT = "Incidents"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._layout = incident_columns(80)
        self._layout_width = 80

    def situation(self) -> Situation:
        """The selected incident is what keys act on."""
        base = self.desk.situation(self.PLACE)
        key = self.rows.selected if self.ready else None
        return replace(base, incident=self.desk.mirror.incidents.get(key or ""))

    def rows_now(self) -> list[str]:
        """The incidents the filter admits."""
        mirror, made = self.desk.mirror, self.desk.filter(self.PLACE)
        shown = figures.incidents(mirror)
        if made:
            shown = [
                one
                for one in shown
                if made.admits(
                    figures.incident_labels(mirror, one) if made.matchers else (),
                    f"{one.service} {one.title} {one.summary} {one.id}",
                )
            ]
        return [one.id for one in shown]

    def total(self) -> int:
        """All incidents."""
        return len(self.desk.mirror.incidents)

    def layout_for(self, width: int) -> Layout:
        """The columns at a width; it rarely changes."""
        if width != self._layout_width:
            self._layout, self._layout_width = incident_columns(width), width
        return self._layout

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return self.layout_for(width).heading()

    def row(self, key: str, width: int) -> Line:
        """One incident."""
        layout = self.layout_for(width)
        incident = self.desk.mirror.incidents.get(key)
        if incident is None:
            return GONE
        return layout.line(incident_row(incident, layout, self.desk.moment()))

    def figures(self) -> Line:
        """How many are open, and whose they are."""
        shown = figures.open_incidents(self.desk.mirror)
        taken = sum(one.state == "acknowledged" for one in shown)
        muted = sum(bool(one.muted) for one in shown)
        text = f"{len(shown)} open"
        text += f" · {taken} acknowledged" if taken else ""
        text += f" · {muted} muted" if muted else ""
        return ((text, "faint"),)

    def details(self, key: str, width: int) -> Sequence[Section]:
        """The details of the selected incident."""
        incident = self.desk.mirror.incidents.get(key)
        if incident is None:
            return ()
        return incident_sections(self.desk, incident, width)

    def empty(self) -> tuple[str, str]:
        """Nothing is open."""
        mirror = self.desk.mirror
        if self.desk.filter(self.PLACE):
            return (
                "Nothing matches",
                f"{plural(self.total(), 'incident')} in all. / edits the filter.",
            )
        if not mirror.loaded:
            return "Waiting for the daemon", "The incidents show as soon as it answers."
        last = figures.last_resolved(mirror)
        now = self.desk.moment().now
        return "✓ " + quiet_words(mirror, last, now), "1 goes to the overview."
