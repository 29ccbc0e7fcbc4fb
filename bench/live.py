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
from dataclasses import dataclass, field
from pathlib import Path

from bench.children import NotMeasured, Subject, Talker, environment
from bench.estate import CheckKind, Estate
from bench.figures import Figure, percentile
from bench.lab import Lab, Pace

CPU_GOALS_MS = {
    ("http", 100): 0.60,
    ("http", 1_000): 0.35,
    ("http", 5_000): 0.18,
    ("https", 2_000): 0.75,
    ("tcp", 5_000): 0.10,
}
RSS_GOALS_MB = {100: 70.0, 1_000: 100.0, 5_000: 200.0}
LATE_GOAL_MS, HELD_GOAL_MS, START_GOAL_S, IDLE_GOAL_PERCENT = 20.0, 50.0, 1.5, 0.5


@dataclass(slots=True)
class Windows:
    """What the windows of one life gave: one value a window.

    Attributes:
        seen: Checks that targets saw in the windows.
        seen_before: And before the first.
    """

    cpu_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    seen: int = 0
    seen_before: int = 0


def cost_of(kind: str, count: int) -> str:
    """The name of a figure that peers have as well."""
    return f"CPU per check, {count:,} {kind.upper()} checks every 10 s"


def memory_of(count: int) -> str:
    """The name of a figure that peers have as well."""
    return f"resident memory, {count:,} HTTP checks every 10 s"


def _windows(subject: Subject, targets: Talker, kind: str, pace: Pace) -> Windows:
    found = Windows()
    before = targets.mark()
    found.seen_before = before["requests"] + before["connections"]
    for _ in range(pace.runs):
        began_s = subject.cpu_s()
        time.sleep(pace.window_s)
        spent_s = subject.cpu_s() - began_s
        seen = targets.mark()
        done = seen["connections"] if kind == "tcp" else seen["requests"]
        if not done:
            raise NotMeasured(f"no target was asked; the daemon said:\n{subject.log.read_text()}")
        found.cpu_ms.append(spent_s * 1000 / done)
        found.rss_mb.append(subject.rss_mb())
        if seen["late_ms"]:
            found.late_ms.append(percentile(seen["late_ms"], 0.99))
        found.seen += done
    return found


def _confirm(subject: Subject, done: int) -> None:
    """Everything was stored, and everything was up.

    Raises:
        NotMeasured: It was not.
    """
    with sqlite3.connect(subject.database) as connection:
        stored, up = connection.execute("SELECT count(*), sum(status = 0) FROM result").fetchone()
        worst = connection.execute(
            "SELECT message FROM result WHERE status > 0 GROUP BY message ORDER BY count(*) DESC"
        ).fetchone()
    if stored < done or up < stored:
        raise NotMeasured(f"{done} checks done, {stored} stored, {up} of them up; {worst}")


def checks(kind: CheckKind, count: int, lab: Lab) -> Iterator[Figure]:
    """One estate of `count` checks of a kind every 10 s."""
    ca = lab.authority if kind == "https" else None
    estate = Estate(count, lab.ports(kind), kind, ca=ca)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        subject = Subject(estate, Path(home))
        lab.targets.mark()
        with subject, Talker("bench.reader", subject.socket, 1) as reader:
            ready_s = subject.ready_s
            time.sleep(lab.pace.warm_s)
            reader.mark()
            found = _windows(subject, lab.targets, kind, lab.pace)
            events = reader.mark()["events"][0]
            yield from _told(kind, count, found)
            if (kind, count) == ("http", 1_000):
                yield from _answers(subject)
            if (kind, count) == ("http", 5_000):
                yield from _ten_subscribers(subject, lab)
                yield from _held_up(subject, lab.pace)
        if events < found.seen * 0.9:
            raise NotMeasured(f"only {events} events for {found.seen} checks")
        _confirm(subject, found.seen_before + found.seen)
        if (kind, count) == ("http", 5_000):
            starts = _starts(subject, ready_s, lab.pace)
            yield Figure("start to ready, 5,000 checks", "s", starts, START_GOAL_S)


def _told(kind: str, count: int, found: Windows) -> Iterator[Figure]:
    goal = CPU_GOALS_MS[kind, count]
    yield Figure(cost_of(kind, count), "ms", found.cpu_ms, goal)
    if kind == "http":
        yield Figure(memory_of(count), "MB", found.rss_mb, RSS_GOALS_MB[count])
    if (kind, count) == ("http", 5_000):
        yield Figure("lateness at the target, p99, 500 a second", "ms", found.late_ms, LATE_GOAL_MS)


def _ten_subscribers(subject: Subject, lab: Lab) -> Iterator[Figure]:
    with Talker("bench.reader", subject.socket, 9):
        pace = Pace(0, lab.pace.window_s / 2, lab.pace.runs)
        found = _windows(subject, lab.targets, "http", pace)
    yield Figure("the same with 10 subscribers", "ms", found.cpu_ms)


def _held_up(subject: Subject, pace: Pace) -> Iterator[Figure]:
    longest = []
    with Talker("bench.pinger", subject.socket) as pinger:
        for _ in range(pace.runs):
            pinger.mark()
            time.sleep(pace.window_s)
            longest.append(max(pinger.mark()["waits_ms"]))
    name = "the longest the loop was held up, 500 a second (longest wait of a request)"
    yield Figure(name, "ms", longest, HELD_GOAL_MS, worst=True)


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
    yield Figure("`GET /api/v1/state`, 1,000 checks: size", "kB", sizes)
    yield Figure("`GET /api/v1/state`, 1,000 checks: time", "ms", times)
    yield Figure("`tocsin status`, from start to end", "s", [_command(subject) for _ in range(5)])


def _command(subject: Subject) -> float:
    command = subject.command("status", "--socket", str(subject.socket))
    began_s = time.perf_counter()
    done = subprocess.run(command, env=environment(), capture_output=True, check=False)
    if done.returncode not in {0, 1}:
        raise NotMeasured(f"tocsin status ended with {done.returncode}: {done.stderr.decode()}")
    return time.perf_counter() - began_s


def idle(lab: Lab) -> Iterator[Figure]:
    """100 checks every 60 s, nobody reading: what the daemon takes while little happens."""
    estate = Estate(100, lab.ports("http"), every_ms=60_000)
    shares = []
    window_s = lab.pace.window_s * 2
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home,
        Subject(estate, Path(home)) as subject,
    ):
        time.sleep(lab.pace.warm_s)
        for _ in range(lab.pace.runs):
            began_s = subject.cpu_s()
            time.sleep(window_s)
            shares.append((subject.cpu_s() - began_s) * 100 / window_s)
    yield Figure("idle, 100 HTTP checks every 60 s", "% of a core", shares, IDLE_GOAL_PERCENT)
