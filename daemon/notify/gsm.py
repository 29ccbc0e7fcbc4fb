"""Texts as short messages have them: one part of 160 septets, or of 70 UTF-16 units.

Theory. A short message is 140 bytes. In the alphabet of GSM (3GPP TS 23.038: a table of 128
characters, and an extension whose characters count twice) that is 160 characters; one single
other character makes the whole message UCS-2, which is 70. More is sent, and paid for, in
parts, and a page in parts comes late or not at all. So what has a likeness in the alphabet is
written with it (an accent goes, a quotation mark becomes straight), pictures are left out, and
only a text with letters that have none, like Cyrillic, is sent as it is, and short. What is too
long is cut behind a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

SEPTETS: Final = 160
UCS2_UNITS: Final = 70

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""These take two septets."""
_ALIKE: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033«»", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00b7\u2022\u2219", "*"),
    "\u2026": "...", "\u2044": "/", "\u00a0": " ", "\t": " ", "×": "x", "÷": "/",
    "→": "->", "←": "<-", "⇒": "=>", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~",
    "°": "deg", "µ": "u", "©": "(c)", "®": "(r)", "™": "(tm)", "¢": "c", "¬": "not ",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
    "ı": "i", "ħ": "h", "Ħ": "H", "œ": "oe", "Œ": "OE", "ŋ": "ng", "Ŋ": "NG",
}  # fmt: skip
_PICTURES: Final = frozenset({"So", "Sk", "Mn", "Me", "Cf", "Cn"})
"""Categories of what can be left out without a letter being lost."""


def short_message(text: str) -> str:
    """The text, or its beginning, as one part of a short message."""
    plain = transliterate(text)
    if plain is not None:
        return _cut(plain, septets, SEPTETS, "...")
    return _cut(text, ucs2_units, UCS2_UNITS, "\u2026")


def transliterate(text: str) -> str | None:
    """The text in the alphabet of GSM; None if letters of it have no likeness there."""
    pieces = [_likeness(char) for char in text]
    if None in pieces:
        return None
    return " ".join("".join(piece or "" for piece in pieces).split())


def septets(text: str) -> int:
    """How long a text of that alphabet is."""
    return sum(2 if char in EXTENDED else 1 for char in text)


def ucs2_units(text: str) -> int:
    """How long a text is in UTF-16."""
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


def _likeness(char: str) -> str | None:
    if char in BASIC or char in EXTENDED:
        return char
    if char in _ALIKE:
        return _ALIKE[char]
    if unicodedata.category(char) in _PICTURES:
        return ""
    bare = [one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one)]
    if bare == [char]:
        return None
    pieces = [_likeness(one) for one in bare]
    return None if None in pieces else "".join(piece or "" for piece in pieces)


def _cut(text: str, length: Callable[[str], int], room: int, mark: str) -> str:
    """As much of the text as there is room for, behind a word where one ends in its second
    half."""
    if length(text) <= room:
        return text
    left = room - length(mark)
    end = 0
    while (left := left - length(text[end])) >= 0:
        end += 1
    space = text.rfind(" ", 0, end + 1)
    return text[: space if space > end // 2 else end].rstrip(" ,;:-") + mark
