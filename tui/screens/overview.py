"""The overview: open incidents, services, and what just happened; details where there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.desk import Desk
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.screens.board import DetailBoard, Empty
from tui.screens.places import status_figures
from tui.screens.story import incident_sections
from tui.showing import figures, promised, rows
from tui.showing.facts import service_sections
from tui.showing.sections import Section, section
from tui.showing.topline import quiet_words
from tui.widgets.frame import PaneHead
from tui.widgets.painted import PaintedScroll
from tui.widgets.sections import Sections
from tui.widgets.virtual_list import VirtualList

INCIDENT_ROWS = 8
"""Rows the open incidents take at most before they scroll."""


class Activity(PaintedScroll):
    """The newest happenings, newest first; as many as fit."""

    def line(self, y: int, width: int) -> Line:
        """One happening."""
        feed = self.desk.mirror.feed
        if y >= len(feed):
            return ((self._nothing(), "faint"),) if y == 0 else ()
        layout = Layout.of(rows.FEED_COLUMNS, width - 2)
        return (("  ", ""), *layout.line(rows.feed_row(feed[-1 - y], self.desk.moment())))

    def _nothing(self) -> str:
        if self.desk.past is not None:
            return "  nothing in the week before"
        return "  nothing yet since the dashboard was opened"


class OverviewScreen(DetailBoard):
    """All at a glance."""

    PLACE = Place.OVERVIEW

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._filtered_by = ""
        self._settled = False

    def body(self) -> ComposeResult:
        """Incidents over services over activity; at the right the details of the selection."""
        with Vertical(id="main"):
            with Vertical(id="incidents-pane", classes="pane"):
                yield PaneHead(
                    self.desk, self._incidents_title, self._incidents_heading,
                    id="incidents-head", focused=lambda: self._has_focus("#incidents"),
                )  # fmt: skip
                yield VirtualList(self.desk, self._incident_row, id="incidents")
                yield Quiet(self.desk, self._quiet, id="quiet")
            with Vertical(id="services-pane", classes="pane"):
                yield PaneHead(
                    self.desk, self._services_title, self._services_heading,
                    id="services-head", focused=lambda: self._has_focus("#services"),
                )  # fmt: skip
                yield VirtualList(self.desk, self._service_row, id="services")
                yield Empty(self.desk, self._no_services)
            with Vertical(id="activity-pane", classes="pane"):
                yield PaneHead(
                    self.desk, lambda: ("What just happened", ()), self._activity_heading,
                    id="activity-head", focused=lambda: False,
                )  # fmt: skip
                yield Activity(self.desk, id="activity")
        with Vertical(id="side", classes="pane"):
            yield Sections(self.desk, self._sections, id="detail")

    def start(self) -> None:
        """The incidents have the keys when there are any."""
        self.take()
        self.focus_list()

    def focus_list(self) -> None:
        """Give the keys to the incidents, or to the services when all is quiet."""
        busy = bool(self._list("incidents").keys)
        self._list("incidents" if busy else "services").focus()

    def _has_focus(self, selector: str) -> bool:
        return self.ready and self.query_one(selector).has_focus

    def _list(self, name: str) -> VirtualList:
        return self.query_one(f"#{name}", VirtualList)

    def situation(self) -> Situation:
        """The selection of the list that has the keys."""
        base = self.desk.situation(self.PLACE)
        if not self.ready:
            return base
        mirror = self.desk.mirror
        if self._list("services").has_focus:
            key = self._list("services").selected
            return replace(base, service=mirror.services.get(key or ""))
        return replace(base, incident=mirror.incidents.get(self._list("incidents").selected or ""))

    def take(self) -> None:
        """Show what the filter admits."""
        made, mirror = self.desk.filter(self.PLACE), self.desk.mirror
        pick, past = made.text != self._filtered_by or self.moved(), self.desk.past is not None
        self._filtered_by = made.text
        open_now = [
            one.id
            for one in figures.open_incidents(mirror)
            if not made
            or made.admits(
                figures.incident_labels(mirror, one) if made.matchers else (),
                f"{one.service} {one.title}",
            )
        ]
        services = [
            one.name
            for one in figures.services(mirror)
            if not made or made.admits([_service_labels(one)], one.name)
        ]
        incidents_list = self._list("incidents")
        first = bool(open_now) and not incidents_list.keys
        incidents_list.display = bool(open_now)
        self.query_one(Quiet).display = not open_now
        self.query_one("#incidents-head").set_class(not open_now, "bare")
        incidents_list.styles.height = max(1, min(len(open_now), self._incident_rows()))
        incidents_list.show(open_now, pick=pick, past=past)
        self._list("services").display = bool(services)
        self.query_one("#empty").display = not services
        self._list("services").show(services, pick=pick, past=past)
        if mirror.loaded and not self._settled:
            self._settled = True
            self.focus_list()
        if first and self._list("services").has_focus:
            incidents_list.focus()  # the first incident of a quiet time is one key away
        elif not open_now and incidents_list.has_focus:
            self._list("services").focus()
        self.tick()

    def _incident_rows(self) -> int:
        height = self.size.height
        return 5 if height < 30 else INCIDENT_ROWS if height < 50 else 2 * INCIDENT_ROWS

    def on_descendant_focus(self) -> None:
        """Another list has the keys: its selection counts now."""
        if self.ready:
            self.selection_changed()
            for head in self.query(PaneHead):
                head.repaint()

    def _sections(self, width: int) -> Sequence[Section]:
        situation, moment = self.situation(), self.desk.moment()
        if situation.incident is not None:
            return incident_sections(self.desk, situation.incident, width)
        if situation.service is not None:
            found = service_sections(self.desk.mirror, situation.service, width, moment)
            return [section([()]), *found]
        return ()

    def details_of(self, key: str) -> Callable[[int], Sequence[Section]] | None:
        """A service has details; incidents have a screen of their own."""

        def make(width: int) -> Sequence[Section]:
            mirror = self.desk.mirror
            service = mirror.services.get(key)
            if service is None:
                return ()
            return service_sections(mirror, service, width, self.desk.moment())

        return make

    # Incidents

    def _incidents_title(self) -> tuple[str, Line]:
        shown = figures.open_incidents(self.desk.mirror)
        listed = self._list("incidents")
        more = len(listed.keys) - listed.size.height if listed.display else 0
        note = f"{len(shown)} open" + (f" · {more} below" if more > 0 else "")
        return "Open incidents", rows.joined(
            self.filtered(len(listed.keys), len(shown)), ((note if shown else "", "faint"),)
        )

    def _incidents_heading(self, width: int) -> Line:
        if not self._list("incidents").keys:
            return ()
        return rows.incident_columns(width).heading()

    def _incident_row(self, key: str, width: int) -> Line:
        layout = rows.incident_columns(width)
        incident = self.desk.mirror.incidents.get(key)
        if incident is None:
            return rows.GONE
        return layout.line(rows.incident_row(incident, layout, self.desk.moment()))

    def _quiet(self) -> tuple[str, str]:
        mirror = self.desk.mirror
        if not mirror.loaded:
            return "Waiting for the daemon", "Its services show as soon as it answers."
        if figures.open_incidents(mirror):
            return "No incident matches", "/ edits the filter, escape in it drops it."
        last = figures.last_resolved(mirror)
        return "✓ " + quiet_words(mirror, last, self.desk.moment().now), ""

    # Services

    def _services_title(self) -> tuple[str, Line]:
        statuses = [one.status for one in self.desk.mirror.services.values()]
        return "Services", status_figures(statuses)

    def _services_heading(self, width: int) -> Line:
        return Layout.of(promised.SERVICE_COLUMNS, width).heading()

    def _service_row(self, key: str, width: int) -> Line:
        layout = Layout.of(promised.SERVICE_COLUMNS, width)
        mirror = self.desk.mirror
        service = mirror.services.get(key)
        if service is None:
            return rows.GONE
        return layout.line(promised.service_row(mirror, service, layout, self.desk.moment()))

    def _no_services(self) -> tuple[str, str]:
        if not self.desk.mirror.loaded:
            return "", ""
        if self.desk.mirror.services:
            return "No service matches", "/ edits the filter."
        return "No services yet", "Add a [[service]] and its checks to the configuration."

    def _activity_heading(self, width: int) -> Line:
        return Layout.of(rows.FEED_COLUMNS, width).heading()


class Quiet(Empty):
    """A short word in the place of the incidents."""

    ROWS = 1

    def line(self, y: int, width: int) -> Line:
        """The headline alone, at the left."""
        del y, width
        headline, sentence = self._words()
        return ((f"  {headline}", "good bold"), (f"  {sentence}", "faint"))


def _service_labels(service: object) -> dict[str, str]:
    names = ("name", "status", "context", "organization", "owner")
    labels = {name: str(getattr(service, name) or "") for name in names}
    labels["service"] = labels.pop("name")
    return labels
