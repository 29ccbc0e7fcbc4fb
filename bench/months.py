"""A database of three months: 1,000 checks with all that is kept of them, made in bulk.

Hours and days for all 90 days, minutes for the last two, single results for the last seven
(10,000,000 of them), and 200,000 incidents with their alerts and the pieces of history that they
leave. All goes into the store's own tables and forms; nothing is left to be folded. The same call
makes the same database.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Save
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Alert,
    AlertState,
    Escalation,
    Incident,
    IncidentState,
    Instant,
    Level,
)
from daemon.core.severity import Severity
from daemon.store.batch import Batch
from daemon.store.connect import make_place, open_writer
from daemon.store.rollups.fold import fold
from daemon.store.rollups.measured import COLUMNS
from daemon.store.rollups.sketch import Sketch
from daemon.store.upkeep.prune import Retention

END: Final = 20_778 * DAY
"""Where the three months end: midnight of a day in November 2026, UTC."""
SHAPES: Final = 60
"""So many different distributions of latencies."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is.

    Attributes:
        results: 0 for no measurements at all: neither single results nor rollups of them.
        end: Where it all ends, a midnight (UTC).
    """

    checks: int = 1_000
    days: int = 90
    minute_days: int = 2
    results: int = 10_000_000
    incidents: int = 200_000
    end: Instant = END


FULL: Final = Scale()
FEW: Final = Scale(checks=100, days=20, results=200_000, incidents=5_000)
"""A quick look."""


def make(path: Path, scale: Scale = FULL) -> None:
    """Make the database at `path`, where there is none yet."""
    make_place(path)
    connection = open_writer(path)
    for setting in ("synchronous = OFF", "cache_size = -400000", "wal_autocheckpoint = 20000"):
        connection.execute(f"PRAGMA {setting}").fetchall()
    measured = (_names, _results, _rollups) if scale.results else ()
    for part in (*measured, _incidents, _marks):
        connection.execute("BEGIN")
        part(connection, scale)
        connection.execute("COMMIT")
    while fold(connection, scale.end // MINUTE, Retention(), scale.end):
        pass
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def service_of(number: int) -> str:
    """The service of a check, which has a number from 1 on."""
    return f"service-{number:04}"


def _names(connection: sqlite3.Connection, scale: Scale) -> None:
    connection.executemany(
        "INSERT INTO check_name (id, name) VALUES (?, ?)",
        [(number, f"web-{number:04}") for number in range(1, scale.checks + 1)],
    )


def _results(connection: sqlite3.Connection, scale: Scale) -> None:
    each = scale.results // scale.checks
    every = 7 * DAY // each
    connection.execute(
        """WITH RECURSIVE step (value) AS (
            SELECT ? UNION ALL SELECT value - 1 FROM step WHERE value > 1)
        INSERT INTO result (check_id, at, status, latency_us)
        SELECT id, ? - value * ? + id, 0, 9000 + (id * 7919 + value * 104729) % 9000
        FROM check_name CROSS JOIN step ORDER BY id, value DESC""",
        (each, scale.end, every),
    )


def _rollups(connection: sqlite3.Connection, scale: Scale) -> None:
    """Hours as a check every 10 seconds leaves them; days of 24 of these."""
    ids = range(1, scale.checks + 1)
    for unit, unit_ms, count, runs in (
        ("day", DAY, scale.days, 8_640),
        ("hour", HOUR, scale.days * 24, 360),
    ):
        shapes, last = _shapes(runs), scale.end // unit_ms
        connection.executemany(
            f"INSERT INTO rollup_{unit} ({unit}, check_id, {COLUMNS})"  # noqa: S608  # names of this file
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (at, number, *shapes[(at * 7 + number) % SHAPES])
                for at in range(last - count, last)
                for number in ids
            ),
        )
    shapes, last = _shapes(6), scale.end // MINUTE
    connection.executemany(
        f"INSERT INTO rollup_minute (check_id, minute, {COLUMNS})"  # noqa: S608  # names of this file
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (number, at, *shapes[(at * 7 + number) % SHAPES])
            for number in ids
            for at in range(last - scale.minute_days * 24 * 60, last)
        ),
    )


def _shapes(runs: int) -> list[tuple[Any, ...]]:
    """Figures of a rollup of so many runs: latencies around 12 ms, a few outliers."""
    dice, found = random.Random(runs), []  # noqa: S311  # the same database each time, no secret
    for _ in range(SHAPES):
        us = [int(dice.lognormvariate(9.4, 0.2)) for _ in range(runs)]
        us[0] *= dice.choice([1, 1, 5])
        found.append((runs, 0, 0, 0, sum(us), min(us), max(us), Sketch(us).encode()))
    return found


def _incidents(connection: sqlite3.Connection, scale: Scale) -> None:
    """Incidents one after the other for each service, each an outage between two good times."""
    made = sorted(_outages(scale), key=lambda outage: outage[0].fired_at)
    for first in range(0, len(made), _BATCH):
        batch = Batch()
        for incident, alert in made[first : first + _BATCH]:
            batch.decide(Save(incident))
            batch.decide(Save(alert))
        _put(connection, batch)
    batch = Batch()
    for piece in _pieces(scale, made):
        batch.decide(Append(piece))
    _put(connection, batch)
    connection.execute("UPDATE incident SET live = 0 WHERE resolved_at IS NOT NULL")
    connection.execute("DELETE FROM alert")


_BATCH: Final = 10_000


def _put(connection: sqlite3.Connection, batch: Batch) -> None:
    batch.encode()
    for statement, rows in batch.statements():
        connection.executemany(statement, rows)


_LEVELS: Final = (Level(0, ("channel:ops",)), Level(5 * MINUTE, ("person:ana",)))


def _outages(scale: Scale) -> Iterator[tuple[Incident, Alert]]:
    dice = random.Random(1)  # noqa: S311  # the same database each time, no secret
    each = scale.incidents // scale.checks
    every = scale.days * DAY // each
    for number in range(1, scale.checks + 1):
        service = service_of(number)
        for index in range(each):
            fired = scale.end - scale.days * DAY + index * every + dice.randint(0, every // 2)
            took = min(every // 3, int(dice.lognormvariate(12.5, 1.0)))
            looked = dice.randint(10 * SECOND, 20 * MINUTE)
            level, severity = dice.choice([0, 0, 0, 1]), dice.choice(list(Severity))
            key = f"{fired:x}-{number:04}"
            alert = Alert(
                f"{number:012x}{index % 4:04x}",
                f"check:web-{number:04}",
                f"web-{number:04} down",
                {"check": f"web-{number:04}", "service": service},
                state=AlertState.RESOLVED,
                severity=severity,
                effective=severity,
                fired_at=fired,
                resolved_at=fired + took,
                incident=key,
            )
            yield (
                Incident(
                    key,
                    "{}:{}",
                    IncidentState.RESOLVED,
                    severity,
                    f"{service} is down",
                    "connection refused",
                    fired,
                    service=service,
                    context="revenue_critical",
                    organization=f"org-{number % 20}",
                    alerts=(alert.key,),
                    acknowledged_at=fired + looked if looked < took else None,
                    acknowledged_by="ana" if looked < took else None,
                    resolved_at=fired + took,
                    escalation=Escalation("primary", _LEVELS, level=level, started_at=fired),
                ),
                alert,
            )


def _pieces(scale: Scale, made: list[tuple[Incident, Alert]]) -> Iterator[Interval]:
    since = dict.fromkeys(
        (service_of(number) for number in range(1, scale.checks + 1)), scale.end - scale.days * DAY
    )
    for incident, _ in made:
        name, end = incident.service or "", incident.resolved_at or scale.end
        yield Interval("service", name, since[name], incident.fired_at, Status.UP)
        yield Interval("service", name, incident.fired_at, end, Status.DOWN)
        since[name] = end
    for name, start in since.items():
        yield Interval("service", name, start, scale.end, Status.UP)


def _marks(connection: sqlite3.Connection, scale: Scale) -> None:
    """All of it is rolled up already."""
    connection.executemany(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        [
            ("rolled_to", str(scale.end // MINUTE)),
            ("hours_to", str(scale.end // HOUR)),
            ("days_to", str(scale.end // DAY)),
        ],
    )
