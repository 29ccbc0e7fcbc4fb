"""Questions about incidents: a page of their history, and statistics over a span.

A page is found by an index that is ordered as the page is, and goes on from a cursor: the
hundredth costs what the first does. Statistics are read from an index that holds what they need
(`incident_by_time`), not from the incidents' records; what is computed from a record (`level`) is
asked for by itself, since SQLite would look at the records for all of it otherwise.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from daemon.core.model import HOUR, Incident, Instant, Millis
from daemon.core.record import record
from daemon.store.codec import decode_incident

MOST: Final = 1_000
"""No page is longer than this."""


@record(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; all conditions hold, and None asks for nothing.

    Attributes:
        since, until: Fired in [since, until).
        severities: Words, `critical`; any of them.
        states: `triggered`, `acknowledged`, `resolved`; any of them.
        acknowledged: Whether it was ever acknowledged, as far as its record says.
        person: Who acknowledged it.
    """

    since: Instant | None = None
    until: Instant | None = None
    service: str | None = None
    organization: str | None = None
    context: str | None = None
    severities: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    acknowledged: bool | None = None
    person: str | None = None


@record(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one begins with what is older than this."""

    fired_at: Instant
    key: str


@record(frozen=True, slots=True)
class HistoryPage:
    """A page of incidents, the newest first; `following` is None where nothing is older."""

    incidents: Sequence[Incident]
    following: Cursor | None


@record(frozen=True, slots=True)
class Durations:
    """What a number of durations says; all in milliseconds, None where there are none.

    Attributes:
        count: How many there are.
        p95: The duration that 95 % of them do not exceed (nearest rank).
    """

    count: int
    average: Millis | None
    median: Millis | None
    p95: Millis | None
    least: Millis | None
    greatest: Millis | None


@record(frozen=True, slots=True)
class IncidentStatistics:
    """What happened in [start, end): incidents that fired in it.

    Attributes:
        by_service: Those without a service under "".
        by_hour_of_week: 168 counts in `zone`, from Monday 00:00.
        acknowledged, resolved: How many were.
        escalated: How many went beyond the first level of their policy.
        to_acknowledge: From firing to the acknowledgement that stands in the record.
        to_resolve: From firing to the end.
    """

    start: Instant
    end: Instant
    zone: str
    total: int
    open: int
    acknowledged: int
    resolved: int
    escalated: int
    by_severity: Mapping[str, int]
    by_service: Mapping[str, int]
    by_hour_of_week: Sequence[int]
    to_acknowledge: Durations
    to_resolve: Durations


def history_page(
    connection: sqlite3.Connection,
    filter: IncidentFilter | None = None,  # noqa: A002  # it is one, and callers name it
    after: Cursor | None = None,
    limit: int = 50,
) -> HistoryPage:
    """A page of the incidents that the filter lets through, the newest first."""
    where, values = _where(filter or IncidentFilter(), after)
    limit = max(1, min(limit, MOST))
    rows = connection.execute(
        f"SELECT fired_at, key, record FROM incident{where}"  # noqa: S608  # conditions from `_where`
        " ORDER BY fired_at DESC, key DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    following = Cursor(*rows[limit - 1][:2]) if len(rows) > limit else None
    return HistoryPage([decode_incident(row[2]) for row in rows[:limit]], following)


def _where(wanted: IncidentFilter, after: Cursor | None) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, Sequence[Any]]] = []
    for column, value in (
        ("service = ?", wanted.service),
        ("organization = ?", wanted.organization),
        ("context = ?", wanted.context),
        ("acknowledged_by = ?", wanted.person),
        ("fired_at >= ?", wanted.since),
        ("fired_at < ?", wanted.until),
    ):
        if value is not None:
            conditions.append((column, [value]))
    for column, words in (("severity", wanted.severities), ("state", wanted.states)):
        if words:
            marks = ", ".join("?" * len(words))
            conditions.append((f"{column} IN ({marks})", sorted(words)))
    if wanted.states and "resolved" not in wanted.states:
        conditions.append(("resolved_at IS NULL", []))  # what `incident_open` has
    if wanted.acknowledged is not None:
        no = "" if wanted.acknowledged else "NOT "
        conditions.append((f"{no}(acknowledged_at IS NOT NULL)", []))
    if after is not None:
        conditions.append(("(fired_at, key) < (?, ?)", [after.fired_at, after.key]))
    text = " AND ".join(condition for condition, _ in conditions)
    return f" WHERE {text}" if text else "", [one for _, values in conditions for one in values]


NO_TEST: Final = "key NOT IN (SELECT key FROM incident INDEXED BY incident_test WHERE test)"
"""What an operator began as a test counts nowhere."""


def incident_statistics(
    connection: sqlite3.Connection,
    start: Instant,
    end: Instant,
    zone: str = "UTC",
    service: str | None = None,
    organization: str | None = None,
) -> IncidentStatistics:
    """The statistics of the incidents that fired in [start, end), tests left out.

    Args:
        zone: Whose hours of the week are counted, `Europe/Berlin`.
        service, organization: Only their incidents.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: There is no such zone.
    """
    wanted = IncidentFilter(start, end, service, organization)
    where, values = _where(wanted, None)
    where += f" AND {NO_TEST}"
    texts = connection.execute(f"{_GATHERED}{where}", values).fetchone()
    (escalated,) = connection.execute(
        f"SELECT count(*) FROM incident{where} AND level > 0",  # noqa: S608  # conditions from `_where`
        values,
    ).fetchone()
    fired_at, taken_ms, ended_ms = map(_numbers, texts[:3])
    severities, services = map(_words, texts[3:])
    to_acknowledge, to_resolve = durations(taken_ms), durations(ended_ms)
    return IncidentStatistics(
        start=start,
        end=end,
        zone=zone,
        total=len(fired_at),
        open=len(fired_at) - to_resolve.count,
        acknowledged=to_acknowledge.count,
        resolved=to_resolve.count,
        escalated=escalated,
        by_severity=dict(Counter(severities).most_common()),
        by_service=dict(Counter(services).most_common()),
        by_hour_of_week=hours_of_week(fired_at, zone),
        to_acknowledge=to_acknowledge,
        to_resolve=to_resolve,
    )


_GATHERED: Final = """SELECT json_group_array(fired_at),
    json_group_array(acknowledged_at - fired_at) FILTER (WHERE acknowledged_at IS NOT NULL),
    json_group_array(resolved_at - fired_at) FILTER (WHERE resolved_at IS NOT NULL),
    json_group_array(severity), json_group_array(coalesce(service, '')) FROM incident"""
"""Each column as one text: a row for each incident would take half as long again."""

_numbers: Final = msgspec.json.Decoder(list[int]).decode
_words: Final = msgspec.json.Decoder(list[str]).decode


def durations(spans: Iterable[Millis]) -> Durations:
    """What these durations say; those below 0 (a clock that was set back) count as 0."""
    ordered = sorted(spans)
    count = len(ordered)
    if count and ordered[0] < 0:
        ordered = [max(0, span) for span in ordered]
    if not count:
        return Durations(0, None, None, None, None, None)
    return Durations(
        count=count,
        average=sum(ordered) // count,
        median=(ordered[(count - 1) // 2] + ordered[count // 2]) // 2,
        p95=ordered[-(-count * 95 // 100) - 1],
        least=ordered[0],
        greatest=ordered[-1],
    )


def hours_of_week(moments: Iterable[Instant], zone: str) -> Sequence[int]:
    """How many of these fall in each of the 168 hours of a week, from Monday 00:00.

    Moments are gathered by quarters of an hour first: no zone's clock is off UTC by less, and a
    year has few of them.
    """
    counts, where = [0] * 168, ZoneInfo(zone)
    for quarter, many in Counter([moment // _QUARTER for moment in moments]).items():
        local = datetime.fromtimestamp(quarter * _QUARTER / 1000, UTC).astimezone(where)
        counts[local.weekday() * 24 + local.hour] += many
    return counts


_QUARTER: Final = HOUR // 4
