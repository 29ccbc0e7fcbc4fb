"""Charts of lines, drawn with braille dots: eight to a cell.

Pure. A chart is a grid of cells; each series sets dots in it, a later one over an earlier one,
and a cell has the style of the last series that touched it. What a chart shows is said in words
beside it as well, so it may be drawn coarsely but never wrongly: every value lies in its dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tui.drawing.text import Line, Span

_BLANK: Final = 0x2800
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of a dot in its cell, by row and column."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points in order of x, joined by straight lines.

    Attributes:
        every: Draw each n-th column of dots alone: a dotted line.
    """

    points: Sequence[tuple[float, float]]
    style: str
    every: int = 1


@dataclass(slots=True)
class _Grid:
    width: int
    height: int
    bits: list[list[int]] = field(default_factory=list)
    styles: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bits = [[0] * self.width for _ in range(self.height)]
        self.styles = [[""] * self.width for _ in range(self.height)]

    def dot(self, column: int, row: int, style: str) -> None:
        cell, line = column // 2, row // 4
        self.bits[line][cell] |= _DOTS[row % 4][column % 2]
        self.styles[line][cell] = style

    def line(self, at: int) -> Line:
        spans: list[Span] = []
        for bits, style in zip(self.bits[at], self.styles[at], strict=True):
            text = chr(_BLANK + bits) if bits else " "
            if spans and spans[-1][1] == style:
                spans[-1] = (spans[-1][0] + text, style)
            else:
                spans.append((text, style))
        return tuple(spans)


def plot(series: Iterable[Series], width: int, height: int, x: Range, y: Range) -> list[Line]:
    """The series in `height` lines of `width` cells; what lies outside the ranges is left out.

    Args:
        x, y: What the edges stand for: left and right, bottom and top.
    """
    if width <= 0 or height <= 0:
        return []
    grid = _Grid(width, height)
    columns, rows = width * 2, height * 4
    for one in series:
        for column, low, high in _strokes(one, columns, x):
            if column % one.every:
                continue
            top, bottom = _row(high, rows, y), _row(low, rows, y)
            for row in range(max(0, top), min(rows - 1, bottom) + 1):
                grid.dot(column, row, one.style)
    return [grid.line(at) for at in range(height)]


def _row(value: float, rows: int, y: Range) -> int:
    low, high = y
    return round((high - value) / ((high - low) or 1.0) * (rows - 1))


def _column(at: float, columns: int, x: Range) -> float:
    left, right = x
    return (at - left) / ((right - left) or 1.0) * (columns - 1)


def _strokes(one: Series, columns: int, x: Range) -> Iterable[tuple[int, float, float]]:
    """For each column that the series crosses, the least and the greatest value there."""
    spans: dict[int, tuple[float, float]] = {}

    def take(column: int, value: float) -> None:
        if 0 <= column < columns:
            low, high = spans.get(column, (value, value))
            spans[column] = (min(low, value), max(high, value))

    placed = [(_column(at, columns, x), value) for at, value in one.points]
    for at, value in placed[:1]:
        take(round(at), value)
    for (left, start), (right, end) in pairwise(placed):
        before = start
        for column in range(round(left), round(right) + 1):
            share = min(1.0, max(0.0, (column - left) / ((right - left) or 1.0)))
            value = start + (end - start) * share
            take(column, before)
            take(column, value)
            before = value
        take(round(right), end)
    return [(column, low, high) for column, (low, high) in sorted(spans.items())]


_LEVELS: Final = " ▁▂▃▄▅▆▇█"


def merged(values: Sequence[float], most: int) -> list[float]:
    """At most `most` values: neighbours are added up, the same number each, the oldest fewest."""
    each = -(-len(values) // most) if most > 0 else 0
    if each <= 1:
        return list(values)
    first = len(values) % each
    starts = [*([0] if first else []), *range(first, len(values), each)]
    ends = [*starts[1:], len(values)]
    return [sum(values[low:high]) for low, high in zip(starts, ends, strict=True)]


def columns(values: Sequence[float], width: int, height: int, style: str) -> list[Line]:
    """Columns from 0 up, the oldest at the left, the greatest as high as the chart; what is more
    than nothing is seen. Values that do not fit are added up with their neighbours."""
    shown = merged(values, width)
    if not shown or width <= 0:
        return []
    cell = max(1, min(8, width // len(shown)))
    most = max(shown) or 1.0
    eighths = [max(1, round(value / most * height * 8)) if value > 0 else 0 for value in shown]
    lines: list[Line] = []
    for row in range(height):
        below = (height - 1 - row) * 8
        glyphs = (_LEVELS[min(8, max(0, one - below))] for one in eighths)
        text = "".join(glyph * (cell - (cell > 2)) + " " * (cell > 2) for glyph in glyphs)
        lines.append(((text, style),))
    return lines
