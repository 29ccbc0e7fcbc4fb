"""Half an hour of load: `python -m bench.soak [--minutes N]`; exit code 1 on a breach.

5,000 checks every 10 s, 500 a second, one in twenty of which flaps: its target fails for half
a minute and is well for half a minute, each at its own time. Every 10 s a sample is taken of
memory, lateness, lag and the database. At the end the last third of the samples is held
against the middle one: memory flat, lateness flat, the database growing as the documents say.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from bench.children import Subject, Talker, end_cleanly
from bench.estate import Estate, name_of
from bench.figures import machine, percentile
from bench.lab import FULL, LISTENERS
from bench.live import LATE_GOAL_MS

CHECKS: Final = 5_000
FLAPPING_EVERY: Final = 20
"""One check in so many flaps."""
SAMPLE_S: Final = 10.0
TURN_SAMPLES: Final = 3
"""A flapping target turns after so many samples."""
MEMORY_PERCENT: Final = 3.0
LATE_TIMES: Final = 1.5
"""Lateness wobbles by nature; half as much again in a third's median is a trend."""
RESULT_BYTES: Final = 30.0
"""A result on disk, as docs/storage.md has it, failures with their messages included."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen in 10 seconds.

    Attributes:
        late_ms: How late checks came to their targets, 99th percentile.
        lag_ms: The daemon's own measure of how long its loop was held up.
        database_mb: Its files together, in units of 1,000,000 bytes.
    """

    at_s: float
    checks: int
    rss_mb: float
    late_ms: float
    lag_ms: float
    database_mb: float

    def line(self) -> str:
        """For the log of the run."""
        return (
            f"{self.at_s:6.0f} s  {self.checks:6,} checks  {self.rss_mb:7.1f} MB"
            f"  late p99 {self.late_ms:6.1f} ms  lag p99 {self.lag_ms:6.1f} ms"
            f"  database {self.database_mb:8.1f} MB"
        )


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], ...]:
    """The first, middle and last third; what is over belongs to the first."""
    size = len(samples) // 3
    return samples[: -2 * size], samples[-2 * size : -size], samples[-size:]


def breaches(samples: Sequence[Sample], result_bytes: float) -> list[str]:
    """In what the last third is worse than the middle one by more than is allowed."""
    _, middle, last = thirds(samples)
    found = []
    before, after = (mean(one.rss_mb for one in third) for third in (middle, last))
    if after > before * (1 + MEMORY_PERCENT / 100):
        found.append(f"memory grew by {(after / before - 1) * 100:.1f} %")
    before, after = (median(one.late_ms for one in third) for third in (middle, last))
    if after > max(before * LATE_TIMES, 1.0) or after > LATE_GOAL_MS:
        found.append(f"lateness p99 went from {before:.1f} to {after:.1f} ms")
    if result_bytes > RESULT_BYTES:
        found.append(f"a result takes {result_bytes:.1f} bytes")
    return found


def growth_mb_an_hour(samples: Sequence[Sample]) -> float:
    """How fast the database grows."""
    first, last = samples[0], samples[-1]
    return (last.database_mb - first.database_mb) * 3600 / (last.at_s - first.at_s)


def tables(database: Path) -> dict[str, tuple[int, int]]:
    """Bytes and rows of each table of measurements and decisions, its indexes included."""
    with sqlite3.connect(database) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        sizes = dict(
            connection.execute(
                "SELECT coalesce(m.tbl_name, d.name), sum(d.pgsize) FROM dbstat d"
                " LEFT JOIN sqlite_master m ON m.name = d.name GROUP BY 1"
            ).fetchall()
        )
        found = {
            name: (sizes[name], connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608  # names from the database itself
            for name in names
            if name in sizes
        }
    connection.close()
    return found


def _files_mb(database: Path) -> float:
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists()) / 1e6


def _flap(targets: Talker, number: int) -> None:
    """Turn those flapping targets whose turn it is: a sixth of them goes down and another up."""
    flapping = [name_of(check) for check in range(0, CHECKS, FLAPPING_EVERY)]
    groups = 2 * TURN_SAMPLES
    targets.ask("fail", *flapping[number % groups :: groups])
    targets.ask("mend", *flapping[(number + TURN_SAMPLES) % groups :: groups])


def soak(samples: int, subject: Subject, targets: Talker) -> list[Sample]:
    """Take so many samples, and print each."""
    found: list[Sample] = []
    time.sleep(FULL.warm_s)
    began = time.monotonic()
    targets.mark()
    for number in range(samples):
        _flap(targets, number)
        time.sleep(max(0.0, began + (number + 1) * SAMPLE_S - time.monotonic()))
        seen = targets.mark()
        found.append(
            Sample(
                time.monotonic() - began,
                seen["requests"],
                subject.rss_mb(),
                percentile(seen["late_ms"] or [0.0], 0.99),
                subject.json("/api/v1/status")["daemon"]["lag_ms"],
                _files_mb(subject.database),
            )
        )
        print(found[-1].line(), flush=True)
    return found


def report(samples: Sequence[Sample], sizes: dict[str, tuple[int, int]]) -> Iterable[str]:
    """The thirds, and what takes the database's place."""
    for word, third in zip(("first", "middle", "last"), thirds(samples), strict=True):
        yield (
            f"{word + ' third':13} {mean(one.rss_mb for one in third):7.1f} MB"
            f"  late p99 {median(one.late_ms for one in third):6.1f} ms"
            f"  lag p99 {max(one.lag_ms for one in third):6.1f} ms at most"
            f"  database {growth_mb_an_hour(third):7.1f} MB an hour"
        )
    for name, (size, rows) in sorted(sizes.items(), key=lambda item: -item[1][0])[:8]:
        each = size / max(rows, 1)
        yield f"{name:13} {size / 1e6:9.2f} MB  {rows:9,} rows  {each:7.1f} bytes each"


def main(arguments: list[str]) -> int:
    """Load the daemon, say how it did; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    given = parser.parse_args(arguments)
    count = max(6, round(given.minutes * 60 / SAMPLE_S))
    end_cleanly()
    print(machine())
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-soak-") as home,
        Talker("bench.target", LISTENERS) as targets,
    ):
        subject = Subject(Estate(CHECKS, targets.first["http"]), Path(home))
        with subject, Talker("bench.reader", subject.socket, 1):
            samples = soak(count, subject, targets)
        sizes = tables(subject.database)
    size, rows = sizes["result"]
    print(*report(samples, sizes), sep="\n")
    found = breaches(samples, size / max(rows, 1))
    print(*(f"breach: {one}" for one in found), sep="\n")
    print(f"{'not flat' if found else 'flat'}; {machine()}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
