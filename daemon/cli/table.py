"""Tables and lines for people: scrubbed, aligned, coloured only where that is wanted.

Everything shown may come from outside (messages of targets, comments of operators), so
every text passes `scrub`: what a terminal would obey never reaches it.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

GLYPHS: Final[Mapping[str, str]] = {
    "emergency": "▲", "critical": "◆", "high": "■", "medium": "●", "low": "▽", "info": "○",
    "up": "✓", "degraded": "◐", "down": "✕", "unknown": "?",
}  # fmt: skip
"""The shape that stands before a severity's or a status' word, as in the dashboard."""

_COLOURS: Final[Mapping[str, str]] = {
    "emergency": "1;97;41", "critical": "1;91", "high": "93", "medium": "33", "low": "36",
    "info": "2", "up": "32", "degraded": "33", "down": "1;91", "unknown": "35",
    "faint": "2", "bold": "1",
}  # fmt: skip
_NARROWEST: Final = 8
_GAP: Final = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and the meaning that colours it: a severity, a status, `faint`, `bold`, or ""."""

    text: str
    style: str = ""


def scrub(text: object) -> str:
    """Text from outside as one line without anything a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def word(name: str) -> Cell:
    """A severity or a status: glyph, word and colour."""
    return Cell(f"{GLYPHS.get(name, '·')} {name}", name)


def wants_colour(stream: TextIO) -> bool:
    """Whether colours are welcome: on a terminal, and not where `NO_COLOR` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(cell: Cell, *, colour: bool) -> str:
    """A cell's text, scrubbed and coloured."""
    text = scrub(cell.text)
    code = _COLOURS.get(cell.style) if colour else None
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def width(text: str) -> int:
    """How many columns a terminal gives a text."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def shortened(text: str, columns: int) -> str:
    """The text cut to so many columns, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for char in text:
        used += _columns(char)
        if used > columns - 1:
            break
        kept += char
    return kept + "…"


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    colour: bool,
    columns: int | None = None,
) -> str:
    """Rows under a header, in aligned columns; the last is cut to what the terminal has.

    Args:
        columns: How wide the terminal is; None to cut nothing.
    """
    cells = [[_trimmed(one) for one in row] for row in rows]
    plain = [[cell.text for cell in row] for row in cells]
    widths = [
        max(width(title), *(width(row[n]) for row in plain)) if plain else width(title)
        for n, title in enumerate(header)
    ]
    if columns is not None:
        taken = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(_NARROWEST, columns - taken))
    head = [Cell(title, "faint") for title in header]
    return "\n".join(_row(row, widths, colour=colour) for row in [head, *cells]) + "\n"


def _trimmed(one: Cell | str) -> Cell:
    cell = one if isinstance(one, Cell) else Cell(one)
    return Cell(scrub(cell.text).strip(), cell.style)


def _row(row: Sequence[Cell], widths: Sequence[int], *, colour: bool) -> str:
    parts = []
    for cell, columns in zip(row, widths, strict=True):
        text = shortened(cell.text, columns)
        padding = " " * (columns - width(text))
        parts.append(painted(Cell(text, cell.style), colour=colour) + padding)
    return _GAP.join(parts).rstrip()


def terminal_columns(stream: TextIO) -> int | None:
    """How wide the terminal is; None where the output goes elsewhere."""
    if not stream.isatty():
        return None
    import shutil  # dear: it brings every kind of archive

    return shutil.get_terminal_size().columns
