"""How many checks a second the daemon sustains: on one core, and with workers on two.

Every check has a slot each second. What was done is read from the database afterwards: for
each check the slots of the windows that have a result, so a skipped slot is seen as such,
and how late the run in it began. Offered more than it can do, the daemon skips slots, and
what is left is what it sustains.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench import nginx, procs
from bench.children import Subject
from bench.estate import Estate
from bench.figures import Figure, percentile
from bench.lab import Lab
from daemon.core.observing.schedule import phase

EVERY_MS: Final = 1_000
ONE_CORE: Final = 5_000
"""Checks a second that one core is to sustain."""
LISTENERS: Final = 32
"""A port of the target keeps ended connections for a minute; many ports have room for them."""
GAIN: Final = 1.6
"""So many times that with two workers on two cores."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the slots of a window.

    Attributes:
        done: Slots with a run.
        skipped: Slots without.
        late_ms: How late each run began after its slot.
    """

    done: int
    skipped: int
    late_ms: Sequence[int]


def kept(
    runs: Iterable[tuple[str, int]], names: Sequence[str], every_ms: int, start: int, end: int
) -> Kept:
    """Hold the runs against the slots that are due from `start` to before `end`.

    Args:
        runs: Names and beginnings of runs, also of some after `end`.
        start, end: In milliseconds since the epoch.
    """
    offsets = {name: phase(name, every_ms) for name in names}
    found: dict[tuple[str, int], int] = {}
    for name, at in runs:
        slot = at - (at - offsets[name]) % every_ms
        if start <= slot < end:
            found.setdefault((name, slot), at - slot)
    due = sum(_slots(offset, every_ms, start, end) for offset in offsets.values())
    return Kept(len(found), due - len(found), list(found.values()))


def _slots(offset: int, every_ms: int, start: int, end: int) -> int:
    """How many times with this remainder there are from `start` to before `end`."""
    return (end - 1 - offset) // every_ms - (start - 1 - offset) // every_ms


def _runs(database: Path, start: int, end: int) -> list[tuple[str, int]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(
            "SELECT name, at FROM result JOIN check_name ON id = check_id"
            " WHERE at >= ? AND at < ? AND status = 0",
            (start, end + EVERY_MS),
        ).fetchall()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one life sustained: one value a window."""

    rates: list[float]
    skipped: list[float]
    late_ms: list[float]
    cpu_percent: list[float]
    targets_percent: list[float]


def sustain(
    lab: Lab, checks: int, cores: Sequence[int], rest: Sequence[int], workers: int
) -> Stretch:
    """Offer `checks` a second to a daemon that is kept on `cores`, its targets on `rest`."""
    pace, ports = lab.pace, nginx.free_ports(LISTENERS)
    estate = Estate(checks, ports, every_ms=EVERY_MS, workers=workers)
    found = Stretch([], [], [], [], [])
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        spans: list[tuple[int, int]] = []
        with (
            nginx.serving(Path(home), ports) as targets,
            Subject(estate, Path(home), cores) as subject,
        ):
            for pid in procs.family(targets):
                procs.keep_on(pid, rest)
            time.sleep(pace.warm_s)
            for _ in range(pace.runs):
                began_s = subject.cpu_s(), procs.cpu_s(targets), time.time()
                time.sleep(pace.window_s)
                lasted_s = time.time() - began_s[2]
                found.cpu_percent.append((subject.cpu_s() - began_s[0]) * 100 / lasted_s)
                found.targets_percent.append((procs.cpu_s(targets) - began_s[1]) * 100 / lasted_s)
                start = round(began_s[2] * 1000)
                spans.append((start, start + round(pace.window_s * 1000)))
            time.sleep(2 * EVERY_MS / 1000)  # the last window's runs may begin this late
        for start, end in spans:
            told = kept(_runs(subject.database, start, end), estate.names, EVERY_MS, start, end)
            found.rates.append(told.done * 1000 / (end - start))
            found.skipped.append(told.skipped)
            found.late_ms.append(percentile(told.late_ms or [0], 0.99))
    return found


def sustained(lab: Lab) -> Iterator[Figure]:
    """5,000 checks a second on one core; then 1.6 times that with two workers on two."""
    one = sustain(lab, ONE_CORE, [0], [1], 0)
    yield from _told("one core", ONE_CORE, one)
    offered = round(ONE_CORE * GAIN)
    two = sustain(lab, offered, [0, 1], [0, 1], 2)
    yield from _told("two cores, two workers", offered, two)
    gains = [rate / median(one.rates) for rate in two.rates]
    name = "two workers on two cores, times what one core sustains"
    yield Figure(name, "", gains, GAIN, more_is_better=True)


def _told(where: str, offered: int, found: Stretch) -> Iterator[Figure]:
    words = f"{where}, {offered:,} HTTP checks a second offered"
    goal = float(offered)
    yield Figure(f"sustained on {words}", "checks/s", found.rates, goal, more_is_better=True)
    yield Figure(f"slots skipped, {words}", "slots", found.skipped, 0.0, worst=True)
    yield Figure(f"lateness of starts, p99, {words}", "ms", found.late_ms)
    yield Figure(f"CPU of the daemon, {words}", "% of a core", found.cpu_percent)
    pairs = zip(found.cpu_percent, found.rates, strict=True)
    yield Figure(f"CPU per check, {words}", "ms", [share * 10 / rate for share, rate in pairs])
    yield Figure(f"CPU of its targets (nginx), {words}", "% of a core", found.targets_percent)
