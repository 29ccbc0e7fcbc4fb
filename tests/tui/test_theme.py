"""The themes: what is told apart and can be read, by every eye, and without colour."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tui.drawing.theme import DARK, GLYPHS, LIGHT, STATUS_GLYPHS, Palette, style
from tui.mirror import RANK, SEVERITIES


def _linear(colour: str) -> tuple[float, float, float]:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """WCAG 2.1, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


BLINDNESS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
"""Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB."""


def _lab(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as an eye with that matrix sees it."""
    rgb = _linear(colour)
    seen = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        sum(m * c for m, c in zip(row, seen, strict=True)) / w
        for row, w in zip(to_xyz, white, strict=True)
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _difference(one: str, other: str, kind: str) -> float:
    """CIE 1976 colour difference; 2.3 is just noticeable."""
    a, b = _lab(one, BLINDNESS[kind]), _lab(other, BLINDNESS[kind])
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
@pytest.mark.parametrize("kind", BLINDNESS)
def test_neighbouring_severities_and_the_statuses_differ_to_every_eye(
    palette: Palette, kind: str
) -> None:
    """By five just-noticeable differences at least; good and bad as well."""
    pairs = [*pairwise(SEVERITIES), ("up", "down"), ("up", "degraded")]
    for one, other in pairs:
        apart = _difference(getattr(palette, one), getattr(palette, other), kind)
        assert apart > 12, (one, other, apart)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
def test_every_word_can_be_read(palette: Palette) -> None:
    """WCAG AA for text (4.5) on the surfaces and on the cursor."""
    for name in (*SEVERITIES, *STATUS_GLYPHS, "foreground", "faint", "accent"):
        for surface in (palette.surface, palette.background, palette.panel, palette.cursor):
            ratio = _contrast(getattr(palette, name), surface)
            limit = 4.5 if surface in (palette.surface, palette.background) else 3.5
            assert ratio >= limit, (name, surface, round(ratio, 2))


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
def test_every_word_can_be_read_on_the_ground_of_the_past(palette: Palette) -> None:
    """And the line that says that it is the past, both ways round."""
    for name in (*SEVERITIES, *STATUS_GLYPHS, "foreground", "faint", "accent", "past"):
        for surface in (palette.past_surface, palette.past_background, palette.past_panel):
            ratio = _contrast(getattr(palette, name), surface)
            limit = 3.5 if surface == palette.past_panel else 4.5
            assert ratio >= limit, (name, surface, round(ratio, 2))
    assert _contrast(palette.past, palette.background) >= 7
    for kind in BLINDNESS:
        assert _difference(palette.past, palette.high, kind) > 12, kind


def test_glyphs_differ_so_that_colour_is_never_alone() -> None:
    """One shape each."""
    assert len(set(GLYPHS.values())) == len(SEVERITIES)
    assert len(set(STATUS_GLYPHS.values())) == len(STATUS_GLYPHS)


def test_without_colour_styles_have_none() -> None:
    """NO_COLOR: weight and reverse only."""
    for words in ("emergency bold", "pill:critical", "faint", "good", "track"):
        made = style(DARK, words, colour=False)
        assert made.color is None
        assert made.bgcolor is None


def test_a_style_nobody_defined_is_an_error() -> None:
    """A typing mistake must not paint silently."""
    with pytest.raises(KeyError, match="reddish"):
        style(DARK, "reddish")


def test_every_severity_has_a_rank_a_glyph_and_two_colours() -> None:
    """One word, everywhere."""
    for word in SEVERITIES:
        assert word in RANK
        assert word in GLYPHS
        assert getattr(DARK, word) != getattr(LIGHT, word)
