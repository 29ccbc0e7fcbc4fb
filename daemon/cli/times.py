"""Times and spans on the command line, both ways.

In: RFC 3339, `2026-11-21` (midnight here), `now`, `now+30m`, `now-1h`, `2h ago`, and a bare
span where a past time is meant. Out: ages and spans with two units, times of this host.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from itertools import pairwise
from typing import Final

_UNITS: Final = (
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
)  # fmt: skip
_SIZES: Final = {"w": 604_800_000, **dict(_UNITS)}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_MS: Final = 100 * 366 * 86_400_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_FORMS: Final = "write it like 2026-11-21T09:50:00Z, 2h ago, now or now+30m"


def now_ms() -> int:
    """The time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def parse_span(text: str) -> int:
    """`250ms`, `30s`, `1h30m`, `7d` in milliseconds.

    Raises:
        ValueError: It is none; the message shows the form it should have.
    """
    compact = text.replace(" ", "")
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f'{text!r} is no duration; write it like "30s", "5m", "2h" or "7d"')
    total = sum(float(number) * _SIZES[unit] for number, unit in parts)
    if total > _LONGEST_MS:  # infinity too
        raise ValueError(f"{text!r} is longer than a hundred years")
    return round(total)


def parse_time(text: str, now: int) -> int:
    """A point in time, in milliseconds since the epoch. `2h` alone means two hours ago.

    Raises:
        ValueError: It is none; the message shows the forms there are.
    """
    word = " ".join(text.split())
    if word == "now":
        return now
    if word.startswith(("now+", "now-", "now +", "now -")):
        rest = word[3:].strip()
        return now + parse_span(rest[1:]) * (1 if rest[0] == "+" else -1)
    if word.endswith(" ago"):
        return now - parse_span(word.removesuffix(" ago"))
    if _PART.match(word) and not _DATE.match(word):
        return now - parse_span(word)
    at = _absolute(word)
    if not _FIRST_YEAR <= dt.datetime.fromisoformat(word).year <= _LAST_YEAR:
        raise ValueError(f"{text!r} lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return at


def _absolute(text: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
        return round(moment.astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; {_FORMS}") from None


def instant(stamp: str | None) -> int | None:
    """A time of the API in milliseconds since the epoch; absent stays absent."""
    return None if stamp is None else _absolute(stamp)


def span(ms: int) -> str:
    """A span with its two greatest units: `0s`, `45s`, `8m12s`, `3d4h`."""
    left, parts = max(0, ms), []
    for unit, size in _UNITS[:-1]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return "".join(parts) or "0s"


def most(ms: int) -> str:
    """A span of what was overspent, as `span`, but rounded up: never less than it was."""
    sizes = [size for _, size in _UNITS[:-1]]
    unit = next((small for large, small in pairwise(sizes) if ms >= large), sizes[-1])
    return span(-(-ms // unit) * unit)


def age(stamp: str | None, now: int) -> str:
    """How long ago a time of the API is; a dash for none."""
    at = instant(stamp)
    return "–" if at is None else span(now - at)


def until(stamp: str | None, now: int) -> str:
    """How long it is to a time of the API: `in 4m10s`, `due`; a dash for none."""
    at = instant(stamp)
    if at is None:
        return "–"
    return f"in {span(at - now)}" if at - now >= 1_000 else "due"


def local(stamp: str | None, *, with_date: bool = True) -> str:
    """A time of the API as this host's clock shows it; a dash for none."""
    at = instant(stamp)
    if at is None:
        return "–"
    return _here(at).strftime("%Y-%m-%d %H:%M:%S") if with_date else clock(at)


def clock(at: int) -> str:
    """The time of day on this host's clock."""
    return _here(at).strftime("%H:%M:%S")


def _here(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).astimezone()
