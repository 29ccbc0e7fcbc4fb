"""The migration for reports: those that were made and kept, and which incidents were taken more
than once, since a report counts the first time."""

# ruff: noqa: S608  # every part of these statements is written in this file

from __future__ import annotations

from typing import Final


def _iso(column: str, name: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch') AS {name}"


REPORTS: Final[tuple[str, ...]] = (
    """CREATE TABLE report (
        key TEXT PRIMARY KEY, name TEXT, label TEXT NOT NULL, service TEXT, organization TEXT,
        start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, made_at INTEGER NOT NULL,
        made_by TEXT NOT NULL, final INTEGER NOT NULL, digest TEXT NOT NULL,
        body BLOB NOT NULL) STRICT""",
    "CREATE INDEX report_by_time ON report (made_at)",
    f"""CREATE VIEW v_report AS SELECT key, name, label, service, organization,
        {_iso("start_at", "start")}, {_iso("end_at", '"end"')}, {_iso("made_at", "made")}, made_by,
        final, digest FROM report ORDER BY made_at""",
    """ALTER TABLE incident ADD COLUMN first_acknowledged_at INTEGER GENERATED ALWAYS AS
        (CASE WHEN json_valid(record) THEN json_extract(record, '$.first_acknowledged_at') END)
        VIRTUAL""",
    """CREATE INDEX incident_retaken ON incident (fired_at, key, first_acknowledged_at)
        WHERE first_acknowledged_at IS NOT NULL
        AND first_acknowledged_at IS NOT acknowledged_at""",
)

KEEP: Final = (
    "INSERT OR REPLACE INTO report (key, name, label, service, organization, start_at, end_at,"
    " made_at, made_by, final, digest, body, form, file_name, file, folder)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
