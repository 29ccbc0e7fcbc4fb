"""How far incidents got in their policies, for the patterns in that (`daemon.analysis`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from daemon.core.model import Instant
from daemon.core.record import record
from daemon.store.reading.incidents import NO_TEST


@record(frozen=True, slots=True)
class Climb:
    """An incident and its policy.

    Attributes:
        level: The last level that was run, from 0; -1: none was.
    """

    fired_at: Instant
    policy: str
    level: int
    service: str | None
    acknowledged_at: Instant | None


def climbs(
    connection: sqlite3.Connection, start: Instant, end: Instant, service: str | None = None
) -> Sequence[Climb]:
    """The incidents with a policy that fired in [start, end), of a service or all; tests are
    left out."""
    where, values = ("", ()) if service is None else (" AND service = ?", (service,))
    rows = connection.execute(
        "SELECT fired_at, policy, level, service, acknowledged_at"  # noqa: S608  # `where` is one of two texts above
        " FROM incident INDEXED BY incident_by_policy WHERE policy IS NOT NULL"
        f" AND fired_at >= ? AND fired_at < ?{where} AND {NO_TEST}",
        (start, end, *values),
    )
    return [Climb(*row) for row in rows.fetchall()]
