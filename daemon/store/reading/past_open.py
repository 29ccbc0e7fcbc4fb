"""What was open at a moment of the past: incidents with their timelines, alerts that fired,
silences, runs of responses.

Rows are found by when they began and ended; what their records say beyond that is how they are
*now*, or became at their end. How they were then is `daemon.core.incidents.hindsight`'s to say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from daemon.core.changing import replace
from daemon.core.chronicle import Entry, EntryKind
from daemon.core.model import (
    DAY,
    Actor,
    Alert,
    Incident,
    Instant,
    Millis,
    ResponseRun,
    RunState,
    Silence,
)
from daemon.core.record import record
from daemon.store.codec import TABLES, decode_alert, decode_incident, decode_run

RUNS_WITHIN: Final[Millis] = 7 * DAY
"""No run waits or works for longer."""

_OPEN: Final = """
    SELECT record FROM {table} WHERE resolved_at > :at AND +fired_at <= :at UNION ALL
    SELECT record FROM {table} WHERE resolved_at IS NULL AND +fired_at <= :at"""
"""By when it ended: the `+` keeps the planner from beginning with all that ever fired."""
_INCIDENTS: Final = _OPEN.format(table="incident")
_ENTRIES: Final = """
    SELECT incident, at, kind, actor, origin, text FROM json_each(:keys) AS wanted
    CROSS JOIN timeline ON incident = wanted.value ORDER BY timeline.id"""
_ALERTS: Final = _OPEN.format(table="alert_history")
_OCCURRENCES: Final = """
    SELECT fingerprint, source, incident, max(coalesce(resolved_at, :at))
    FROM json_each(:keys) AS wanted
    CROSS JOIN alert_history ON fingerprint = wanted.value WHERE fired_at <= :at GROUP BY 1"""
_MEMBERS: Final = """
    SELECT incident.key, alert.value FROM json_each(:keys) AS wanted
    CROSS JOIN incident ON incident.key = wanted.value
    CROSS JOIN json_each(record, '$.alerts') AS alert"""
_RECORDS: Final = """
    SELECT record FROM json_each(:keys) AS wanted
    CROSS JOIN incident ON incident.key = wanted.value"""
_OVER: Final = """
    SELECT incident.key FROM json_each(:keys) AS wanted
    CROSS JOIN incident ON incident.key = wanted.value
    WHERE resolved_at <= :at"""
_SILENCES: Final = "SELECT record FROM silence WHERE ends_at > :at"
_MADE: Final = """
    SELECT subject, min(at) FROM audit WHERE action IN ('silence', 'edit silence')
    AND subject IN (SELECT value FROM json_each(:keys)) GROUP BY subject"""
_RUNS: Final = """
    SELECT record FROM response_run WHERE decided_at <= :at AND decided_at > :since
    AND (ended_at IS NULL OR ended_at > :at)"""


@record(frozen=True, slots=True)
class Told:
    """An incident with all of its timeline."""

    record: Incident
    entries: Sequence[Entry]


@record(frozen=True, slots=True)
class LastFired:
    """That an alert had fired by a moment.

    Attributes:
        source: What made it.
        incident: In which incident it was in the end, that time.
        until: When it had ended; the moment itself or later while it had not.
    """

    source: str
    incident: str | None
    until: Instant


def incidents_open(connection: sqlite3.Connection, at: Instant) -> Sequence[Told]:
    """The incidents whose record says that they had begun and were not over."""
    found = [decode_incident(row[0]) for row in connection.execute(_INCIDENTS, {"at": at})]
    told = entries_of(connection, [one.key for one in found])
    return [Told(one, told.get(one.key, ())) for one in found]


def incidents_named(connection: sqlite3.Connection, incidents: Iterable[str]) -> Sequence[Told]:
    """These incidents, as far as there are any, over or not."""
    keys = list(incidents)
    rows = connection.execute(_RECORDS, {"keys": _json(keys)})
    told = entries_of(connection, keys)
    return [Told(one, told.get(one.key, ())) for one in (decode_incident(row[0]) for row in rows)]


def incidents_over(
    connection: sqlite3.Connection, incidents: Iterable[str], at: Instant
) -> set[str]:
    """Those of these incidents that were over by then."""
    rows = connection.execute(_OVER, {"keys": _json(incidents), "at": at})
    return {key for (key,) in rows}


def entries_of(
    connection: sqlite3.Connection, incidents: Iterable[str]
) -> Mapping[str, Sequence[Entry]]:
    """The timelines of these incidents, each in order."""
    found: dict[str, list[Entry]] = {}
    rows = connection.execute(_ENTRIES, {"keys": _json(incidents)})
    for incident, at, kind, actor, origin, text in rows:
        entry = Entry(incident, at, EntryKind(kind), Actor(actor, origin), text)
        found.setdefault(incident, []).append(entry)
    return found


def alerts_firing(connection: sqlite3.Connection, at: Instant) -> Sequence[Alert]:
    """The alerts that fired then, as their record of that time they fired is."""
    return [decode_alert(row[0]) for row in connection.execute(_ALERTS, {"at": at})]


def last_fired(
    connection: sqlite3.Connection, alerts: Iterable[str], at: Instant
) -> Mapping[str, LastFired]:
    """When each of these alerts had last fired by then; one that never had is left out."""
    rows = connection.execute(_OCCURRENCES, {"keys": _json(alerts), "at": at})
    return {key: LastFired(*rest) for key, *rest in rows}


def members_of(
    connection: sqlite3.Connection, incidents: Iterable[str]
) -> Mapping[str, Sequence[str]]:
    """The alerts that were ever in each of these incidents."""
    found: dict[str, list[str]] = {}
    for incident, alert in connection.execute(_MEMBERS, {"keys": _json(incidents)}):
        found.setdefault(incident, []).append(alert)
    return found


def silences_known(connection: sqlite3.Connection, at: Instant) -> Sequence[Silence]:
    """The silences that were made by then, and were not over.

    The record of one that was edited since has its newest end and comment. One whose making is
    in the audit log no more counts from its last change.
    """
    table = TABLES[Silence]
    found = [table.decode(row[0]) for row in connection.execute(_SILENCES, {"at": at})]
    mine = [one for one in found if isinstance(one, Silence)]
    changed = [one.key for one in mine if one.updated_at > at]
    made = dict(connection.execute(_MADE, {"keys": _json(changed)}).fetchall()) if changed else {}
    return [one for one in mine if min(one.updated_at, made.get(one.key, one.updated_at)) <= at]


def runs_live(connection: sqlite3.Connection, at: Instant) -> Sequence[ResponseRun]:
    """The runs of responses that waited or were under way, as they were."""
    rows = connection.execute(_RUNS, {"at": at, "since": at - RUNS_WITHIN})
    return [_run(decode_run(row[0]), at) for row in rows]


def _run(run: ResponseRun, at: Instant) -> ResponseRun:
    began = run.started_at is not None and run.started_at <= at
    return replace(
        run,
        state=RunState.RUNNING if began else RunState.WAITING,
        approved_by=run.approved_by if began else None,
        started_at=run.started_at if began else None,
        ended_at=None,
        exit_code=None,
        detail="",
    )


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()
