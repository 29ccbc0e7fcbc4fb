"""Lines of styled text without markup and without a terminal: what every row is made of.

A span is a text and the names of its styles (`critical strong`); a line is a tuple of spans.
Rows and details are built from these by pure functions, measured in terminal cells, and
turned into segments only by the widget that paints them. A style name is looked up in the
theme, so a line knows meaning ("down", "faint"), never a colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
Line = tuple[Span, ...]

ELLIPSIS: Final = "…"
BLANK: Final[Line] = ()


def width_of(line: Line) -> int:
    """The cells a line takes."""
    return sum(cells(text) for text, _ in line)


def cells(text: str) -> int:
    """The cells a text takes; wide characters take two."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, width: int) -> str:
    """The text in at most `width` cells, with an ellipsis where something was cut."""
    if cells(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(line: Line, width: int, align: str = "left") -> Line:
    """The line in exactly `width` cells: clipped with an ellipsis, or padded."""
    taken = width_of(line)
    if taken < width:
        pad: Span = (" " * (width - taken), "")
        return (pad, *line) if align == "right" else (*line, pad)
    if taken == width:
        return line
    kept: list[Span] = []
    room = width
    for text, style in line:
        length = cells(text)
        if length < room:
            kept.append((text, style))
            room -= length
            continue
        cut = clip(text + " " * (length == room), room)
        kept.append((cut + " " * (room - cells(cut)), style))
        break
    return tuple(kept)


def join(lines: Iterable[Line], gap: Span) -> Line:
    """Lines one after the other with `gap` between them; empty ones are left out."""
    joined: list[Span] = []
    for line in lines:
        if line:
            if joined:
                joined.append(gap)
            joined.extend(line)
    return tuple(joined)


def apart(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right one; the right one goes first if tight."""
    room = width - width_of(right)
    if room <= width_of(left) and width_of(left) + 1 > room:
        return fit(left, width) if room < min(8, width_of(left)) else (*fit(left, room), *right)
    return (*fit(left, room), *right)


def wrap(text: str, width: int, style: str = "") -> list[Line]:
    """Break prose into lines of at most `width` cells, between words where it can."""
    width = max(8, width)
    lines: list[Line] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if cells(longer) <= width:
            row = longer
            continue
        if row:
            lines.append(((row, style),))
        row = word
        while cells(row) > width:
            head = set_cell_size(row, width)
            lines.append(((head, style),))
            row = row[len(head.rstrip()) :]
    if row or not lines:
        lines.append(((row, style),))
    return lines


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list.

    Attributes:
        key: What a row's cell of this column is called.
        title: Its heading.
        width: Cells; for a flexible column the least it gets.
        flex: Its share of the cells left over; 0 for a fixed one.
        align: `left` or `right`.
        from_width: The list must be this wide for the column to be shown.
    """

    key: str
    title: str
    width: int
    flex: int = 0
    align: str = "left"
    from_width: int = 0


GAP: Final = 2
"""Blank cells between columns."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns with the widths they get in a list of one width."""

    columns: tuple[tuple[Column, int], ...]

    @staticmethod
    def of(columns: Sequence[Column], width: int) -> Layout:
        """Choose the columns that are shown at this width, and share out what is left."""
        shown = [column for column in columns if width >= column.from_width]
        spare = width - sum(column.width for column in shown) - GAP * (len(shown) - 1)
        shares = sum(column.flex for column in shown)
        placed: list[tuple[Column, int]] = []
        for column in shown:
            extra = 0
            if shares and column.flex:
                extra = max(-column.width, spare * column.flex // shares)
                spare -= extra
                shares -= column.flex
            placed.append((column, column.width + extra))
        return Layout(tuple(placed))

    def width(self, key: str) -> int:
        """What the column got; 0 when it is not shown."""
        return next((width for column, width in self.columns if column.key == key), 0)

    def heading(self) -> Line:
        """The line of titles."""
        return self.line({column.key: ((column.title, "faint"),) for column, _ in self.columns})

    def line(self, row: Mapping[str, Line]) -> Line:
        """A row's cells, each in its column."""
        spans: list[Span] = []
        for column, width in self.columns:
            if width <= 0:
                continue
            if spans:
                spans.append((" " * GAP, ""))
            spans.extend(fit(row.get(column.key, BLANK), width, column.align))
        return tuple(spans)
