"""A start with 5,000 checks and ten million stored results.

A first life of the daemon makes the database and its records; then results are written into
it as if it had run for hours before: in the store's own table and form, with minutes that
count as rolled up. Starts after that are measured. The file is in the page cache, as after a
restart of the daemon, not of the machine.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.children import NotMeasured, Subject
from bench.estate import Estate
from bench.figures import Figure
from bench.lab import Lab
from daemon.core.model import MINUTE

CHECKS: Final = 5_000
RESULTS: Final = 10_000_000
EVERY_MS: Final = 10_000
FEW: Final = 1_000_000
"""Results of a quick run."""

_STEPS: Final = "CREATE TEMP TABLE step AS SELECT value FROM json_each(?)"
_INSERT: Final = """
    INSERT INTO result (check_id, at, status, latency_us)
    SELECT id, first - value * ?, 0, 1000 + (id * 7919 + value * 104729) % 900
    FROM (SELECT check_id AS id, min(at) AS first FROM result GROUP BY check_id) CROSS JOIN step
    ORDER BY id, value DESC"""


def write_past(database: Path, results: int) -> int:
    """Add so many results before those that are there, every check the same number of them;
    how many there are then."""
    with sqlite3.connect(database) as connection:
        for setting in ("synchronous = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {setting}").fetchall()
        (checks, newest) = connection.execute(
            "SELECT count(DISTINCT check_id), max(at) FROM result"
        ).fetchone()
        steps = range(results // checks, 0, -1)
        connection.execute(_STEPS, (str(list(steps)),))
        connection.execute(_INSERT, (EVERY_MS,))
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('rolled_to', ?)",
            (str(newest // MINUTE),),
        )
        (count,) = connection.execute("SELECT count(*) FROM result").fetchone()
    connection.close()
    return int(count)


def starts(lab: Lab) -> Iterator[Figure]:
    """How long it takes from the start to the first answer, with all that behind it."""
    results = FEW if lab.pace.brief else RESULTS
    estate = Estate(CHECKS, lab.ports("http"), every_ms=EVERY_MS)
    taken = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        subject = Subject(estate, Path(home))
        with subject:
            time.sleep(lab.pace.warm_s)
        count = write_past(subject.database, results)
        if count < results:
            raise NotMeasured(f"only {count} results could be stored")
        size_mb = subject.database.stat().st_size / 1e6
        for _ in range(lab.pace.runs):
            with subject:
                taken.append(subject.ready_s)
    words = f"5,000 checks and {results:,} stored results"
    yield Figure(f"start to ready, {words}", "s", taken, 1.5)
    yield Figure(f"database, {words}", "MB", [size_mb])
