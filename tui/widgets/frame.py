"""What frames every screen: the top bar, the stale banner, the key bar, the panes' heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui.desk import Desk
from tui.doing.actions import Action, Place, Situation, bar, refusal
from tui.drawing.text import Line, apart, fit, width_of
from tui.link import LinkState
from tui.showing.topline import (
    figures_line,
    link_forms,
    modes_line,
    stale_line,
    tab_at,
    trouble_line,
    troubles,
)
from tui.widgets.painted import Painted


class TopBar(Painted):
    """Modes and clock above, the five figures below: always on the screen."""

    ROWS = 2

    @dataclass
    class Picked(Message):
        """The name of a mode was clicked."""

        place: Place

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, id="top")
        self._place = place

    def line(self, y: int, width: int) -> Line:
        """The modes with what waits there in what is looked at, or the figures of the present."""
        moment = self.desk.present()
        mirror, link = self.desk.live, self.desk.link
        if y == 0:
            return modes_line(self.desk.mirror, self._place, moment, width)
        forms = link_forms(mirror.heard_at, moment.now, live=link.live, retry_at=link.retry_at)
        return figures_line(mirror, forms, moment, width)

    def on_click(self, event: events.Click) -> None:
        """The names of the modes can be clicked."""
        if event.y == 0:
            desk = self.desk
            place = tab_at(desk.mirror, self._place, desk.present(), self.size.width, event.x)
            if place is not None:
                self.post_message(self.Picked(place))


class Banner(Painted):
    """A line across the screen while something is wrong with the picture or the daemon.

    The picture may be old, or the daemon may have troubles of its own; else it takes no room.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="banner")
        self.display = False

    def line(self, y: int, width: int) -> Line:
        """What is wrong."""
        del y
        link = self.desk.link
        if link.state is not LinkState.LOST:
            return trouble_line(self.desk.live, width)
        return stale_line(
            self.desk.live,
            self.desk.present(),
            link.reason,
            link.retry_at,
            width,
            behind=self.desk.past is not None,
        )

    def repaint(self) -> None:
        """Come and go with the trouble."""
        lost = self.desk.link.state is LinkState.LOST
        self.display = lost or bool(troubles(self.desk.live))
        if self.display:
            super().repaint()


class KeyBar(Painted):
    """What can be done here, and with which key; what cannot is faint."""

    @dataclass
    class Picked(Message):
        """A key's name was clicked."""

        action: str

    def __init__(self, desk: Desk, situation: Callable[[], Situation]) -> None:
        super().__init__(desk, id="keys")
        self._situation = situation

    def line(self, y: int, width: int) -> Line:
        """The keys that fit, the most needed first."""
        del y
        return tuple(span for _, spans in self._parts(width) for span in spans)

    def _parts(self, width: int) -> list[tuple[Action, Line]]:
        situation = self._situation()
        shown = bar(situation.place, past=situation.past)
        offered = [(action, refusal(action, situation)) for action in shown]
        parts = [(action, _key(action, reason)) for action, reason in offered]
        blocked = {action.id for action, reason in offered if reason is not None}
        for spare in (blocked & {"ack", "unack"}, blocked, {"palette"}, {"worst"}, {"quit"}):
            if sum(width_of(line) for _, line in parts) <= width:
                return parts
            parts = [part for part in parts if part[0].id not in spare]
        while parts and sum(width_of(line) for _, line in parts) > width:
            last = next((p for p in reversed(parts) if p[0].id != "help"), parts[0])
            parts.remove(last)
        return parts

    def on_click(self, event: events.Click) -> None:
        """The keys can be clicked."""
        position = 0
        for action, line in self._parts(self.size.width):
            position += width_of(line)
            if event.x < position:
                self.post_message(self.Picked(action.id))
                return


def _key(action: Action, reason: str | None) -> Line:
    if reason is not None:
        return ((f" {action.key} {action.title} ", "track"),)
    return ((f" {action.key}", "accent bold"), (f" {action.title} ", ""))


class PaneHead(Painted):
    """A pane's title with its figures at the right, and the columns' headings below it."""

    ROWS = 2

    def __init__(
        self,
        desk: Desk,
        title: Callable[[], tuple[str, Line]],
        heading: Callable[[int], Line],
        *,
        id: str,  # noqa: A002  # Textual's name
        focused: Callable[[], bool],
    ) -> None:
        super().__init__(desk, id=id, classes="head")
        self._title = title
        self._heading = heading
        self._focused = focused

    def line(self, y: int, width: int) -> Line:
        """The title, or the headings."""
        if y == 1:
            return (("  ", ""), *fit(self._heading(width - 3), max(0, width - 3)))
        title, figures = self._title()
        here = self._focused()
        mark = ("▌ " if here else "  ", "accent")
        name: Line = (mark, (title, "accent bold" if here else "bold"))
        rule = width - width_of(name) - width_of(figures) - 4
        middle: Line = (("  ", ""), ("─" * max(0, rule), "track"), (" ", ""))
        return apart((*name, *middle), (*figures, (" ", "")), width)
