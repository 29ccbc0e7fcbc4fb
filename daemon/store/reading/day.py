"""What was on a day: incidents, alerts, deliveries and mutes, each by an index of its own.

A day's report stands on these. Incidents that fired on the day are found by when they fired, those
that were going on by when they ended; of either only the few fields of the record are read that
the columns do not have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from daemon.core.alerting.sources import TEST
from daemon.core.model import HOUR, Instant, Millis, Override, Silence, Work
from daemon.core.record import record
from daemon.store.codec import TABLES
from daemon.store.reading.incidents import NO_TEST

# ruff: noqa: S608  # every part of these statements is written in the store


class Steps(msgspec.Struct):
    """How far a policy got; `level` from 0, -1 before the first."""

    policy: str
    level: int = -1


class Facts(msgspec.Struct):
    """What of an incident's record no column has."""

    is_timed: bool = True
    acknowledgeable: bool = True
    first_acknowledged_at: Instant | None = None
    unmuted_at: Instant | None = None
    muted: list[msgspec.Raw] = []
    escalation: Steps | None = None
    revenue_per_hour: Decimal | None = None
    currency: str | None = None
    down_since: Instant | None = None
    down_ms: Millis = 0
    down_until: Instant | None = None


@record(frozen=True, slots=True)
class Stood:
    """An incident as its record stands now.

    Attributes:
        acknowledged_at, acknowledged_by: As in the record: the last time.
    """

    key: str
    title: str
    severity: str
    service: str | None
    fired_at: Instant
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    resolved_at: Instant | None
    facts: Facts

    @property
    def taken_at(self) -> Instant | None:
        """When somebody first took it, whatever came after."""
        first = self.facts.first_acknowledged_at
        return self.acknowledged_at if first is None else first


_INCIDENT: Final = """SELECT key, title, severity, service, fired_at, acknowledged_at,
    acknowledged_by, resolved_at, record FROM incident"""
_FIRED: Final = f"{_INCIDENT} WHERE fired_at >= ? AND fired_at < ? AND {NO_TEST}"
_LASTED: Final = f"""{_INCIDENT} INDEXED BY incident_by_end
    WHERE resolved_at >= :start AND fired_at < :start AND {NO_TEST} UNION ALL
    {_INCIDENT} INDEXED BY incident_by_end
    WHERE resolved_at IS NULL AND fired_at < :start AND {NO_TEST}"""
"""By when they ended: few have, since a day that is not long over."""
_facts: Final = msgspec.json.Decoder(Facts).decode


def incidents_on(connection: sqlite3.Connection, start: Instant, end: Instant) -> Sequence[Stood]:
    """The incidents that fired in [start, end), and those that had fired before and were not over
    at its beginning; tests are left out."""
    rows = connection.execute(_LASTED, {"start": start}).fetchall()
    rows += connection.execute(_FIRED, (start, end)).fetchall()
    return [Stood(*[*row[:-1], _facts(row[-1])]) for row in rows]


_TAKERS: Final = """SELECT incident, actor, min(id) FROM timeline
    WHERE incident IN (SELECT value FROM json_each(?)) AND kind IN ('acknowledged', 'snoozed')
    GROUP BY incident"""


def takers(connection: sqlite3.Connection, incidents: Iterable[str]) -> Mapping[str, str]:
    """Who first took each of these incidents, as far as their timelines say."""
    return {key: actor for key, actor, _ in connection.execute(_TAKERS, (_json(incidents),))}


_MUTES: Final = """SELECT incident, kind, at, text FROM timeline
    WHERE incident IN (SELECT value FROM json_each(?)) AND kind IN ('muted', 'unmuted')
    AND at < ? ORDER BY id"""


def muted_at(
    connection: sqlite3.Connection, incidents: Iterable[str], at: Instant
) -> Mapping[str, tuple[Instant, str]]:
    """Which of these incidents were muted at this moment: since when, and why."""
    found: dict[str, tuple[Instant, str]] = {}
    for key, kind, since, why in connection.execute(_MUTES, (_json(incidents), at)):
        if kind == "muted":
            found[key] = since, why
        else:
            found.pop(key, None)
    return found


Counted = tuple[str, str | None, int, str]
"""A severity, a service, how many of them, and of alerts what made them. There are thousands."""

