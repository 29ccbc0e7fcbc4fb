"""Which stretch of time an SLA speaks of: the current calendar month, quarter or year in a
zone, or the span that ends now.

Calendar periods begin at local midnight, so a month in which the clocks change is an hour
shorter or longer than its days say. Where local midnight does not exist (a zone that changes
its clocks at midnight), the period begins at the change; where it comes twice, at the first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.model import Instant, Millis

MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
"""Calendar periods and how many months they last."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def _midnight(months: int, zone: ZoneInfo) -> Instant:
    """The first moment of a month, which is counted from year 0."""
    year, month = divmod(months, 12)
    local = datetime(year, month + 1, 1, tzinfo=zone)
    return (local.astimezone(UTC) - _EPOCH) // _MILLISECOND


def period_at(period: str | Millis, timezone: str, now: Instant) -> tuple[Instant, Instant]:
    """The period around `now`: [start, end) in milliseconds since the epoch.

    A rolling span ends at `now`; a calendar period ends after it.

    Args:
        period: `month`, `quarter`, `year`, or a span in milliseconds.
        timezone: The zone whose calendar counts, `Europe/Berlin`; not used by a span.

    Raises:
        KeyError: The period's word is none of `MONTHS`.
        zoneinfo.ZoneInfoNotFoundError: There is no such zone.
    """
    if isinstance(period, int):
        return now - period, now
    count, zone = MONTHS[period], ZoneInfo(timezone)
    local = (_EPOCH + timedelta(milliseconds=now)).astimezone(zone)
    months = local.year * 12 + local.month - 1
    first = months - months % count
    start, end = _midnight(first, zone), _midnight(first + count, zone)
    if now >= end:  # clocks set back over midnight: the old month's last hour comes again
        return end, _midnight(first + 2 * count, zone)
    return start, end
