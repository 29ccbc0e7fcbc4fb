"""The day's alerts and incidents by severity and service, beside those of earlier days.

An earlier day counts if anything is known of it: a day on which the daemon was off was not quiet.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from daemon.api.schema.daily import DayCount
from daemon.core.alerting.sources import service_of
from daemon.core.record import record
from daemon.report.daily.question import DayQuestion
from daemon.store.reading.day import Counted, alert_counts, incident_counts, is_known

WEEKS: Final = 4
"""So many weeks back is looked for what is usual on a weekday."""

NONE: Final = ""
"""What belongs to no service."""


@record(frozen=True, slots=True)
class Tally:
    """How many there were on a day."""

    total: int
    by_severity: Mapping[str, int]
    by_service: Mapping[str, int]


@record(frozen=True, slots=True)
class Days:
    """Counts of the day, of the one before, and of the same weekday in earlier weeks.

    Attributes:
        yesterday: Of the day before; None where nothing is known of it.
        weeks: Of those weeks of which anything is known.
    """

    today: Tally
    yesterday: Tally | None
    weeks: Sequence[Tally]

    def total(self) -> DayCount:
        """All of them."""
        weeks = [one.total for one in self.weeks]
        before = None if self.yesterday is None else self.yesterday.total
        return _count(self.today.total, before, weeks)

    def of_severity(self, word: str) -> DayCount:
        """Those that were so grave."""
        weeks = [one.by_severity.get(word, 0) for one in self.weeks]
        before = None if self.yesterday is None else self.yesterday.by_severity.get(word, 0)
        return _count(self.today.by_severity.get(word, 0), before, weeks)

    def of_service(self, name: str) -> DayCount:
        """Those of a service."""
        weeks = [one.by_service.get(name, 0) for one in self.weeks]
        before = None if self.yesterday is None else self.yesterday.by_service.get(name, 0)
        return _count(self.today.by_service.get(name, 0), before, weeks)


def compared(connection: sqlite3.Connection, question: DayQuestion) -> tuple[Days, Days]:
    """The alerts and the incidents."""
    day = question.day
    known = {
        back: span
        for back in (1, *(7 * week for week in range(1, WEEKS + 1)))
        if is_known(connection, *(span := day.before(back).span))
    }
    tallying, found = _Tallying(question), []
    for counts in (alert_counts, incident_counts):
        today = tallying.tally(counts(connection, day.span[0], question.until))
        earlier = {back: tallying.tally(counts(connection, *span)) for back, span in known.items()}
        weeks = [tally for back, tally in earlier.items() if back != 1]
        found.append(Days(today, earlier.get(1), weeks))
    return found[0], found[1]


class _Tallying:
    """Adds counts up; asks once whose each source is, and whether that belongs to the question."""

    def __init__(self, question: DayQuestion) -> None:
        self._question = question
        self._services: dict[tuple[str, str | None], str | None] = {}

    def tally(self, counted: Iterable[Counted]) -> Tally:
        severities, services = defaultdict[str, int](int), defaultdict[str, int](int)
        known = self._services
        for severity, given, count, source in counted:
            if (source, given) not in known:
                known[source, given] = self._service(source, given)
            service = known[source, given]
            if service is not None:
                severities[severity] += count
                services[service] += count
        return Tally(sum(severities.values()), severities, services)

    def _service(self, source: str, given: str | None) -> str | None:
        """Its service, `NONE` where it has none; None where it does not belong here."""
        service = given or service_of(source, self._question.plan)
        return (service or NONE) if self._question.covers(service) else None


def _count(today: int, before: int | None, weeks: Sequence[int]) -> DayCount:
    return DayCount(count=today, day_before=before, usual=float(median(weeks)) if weeks else None)