_BEHIND_TESTS: Final = TEST[:-1] + chr(ord(TEST[-1]) + 1)
_INCIDENTS: Final = f"""SELECT severity, service, count(*), '' FROM incident
    INDEXED BY incident_by_time WHERE fired_at >= ? AND fired_at < ? AND {NO_TEST} GROUP BY 1, 2"""
_ALERTS: Final = f"""SELECT severity, CASE WHEN source LIKE 'check:%' OR source LIKE 'rule:%'
        THEN NULL ELSE (SELECT service FROM incident WHERE key = alert_history.incident) END,
    count(*), source FROM alert_history INDEXED BY alert_history_by_time
    WHERE fired_at >= ? AND fired_at < ?
    AND NOT (source >= '{TEST}' AND source < '{_BEHIND_TESTS}') GROUP BY severity, source, 2"""


def incident_counts(
    connection: sqlite3.Connection, start: Instant, end: Instant
) -> Sequence[Counted]:
    """How many incidents fired in [start, end), tests left out."""
    return connection.execute(_INCIDENTS, (start, end)).fetchall()


def alert_counts(connection: sqlite3.Connection, start: Instant, end: Instant) -> Sequence[Counted]:
    """How many times alerts fired in [start, end), tests left out; the service is that of the
    incident where the source is no check."""
    return connection.execute(_ALERTS, (start, end)).fetchall()


_MEASURED: Final = """SELECT EXISTS (SELECT 1 FROM rollup_hour WHERE hour >= ? AND hour < ?)
    OR EXISTS (SELECT 1 FROM alert_history WHERE fired_at >= ? AND fired_at < ?)"""


def is_known(connection: sqlite3.Connection, start: Instant, end: Instant) -> bool:
    """Whether anything at all is known of [start, end): it was measured, or something fired."""
    hours = start // HOUR, -(-end // HOUR)
    return bool(connection.execute(_MEASURED, (*hours, start, end)).fetchone()[0])


@record(frozen=True, slots=True)
class Sent:
    """A notice that was decided on the day, and what became of it.

    Attributes:
        service: Of its incident; None also for what is of no incident.
    """

    type: str
    channel: str
    recipient: str
    state: str
    detail: str
    created_at: Instant
    service: str | None


_SENT: Final = """SELECT type, channel, recipient, delivery.state, detail, created_at, service
    FROM delivery LEFT JOIN incident ON incident.key = delivery.incident
    WHERE created_at >= ? AND created_at < ? AND delivery.incident NOT IN
    (SELECT key FROM incident INDEXED BY incident_test WHERE test)
    ORDER BY created_at, delivery.rowid"""


def sent_on(connection: sqlite3.Connection, start: Instant, end: Instant) -> Sequence[Sent]:
    """The notices that were decided in [start, end), in order; of tests none."""
    return [Sent(*row) for row in connection.execute(_SENT, (start, end))]


def silences_on(connection: sqlite3.Connection, start: Instant, end: Instant) -> list[Silence]:
    """The silences that were in force in [start, end), and those that recur."""
    rows = connection.execute(
        """SELECT record FROM silence WHERE starts_at < ? AND ends_at > ?
        OR json_extract(record, '$.recurs') IS NOT NULL ORDER BY starts_at, key""",
        (end, start),
    )
    decode = TABLES[Silence].decode
    return [one for row in rows if isinstance(one := decode(row[0]), Silence)]


def works_on(connection: sqlite3.Connection, start: Instant, end: Instant) -> list[Work]:
    """The planned work that was done in [start, end); what was taken back is not."""
    rows = connection.execute(
        """SELECT record FROM work WHERE live AND start_at < ? AND coalesce(end_at, ?) > ?
        ORDER BY start_at, key""",
        (end, end, start),
    )
    decode = TABLES[Work].decode
    return [one for row in rows if isinstance(one := decode(row[0]), Work)]


def overrides(connection: sqlite3.Connection) -> list[Override]:
    """The overrides that were made at run time and not taken back."""
    table = TABLES[Override]
    rows = connection.execute(table.select)
    return [one for row in rows if isinstance(one := table.decode(row[0]), Override)]


def _json(keys: Iterable[str]) -> str:
    return msgspec.json.encode(list(keys)).decode()
