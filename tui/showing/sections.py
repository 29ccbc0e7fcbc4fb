"""What details are made of: sections of lines, with headings, facts and prose.

Every fact has a name at the left and its words beside it. A section's lines are made when they
are painted, so what has ten thousand of them costs what is seen of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.drawing.text import Line, wrap

NAME_WIDTH = 12
"""Cells of a fact's name."""


@dataclass(frozen=True, slots=True)
class Section:
    """A run of lines below one another.

    Attributes:
        line: The line at a place, for a width.
        ticks: Whether its lines change with the clock alone.
    """

    count: int
    line: Callable[[int], Line]
    ticks: bool = False


def section(lines: Sequence[Line], *, ticks: bool = False) -> Section:
    """A section of lines that are made already."""
    return Section(len(lines), lambda at: lines[at], ticks)


def heading(title: str, note: str = "") -> Section:
    """A blank line and a title."""
    head: Line = ((title, "accent bold"), (f"  {note}" if note else "", "faint"))
    return section([(), head])


def fact(name: str, *spans: tuple[str, str]) -> Line:
    """A named fact."""
    return ((name.ljust(NAME_WIDTH), "faint"), *spans)


def prose(name: str, text: str, width: int, style: str = "") -> list[Line]:
    """A named fact of several lines."""
    lines = wrap(text, width - NAME_WIDTH, style)
    return [
        fact(name, *lines[0]),
        *(((" " * NAME_WIDTH, ""), *line) for line in lines[1:]),
    ]
