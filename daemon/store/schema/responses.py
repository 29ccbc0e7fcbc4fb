"""The tables of responses: every run there ever was, what it wrote, and how each response does."""

# ruff: noqa: S608  # every part of these statements is written in this file

from __future__ import annotations

from typing import Final

_ISO: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', {} / 1000.0, 'unixepoch') AS {}"

RESPONSES: Final[tuple[str, ...]] = (
    """CREATE TABLE response_run (
        key TEXT PRIMARY KEY, response TEXT NOT NULL, incident TEXT NOT NULL, state TEXT NOT NULL,
        cause TEXT NOT NULL, asked_by TEXT NOT NULL, decided_at INTEGER NOT NULL,
        started_at INTEGER, ended_at INTEGER, exit_code INTEGER, detail TEXT NOT NULL,
        live INTEGER NOT NULL DEFAULT 1, record TEXT NOT NULL) STRICT""",
    "CREATE INDEX response_run_by_incident ON response_run (incident)",
    "CREATE INDEX response_run_by_time ON response_run (decided_at)",
    "CREATE INDEX response_run_live ON response_run (key) WHERE live",
    """CREATE TABLE response_output (
        run TEXT PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT""",
    """CREATE TABLE response_state (
        key TEXT PRIMARY KEY, runs INTEGER NOT NULL, failed INTEGER NOT NULL,
        stopped_at INTEGER, record TEXT NOT NULL) STRICT""",
    f"""CREATE VIEW v_response AS SELECT response, incident, state, cause, asked_by,
        {_ISO.format("decided_at", "decided")}, {_ISO.format("started_at", "started")},
        {_ISO.format("ended_at", "ended")}, exit_code, detail, response_run.key,
        response_output.text AS output
        FROM response_run LEFT JOIN response_output ON run = response_run.key
        ORDER BY decided_at""",
    f"""CREATE VIEW v_response_state AS SELECT key, runs, failed,
        {_ISO.format("stopped_at", "stopped")} FROM response_state""",
)
