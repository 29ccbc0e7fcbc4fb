"""Severities: how much an alert matters, from `info` (P5) to `emergency` (P0)."""

from __future__ import annotations

import enum
from typing import Final

from daemon.core.nearest import nearest


class Severity(enum.IntEnum):
    """Ordered so that the worse is the greater."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4
    EMERGENCY = 5

    @property
    def word(self) -> str:
        """The word in configuration, API and on the screen."""
        return _WORDS[self]

    @property
    def priority(self) -> str:
        """`P0` (emergency) to `P5` (info)."""
        return f"P{5 - self.value}"


_WORDS: Final = tuple(severity.name.lower() for severity in Severity)

ALIASES: Final = {
    **{severity.priority.lower(): severity for severity in Severity},
    "l1": Severity.CRITICAL,
    "l2": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "l3": Severity.INFO,
}
"""Other words accepted on input; output always uses `Severity.word`."""


def parse_severity(text: str) -> Severity:
    """Read a severity or one of its aliases, in any case.

    Raises:
        ValueError: The word is none of them; the message names the nearest, or all.
    """
    word = text.strip().lower()
    for severity in Severity:
        if severity.word == word:
            return severity
    if word in ALIASES:
        return ALIASES[word]
    words = [severity.word for severity in reversed(Severity)]
    near = nearest(word[:40], [*words, "warning"])
    if near is not None:
        raise ValueError(f'{text!r} is no severity; did you mean "{near}"?')
    raise ValueError(f"{text!r} is no severity; use one of {', '.join(words)}, or P0 to P5")
