"""Times, spans, money and sizes in the words the dashboard shows.

Pure: every function takes what it needs, `now` and the zone included. Spans are written as
the configuration writes them (`8m12s`, `3d4h`), countdowns as clocks (`2:31`).
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final

from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Instant, Millis
from daemon.core.sla.showing import percent_text

Zone = tzinfo | None
"""A zone times of day are shown in; None is this host's."""

_UNITS: Final = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))
_SPAN_MS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_LONGEST_MS: Final = 100 * 366 * DAY
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")


@lru_cache(maxsize=16_384)
def _instant(time: str) -> Instant:
    return round(datetime.fromisoformat(time).timestamp() * 1000)


def instant(time: str | None) -> Instant | None:
    """An API time (RFC 3339) as milliseconds since the epoch; None for absent or unreadable."""
    if time is None:
        return None
    try:
        return _instant(time)
    except ValueError:
        return None


def span(ms: Millis) -> str:
    """A span with its two greatest units: `0s`, `45s`, `8m12s`, `3d4h`."""
    left = max(0, ms)
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count and len(parts) < 2:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return "".join(parts) or "0s"


def most(ms: Millis) -> str:
    """A span of what was bad, as `span`, but rounded up: it is never shown smaller."""
    units = [size for _, size in _UNITS]
    unit = next((second for first, second in pairwise(units) if ms >= first), SECOND)
    return span(-(-ms // unit) * unit)


def rough(ms: Millis) -> str:
    """A span with its greatest unit alone: `8m`, `3d`."""
    left = max(0, ms)
    for unit, size in _UNITS:
        if left >= size:
            return f"{left // size}{unit}"
    return "0s"


def countdown(ms: Millis) -> str:
    """The time left as a clock: `2:31`, `1:02:31`, `3d4h`; rounded up, so 0:00 means due."""
    if ms >= DAY:
        return span(ms)
    seconds = max(0, -(-ms // SECOND))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def clock(at: Instant, zone: Zone) -> str:
    """The time of day with seconds, in a zone (None: this host's)."""
    return datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M:%S")


def moment(at: Instant, now: Instant, zone: Zone) -> str:
    """The time of day; with its date when that is not today's."""
    then = datetime.fromtimestamp(at / 1000, zone)
    today = datetime.fromtimestamp(now / 1000, zone)
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M")


def day(at: Instant, zone: Zone) -> str:
    """The date."""
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d")


def latency(ms: float | None) -> str:
    """A latency: `0.4ms`, `12ms`, `1.20s`; a dash when there is none."""
    if ms is None:
        return "–"
    if ms < 10:
        return f"{ms:.1f}ms"
    return f"{ms:.0f}ms" if ms < 1000 else f"{ms / 1000:.2f}s"


def size(count: int) -> str:
    """Bytes with a binary unit: `512B`, `1.4MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f}{unit}" if unit == "B" else f"{value:.1f}{unit}"
        value /= 1024
    return f"{value:.1f}TiB"


def money(amount: str, currency: str | None) -> str:
    """An amount with thousands marked: `GBP 1,640.00`; as it came when it is no number."""
    try:
        whole = f"{float(amount):,.2f}"
    except ValueError:
        whole = amount
    return f"{currency} {whole}" if currency else whole


def percent(value: float, target: float | None = None) -> str:
    """A percentage of something good, never rounded up: `99.95%`, `100%`. Beside its target it
    has as many places."""
    return f"{percent_text(value, target)}%"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 alert`, `3 alerts`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def parse_span(text: str) -> Millis:
    """Read a span as the configuration writes it: `30s`, `2h`, `1h30m`, `7d`.

    Raises:
        ValueError: It is no span, or not longer than nothing; the message shows the form.
    """
    compact = text.strip().lower().replace(" ", "")
    found = _SPAN.findall(compact)
    if not found or "".join(number + unit for number, unit in found) != compact:
        raise ValueError(f"{text.strip()!r} is no duration; write 30m, 2h or 1h30m")
    total = sum(float(number) * _SPAN_MS[unit] for number, unit in found)
    if total > _LONGEST_MS:  # infinity too
        raise ValueError("a duration is at most a hundred years")
    if round(total) <= 0:
        raise ValueError("a duration must be longer than nothing")
    return round(total)
