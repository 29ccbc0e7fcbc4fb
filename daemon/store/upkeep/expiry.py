"""How long each table is kept: what retention removes of it, or why it never grows for ever.

`LIFETIMES` names every table of the database; a table that it does not name is a fault that the
tests find. `past` gives the deletions of what hangs on no measurement; `daemon.store.upkeep.prune`
runs them, a few rows at a time.

What availability is computed from is kept for ever: pieces of history, services' days, and what
operators said of them as long as it counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Final

from daemon.core.model import DAY, Instant, Millis
from daemon.core.record import record

STEP_ROWS: Final = 200
STEP_REPORTS: Final = 5
"""A report may take hundreds of pages."""

FOR_EVER: Final = "for ever"
WHILE_KNOWN: Final = "as long as the engine knows it"
BOUNDED: Final = "so many of them"

LIFETIMES: Final[dict[str, str]] = {
    "meta": FOR_EVER,
    "check_name": FOR_EVER,
    "interval": FOR_EVER,
    "service_day": FOR_EVER,
    "check_state": WHILE_KNOWN,
    "service_state": WHILE_KNOWN,
    "alert": WHILE_KNOWN,
    "grp": WHILE_KNOWN,
    "storm": WHILE_KNOWN,
    "response_state": WHILE_KNOWN,
    "turnabout": WHILE_KNOWN,
    "handover": WHILE_KNOWN,
    "kin": BOUNDED,
    "channel_note": BOUNDED,
    "rollup_due": "until it is done",
    "service_day_due": "until it is done",
    "result": "raw",
    "rollup_minute": "minutes",
    "rollup_hour": "hours",
    "rollup_day": "days",
    "incident": "incidents",
    "timeline": "incidents",
    "delivery": "incidents",
    "alert_history": "incidents",
    "response_run": "incidents",
    "response_output": "incidents",
    "silence": "incidents",
    "work": "incidents",
    "amendment": "incidents",
    "oncall_override": "incidents",
    "audit": "audit",
    "report": "reports",
}
"""By table: the key of `[retention]` that bounds it, or why none does."""

OF_INCIDENT: Final = (
    "DELETE FROM response_output WHERE run IN (SELECT key FROM response_run WHERE incident = ?)",
    "DELETE FROM response_run WHERE incident = ?",
    "DELETE FROM timeline WHERE incident = ?",
    "DELETE FROM delivery WHERE incident = ?",
    "DELETE FROM incident WHERE key = ?",
)
"""What goes with an incident, the incident last."""


@record(frozen=True, slots=True)
class _Past:
    """Rows that the engine has dropped and that are over."""

    table: str
    over: str

    @property
    def deletion(self) -> str:
        """Removes some of them."""
        return (
            f"DELETE FROM {self.table} WHERE rowid IN (SELECT rowid FROM {self.table}"  # noqa: S608  # names of this file
            f" WHERE {self.over} LIMIT :rows)"
        )


_PAST: Final = (
    _Past(
        "delivery",
        "created_at < :before AND state IN ('sent', 'failed')"
        " AND NOT EXISTS (SELECT 1 FROM incident WHERE key = delivery.incident)",
    ),
    _Past("silence", "NOT live AND ends_at < :before"),
    _Past("work", "NOT live AND coalesce(end_at, start_at) < :before"),
    _Past("amendment", "NOT live AND max(end_at, made_at) < :before"),
    _Past("oncall_override", "NOT live AND ends_at < :before"),
)
"""Of no incident: what was told besides, and what operators planned, muted, or took back."""

_REPORTS: Final = _Past(
    "report",
    "made_at < :before AND (name IS NULL OR EXISTS (SELECT 1 FROM report AS newer"
    " WHERE newer.name = report.name AND newer.start_at > report.start_at))"
    " AND NOT EXISTS (SELECT 1 FROM delivery WHERE incident = 'report-' || report.key"
    " AND state IN ('queued', 'sending'))",
)
"""The newest of a `[[report]]` stays: it says that the period is done."""


_FILES: Final = """UPDATE report SET file = NULL WHERE rowid IN (
    SELECT rowid FROM report WHERE file IS NOT NULL AND made_at < :before AND folder IS NULL
    AND NOT EXISTS (SELECT 1 FROM delivery
    WHERE incident = 'report-' || report.key AND state <> 'sent')
    LIMIT :rows)"""
"""What was attached to mails that all have arrived; what it was written from stays."""
FILES_KEPT: Final[Millis] = 7 * DAY


def past(incidents: Millis | None, reports: Millis | None) -> Iterator[partial[int]]:
    """The deletions of what is over for so long; each takes a connection and the time."""
    if incidents is not None:
        for one in _PAST:
            yield partial(_remove, one.deletion, STEP_ROWS, incidents)
    yield partial(_remove, _FILES, STEP_REPORTS, FILES_KEPT)
    if reports is not None:
        yield partial(_remove, _REPORTS.deletion, STEP_REPORTS, reports)


def _remove(
    query: str, rows: int, keep: Millis, connection: sqlite3.Connection, now: Instant
) -> int:
    return connection.execute(query, {"before": now - keep, "rows": rows}).rowcount
