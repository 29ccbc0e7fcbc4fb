"""Which day a daily report is about: a local one, so that it has 23, 24 or 25 hours."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.model import Instant
from daemon.core.oncall.clockwork import local_at, reached
from daemon.core.record import record
from daemon.report.periods import FIRST_YEAR, LAST_YEAR, BadPeriod, Span

FORMS: Final = "write it like 2026-11-20, yesterday or today"


@record(frozen=True, slots=True)
class Day:
    """A day of the calendar, from one local midnight to the next."""

    date: dt.date
    zone: str

    @property
    def label(self) -> str:
        """`2026-11-20`."""
        return self.date.isoformat()

    @property
    def span(self) -> Span:
        """From when to when."""
        return self._midnight(self.date), self._midnight(self.date + dt.timedelta(days=1))

    def before(self, days: int) -> Day:
        """The day so many earlier; the following one is that of -1."""
        return Day(self.date - dt.timedelta(days=days), self.zone)

    def _midnight(self, day: dt.date) -> Instant:
        return reached(dt.datetime.combine(day, dt.time()), ZoneInfo(self.zone))


def day_of(at: Instant, zone: str) -> Day:
    """The day in which this moment lies."""
    return Day(local_at(at, ZoneInfo(zone)).date(), zone)


def parse_day(text: str | None, zone: str, now: Instant) -> Day:
    """The day that this names; without a text yesterday.

    Raises:
        BadPeriod: It is none, or has not begun; the message shows the forms there are.
    """
    today = day_of(now, zone)
    word = "yesterday" if text is None else text.strip().lower()
    if word in {"today", "yesterday"}:
        return today if word == "today" else today.before(1)
    try:
        found = Day(dt.datetime.strptime(word, "%Y-%m-%d").date(), zone)  # noqa: DTZ007  # a date has no zone
    except ValueError:
        raise BadPeriod(f"{(text or '')[:40]!r} is no date; {FORMS}") from None
    if not FIRST_YEAR <= found.date.year <= LAST_YEAR:
        raise BadPeriod(f"{word[:40]!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if found.date > today.date:
        raise BadPeriod(f"{found.label} has not begun")
    return found
