"""The incidents: the list one is woken to, with the details of the selected one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import work

from daemon.api.schema import IncidentDetail, IncidentView
from daemon.client import Client, ClientError
from tui import figures
from tui.actions import Place, Situation
from tui.desk import Desk
from tui.detail import Section, incident_sections
from tui.rows import incident_columns, incident_row
from tui.screens.board import ListBoard
from tui.scrub import scrub
from tui.text import Layout, Line
from tui.topline import quiet_words
from tui.words import plural


class IncidentDetails:
    """What the daemon knows of one incident beyond the mirror: timeline and deliveries."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.detail: IncidentDetail | None = None
        self.fault = ""
        self._asked: tuple[str, int] | None = None

    def wanted(self, incident: IncidentView | None, deliveries: int = 0) -> bool:
        """Whether there is something to ask; asking again waits for a change."""
        if incident is None:
            return False
        asked = (incident.id, incident.version * 100_000 + deliveries)
        if asked == self._asked:
            return False
        self._asked = asked
        return True

    async def fetch(self, incident: str) -> None:
        """Ask the daemon; a refusal is kept in words."""
        try:
            self.detail, self.fault = scrub(await self._client.incident(incident)), ""
        except ClientError as error:
            self.fault, self._asked = str(error), None

    def of(self, incident: IncidentView) -> IncidentDetail | None:
        """The details, if they are this incident's."""
        if self.detail is None or self.detail.incident.id != incident.id:
            return None
        return self.detail


class IncidentsScreen(ListBoard):
    """All open incidents, the most urgent first, and those resolved lately."""

    PLACE = Place.INCIDENTS
    TITLE_TEXT = "Incidents"

    def __init__(self, desk: Desk, client: Client) -> None:
        super().__init__(desk)
        self._details = IncidentDetails(client)
        self._layout = incident_columns(80)
        self._layout_width = 80

    def situation(self) -> Situation:
        """The selected incident is what keys act on."""
        base = self.desk.situation(self.PLACE)
        key = self.rows.selected if self.query("#list") else None
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
        incident = self.desk.mirror.incidents[key]
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
        detail = self._details.of(incident)
        return incident_sections(self.desk.mirror, incident, detail, width, self.desk.moment())

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
        return "✓ " + quiet_words(mirror, last, self.desk.now()), "1 goes to the overview."

    def tick(self) -> None:
        """Ask for the details when the incident has changed and they are on the screen."""
        super().tick()
        self._ask()

    def selection_changed(self) -> None:
        """Another incident's details are wanted."""
        super().selection_changed()
        self._ask()

    def _ask(self) -> None:
        incident = self.situation().incident
        if self.query_one("#detail").size.width and self.desk.link.live:
            told = (
                sum(one.incident == incident.id for one in self.desk.mirror.deliveries.values())
                if incident
                else 0
            )
            if self._details.wanted(incident, told) and incident is not None:
                self._fetch(incident.id)

    @work(exclusive=True)
    async def _fetch(self, incident: str) -> None:
        await self._details.fetch(incident)
        self.take()
