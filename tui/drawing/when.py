"""Moments in words, both ways: how the past is named, and how an operator names it.

Pure: what is meant depends on the clock, on the moment that is shown, and on the zone times of
day are in, and all three are handed in. A time of day alone is the newest one that is over.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from daemon.core.model import DAY, Instant
from tui.drawing.words import Zone, parse_span, rough, span

FORMS: Final = "write 14:30, yesterday 03:00, 2026-11-03 14:00 or 2h ago"
"""What a time may look like, for whoever wrote something else."""
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
                  "dec")  # fmt: skip
_CLOCK: Final = re.compile(r"(?:(?P<day>.*?)[ t])?(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)")
_WRITTEN: Final = re.compile(r"(?:[a-z]+,? )?(\d{1,2})\.? ([a-z]{3})[a-z]*(?: (\d{4}))?")


def day_words(at: Instant, now: Instant, zone: Zone) -> str:
    """The date with its day of the week; with its year when that is not this one."""
    then = dt.datetime.fromtimestamp(at / 1000, zone)
    year = "" if then.year == dt.datetime.fromtimestamp(now / 1000, zone).year else f" {then.year}"
    name, month = _DAYS[then.weekday()][:3].title(), _MONTHS[then.month - 1].title()
    return f"{name} {then.day} {month}{year}"


def past_words(at: Instant, now: Instant, zone: Zone) -> str:
    """A moment with its day: `Tue 3 Nov 14:02:11`."""
    clock = dt.datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M:%S")
    return f"{day_words(at, now, zone)} {clock}"


def ago_words(at: Instant, now: Instant) -> str:
    """How long ago, as roughly as one thinks of it: `12m4s ago`, `3h20m ago`, `18d ago`."""
    left = max(0, now - at)
    return f"{span(left) if left < 3 * DAY else rough(left)} ago"


def parse_moment(text: str, now: Instant, shown: Instant, zone: Zone) -> Instant:
    """Read a moment of the past.

    Args:
        shown: The moment on the screen; `-10m` and `+1h` count from there.

    Raises:
        ValueError: It is none, or none of the past; the message shows what it may look like.
    """
    word = " ".join(text.lower().split())
    if not word:
        raise ValueError(FORMS)
    at = _relative(word, now, shown)
    if at is None:
        at = _absolute(word, text, now, zone)
    if at > now:
        raise ValueError("that lies ahead; what is to come is not known")
    if at < 0:
        raise ValueError("that is before 1970; nothing was watched then")
    return at


def _relative(word: str, now: Instant, shown: Instant) -> Instant | None:
    """What counts from now or from what is shown; None for anything else."""
    if word == "now":
        return now
    if word.endswith(" ago"):
        return now - parse_span(word.removesuffix(" ago"))
    if word[:1] in ("-", "+"):
        by_ms = parse_span(word[1:])
        return shown + by_ms if word[0] == "+" else shown - by_ms
    try:
        return now - parse_span(word)
    except ValueError:
        return None


def _absolute(word: str, text: str, now: Instant, zone: Zone) -> Instant:
    """A day, a time of day, or both; an RFC 3339 time with its own zone."""
    try:
        written = dt.datetime.fromisoformat(word.upper())
    except ValueError:
        written = None
    if written is not None and written.tzinfo is not None:
        return round(written.timestamp() * 1000)
    found = _CLOCK.fullmatch(word)
    date = _date(word if found is None else found["day"] or "", now, zone)
    if date is None:
        raise ValueError(f"{text.strip()[:40]!r} is no time; {FORMS}")
    clock = _clock("00:00" if found is None else found["clock"], text)
    at = _instant(date, clock, text, zone)
    if at > now and found is not None and _is_open(found["day"]):
        back = 7 if found["day"] else 1
        at = _instant(date - dt.timedelta(days=back), clock, text, zone)
    return at


def _is_open(day: str | None) -> bool:
    """Whether the words leave it open which day is meant: none, or one of every week."""
    return not day or _weekday(day) is not None


def _date(word: str, now: Instant, zone: Zone) -> dt.date | None:
    """The day that words name; the newest one of that name, today for none."""
    today = dt.datetime.fromtimestamp(now / 1000, zone).date()
    if word in ("", "today"):
        return today
    if word == "yesterday":
        return today - dt.timedelta(days=1)
    weekday = _weekday(word)
    if weekday is not None:
        return today - dt.timedelta(days=(today.weekday() - weekday) % 7)
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        return _written_date(word, today)


def _weekday(word: str) -> int | None:
    """Which day of the week, from three letters on."""
    known = (at for at, name in enumerate(_DAYS) if len(word) > 2 and name.startswith(word))
    return next(known, None)


def _written_date(word: str, today: dt.date) -> dt.date | None:
    """`3 Nov`, as the screen writes it; without a year it is the newest one that has begun."""
    found = _WRITTEN.fullmatch(word)
    if found is None or found[2] not in _MONTHS:
        return None
    day, month = int(found[1]), _MONTHS.index(found[2]) + 1
    try:
        date = dt.date(int(found[3] or today.year), month, day)
        return date if found[3] or date <= today else date.replace(year=today.year - 1)
    except ValueError:
        return None


def _clock(word: str, text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(word.rjust(len(word) + (word.index(":") == 1), "0"))
    except ValueError:
        raise ValueError(f"{text.strip()[:40]!r} has no such time of day; {FORMS}") from None


def _instant(date: dt.date, clock: dt.time, text: str, zone: Zone) -> Instant:
    try:
        return round(dt.datetime.combine(date, clock, zone).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text.strip()[:40]!r} is no time anybody watched; {FORMS}") from None
