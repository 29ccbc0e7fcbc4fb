"""What the running daemon costs: CPU per check, lateness, memory, start, answers.

Each estate is one life of the daemon: start, a warm-up in which first runs and slots settle,
then windows of some seconds. CPU time over checks done in a window is a window's figure. At
the end the database is asked whether everything that the targets saw was also stored.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.children import Subject, Talker, environment
from bench.estate import Estate
from bench.figures import Figure

LISTENERS = 8
RUNS = 3


class NotMeasured(Exception):
    """What was run is not what the figure says."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to warm up, how long a window is, and how many there are."""

    warm_s: float = 11.0
    window_s: float = 9.0
    runs: int = RUNS


FULL, QUICK = Pace(), Pace(9.0, 2.0, 2)

CPU_GOALS_MS = {100: 0.60, 1_000: 0.35, 5_000: 0.18}
RSS_GOALS_MB = {100: 70.0, 1_000: 100.0, 5_000: 200.0}


@dataclass(slots=True)
class Windows:
    """What the windows of one life gave: one value a window.

    Attributes:
        seen: Checks that targets saw in the windows.
        seen_before: And before the first.
    """

    cpu_ms: list[float]
    late_ms: list[float]
    rss_mb: list[float]
    seen: int = 0
    seen_before: int = 0


def _windows(subject: Subject, targets: Talker, kind: str, pace: Pace) -> Windows:
    found = Windows([], [], [])
    before = targets.mark()
    found.seen_before = before["requests"] + before["connections"]
    for _ in range(pace.runs):
        began_s = subject.cpu_s()
        time.sleep(pace.window_s)
        spent_s = subject.cpu_s() - began_s
        seen = targets.mark()
        done = seen["requests"] if kind == "http" else seen["connections"]
        if not done:
            raise NotMeasured(f"no target was asked; the daemon said:\n{subject.log.read_text()}")
        found.cpu_ms.append(spent_s * 1000 / done)
        found.rss_mb.append(subject.rss_mb())
        if seen["late_ms"]:
            late = sorted(seen["late_ms"])
            found.late_ms.append(late[int(len(late) * 0.99)])
        found.seen += done
    return found


def _confirm(subject: Subject, done: int) -> None:
    """Everything was stored, and everything was up.

    Raises:
        NotMeasured: It was not.
    """
    with sqlite3.connect(subject.database) as connection:
        stored, up = connection.execute("SELECT count(*), sum(status = 0) FROM result").fetchone()
    if stored < done or up < stored:
        raise NotMeasured(f"{done} checks were done, {stored} stored, {up} of them up")


def checks(kind: str, count: int, pace: Pace, targets: Talker) -> Iterator[Figure]:
    """One estate of `count` checks of a kind every 10 s."""
    estate = Estate(count, targets.first[kind], "http" if kind == "http" else "tcp")
    words = f"{count:,} {kind.upper()} checks every 10 s"
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        subject = Subject(estate, Path(home))
        targets.mark()
        with subject, Talker("bench.reader", subject.socket, 1) as reader:
            ready_s = subject.ready_s
            time.sleep(pace.warm_s)
            reader.mark()
            found = _windows(subject, targets, kind, pace)
            events = reader.mark()["events"][0]
            yield from _told(kind, count, words, found)
            if kind == "http" and count == 1_000:
                yield from _answers(subject)
            if kind == "http" and count == 5_000:
                yield from _ten_subscribers(subject, targets, pace, words)
        if events < found.seen * 0.9:
            raise NotMeasured(f"only {events} events for {found.seen} checks")
        _confirm(subject, found.seen_before + found.seen)
        if kind == "http" and count == 5_000:
            starts = _starts(subject, ready_s, pace)
            yield Figure("start to ready, 5,000 checks", "s", starts, 1.5)


def _told(kind: str, count: int, words: str, found: Windows) -> Iterator[Figure]:
    goal = CPU_GOALS_MS[count] if kind == "http" else 0.10
    yield Figure(f"CPU per check, {words}", "ms", found.cpu_ms, goal)
    if kind == "http":
        yield Figure(f"resident memory, {words}", "MB", found.rss_mb, RSS_GOALS_MB[count])
    if kind == "http" and count == 5_000:
        yield Figure("lateness at the target, p99, 500 a second", "ms", found.late_ms, 20.0)


def _ten_subscribers(subject: Subject, targets: Talker, pace: Pace, words: str) -> Iterator[Figure]:
    with Talker("bench.reader", subject.socket, 9):
        found = _windows(subject, targets, "http", Pace(0, pace.window_s / 2, pace.runs))
    yield Figure(f"the same with 10 subscribers, {words}", "ms", found.cpu_ms)


def _starts(subject: Subject, first_s: float, pace: Pace) -> list[float]:
    """The first start, on an empty database, and others on what the run stored."""
    taken = [first_s]
    for _ in range(pace.runs - 1):
        with subject:
            taken.append(subject.ready_s)
    return taken


def _answers(subject: Subject) -> Iterator[Figure]:
    sizes, times = [], []
    for _ in range(10):
        began_s = time.perf_counter()
        answer = subject.ask("/api/v1/state")
        times.append((time.perf_counter() - began_s) * 1000)
        sizes.append(len(answer) / 1000)
    yield Figure("GET /api/v1/state, 1,000 checks: size", "kB", sizes)
    yield Figure("GET /api/v1/state, 1,000 checks: time", "ms", times)
    yield Figure("`tocsin status`, from start to end", "s", [_command(subject) for _ in range(5)])


def _command(subject: Subject) -> float:
    began_s = time.perf_counter()
    done = subprocess.run(
        subject.command("status"), env=environment(), capture_output=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise NotMeasured(f"tocsin status ended with {done.returncode}: {done.stderr.decode()}")
    return time.perf_counter() - began_s
