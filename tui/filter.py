"""Filters: the line behind `/`, read once and tried on every row.

The words are matchers as in silences (`severity=~"critical|high" service!=shop`); a word
without an operator must occur in the row's text. All of them must hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from daemon.core.labels import Labels, Matcher, match_all, parse_matcher

_WORD: Final = re.compile(r'(?:[^\s,"]|"(?:[^"\\]|\\.)*")+')
_OPERATOR: Final = re.compile(r"=~|!~|!=|=")


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows must satisfy.

    Attributes:
        text: As the operator wrote it.
        words: In lower case; each must occur in the row's text.
    """

    text: str = ""
    matchers: tuple[Matcher, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.matchers or self.words)

    def admits(self, labels: Iterable[Labels], text: str) -> bool:
        """Whether any of the label sets satisfies the matchers and the text has the words."""
        if self.words:
            lowered = text.lower()
            if not all(word in lowered for word in self.words):
                return False
        return not self.matchers or any(match_all(self.matchers, one) for one in labels)


EVERYTHING: Final = Filter()


def parse_filter(text: str) -> Filter:
    """Read a filter line; an empty one admits everything.

    Raises:
        ValueError: A matcher is wrong; the message says which and how it is written.
    """
    matchers: list[Matcher] = []
    words: list[str] = []
    if text.count('"') % 2:
        raise ValueError("a quote is not closed")
    for word in _WORD.findall(text):
        if _OPERATOR.search(word.split('"', 1)[0]):
            matchers.append(parse_matcher(word))
        else:
            words.append(word.replace('"', "").lower())
    return Filter(text.strip(), tuple(matchers), tuple(words))


def split_matchers(text: str) -> tuple[Matcher, ...]:
    """Read the matchers of a silence; every word must be one.

    Raises:
        ValueError: There is none, or a word is none; the message says how one is written.
    """
    found = parse_filter(text)
    if found.words:
        raise ValueError(f'{found.words[0]!r} is no matcher; write it as name="value"')
    if not found.matchers:
        raise ValueError('say what to silence, such as service="checkout"')
    if all(matcher.matches_empty for matcher in found.matchers):
        raise ValueError("these matchers would silence everything")
    return found.matchers
