"""The list: any number of rows, of which only the visible ones are made.

What is selected is known by its key, never by its row number: when rows move, the selection
moves with its row, and the window scrolls along so that it stays under the eye. When the
selected row is gone, nothing is selected until the operator moves: a key pressed in that
moment must not hit the neighbour. In the past no key does anything, so another row stands in
for one that was not there then, until it is there again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.desk import Desk
from tui.drawing.text import BLANK, Line, fit
from tui.widgets.painted import PaintedScroll

MARGIN = 2
"""Cells at the left edge that hold the cursor's mark."""


class VirtualList(PaintedScroll, can_focus=True):
    """Rows known by keys, one of them selected."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "move(-1000000)", "first", show=False),
        Binding("end,G", "move(1000000)", "last", show=False),
        Binding("enter", "choose", "open", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--cursor-blurred"}

    @dataclass
    class Moved(Message):
        """Another row is selected, or none."""

        list: VirtualList
        key: str | None

    @dataclass
    class Chosen(Message):
        """The selected row was chosen with enter or a click on it."""

        list: VirtualList
        key: str

    def __init__(self, desk: Desk, row: Callable[[str, int], Line], *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(desk, id=id)
        self.keys: Sequence[str] = ()
        self.selected: str | None = None
        self._row = row
        self._places: dict[str, int] = {}
        self._last_place = 0
        self._missed: str | None = None

    @property
    def place(self) -> int | None:
        """Where the selected row is."""
        return None if self.selected is None else self._places.get(self.selected)

    def show(self, keys: Sequence[str], *, pick: bool = False, past: bool = False) -> None:
        """Show these rows, in this order; the selection and the eye's place are kept.

        Args:
            pick: Select the first row when the selected one is gone: the operator asked for
                other rows (a filter), so no row slid under the finger.
            past: Take up the selected row again when it is gone only for some moments.
        """
        before, was_empty = self.place, not self.keys
        old_top = round(self.scroll_y)
        if keys != self.keys:
            self.keys = keys
            self._places = {key: place for place, key in enumerate(keys)}
            self.set_count(len(keys))
        after = self.place
        if past and after is None and self._missed is None:
            self._missed = self.selected
        if self._missed in self._places:
            self.select(self._missed)
        elif after is None and keys and (pick or was_empty):
            self._take(keys[0])
        elif after is None and self.selected is not None:
            self._take(None)
        elif after is not None and before is not None and after != before:
            self._last_place = after
            self._scroll_at(old_top + after - before)
        if not past:
            self._missed = None
        self.repaint()

    def select(self, key: str | None) -> None:
        """Select a row by its key and bring it into view."""
        self._missed = None
        self._take(key)

    def _take(self, key: str | None) -> None:
        if key is not None and key not in self._places:
            return
        changed = key != self.selected
        self.selected = key
        place = self.place
        if place is not None:
            self._last_place = place
            self._reveal(place)
        if changed:
            self.repaint()
            self.post_message(self.Moved(self, key))

    def line(self, y: int, width: int) -> Line:
        """A row of the window: the mark and the row."""
        place = round(self.scroll_y) + y
        if not 0 <= place < len(self.keys):
            return BLANK
        key = self.keys[place]
        mark = "▌ " if key == self.selected else "  "
        return ((mark, "accent"), *fit(self._row(key, width - MARGIN), width - MARGIN))

    def look(self, y: int) -> Style:
        """The selected row stands out, the more so in the list that has the focus."""
        place = round(self.scroll_y) + y
        if self.selected is None or place != self.place:
            return self.base
        if not self.desk.colour:
            return Style(reverse=self.has_focus, bold=True)
        name = "list--cursor" if self.has_focus else "list--cursor-blurred"
        return self.get_component_rich_style(name)

    def action_move(self, by: int) -> None:
        """Move the selection; from nowhere it starts where it last was."""
        if not self.keys:
            return
        place = self.place
        target = self._last_place if place is None else place + by
        self.select(self.keys[max(0, min(len(self.keys) - 1, target))])

    def action_page(self, by: int) -> None:
        """Move the selection by a window."""
        self.action_move(by * max(1, self.scrollable_content_region.height - 1))

    def action_choose(self) -> None:
        """Open the selected row."""
        if self.selected is not None:
            self.post_message(self.Chosen(self, self.selected))

    def on_click(self, event: events.Click) -> None:
        """A click selects a row; a click on the selected one, or a second one, opens it."""
        place = round(self.scroll_y) + event.y
        if not 0 <= place < len(self.keys):
            return
        key = self.keys[place]
        again = key == self.selected
        self.select(key)
        if again or event.chain > 1:
            self.action_choose()

    def on_focus(self) -> None:
        """The selected row looks different now."""
        self.refresh()

    def on_blur(self) -> None:
        """The selected row looks different now."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the selected row in view."""
        place = self.place
        if place is not None:
            self._reveal(place)

    def _reveal(self, place: int) -> None:
        height = self.scrollable_content_region.height
        if height <= 0:
            return
        top = round(self.scroll_y)
        if place < top:
            self._scroll_at(place)
        elif place >= top + height:
            self._scroll_at(place - height + 1)

    def _scroll_at(self, top: int) -> None:
        height = self.scrollable_content_region.height
        limit = max(0, len(self.keys) - height)
        self.scroll_to(y=max(0, min(limit, top)), animate=False, force=True)
