"""The line that says that it is the past: when, how long ago, and the keys of the way.

Pure. It is the one thing that must not be missed, so it is never empty and gives way in an order:
first the words beside the keys, then the keys, then how long ago it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.core.model import Instant
from tui.doing.travel import Travel
from tui.drawing.text import Line, clip, fit
from tui.drawing.when import ago_words, past_words
from tui.drawing.words import Zone, clock

STYLE: Final = "pill:past"
_FORMS: Final = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2))
"""Which length of the words goes with which of the keys, the longest first."""

Part = tuple[str, str | None]
"""A text, and the action that a click on it does."""


def past_parts(
    travel: Travel, now: Instant, zone: Zone, *, back: bool, width: int
) -> Sequence[Part]:
    """The line's parts, in exactly `width` cells.

    Args:
        back: Escape has something else to do first, so the other key is named.
    """
    heads, keys = _heads(travel, now, zone), _keys("N" if back else "esc")
    forms = ((heads[head], keys[tail]) for head, tail in _FORMS)
    fitting = (form for form in forms if len(form[0]) + _size(form[1]) <= width)
    head, shown = next(fitting, (clip(heads[-1], width), ()))
    return [(head.ljust(width - _size(shown)), None), *shown]


def past_line(parts: Sequence[Part]) -> Line:
    """The parts as a line."""
    return tuple((text, STYLE) for text, _ in parts)


def _heads(travel: Travel, now: Instant, zone: Zone) -> tuple[str, ...]:
    """The words in four lengths: with what is awaited, with that something is, without how long
    ago it was, and without the day."""
    at, coming = travel.at, " …" if travel.under_way else ""
    if at is None:
        return (" ◀ asking the daemon for the past …", " ◀ asking …", " ◀ asking …", " ◀ …")
    awaited = f" → {clock(travel.awaited, zone)}" if travel.awaited is not None else ""
    shown = past_words(at, now, zone)
    whole = f" ◀ PAST  {shown}, {ago_words(at, now)}"
    return (
        f"{whole}{awaited}{coming}",
        f"{whole}{coming}",
        f" ◀ PAST  {shown}{coming}",
        f" ◀ PAST {clock(at, zone)}{coming}",
    )


def _keys(leave: str) -> tuple[tuple[Part, ...], ...]:
    """The keys, with words and ever fewer of them."""
    now: Part = (f"  {leave} now ", "present")
    worded = (
        ("[", "earlier"), (" ] step", "later"), ("  {", "hour_back"), (" } hour", "hour_on"),
        ("  @ seek", "seek"), now,
    )  # fmt: skip
    bare = (
        ("[", "earlier"), (" ]", "later"), (" {", "hour_back"), (" }", "hour_on"), (" @", "seek"),
        now,
    )  # fmt: skip
    return (worded, bare, (now,))


def _size(parts: Sequence[Part]) -> int:
    return sum(len(text) for text, _ in parts)


def unknown_line(unknown: Sequence[str], width: int) -> Line:
    """What cannot be known of then."""
    return fit(((" not known of then: ", "past bold"), (" · ".join(unknown), "past")), width)


def part_at(parts: Sequence[Part], column: int) -> str | None:
    """The action of what stands at a column."""
    position = 0
    for text, action in parts:
        position += len(text)
        if column < position:
            return action
    return None
