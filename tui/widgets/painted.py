"""Widgets that are lines: how a line becomes cells, and how only changed lines are painted.

A widget of this family answers `line(y)`, the line at a row of its window. `repaint` asks
for all visible ones, compares them with what stands on the screen and marks only those that
differ, so a clock costs one line and an idle list nothing.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.desk import Desk
from tui.drawing.text import Line, fit


@lru_cache(maxsize=4096)
def _over(base: Style, top: Style) -> Style:
    return base + top


def strip(line: Line, width: int, desk: Desk, base: Style) -> Strip:
    """A line as cells of exactly `width`, on a base style."""
    segments = [
        Segment(text, _over(base, desk.style(words)) if words else base)
        for text, words in fit(line, width)
        if text
    ]
    return Strip(segments, width)


class Painted(Widget):
    """A widget of a few lines that do not scroll."""

    ALLOW_SELECT = False
    ROWS = 1

    def __init__(self, desk: Desk, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self.desk = desk
        self._shown: dict[int, Line] = {}

    def line(self, y: int, width: int) -> Line:
        """The line at a row of the widget."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # Textual's signature
        """As many rows as it has lines."""
        return self.ROWS

    def render_line(self, y: int) -> Strip:
        """Textual asks for a row."""
        width = self.size.width
        line = self.line(y, width)
        self._shown[y] = line
        return strip(line, width, self.desk, self.rich_style)

    def repaint(self) -> None:
        """Mark the rows that have changed."""
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(self.size.height)
            if self.line(y, width) != self._shown.get(y)
        ]
        if changed:
            self.refresh(*changed)


class PaintedScroll(ScrollView):
    """A window on many lines."""

    ALLOW_SELECT = False

    def __init__(self, desk: Desk, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self.desk = desk
        self._shown: dict[int, Line] = {}

    _base: Style | None = None

    @property
    def base(self) -> Style:
        """The widget's own style; looked up once, for Textual walks all ancestors for it."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def notify_style_update(self) -> None:
        """The style sheet or the theme has changed."""
        self._base = None
        super().notify_style_update()

    @property
    def window_width(self) -> int:
        """The cells a line has, without the scroll bar."""
        return self.scrollable_content_region.width

    def line(self, y: int, width: int) -> Line:
        """The line at a row of the window."""
        raise NotImplementedError

    def look(self, y: int) -> Style:
        """The base style of a row."""
        del y
        return self.base

    def render_line(self, y: int) -> Strip:
        """Textual asks for a row."""
        width = self.window_width
        line = self.line(y, width)
        self._shown[y] = line
        return strip(line, width, self.desk, self.look(y))

    def set_count(self, count: int) -> None:
        """Say how many lines there are; scroll bars follow."""
        if self.virtual_size.height != count:
            self.virtual_size = Size(0, count)

    def repaint(self) -> None:
        """Mark the visible rows that have changed."""
        width = self.window_width
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(self.scrollable_content_region.height)
            if self.line(y, width) != self._shown.get(y)
        ]
        if changed:
            self.refresh(*changed)
