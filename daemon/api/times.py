"""Times as the API writes and reads them: RFC 3339, UTC, milliseconds.

The core counts milliseconds since the epoch; these two functions are the only place where
that meets text. Writing is on the way of every event, and a report has hundreds of thousands of
times, so the day is remembered as text and the clock is put together from what is written already.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from daemon.core.model import Instant

_LAST_MS: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_DAY_MS: Final = 86_400_000
_MINUTES: Final = [f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]
_SECONDS: Final = [f":{second:02d}" for second in range(60)]
_MILLISECONDS: Final = [f".{ms:03d}Z" for ms in range(1000)]
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return (_EPOCH + dt.timedelta(days=day)).strftime("%Y-%m-%d")


def stamp(at: Instant) -> str:
    """An instant as `2026-11-21T09:50:00.000Z`; outside 1970 to 9999 the nearest."""
    if not 0 <= at <= _LAST_MS:
        at = 0 if at < 0 else _LAST_MS
    clock = at % _DAY_MS
    rest = clock % 60_000
    day, minute = _day(at // _DAY_MS), _MINUTES[clock // 60_000]
    return f"{day}{minute}{_SECONDS[rest // 1000]}{_MILLISECONDS[rest % 1000]}"


def stamp_or_none(at: Instant | None) -> str | None:
    """As `stamp`; absent stays absent."""
    return None if at is None else stamp(at)


def parse_stamp(text: str) -> Instant:
    """Read an RFC 3339 time with a zone; digits beyond milliseconds are cut off.

    Raises:
        ValueError: It is none; the message shows the form it should have.
    """
    found = _RFC3339.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:60]!r} is no time; write it like 2026-11-21T09:50:00.000Z")
    day, clock, fraction, zone = found.groups()
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
        delta = moment - _EPOCH
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:60]!r} is no time: {error}") from None
    whole = (delta.days * 86_400 + delta.seconds) * 1000
    return whole + int((fraction or "0")[:3].ljust(3, "0"))
