"""Wall-clock times of a zone as instants, and back: where schedules meet daylight saving.

A *local* time is what a clock on the wall shows, as a naive `datetime`. Two of a zone's days a
year are not 24 hours long, so some local times come twice and some never. One rule covers both:
a local time is reached at the first instant at which the clock shows it *or anything later*. A
time that comes twice is the first of the two; one that is skipped is the moment of the change.
By that rule a later local time is never reached before an earlier one, and a hand-over happens
once, whatever the clocks do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.model import Instant

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # naive: local times are counted from it
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MONTHS: Final = 12


def local_at(at: Instant, zone: ZoneInfo) -> datetime:
    """What the clock of this zone shows at an instant, without a zone."""
    moment = _EPOCH_UTC + timedelta(milliseconds=at)
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def shown(at: Instant, timezone: str) -> str:
    """An instant by the clock of a zone, for persons: `Mon 2026-11-23 09:00 CET`."""
    moment = (_EPOCH_UTC + timedelta(milliseconds=at)).astimezone(ZoneInfo(timezone))
    return moment.strftime("%a %Y-%m-%d %H:%M %Z")


def written(at: Instant) -> str:
    """An instant in UTC, for records: `2026-11-23 08:00:00 UTC`."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def read(text: str) -> Instant:
    """The instant that `written` wrote; its milliseconds are not in it."""
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC")  # noqa: DTZ007  # the zone is said next
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1000


@lru_cache(maxsize=8_192)
def reached(local: datetime, zone: ZoneInfo) -> Instant:
    """The first instant at which the clock shows `local` or anything later."""
    aware = local.replace(tzinfo=zone, fold=0)
    found = _instant(aware)
    if local_at(found, zone) == local:
        return found
    return _change(_instant(aware.replace(fold=1)), found, zone)


def _instant(aware: datetime) -> Instant:
    return (aware.astimezone(UTC) - _EPOCH_UTC) // _MILLISECOND


def _change(low: Instant, high: Instant, zone: ZoneInfo) -> Instant:
    """The moment in (low, high] at which the clocks go forward."""
    ahead = local_at(high, zone) - _wall(high)
    while high - low > 1:
        middle = (low + high) // 2
        if local_at(middle, zone) - _wall(middle) == ahead:
            high = middle
        else:
            low = middle
    return high


def _wall(at: Instant) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)


def months_later(local: datetime, months: int) -> datetime:
    """The same day and time so many months later; of a shorter month the last day."""
    year, month = divmod(local.year * _MONTHS + local.month - 1 + months, _MONTHS)
    first = local.replace(year=year, month=month + 1, day=1)
    return first.replace(day=min(local.day, days_in(year, month + 1)))


def days_in(year: int, month: int) -> int:
    """How many days a month has."""
    following = datetime(year + month // _MONTHS, month % _MONTHS + 1, 1)  # noqa: DTZ001  # a date
    return (following - timedelta(days=1)).day
