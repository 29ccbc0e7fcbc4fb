"""Figures as lines for a terminal: bars beside each other, and the week as a heat map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from daemon.cli.table import Cell, shortened, word

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES: Final = (" ·", "░░", "▒▒", "▓▓", "██")
"""Two columns an hour: nothing, and up to a quarter, a half, three quarters, all of the most."""
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
BAR: Final = 24
"""So wide is the longest bar."""
_NAME: Final = 24


def bar(value: float, most: float, columns: int = BAR) -> str:
    """A bar in eighths of a column; whatever is not 0 shows."""
    if most <= 0 or value <= 0:
        return ""
    eighths = max(1, round(value / most * columns * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def bars(rows: Mapping[str, int], *, words: bool = False) -> list[list[Cell | str]]:
    """A row for each: its name, its number, its bar.

    Args:
        words: The names are severities or statuses, and look so.
    """
    most = max(rows.values(), default=0)
    return [
        [word(name) if words else shortened(name, _NAME), str(count), bar(count, most)]
        for name, count in rows.items()
    ]


def heat_map(counts: Sequence[int]) -> Iterable[str]:
    """The 168 hours of a week, a line a day; and what the shades mean."""
    most = max(counts, default=0)
    yield "     " + "".join(f"{hour:02}" + " " * 4 for hour in range(0, 24, 3)).rstrip()
    for day, name in enumerate(DAYS):
        hours = counts[day * 24 : day * 24 + 24]
        yield f"{name}  {''.join(_shade(count, most) for count in hours)}  {sum(hours)}"
    if most:
        yield f"     {SHADES[0]} none  {SHADES[-1]} {most} an hour of the week"


def _shade(count: int, most: int) -> str:
    return SHADES[-(-4 * count // most)] if count else SHADES[0]
