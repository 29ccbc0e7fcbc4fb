"""A window on sections of lines: the detail panes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.desk import Desk
from tui.drawing.text import BLANK, Line
from tui.showing.sections import Section
from tui.widgets.painted import PaintedScroll

MARGIN = 1
"""Blank cells at the left edge."""


class Sections(PaintedScroll, can_focus=True):
    """Lines of sections, made as they are painted; scrolls, selects nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "up", show=False),
        Binding("down,j", "scroll_down", "down", show=False),
        Binding("home,g", "scroll_home", "top", show=False),
        Binding("end,G", "scroll_end", "end", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        make: Callable[[int], Sequence[Section]],
        *,
        id: str,  # noqa: A002  # Textual's name
    ) -> None:
        super().__init__(desk, id=id)
        self._make = make
        self._sections: Sequence[Section] = ()
        self._ends: list[int] = []

    def show(self, *, top: bool = False) -> None:
        """Make the sections anew; `top` scrolls to the beginning, for another subject."""
        if not self.size.width:
            return
        self._sections = self._make(self.window_width - 2 * MARGIN)
        self._ends = list(accumulate(section.count for section in self._sections))
        self.set_count(self._ends[-1] if self._ends else 0)
        if top:
            self.scroll_to(y=0, animate=False, force=True)
        self.repaint()

    def on_resize(self) -> None:
        """Lines are broken for the width."""
        self.show()

    def line(self, y: int, width: int) -> Line:
        """A line of the section it falls into."""
        del width
        place = round(self.scroll_y) + y
        at = bisect_right(self._ends, place)
        if place < 0 or at >= len(self._sections):
            return BLANK
        section = self._sections[at]
        start = self._ends[at] - section.count
        return ((" " * MARGIN, ""), *section.line(place - start))
