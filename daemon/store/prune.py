"""Pruning: what is older than the retention goes, a little at a time.

A pass walks over the checks and deletes the oldest rows of each in transactions of at most
`STEP_ROWS`, until its step's time is over, and goes on in the next step. So the writer is
never held up, however much there is to delete. The newest result of a check stays, whatever
its age: a restart goes on from it. Space that becomes free is used again by what comes.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from daemon.core.model import DAY, MINUTE, Instant, Millis

STEP_ROWS: Final = 500
STEP_S: Final = 0.01
"""A step begins no further transaction after this long."""
EVERY: Final[Millis] = 10 * MINUTE
"""A pass begins this long after the one before."""

_EXPIRED_RESULTS: Final = """DELETE FROM result WHERE check_id = :id AND at < min(
    :before, (SELECT max(at) FROM result WHERE check_id = :id), coalesce(
    (SELECT at FROM result WHERE check_id = :id ORDER BY at LIMIT 1 OFFSET :rows), :before))"""
_EXPIRED_MINUTES: Final = """DELETE FROM rollup_minute WHERE check_id = :id AND minute < min(
    :before, coalesce(
    (SELECT minute FROM rollup_minute WHERE check_id = :id ORDER BY minute
    LIMIT 1 OFFSET :rows), :before))"""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long measurements are kept. History of incidents and intervals is kept for ever.

    Attributes:
        raw: Single results.
        minutes: Their rollups by the minute.
    """

    raw: Millis = 7 * DAY
    minutes: Millis = 2 * DAY


class Pruner:
    """Deletes what has expired. Lives on the writer's thread.

    Attributes:
        removed: How many rows it deleted so far.
    """

    def __init__(self, retention: Retention) -> None:
        self.retention = retention
        self.removed = 0
        self._left: deque[int] = deque()
        self._next_pass: Instant = 0

    def begin(self, connection: sqlite3.Connection, now: Instant) -> None:
        """Begin a pass over all checks; `step` carries it on."""
        self._left = deque(row[0] for row in connection.execute("SELECT id FROM check_name"))
        self._next_pass = now + EVERY

    def step(self, connection: sqlite3.Connection, now: Instant) -> bool:
        """Go on with the pass, or begin one that is due; whether there is more to do.

        Raises:
            sqlite3.Error: The disk or the file does not let us; what was deleted is deleted.
        """
        if not self._left:
            if now < self._next_pass:
                return False
            self.begin(connection, now)
        until = time.monotonic() + STEP_S
        while self._left and time.monotonic() < until:
            gone = self._delete(connection, self._left[0], now)
            self.removed += gone
            if not gone:
                self._left.popleft()
        return bool(self._left)

    def _delete(self, connection: sqlite3.Connection, check_id: int, now: Instant) -> int:
        """Delete some expired rows of a check; how many. 0: it has no more."""
        values = {"id": check_id, "rows": STEP_ROWS, "before": now - self.retention.raw}
        gone = connection.execute(_EXPIRED_RESULTS, values).rowcount
        values["before"] = (now - self.retention.minutes) // MINUTE
        return gone + connection.execute(_EXPIRED_MINUTES, values).rowcount
