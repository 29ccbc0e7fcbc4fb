"""A period's incidents as it saw them: how many fired in it, and were taken and ended by then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from daemon.core.model import Instant, Millis
from daemon.core.record import record
from daemon.store.reading.answered import Tally, tallies, tally


@record(frozen=True, slots=True)
class Answered:
    """The incidents of something in a period.

    Attributes:
        acknowledged: Of them, within the period; likewise `resolved`.
    """

    total: int
    acknowledged: int
    resolved: int
    mtta_ms: Millis | None
    mttr_ms: Millis | None
    by_severity: Mapping[str, int]


class Incidents:
    """The incidents of some services, asked for once a period: a zone has one."""

    def __init__(self, connection: sqlite3.Connection, services: Iterable[str]) -> None:
        self._connection = connection
        self._services = list(services)
        self._known: dict[tuple[Instant, Instant], Mapping[str, Tally]] = {}

    def all(self, start: Instant, until: Instant) -> Answered:
        """What became, until then, of all that fired since `start`, of services or not."""
        return _answered(tally(self._connection, start, until))

    def of(self, services: Sequence[str], start: Instant, until: Instant) -> Answered:
        """The same of these services'."""
        known = self._known.get((start, until))
        if known is None:
            known = tallies(self._connection, self._services, start, until)
            self._known[start, until] = known
        whole = Tally()
        for name in services:
            if name in known:
                whole.add(known[name])
        return _answered(whole)


def _answered(found: Tally) -> Answered:
    return Answered(
        total=found.total,
        acknowledged=found.taken,
        resolved=found.ended,
        mtta_ms=_mean(found.taken_ms, found.taken),
        mttr_ms=_mean(found.ended_ms, found.ended),
        by_severity={word: many for word, many in sorted(found.by_severity.items()) if many},
    )


def _mean(whole: Millis, count: int) -> Millis | None:
    """The mean, rounded up."""
    return -(-whole // count) if count else None
