"""What goes out is made harmless: no secrets, no control characters, no endless texts.

Text of alerts comes from outside (a server's answer, a label somebody sent) and ends in
mail headers, terminals, journals and other people's programs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

MASK: Final = "***"
LIMIT: Final = 10_000
"""No single text that goes out is longer, in characters."""
_DEPTH: Final = 12
_ITEMS: Final = 1_000
_SHORTEST_SECRET: Final = 4
"""A shorter secret would mask ordinary words, and is not one."""

_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_USERINFO: Final = re.compile(r"(\b[a-z][a-z0-9+.\-]{0,30}://)[^\s/@]{1,500}@", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    r"(?i)\b(pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|signature)"
    r"(\"?\s*[=:]\s*\"?)(?!//)[^\s\"'&,;]{1,500}"
)
_AUTHORIZATION: Final = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.=~-]{8,2000}")
_ASSIGNABLE: Final = ("pass", "pwd", "secret", "token", "key", "signature")
_AUTHORIZING: Final = ("bearer", "basic")
"""What stands, in any case, in whatever `_ASSIGNED` or `_AUTHORIZATION` finds."""
_REMEMBERED: Final = 2_000
"""So many names and words (of a severity, a service, a check) are kept with what they become."""
_WORD: Final = 40
"""Longer texts are seldom the same again."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that steer a terminal or reverse a text instead of showing something."""


_LAYOUT: Final = {ord("\n"): None, ord("\t"): None}
"""What sets a text out and is left in it."""


def _visible(char: str) -> str:
    if char in "\n\t" or char == "\u200d":  # the joiner holds emoji together
        return char
    return "" if unicodedata.category(char) in _INVISIBLE else char


def _without_credentials(text: str) -> str:
    """The text with what looks like a credential masked. Looking for the words that it needs
    costs a tenth of the expressions, and a message has a hundred texts; letters that are not
    ASCII may be another case of theirs."""
    words = text.lower() if text.isascii() else None
    if "@" in text:
        text = _USERINFO.sub(rf"\1{MASK}@", text)
    if words is None or any(word in words for word in _ASSIGNABLE):
        text = _ASSIGNED.sub(rf"\1\2{MASK}", text)
    if words is None or any(word in words for word in _AUTHORIZING):
        text = _AUTHORIZATION.sub(rf"\1 {MASK}", text)
    return text


class Scrubber:
    """Makes texts harmless; also masks the given secrets wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        self._secrets = sorted(long_enough, key=len, reverse=True)
        self._name = lru_cache(_REMEMBERED)(self.line)
        self._word = lru_cache(_REMEMBERED)(self.text)

    def text(self, text: str, limit: int = LIMIT) -> str:
        """Text of several lines at most `limit` long: secrets masked, controls gone."""
        text = text[: limit * 2]
        if not (text.isascii() and text.translate(_LAYOUT).isprintable()):
            text = _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
            text = "".join(map(_visible, text))
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _without_credentials(text)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def line(self, text: str, limit: int = 300) -> str:
        """The same as one line, runs of white space as one space."""
        return self.text(" ".join(self.text(text, limit * 4).split()), limit)

    def tree(self, value: Any, depth: int = 0) -> Any:
        """JSON-like data with every text in it made harmless, bounded in depth and length."""
        if isinstance(value, str):
            return self._word(value) if len(value) <= _WORD else self.text(value)
        if depth >= _DEPTH:
            return None
        if isinstance(value, Mapping):
            pairs = list(value.items())[:_ITEMS]
            return {self._named(str(key)): self.tree(item, depth + 1) for key, item in pairs}
        if isinstance(value, (list, tuple)):
            return [self.tree(item, depth + 1) for item in value[:_ITEMS]]
        return value

    def _named(self, name: str) -> str:
        return self._name(name) if len(name) <= _WORD else self.line(name)
