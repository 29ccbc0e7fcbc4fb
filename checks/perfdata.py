"""Performance data of monitoring plugins, and the ranges of their thresholds.

The format is the Monitoring Plugins Development Guidelines', sections "Performance data" and
"Threshold and ranges": `'label'=value[UOM];[warn];[crit];[min];[max]`, ranges
`[@]start:end`. What does not follow it is left out: a plugin's slip must not cost a result.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from checks.text import one_line

ITEM_LIMIT: Final = 200
"""How many items of one output are read."""

_NUMBER: Final = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
_ITEM: Final = re.compile(
    r"\s*(?:'(?P<quoted>(?:[^']|'')*)'|(?P<plain>[^\s'=]+))="
    rf"(?:(?P<value>{_NUMBER})(?P<uom>[^\d\s;]{{0,10}})|(?P<unknown>U))?"
    r"(?P<rest>(?:;[^\s;]*){0,4})(?=\s|$)"
)
_SKIP: Final = re.compile(r"\s*(?:'(?:[^']|'')*'|[^\s'])*'?\S*")


@dataclass(frozen=True, slots=True)
class Range:
    """A threshold: it alerts outside of `start` to `end`, or inside where `inverted`.

    The ends belong to the range: `10` alerts below 0 and above 10, not at either.
    """

    start: float
    end: float
    inverted: bool = False

    def alerts(self, value: float) -> bool:
        """Whether `value` is one to alert on."""
        return (self.start <= value <= self.end) == self.inverted

    @classmethod
    def of(cls, text: str) -> Range:
        """Read `10`, `10:`, `~:10`, `10:20` or `@10:20`.

        Raises:
            ValueError: It is none of these, or ends before it starts.
        """
        inverted = text.startswith("@")
        body = text[1:] if inverted else text
        first, colon, last = body.partition(":")
        if not colon:
            first, last = "0", body
        start = -math.inf if first == "~" else _number(first or "0")
        end = math.inf if colon and not last else _number(last)
        if start > end:
            raise ValueError(f"the range {text!r} ends before it starts")
        return cls(start, end, inverted)

    def __str__(self) -> str:
        start = "~" if self.start == -math.inf else f"{self.start!r}"
        end = "" if self.end == math.inf else f"{self.end!r}"
        return f"{'@' if self.inverted else ''}{start}:{end}"


@dataclass(frozen=True, slots=True)
class Perf:
    """One item of performance data.

    Attributes:
        value: None where the plugin says `U`: undetermined.
        uom: `s`, `ms`, `%`, `B`, `KB`, `c`, ... or "".
        warn, crit: The plugin's own thresholds, None where it gives none.
    """

    label: str
    value: float | None
    uom: str = ""
    warn: Range | None = None
    crit: Range | None = None
    min: float | None = None
    max: float | None = None

    @property
    def state(self) -> str:
        """`ok`, `warning` or `critical` after its thresholds; `unknown` without a value."""
        if self.value is None:
            return "unknown"
        if self.crit is not None and self.crit.alerts(self.value):
            return "critical"
        return "warning" if self.warn is not None and self.warn.alerts(self.value) else "ok"


def parse_perfdata(text: str) -> tuple[Perf, ...]:
    """The well-formed items of a line of performance data, in order."""
    found: list[Perf] = []
    at = 0
    while at < len(text) and len(found) < ITEM_LIMIT:
        item = _ITEM.match(text, at)
        if item is None:
            skipped = _SKIP.match(text, at)
            at = max(at + 1, skipped.end() if skipped is not None else 0)
            continue
        at = item.end()
        perf = _perf(item)
        if perf is not None:
            found.append(perf)
    return tuple(found)


def _perf(item: re.Match[str]) -> Perf | None:
    quoted = item["quoted"]
    label = one_line(quoted.replace("''", "'") if quoted is not None else item["plain"], 100)
    if not label or (item["value"] is None and item["unknown"] is None):
        return None
    warn, crit, low, high = (item["rest"].split(";")[1:] + [""] * 4)[:4]
    value = None if item["value"] is None else _finite(item["value"])
    return Perf(
        label, value, item["uom"] or "", _range(warn), _range(crit), _finite(low), _finite(high)
    )


def _range(text: str) -> Range | None:
    try:
        return Range.of(text) if text else None
    except ValueError:
        return None  # a threshold that cannot be read is the same as none


def _finite(text: str) -> float | None:
    try:
        return _number(text)
    except ValueError:
        return None


def _number(text: str) -> float:
    """A number with a point, or a comma where a plugin forgot LC_NUMERIC=C."""
    if not re.fullmatch(_NUMBER, text):
        raise ValueError(f"{text!r} is no number")
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is too large")
    return number
