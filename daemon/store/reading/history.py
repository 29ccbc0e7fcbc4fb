"""Reading beside the writer: what the engine no longer holds in memory.

Readers have connections of their own that cannot write; in WAL mode they see the last
commit and never wait for the writer, nor it for them. Every query names an index and a
limit, so none takes long, and two connections let a short one pass a long one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite

from checks.result import Result, Status
from daemon.api.schema import DeliveryView
from daemon.api.times import stamp, stamp_or_none
from daemon.core.chronicle import Audit, Entry, EntryKind, Interval
from daemon.core.model import MINUTE, Actor, Alert, Incident, Instant, ResponseRun
from daemon.core.record import record
from daemon.store.codec import decode_alert, decode_incident, decode_run
from daemon.store.connect import BUSY_MS
from daemon.store.result_codec import read_result
from daemon.store.rollups.sketch import Sketch

READERS: Final = 2
LIMIT: Final = 10_000
"""No answer has more rows than this."""


@record(frozen=True, slots=True)
class MinuteRollup:
    """A check's results in the minute that begins at `at`.

    Attributes:
        counts: How many were up, degraded, unknown and down.
        sketch: The latencies' distribution, in microseconds.
    """

    check: str
    at: Instant
    counts: tuple[int, int, int, int]
    sum_us: int
    min_us: int | None
    max_us: int | None
    sketch: Sketch


class History:
    """Queries over what is stored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._all: list[aiosqlite.Connection] = []

    async def open(self) -> None:
        """Open the connections."""
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        for _ in range(READERS):
            connection = await aiosqlite.connect(uri, uri=True, isolation_level=None)
            self._all.append(connection)
            await connection.execute_fetchall(f"PRAGMA busy_timeout = {BUSY_MS}")
            await connection.execute_fetchall("SELECT count(*) FROM sqlite_master")  # opens the log
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Close the connections; nothing may be asked after this."""
        while self._all:
            await self._all.pop().close()

    async def copy_into(self, copy: sqlite3.Connection) -> None:
        """Copy the open file, wherever its name leads by now, from one snapshot.

        Args:
            copy: An empty database; used on a thread of this reader's.
        """
        connection = await self._idle.get()
        try:
            await connection.backup(copy, pages=-1)
        finally:
            self._idle.put_nowait(connection)

    async def _rows(self, query: str, *values: Any) -> list[Any]:
        connection = await self._idle.get()
        try:
            return list(await connection.execute_fetchall(query, values))
        finally:
            self._idle.put_nowait(connection)

    async def incidents(self, since: Instant | None, limit: int) -> Sequence[Incident]:
        """Incidents that fired at or after `since`, and all open ones, the newest first."""
        rows = await self._rows(
            "SELECT record FROM incident WHERE fired_at >= ? OR resolved_at IS NULL"
            " ORDER BY fired_at DESC, key LIMIT ?",
            since or 0,
            min(limit, LIMIT),
        )
        return [decode_incident(row[0]) for row in rows]

    async def find_incidents(self, prefix: str, limit: int) -> Sequence[Incident]:
        """Incidents whose id begins with `prefix`, the newest first."""
        rows = await self._rows(
            "SELECT record FROM incident WHERE key >= ? AND key < ? ORDER BY fired_at DESC LIMIT ?",
            prefix,
            prefix + "\U0010ffff",
            min(limit, LIMIT),
        )
        return [decode_incident(row[0]) for row in rows]

    async def entries(self, incident: str) -> Sequence[Entry]:
        """An incident's timeline, oldest first."""
        rows = await self._rows(
            "SELECT at, kind, actor, origin, text FROM timeline WHERE incident = ?"
            " ORDER BY id LIMIT ?",
            incident,
            LIMIT,
        )
        return [
            Entry(incident, at, EntryKind(kind), Actor(actor, origin), text)
            for at, kind, actor, origin, text in rows
        ]

    async def alerts(self, since: Instant | None, limit: int) -> Sequence[Alert]:
        """Alerts that fired at or after `since`, once for each time, the newest first."""
        rows = await self._rows(
            "SELECT record FROM alert_history WHERE fired_at >= ?"
            " ORDER BY fired_at DESC, fingerprint LIMIT ?",
            since or 0,
            min(limit, LIMIT),
        )
        return [decode_alert(row[0]) for row in rows]

    async def alerts_of(self, fingerprints: Iterable[str]) -> Sequence[Alert]:
        """The newest occurrence of each of these alerts that ever fired."""
        found: list[Alert] = []
        for fingerprint in list(fingerprints)[:LIMIT]:
            rows = await self._rows(
                "SELECT record FROM alert_history WHERE fingerprint = ?"
                " ORDER BY fired_at DESC LIMIT 1",
                fingerprint,
            )
            found += [decode_alert(row[0]) for row in rows]
        return found

    async def deliveries(self, incident: str | None, limit: int) -> Sequence[DeliveryView]:
        """Deliveries, of one incident or all, the newest first."""
        where, values = ("", []) if incident is None else ("WHERE incident = ?", [incident])
        rows = await self._rows(
            "SELECT key, incident, type, channel, recipient, state, attempts, created_at,"  # noqa: S608  # `where` is one of two texts above
            f" next_at, sent_at, detail FROM delivery {where}"
            " ORDER BY created_at DESC, rowid DESC LIMIT ?",
            *values,
            min(limit, LIMIT),
        )
        return [_delivery(row) for row in rows]

    async def runs(
        self, incident: str | None, response: str | None, limit: int
    ) -> Sequence[ResponseRun]:
        """Runs of responses, of an incident or a response or all, the newest first."""
        asked = [("incident", incident), ("response", response)]
        given = [(column, value) for column, value in asked if value is not None]
        where = " AND ".join(f"{column} = ?" for column, _ in given) or "TRUE"
        rows = await self._rows(
            f"SELECT record FROM response_run WHERE {where}"  # noqa: S608  # columns named above
            " ORDER BY decided_at DESC, key LIMIT ?",
            *(value for _, value in given),
            min(limit, LIMIT),
        )
        return [decode_run(row[0]) for row in rows]

    async def find_runs(self, prefix: str, limit: int) -> Sequence[ResponseRun]:
        """Runs whose id begins with `prefix`, the newest first."""
        rows = await self._rows(
            "SELECT record FROM response_run WHERE key >= ? AND key < ?"
            " ORDER BY decided_at DESC LIMIT ?",
            prefix,
            prefix + "\U0010ffff",
            min(limit, LIMIT),
        )
        return [decode_run(row[0]) for row in rows]

    async def run_output(self, run: str) -> str:
        """What a run wrote; empty if nothing was kept."""
        rows = await self._rows("SELECT text FROM response_output WHERE run = ?", run)
        return str(rows[0][0]) if rows else ""

    async def results(
        self, check: str, limit: int, since: Instant | None = None
    ) -> Sequence[Result]:
        """A check's newest results, at or after `since`, oldest first."""
        rows = await self._rows(
            "SELECT at, status, latency_us, fault, message, metrics FROM result"
            " WHERE check_id = (SELECT id FROM check_name WHERE name = ?) AND at >= ?"
            " ORDER BY at DESC LIMIT ?",
            check,
            since or 0,
            min(limit, LIMIT),
        )
        return [read_result(check, row) for row in reversed(rows)]

    async def rollups(self, check: str, since: Instant) -> Sequence[MinuteRollup]:
        """A check's closed minutes from `since` on, oldest first."""
        rows = await self._rows(
            "SELECT minute, up, degraded, unknown, down, sum_us, min_us, max_us, sketch"
            " FROM rollup_minute"
            " WHERE check_id = (SELECT id FROM check_name WHERE name = ?) AND minute >= ?"
            " ORDER BY minute LIMIT ?",
            check,
            -(-since // MINUTE),
            LIMIT,
        )
        return [
            MinuteRollup(
                check=check,
                at=row[0] * MINUTE,
                counts=(row[1], row[2], row[3], row[4]),
                sum_us=row[5],
                min_us=row[6],
                max_us=row[7],
                sketch=Sketch.decode(row[8]),
            )
            for row in rows
        ]

    async def intervals(
        self, entity: str, name: str, start: Instant, end: Instant
    ) -> Sequence[Interval]:
        """The settled intervals of a `check` or `service` that touch [start, end), in order."""
        rows = await self._rows(
            "SELECT start_at, end_at, status FROM interval"
            " WHERE entity = ? AND name = ? AND end_at > ? AND start_at < ?"
            " ORDER BY end_at LIMIT ?",
            entity,
            name,
            start,
            end,
            LIMIT,
        )
        return [Interval(entity, name, low, high, Status(word)) for low, high, word in rows]

    async def audit(self, limit: int) -> Sequence[Audit]:
        """What operators did, the newest first."""
        rows = await self._rows(
            "SELECT at, actor, origin, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?",
            min(limit, LIMIT),
        )
        return [
            Audit(at, Actor(actor, origin), action, subject, detail)
            for at, actor, origin, action, subject, detail in rows
        ]


def _delivery(row: Sequence[Any]) -> DeliveryView:
    key, incident, kind, channel, recipient, state, attempts, created, next_at, sent, detail = row
    return DeliveryView(
        id=key,
        incident=incident,
        type=kind,
        channel=channel,
        recipient=recipient,
        state=state,
        attempts=attempts,
        created_at=stamp(created),
        next_at=stamp_or_none(next_at),
        sent_at=stamp_or_none(sent),
        detail=detail,
    )
