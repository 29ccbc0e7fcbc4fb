"""The migration that reports and analysis stand on: rollups by the hour and the day, services'
days, and indexes for questions about incidents over months.

What is derived is never added to: a trigger notes, in the transaction that writes its source,
which hour, day or service's day has to be made anew (`rollup_due`, `service_day_due`), and
`daemon.store.rollups.fold` makes it whole and takes the note away, again in one transaction. So
nothing is counted twice or left out, however often the process is killed in between.

Hours and days are ordered by time first: they are only ever written at their end, so their
pages are full, and pruning takes them away from the front. Days are days of UTC.

What one looks for in an incident's record without a column of its own gets a column that is
computed from the record, so that a record that is written differently needs no other writer.
"""

# ruff: noqa: S608  # every part of these statements is written in this file

from __future__ import annotations

from typing import Final

DAY_MS: Final = 86_400_000


def _iso(milliseconds: str, name: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', ({milliseconds}) / 1000.0, 'unixepoch') AS {name}"


def _rollup(unit: str) -> str:
    return f"""CREATE TABLE rollup_{unit} (
        {unit} INTEGER NOT NULL, check_id INTEGER NOT NULL REFERENCES check_name (id),
        up INTEGER NOT NULL, degraded INTEGER NOT NULL, unknown INTEGER NOT NULL,
        down INTEGER NOT NULL, sum_us INTEGER NOT NULL, min_us INTEGER, max_us INTEGER,
        sketch BLOB NOT NULL, PRIMARY KEY ({unit}, check_id)) STRICT, WITHOUT ROWID"""


def _late(source: str, unit: str, many: int) -> str:
    """When a closed `unit` gets a new or changed part, it is to be made anew."""
    return f"""CREATE TRIGGER rollup_{source}_late AFTER INSERT ON rollup_{source}
        WHEN new.{source} / {many} <
            (SELECT CAST(value AS INTEGER) FROM meta WHERE key = '{unit}s_to')
        BEGIN
            INSERT OR IGNORE INTO rollup_due VALUES ('{unit}', new.{source} / {many}, new.check_id);
        END"""


def _rollup_view(unit: str, milliseconds: int) -> str:
    return f"""CREATE VIEW v_rollup_{unit} AS SELECT name AS "check",
        {_iso(f"{unit} * {milliseconds}", unit)}, up, degraded, unknown, down,
        min_us / 1000.0 AS min_ms, max_us / 1000.0 AS max_ms
        FROM rollup_{unit} JOIN check_name ON id = check_id"""


def _from_record(column: str, kind: str, path: str) -> str:
    return f"""ALTER TABLE incident ADD COLUMN {column} {kind} GENERATED ALWAYS AS
        (CASE WHEN json_valid(record) THEN json_extract(record, '{path}') END) VIRTUAL"""


_ROLLUPS: Final = (
    _rollup("hour"),
    _rollup("day"),
    """CREATE TABLE rollup_due (
        unit TEXT NOT NULL, at INTEGER NOT NULL, check_id INTEGER NOT NULL,
        PRIMARY KEY (unit, at, check_id)) STRICT, WITHOUT ROWID""",
    _late("minute", "hour", 60),
    _late("hour", "day", 24),
    _rollup_view("hour", 3_600_000),
    _rollup_view("day", DAY_MS),
)

_SERVICE_DAYS: Final = (
    """CREATE TABLE service_day (
        service TEXT NOT NULL, day INTEGER NOT NULL, up_ms INTEGER NOT NULL,
        degraded_ms INTEGER NOT NULL, down_ms INTEGER NOT NULL,
        PRIMARY KEY (service, day)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE service_day_due (
        service TEXT NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
        PRIMARY KEY (service, first_day, last_day)) STRICT, WITHOUT ROWID""",
    f"""CREATE TRIGGER interval_of_service AFTER INSERT ON interval
        WHEN new.entity = 'service' AND new.end_at > new.start_at BEGIN
            INSERT OR IGNORE INTO service_day_due
            VALUES (new.name, new.start_at / {DAY_MS}, (new.end_at - 1) / {DAY_MS});
        END""",
    f"""INSERT INTO service_day_due
        SELECT name, min(start_at) / {DAY_MS}, (max(end_at) - 1) / {DAY_MS} FROM interval
        WHERE entity = 'service' GROUP BY name""",
    f"""CREATE VIEW v_service_day AS SELECT service, {_iso(f"day * {DAY_MS}", "day")},
        up_ms, degraded_ms, down_ms FROM service_day""",
)

_INCIDENTS: Final = (
    _from_record("organization", "TEXT", "$.organization"),
    _from_record("context", "TEXT", "$.context"),
    _from_record("level", "INTEGER", "$.escalation.level"),
    "DROP INDEX incident_by_time",
    """CREATE INDEX incident_by_time ON incident (fired_at, key, severity, service, state,
        organization, context, level, acknowledged_at, resolved_at)""",
    """CREATE INDEX incident_by_service ON incident (service, fired_at, key, severity, state,
        acknowledged_at, resolved_at)""",
    "CREATE INDEX incident_by_severity ON incident (severity, fired_at, key, state)",
    "CREATE INDEX incident_by_organization ON incident (organization, fired_at, key, state)",
    """CREATE INDEX incident_by_person ON incident (acknowledged_by, fired_at, key)
        WHERE acknowledged_by IS NOT NULL""",
    "DROP INDEX incident_open",
    "CREATE INDEX incident_open ON incident (fired_at, key) WHERE resolved_at IS NULL",
    "CREATE INDEX incident_escalated ON incident (key) WHERE level > 0",
    "CREATE INDEX incident_unacknowledged ON incident (key) WHERE acknowledged_at IS NULL",
    "DROP INDEX alert_history_by_time",
    """CREATE INDEX alert_history_by_time ON alert_history
        (fired_at, fingerprint, name, severity, source, incident, resolved_at)""",
    "CREATE INDEX alert_history_by_name ON alert_history (name, fired_at, fingerprint)",
)

ANALYSIS: Final[tuple[str, ...]] = (*_ROLLUPS, *_SERVICE_DAYS, *_INCIDENTS)
