"""Makes text from outside harmless before it reaches a screen.

A title, a label or an error message may hold anything a monitored host chose to send: escape
sequences that rewrite the terminal, line breaks that forge a row, right-to-left overrides
that reverse a name. The mirror passes every shape through here once, on arrival, so nothing
behind it has to think of it again. Markup needs no care here: no widget parses it.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

TEXT_LIMIT: Final = 4_000
"""Characters of one text that are kept; a screen shows less, a hostile peer sends more."""

_REPLACED: Final = "\N{MIDDLE DOT}"
_BREAKS: Final = frozenset("\n\r\t\v\f\x85\u2028\u2029")


def _harmless(character: str) -> str:
    if character in _BREAKS:
        return " "
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return _REPLACED if category in ("Cc", "Cf", "Cs", "Co", "Cn") else character


def clean(text: str) -> str:
    """One line of printable text: breaks become spaces, control and format characters dots."""
    if len(text) > TEXT_LIMIT:
        text = text[: TEXT_LIMIT - 1] + "…"
    if text.isprintable():
        return text
    return "".join(map(_harmless, text))


def scrub(value: T) -> T:
    """The same value with every text in it cleaned; structs are changed in place."""
    return _scrub(value)  # type: ignore[no-any-return]  # the walk keeps the type of what it is given


def _scrub(value: Any) -> Any:
    if type(value) is str:
        return clean(value)
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            old = getattr(value, name)
            if type(old) in _SCALARS:
                continue
            new = _scrub(old)
            if new is not old:
                setattr(value, name, new)
        return value
    if type(value) is list:
        return [_scrub(item) for item in value]
    if type(value) is dict:
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value


_SCALARS: Final = frozenset((int, float, bool, type(None)))
