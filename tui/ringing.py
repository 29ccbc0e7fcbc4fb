"""Ringing: what a terminal is sent when a page is new, as text that it obeys.

A bell is heard by every terminal. A notification on the desktop is an OSC sequence that some
terminals know: OSC 9 (iTerm2, WezTerm, kitty, Ghostty, foot), OSC 777 (rxvt, terminals made with
VTE, foot, Ghostty). One that does not know it shows nothing, so which is sent is for the operator
to choose.
"""

from __future__ import annotations

import enum
from typing import Final

from tui.drawing.text import clip

BELL: Final = "\a"
_LONGEST: Final = 200
"""Cells; a notification is no place for more."""


class Ringing(enum.StrEnum):
    """How a new page is announced outside of the dashboard."""

    OFF = "off"
    BELL = "bell"
    OSC9 = "osc9"
    OSC777 = "osc777"


def announcement(ringing: Ringing, title: str, text: str) -> str:
    """What the terminal is sent: the bell, and a notification where one was asked for."""
    if ringing is Ringing.OFF:
        return ""
    title, text = _plain(title), _plain(text)
    if ringing is Ringing.OSC9:
        return f"\x1b]9;{clip(f'{title}: {text}', _LONGEST)}{BELL}{BELL}"
    if ringing is Ringing.OSC777:
        # its fields are parted by semicolons
        title = title.replace(";", ",")
        return f"\x1b]777;notify;{title};{clip(text, _LONGEST)}{BELL}{BELL}"
    return BELL


def parse_ringing(word: str) -> Ringing:
    """Read the word of an option or of the environment.

    Raises:
        ValueError: There is no such word; the message names those there are.
    """
    try:
        return Ringing(word)
    except ValueError:
        known = ", ".join(Ringing)
        raise ValueError(f"{word!r} is no way to announce a page; there are {known}") from None


def _plain(text: str) -> str:
    """One line that holds nothing a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)
