"""Spans of time as text: read to milliseconds, and written so that they read back the same.

It stands apart from `checks.spec`, whose models are made of it, since nearly everything shows a
span and few need models.
"""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_LONGEST_DURATION: Final = 100
"""Characters. Searching costs the square of them, and a number of hundreds is infinite."""


def parse_duration(text: object) -> int:
    """Read `250ms`, `30s`, `1h30m`, `7d` as milliseconds; a bare number is refused.

    Raises:
        ValueError: It is not a duration; the message shows the form it should have.
    """
    if isinstance(text, str) and len(text) <= _LONGEST_DURATION:
        compact = text.strip().replace(" ", "")
        parts = _DURATION.findall(compact)
        if parts and "".join(number + unit for number, unit in parts) == compact:
            return round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    shown = text[:_LONGEST_DURATION] if isinstance(text, str) else text
    raise ValueError(f'{shown!r} is no duration; write it like "250ms", "30s", "5m", "2h" or "7d"')


def format_duration(span_ms: int) -> str:
    """The shortest exact text that `parse_duration` reads back: `90s` gives `1m30s`."""
    if span_ms <= 0:
        return "0s"
    text, left = "", span_ms
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text
