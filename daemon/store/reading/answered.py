"""How many incidents services had in a span, and how soon they were taken and ended: added up by
the database, since a year has hundreds of thousands of them. What began as a test counts nowhere.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from daemon.core.model import Instant, Millis
from daemon.core.severity import Severity
from daemon.store.reading.incidents import NO_TEST

_WORDS: Final = tuple(severity.word for severity in Severity)
_SUMS: Final = ", ".join(
    (
        "count(*)",
        "count(*) FILTER (WHERE acknowledged_at <= :until)",
        "sum(max(0, acknowledged_at - fired_at)) FILTER (WHERE acknowledged_at <= :until)",
        "count(*) FILTER (WHERE resolved_at <= :until)",
        "sum(max(0, resolved_at - fired_at)) FILTER (WHERE resolved_at <= :until)",
        *(f"sum(severity = '{word}')" for word in _WORDS),
    )
)
"""A clock that was set back counts as no time."""
_BY_SERVICE: Final = f"""SELECT value, {_SUMS} FROM json_each(:names) AS wanted
    CROSS JOIN incident INDEXED BY incident_by_service ON service = wanted.value
    AND fired_at >= :start AND fired_at < :until AND incident.{NO_TEST} GROUP BY wanted.key"""  # noqa: S608  # words of the store's own
_ALL: Final = f"""SELECT {_SUMS} FROM incident
    WHERE fired_at >= :start AND fired_at < :until AND {NO_TEST}"""  # noqa: S608  # words of the store's own
_RETAKEN: Final = f"""SELECT service, fired_at, acknowledged_at, first_acknowledged_at
    FROM incident INDEXED BY incident_retaken
    WHERE first_acknowledged_at IS NOT NULL AND first_acknowledged_at IS NOT acknowledged_at
    AND fired_at >= :start AND fired_at < :until AND {NO_TEST}"""  # noqa: S608  # words of the store's own


@dataclass(slots=True)
class Tally:
    """Incidents that fired in a span.

    Attributes:
        taken: How many somebody first took by the span's end, whatever came after, and
            `taken_ms` how long that was in all; likewise `ended`.
    """

    total: int = 0
    taken: int = 0
    taken_ms: Millis = 0
    ended: int = 0
    ended_ms: Millis = 0
    by_severity: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, row: Sequence[Any]) -> Tally:
        """From the sums as the database has them."""
        total, taken, taken_ms, ended, ended_ms, *many = [number or 0 for number in row]
        by_severity = Counter(dict(zip(_WORDS, many, strict=True)))
        return cls(total, taken, taken_ms, ended, ended_ms, by_severity)

    def add(self, other: Tally) -> None:
        """Take in another's."""
        self.total += other.total
        self.taken, self.taken_ms = self.taken + other.taken, self.taken_ms + other.taken_ms
        self.ended, self.ended_ms = self.ended + other.ended, self.ended_ms + other.ended_ms
        self.by_severity.update(other.by_severity)

    def retake(self, fired: Instant, counted: Instant | None, first: Instant, end: Instant) -> None:
        """One that counts as taken at another time was first taken at this."""
        for at, many in ((counted, -1), (first, 1)):
            if at is not None and at <= end:
                self.taken += many
                self.taken_ms += many * max(0, at - fired)


def tallies(
    connection: sqlite3.Connection, services: Iterable[str], start: Instant, until: Instant
) -> Mapping[str, Tally]:
    """Of each of these services what fired in [start, until); who had nothing is not there."""
    names = msgspec.json.encode(list(services)).decode()
    asked = {"names": names, "start": start, "until": until}
    found = {name: Tally.of(row) for name, *row in connection.execute(_BY_SERVICE, asked)}
    for service, fired, counted, first in connection.execute(_RETAKEN, asked):
        if service in found:
            found[service].retake(fired, counted, first, until)
    return found


def tally(connection: sqlite3.Connection, start: Instant, until: Instant) -> Tally:
    """Of everything that fired in [start, until), also what was of no service."""
    asked = {"start": start, "until": until}
    found = Tally.of(connection.execute(_ALL, asked).fetchone())
    for _, fired, counted, first in connection.execute(_RETAKEN, asked):
        found.retake(fired, counted, first, until)
    return found
