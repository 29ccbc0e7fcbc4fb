"""The tables, and how a database of any older version becomes one of this.

`MIGRATIONS[n]` turns version n into version n + 1; version 0 is an empty file. All that are
missing run in one transaction, so a database is never between two versions. The version is
in `PRAGMA user_version`; `PRAGMA application_id` marks the file as Tocsin's. A migration
that has been released is never changed: a new one is added.

People read the tables with `sqlite3`. Times are milliseconds since the epoch, and a view
`v_...` beside a table shows them as text. A `record` column holds the engine's record in
full, as JSON; the columns before it repeat what one looks for.

Foreign keys tie measurements to `check_name`, whose rows the store itself makes. What the
engine decides carries none: a dangling reference in a decision is reported by `verify`, but
must never keep a page from being written.
"""

# ruff: noqa: S608  # every part of these statements is written in this file

from __future__ import annotations

import sqlite3
from typing import Final

from daemon.store.schema.analysis import ANALYSIS
from daemon.store.schema.channels import CHANNELS
from daemon.store.schema.days import DAYS
from daemon.store.schema.duty import DUTY
from daemon.store.schema.kinship import KINSHIP
from daemon.store.schema.mailing import MAILING
from daemon.store.schema.moments import MOMENTS
from daemon.store.schema.past import PAST
from daemon.store.schema.promises import PROMISES
from daemon.store.schema.reports import REPORTS
from daemon.store.schema.responses import RESPONSES
from daemon.store.schema.storms import STORMS
from daemon.store.schema.testing import TESTING
from daemon.store.schema.works import WORKS

APPLICATION_ID: Final = 0x746F6373
"""`tocs` in ASCII."""

Migration = tuple[str, ...]


