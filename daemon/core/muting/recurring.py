"""When planned work begins, again and again, by the clock on the wall: cron or RFC 5545.

A recurrence rule (`RRULE`) counts from a first day and time; what it makes of months and weekdays
is left to the library, what becomes of a local time that comes twice or never to `clockwork`. It
begins once a day at most: times that follow each other faster are a cron expression's.

`daemon.core.muting.maintenance` makes windows of these times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from cronsim import CronSim, CronSimError

_FIELDS: Final = 5
_SOME_DAY: Final = datetime(2026, 1, 1)  # noqa: DTZ001  # a local time to look ahead from
_RRULE: Final = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*")
_FASTER: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
LONGEST_RULE: Final = 200
"""Characters of a recurrence rule."""


def checked_cron(text: str) -> str:
    """The expression, if it says when something begins that lasts for a while.

    Raises:
        ValueError: It does not; the message says how it should look.
    """
    form = 'write minute, hour, day, month and day of the week: "0 3 * * SUN"'
    if len(text.split()) != _FIELDS:
        raise ValueError(f"{text!r} is no cron expression; {form}")
    try:
        found = CronSim(text, _SOME_DAY)
        next(found)
    except CronSimError as error:
        raise ValueError(f"{text!r} is no cron expression: {error}; {form}") from None
    except StopIteration:
        raise ValueError(f"{text!r} never comes") from None
    if len(found.minutes) > 1:
        raise ValueError(f"{text!r} comes more than once an hour; name one minute")
    return text


def checked_rrule(text: str, start: datetime) -> str:
    """The recurrence rule, if it says on which days something begins that first does at `start`.

    Raises:
        ValueError: It does not; the message says how it should look.
    """
    form = 'write it as "FREQ=MONTHLY;BYDAY=-1SU"'
    if len(text) > LONGEST_RULE or not _RRULE.fullmatch(text):
        raise ValueError(f"{text[:LONGEST_RULE]!r} is no recurrence rule; {form}")
    for name in _FASTER:
        if name in text:
            raise ValueError(f"{name} is not for whole days; the time of day is that of start")
    try:
        first = _first(text, start)
        comes = first is not None and bool(_rule(text, start).between(first, first, inc=True))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{text!r} is no recurrence rule: {error}; {form}") from None
    if not comes:
        raise ValueError(f"{text!r} never comes")
    return text


def after(
    cron: str | None, rrule: str | None, start: datetime | None, at: datetime
) -> Iterator[datetime]:
    """The local times after `at` at which it begins, in order."""
    if rrule is None or start is None:
        return iter(CronSim(cron or "", at))
    times: Iterator[datetime] = _rule(rrule, start).xafter(at)
    return times


def before(
    cron: str | None, rrule: str | None, start: datetime | None, at: datetime, span: timedelta
) -> Iterator[datetime]:
    """The local times before `at` at which it begins, the last first, as far back as `span`."""
    if rrule is None or start is None:
        return iter(CronSim(cron or "", at, reverse=True))
    times: list[datetime] = _rule(rrule, start).between(at - span, at)
    return reversed(times)


def _first(text: str, start: datetime) -> datetime | None:
    """When it first comes, its own end left out; None for never.

    The library looks for days that never come until the year 9999. The calendar repeats every 400
    years, so it is asked in the last 400 before that.
    """
    endless = [part for part in text.split(";") if not part.startswith(("COUNT=", "UNTIL="))]
    late = start.replace(year=start.year + (9_999 - start.year) // 400 * 400)
    found: datetime | None = _rule(";".join(endless), late).after(late, inc=True)
    return None if found is None else start + (found - late)


@lru_cache(maxsize=1_000)
def _rule(text: str, start: datetime) -> Any:
    from dateutil.rrule import rrulestr  # slow to load, and seldom asked for

    return rrulestr(text, dtstart=start, cache=True)
