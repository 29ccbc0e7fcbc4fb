"""The two themes, and what each style name of a line looks like in them.

Colours were chosen so that severities stay apart for red-, green- and blue-blind eyes (the
tests simulate each), by hue and by lightness; and never stand alone: a glyph and a word are
always beside them. With NO_COLOR there are only bold, dim and reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rich.style import Style
from textual.theme import Theme

GLYPHS: Final = {
    "emergency": "▲",
    "critical": "◆",
    "high": "■",
    "medium": "●",
    "low": "▽",
    "info": "○",
}
"""A shape a severity: the more corners point up, the worse."""

STATUS_GLYPHS: Final = {"up": "✓", "degraded": "◐", "down": "✕", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, by meaning, as `#rrggbb`."""

    name: str
    dark: bool
    background: str
    surface: str
    panel: str
    cursor: str
    foreground: str
    faint: str
    track: str
    accent: str
    emergency: str
    critical: str
    high: str
    medium: str
    low: str
    info: str
    up: str
    degraded: str
    down: str
    unknown: str
    spark: str
    past: str
    past_background: str
    past_surface: str
    past_panel: str


DARK: Final = Palette(
    name="tocsin-dark", dark=True,
    background="#0d1117", surface="#131a24", panel="#1b2431", cursor="#26364d",
    foreground="#dbe2ec", faint="#8592a6", track="#3d4a5e", accent="#79b8ff",
    emergency="#ff5fa8", critical="#ff7a1f", high="#ffb700", medium="#f7ea8b",
    low="#7aa6ff", info="#97a3b6",
    up="#3ecfae", degraded="#ffb700", down="#ff7a1f", unknown="#b3a1ff", spark="#5f9bd6",
    past="#d9b3ff", past_background="#150f20", past_surface="#1b1429", past_panel="#261c39",
)  # fmt: skip

LIGHT: Final = Palette(
    name="tocsin-light", dark=False,
    background="#f3f4f1", surface="#fcfcfa", panel="#e6e9ec", cursor="#cfe0f5",
    foreground="#1a2230", faint="#596577", track="#b6bfca", accent="#0b57b0",
    emergency="#8a0a5c", critical="#b93c12", high="#4f3000", medium="#776a00",
    low="#1a3fd0", info="#464d56",
    up="#00695a", degraded="#4f3000", down="#b93c12", unknown="#5b3fc4", spark="#2f6fb0",
    past="#6a1b9a", past_background="#f3effa", past_surface="#fbf8ff", past_panel="#e9e0f5",
)  # fmt: skip

PALETTES: Final = {palette.name: palette for palette in (DARK, LIGHT)}


def theme(palette: Palette) -> Theme:
    """The palette as Textual's theme, for its own widgets and the style sheet."""
    return Theme(
        name=palette.name,
        primary=palette.accent,
        secondary=palette.faint,
        accent=palette.accent,
        warning=palette.high,
        error=palette.critical,
        success=palette.up,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=palette.dark,
        variables={
            "faint": palette.faint,
            "track": palette.track,
            "cursor": palette.cursor,
            "stale": palette.high,
            "past-background": palette.past_background,
            "past-surface": palette.past_surface,
            "past-panel": palette.past_panel,
            "emergency": palette.emergency,
            "scrollbar": palette.track,
            "scrollbar-hover": palette.faint,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.surface,
            "scrollbar-background-hover": palette.surface,
            "scrollbar-background-active": palette.surface,
            "scrollbar-corner-color": palette.surface,
            "border": palette.accent,
            "border-blurred": palette.track,
        },
    )


_ALIASES: Final = {"good": "up", "warn": "high", "bad": "critical"}
_FLAGS: Final = frozenset({"bold", "italic", "underline", "reverse"})
_PLAIN: Final = {
    "faint": Style(dim=True),
    "track": Style(dim=True),
    "emergency": Style(bold=True),
    "critical": Style(bold=True),
    "bad": Style(bold=True),
    "down": Style(bold=True),
}


@lru_cache(maxsize=2048)
def style(palette: Palette, words: str, *, colour: bool = True) -> Style:
    """What a line's style words look like: meanings, `bold` and the like, `pill:MEANING`.

    Raises:
        KeyError: A word is none of the palette's.
    """
    made = Style.null()
    for word in words.split():
        if word in _FLAGS:
            made += Style.parse(word)
        elif word.startswith("pill:"):
            made += _pill(palette, word[5:], colour=colour)
        elif not colour:
            made += _PLAIN.get(word, Style.null())
        else:
            made += Style(color=_colour(palette, word))
    return made


def _pill(palette: Palette, word: str, *, colour: bool) -> Style:
    if not colour:
        return Style(reverse=True, bold=True)
    return Style(color=palette.background, bgcolor=_colour(palette, word), bold=True)


def _colour(palette: Palette, word: str) -> str:
    try:
        return str(getattr(palette, _ALIASES.get(word, word)))
    except AttributeError:
        raise KeyError(f"{word!r} is no style of the theme") from None