def _iso(column: str, name: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch') AS {name}"


def _status(column: str) -> str:
    words = " ".join(f"WHEN {i} THEN '{w}'" for i, w in enumerate(("up", "degraded", "unknown")))
    return f"CASE {column} {words} ELSE 'down' END AS status"


_TABLES: Final[Migration] = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """INSERT INTO meta (key, value) VALUES
        ('created', strftime('%Y-%m-%dT%H:%M:%fZ')), ('instance', lower(hex(randomblob(8))))""",
    """CREATE TABLE check_state (
        key TEXT PRIMARY KEY, status TEXT NOT NULL, since INTEGER, hard INTEGER NOT NULL,
        cause TEXT, record TEXT NOT NULL) STRICT""",
    """CREATE TABLE service_state (
        key TEXT PRIMARY KEY, status TEXT NOT NULL, since INTEGER, unreachable TEXT,
        record TEXT NOT NULL) STRICT""",
    """CREATE TABLE alert (
        key TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,
        source TEXT NOT NULL, incident TEXT, fired_at INTEGER, resolved_at INTEGER,
        record TEXT NOT NULL) STRICT""",
    """CREATE TABLE alert_history (
        fingerprint TEXT NOT NULL, fired_at INTEGER NOT NULL, resolved_at INTEGER,
        name TEXT NOT NULL, severity TEXT NOT NULL, source TEXT NOT NULL, incident TEXT,
        record TEXT NOT NULL, PRIMARY KEY (fingerprint, fired_at)) STRICT""",
    "CREATE INDEX alert_history_by_time ON alert_history (fired_at)",
    """CREATE TABLE incident (
        key TEXT PRIMARY KEY, state TEXT NOT NULL, severity TEXT NOT NULL, service TEXT,
        title TEXT NOT NULL, fired_at INTEGER NOT NULL, acknowledged_at INTEGER,
        acknowledged_by TEXT, resolved_at INTEGER, next_step_at INTEGER,
        live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    "CREATE INDEX incident_by_time ON incident (fired_at)",
    "CREATE INDEX incident_open ON incident (fired_at) WHERE resolved_at IS NULL",
    "CREATE INDEX incident_live ON incident (key) WHERE live",
    """CREATE TABLE grp (
        key TEXT PRIMARY KEY, route TEXT NOT NULL, incident TEXT NOT NULL, flush_at INTEGER,
        record TEXT NOT NULL) STRICT""",
    """CREATE TABLE silence (
        key TEXT PRIMARY KEY, matchers TEXT NOT NULL, starts_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL, created_by TEXT NOT NULL, comment TEXT NOT NULL,
        live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    """CREATE TABLE timeline (
        id INTEGER PRIMARY KEY, incident TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
        actor TEXT NOT NULL, origin TEXT NOT NULL, text TEXT NOT NULL) STRICT""",
    "CREATE INDEX timeline_by_incident ON timeline (incident)",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, origin TEXT NOT NULL,
        action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL) STRICT""",
    """CREATE TABLE interval (
        entity TEXT NOT NULL, name TEXT NOT NULL, start_at INTEGER NOT NULL,
        end_at INTEGER NOT NULL, status INTEGER NOT NULL,
        PRIMARY KEY (entity, name, start_at)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX interval_by_end ON interval (entity, name, end_at)",
    """CREATE TABLE delivery (
        key TEXT PRIMARY KEY, incident TEXT NOT NULL, type TEXT NOT NULL, channel TEXT NOT NULL,
        recipient TEXT NOT NULL, address TEXT, reason TEXT NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL, created_at INTEGER NOT NULL, next_at INTEGER,
        sent_at INTEGER, detail TEXT NOT NULL, record TEXT NOT NULL) STRICT""",
    "CREATE INDEX delivery_by_incident ON delivery (incident)",
    "CREATE INDEX delivery_by_time ON delivery (created_at)",
    """CREATE INDEX delivery_pending ON delivery (created_at)
        WHERE state IN ('queued', 'sending')""",
    "CREATE TABLE check_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE result (
        check_id INTEGER NOT NULL REFERENCES check_name (id), at INTEGER NOT NULL,
        status INTEGER NOT NULL, latency_us INTEGER, fault TEXT, message TEXT, metrics BLOB,
        PRIMARY KEY (check_id, at)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE rollup_minute (
        check_id INTEGER NOT NULL REFERENCES check_name (id), minute INTEGER NOT NULL,
        up INTEGER NOT NULL, degraded INTEGER NOT NULL, unknown INTEGER NOT NULL,
        down INTEGER NOT NULL, sum_us INTEGER NOT NULL, min_us INTEGER, max_us INTEGER,
        sketch BLOB NOT NULL, PRIMARY KEY (check_id, minute)) STRICT, WITHOUT ROWID""",
)

_VIEWS: Final[Migration] = (
    f"""CREATE VIEW v_incident AS SELECT key, state, severity, service, title,
        {_iso("fired_at", "fired")}, {_iso("acknowledged_at", "acknowledged")}, acknowledged_by,
        {_iso("resolved_at", "resolved")}, {_iso("next_step_at", "next_step")} FROM incident""",
    f"""CREATE VIEW v_timeline AS SELECT incident, {_iso("at", "time")}, kind, actor, origin, text
        FROM timeline ORDER BY id""",
    f"""CREATE VIEW v_alert AS SELECT key, name, state, severity, source, incident,
        {_iso("fired_at", "fired")}, {_iso("resolved_at", "resolved")} FROM alert""",
    f"""CREATE VIEW v_alert_history AS SELECT fingerprint, name, severity, source, incident,
        {_iso("fired_at", "fired")}, {_iso("resolved_at", "resolved")} FROM alert_history""",
    f"""CREATE VIEW v_check AS SELECT key, status, {_iso("since", "since")}, hard, cause
        FROM check_state""",
    f"""CREATE VIEW v_service AS SELECT key, status, {_iso("since", "since")}, unreachable
        FROM service_state""",
    f"""CREATE VIEW v_silence AS SELECT key, matchers, {_iso("starts_at", "starts")},
        {_iso("ends_at", "ends")}, created_by, comment, live FROM silence""",
    f"""CREATE VIEW v_audit AS SELECT {_iso("at", "time")}, actor, origin, action, subject, detail
        FROM audit ORDER BY id""",
    f"""CREATE VIEW v_interval AS SELECT entity, name, {_iso("start_at", "start")},
        {_iso("end_at", "end")}, {_status("status")}, end_at - start_at AS ms FROM interval""",
    f"""CREATE VIEW v_delivery AS SELECT incident, type, channel, recipient, state, attempts,
        {_iso("created_at", "created")}, {_iso("next_at", "next")}, {_iso("sent_at", "sent")},
        reason, detail, key FROM delivery ORDER BY created_at""",
    f"""CREATE VIEW v_result AS SELECT name AS "check", {_iso("at", "time")}, {_status("status")},
        latency_us / 1000.0 AS latency_ms, fault, message
        FROM result JOIN check_name ON id = check_id""",
    f"""CREATE VIEW v_rollup_minute AS SELECT name AS "check", {_iso("minute * 60000", "minute")},
        up, degraded, unknown, down, min_us / 1000.0 AS min_ms, max_us / 1000.0 AS max_ms
        FROM rollup_minute JOIN check_name ON id = check_id""",
)

MIGRATIONS: Final[tuple[Migration, ...]] = (
    (*_TABLES, *_VIEWS),
    ANALYSIS,
    DUTY,
    PROMISES,
    STORMS,
    RESPONSES,
    WORKS,
    CHANNELS,
    KINSHIP,
    TESTING,
    PAST,
    REPORTS,
    MAILING,
    MOMENTS,
    DAYS,
)
"""What turns each version into the next."""

VERSION: Final = len(MIGRATIONS)


def migrate(
    connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS
) -> tuple[int, int]:
    """Bring the database to the newest version; from which version to which.

    The connection is in autocommit mode.

    Raises:
        sqlite3.Error: A statement failed; the database is as it was.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found == len(migrations):
        return found, found
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in migrations[found:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return found, len(migrations)
