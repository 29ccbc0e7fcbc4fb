"""Which stretch of time a report is about, as people ask for it.

    2026-10   2026-Q3   2026   last-30d   2026-10-01..2026-10-15   2026-10-01T08:00Z..2026-10-02

Months, quarters and years belong to a calendar, so their bounds depend on a zone: each objective's
own. `last-30d` are the 30 whole days before today. Of FROM..TO the first is included and the second
is not, as everywhere; a date is its local midnight.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.model import DAY, MINUTE, Instant, Millis
from daemon.core.record import record
from daemon.core.sla.periods import MONTHS, period_at

Span = tuple[Instant, Instant]
"""[start, end) in milliseconds since the epoch."""

FORMS: Final = "write it like 2026-10, 2026-Q3, 2026, last-30d or 2026-10-01..2026-10-15"
LONGEST: Final[Millis] = 3_660 * DAY
FIRST_YEAR, LAST_YEAR = 1971, 2199

_CALENDAR: Final = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|[qQ]([1-4])))?", re.ASCII)
_LAST: Final = re.compile(r"last-([1-9]\d{0,3})d", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class BadPeriod(ValueError):
    """It is no period, or not one that a report can be about."""


@record(frozen=True, slots=True)
class Period:
    """What a report is about: calendar months, or a span.

    Attributes:
        label: As it was asked for, in its plain form.
        word: `month`, `quarter` or `year`; None for a span.
        month: The first month, counted from year 0.
        zone: Whose clock counts where nothing else says so.
        span: Of a span, its bounds.
    """

    label: str
    zone: str
    word: str | None = None
    month: int = 0
    span: Span = (0, 0)

    def bounds(self, zone: str | None = None) -> Span:
        """From when to when, by the calendar of this zone."""
        if self.word is None:
            return self.span
        year, month = divmod(self.month, 12)
        middle = (datetime(year, month + 1, 15, tzinfo=UTC) - _EPOCH) // _MILLISECOND
        return period_at(self.word, zone or self.zone, middle)

    def earlier(self, count: int) -> Period:
        """The one of the same length so many before it."""
        if self.word is not None:
            month = self.month - count * MONTHS[self.word]
            return Period(_named(self.word, month), self.zone, self.word, month)
        start, end = self.span
        length = (end - start) * count
        moved = start - length, end - length
        return Period(_span_label(moved, self.zone), self.zone, span=moved)


def parse_period(text: str, zone: str, now: Instant) -> Period:
    """The period that this names.

    Args:
        zone: Whose days are counted, and whose months where no objective says otherwise.

    Raises:
        BadPeriod: It is none, or has not begun; the message shows the forms there are.
    """
    word = text.strip()
    if found := _CALENDAR.fullmatch(word):
        period = _calendar(found, zone)
    elif found := _LAST.fullmatch(word):
        period = _last(int(found[1]), zone, now)
    elif ".." in word:
        period = _between(word, zone)
    else:
        raise BadPeriod(f"{text[:60]!r} is no period; {FORMS}")
    start, end = period.bounds()
    if start >= now:
        raise BadPeriod(f"{period.label} has not begun")
    if end - start > LONGEST:
        raise BadPeriod(f"{period.label} is longer than ten years")
    return period


def period_before(word: str, zone: str, now: Instant) -> Period:
    """The last `month`, `quarter`, `year`, `week` or `day` that is over, by this zone's clock."""
    if word in MONTHS:
        start, _ = period_at(word, zone, now)
        local = _local(start - 1, zone)
        months = local.year * 12 + local.month - 1
        first = months - months % MONTHS[word]
        return Period(_named(word, first), zone, word, first)
    today = _local(now, zone).date()
    last = today - timedelta(days=today.weekday()) if word == "week" else today
    days = 7 if word == "week" else 1
    span = _midnight(last - timedelta(days=days), zone), _midnight(last, zone)
    return Period(_span_label(span, zone), zone, span=span)


def _calendar(found: re.Match[str], zone: str) -> Period:
    year, month, quarter = int(found[1]), found[2], found[3]
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadPeriod(f"{year} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    word = "month" if month else "quarter" if quarter else "year"
    first = year * 12 + (int(month) - 1 if month else 3 * (int(quarter) - 1) if quarter else 0)
    return Period(_named(word, first), zone, word, first)


def _named(word: str, month: int) -> str:
    year, index = divmod(month, 12)
    return {
        "month": f"{year:04}-{index + 1:02}",
        "quarter": f"{year:04}-Q{index // 3 + 1}",
        "year": f"{year:04}",
    }[word]


def _last(days: int, zone: str, now: Instant) -> Period:
    today = _local(now, zone).date()
    span = _midnight(today - timedelta(days=days), zone), _midnight(today, zone)
    return Period(_span_label(span, zone), zone, span=span)


def _between(word: str, zone: str) -> Period:
    low, _, high = word.partition("..")
    span = _moment(low.strip(), zone), _moment(high.strip(), zone)
    if span[1] - span[0] < MINUTE:
        raise BadPeriod(f"{word[:60]!r} ends less than a minute after it begins")
    return Period(_span_label(span, zone), zone, span=span)


def _moment(text: str, zone: str) -> Instant:
    """A date's midnight, or a time; without an offset by the zone's clock."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadPeriod(f"{text[:40]!r} is no date and no time; {FORMS}") from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadPeriod(f"{text[:40]!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if _DATE.fullmatch(text):
        return _midnight(at.date(), zone)
    fixed = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))
    return (fixed.astimezone(UTC) - _EPOCH) // _MILLISECOND


def _midnight(day: object, zone: str) -> Instant:
    local = datetime.fromisoformat(f"{day}").replace(tzinfo=ZoneInfo(zone))
    return (local.astimezone(UTC) - _EPOCH) // _MILLISECOND


def _local(at: Instant, zone: str) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def _span_label(span: Span, zone: str) -> str:
    low, high = (_local(at, zone) for at in span)
    if all(one.time().isoformat() == "00:00:00" for one in (low, high)):
        return f"{low.date()}..{high.date()}"
    return "..".join(one.isoformat(timespec="minutes") for one in (low, high))
