"""Ten thousand alerts at once, and what the event stream costs: the daemon behind its probes.

Both use `bench.puppet`, the daemon with probes that need no target, because the rate of
probing would otherwise be what is measured. In a storm all checks share one slot, their
probes end at the same moment, and all fail. It is over when a watcher has heard of every
alert; an event is published only when it is durable.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bench.children import NotMeasured, Subject, Talker
from bench.estate import Estate
from bench.figures import Figure
from bench.lab import Lab
from daemon.core.observing.schedule import phase

ALERTS: Final = 10_000
HELD: Final = 9_900
"""So many end at the same moment, the others right after: the daemon starts only as many at
once as it may have descriptors for, at most 10,000."""
STRAY: Final = 500
"""So many may end apart from the others before a storm is none."""
EVERY_MS: Final = 6_000
SAME_SLOT_MS: Final = 20
STORMS: Final = 13
SETTLED: Final = 10
"""After so many storms memory is to be flat."""
PATIENCE_S: Final = 60.0


def names_of_one_slot(count: int, every_ms: int) -> list[str]:
    """Names of checks that the schedule lets run in the same slot, within 20 ms."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        name = f"c{number:07}"
        if phase(name, every_ms) < SAME_SLOT_MS:
            found.append(name)
        number += 1
    return found


def _estate() -> Estate:
    names = names_of_one_slot(ALERTS, EVERY_MS)
    return Estate(
        ALERTS,
        [1],
        "tcp",
        EVERY_MS,
        chosen=names,
        defaults={"down_after": "1", "flap_start": "0.0"},
    )


def _await_alerts(watcher: Talker, state: str) -> float:
    """When the last alert of all was heard to be in a state.

    Raises:
        NotMeasured: They never all were.
    """
    found: dict[str, float] = {}
    ends = time.monotonic() + PATIENCE_S
    while len(found) < ALERTS:
        if time.monotonic() > ends:
            raise NotMeasured(f"{len(found)} of {ALERTS} alerts were heard {state}")
        time.sleep(0.1)
        for at_s, alert in watcher.mark():
            if alert["state"] == state:
                found.setdefault(alert["fingerprint"], at_s)
    return max(found.values())


def storms(lab: Lab) -> Iterator[Figure]:
    """Ten storms, each over before the next; how long each took, and what memory they left."""
    count = SETTLED + 1 if lab.pace.brief else STORMS
    taken, over, rss_mb = [], [], []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        told = Path(home, "released")
        variables = {"BENCH_HOLD": str(HELD), "BENCH_TOLD": str(told)}
        with (
            Subject(_estate(), Path(home), module="bench.puppet", variables=variables) as subject,
            Talker("bench.watcher", subject.socket, "alert") as watcher,
        ):
            time.sleep(2 * EVERY_MS / 1000)
            for _ in range(count):
                taken += _turn(subject, watcher, told, "down")
                over += _turn(subject, watcher, told, "up")
                rss_mb.append(subject.rss_mb())
    if min(len(taken), len(over)) <= count // 2:
        raise NotMeasured(f"only {len(taken)} of {count} storms came at once; it is too busy here")
    settled = rss_mb[SETTLED - 1]
    growth = [(after - settled) * 100 / settled for after in rss_mb[SETTLED:]]
    yield Figure("10,000 alerts at once, durable and on the stream", "s", taken, 2.0)
    yield Figure("10,000 recoveries at once, durable and on the stream", "s", over)
    yield Figure(f"memory after {count} storms", "MB", [rss_mb[-1]])
    name = f"growth of memory from the {SETTLED}th storm to the {count}th"
    yield Figure(name, "%", [growth[-1]], 3.0)


def _turn(subject: Subject, watcher: Talker, told: Path, state: str) -> list[float]:
    """Let everything go down (or up) at once; how long until all of it was heard. Nothing
    where it did not happen at once."""
    failing = state == "down"
    subject.process.send_signal(signal.SIGUSR1 if failing else signal.SIGUSR2)
    heard_s = _await_alerts(watcher, "firing" if failing else "resolved")
    began = began_s(told.read_text(encoding="utf-8").splitlines(), state)
    if began is None or heard_s - began > EVERY_MS / 2000:
        time.sleep(2 * EVERY_MS / 1000)  # some checks missed a slot; they share one again by then
    return [] if began is None else [heard_s - began]


def began_s(lines: Iterable[str], state: str) -> float | None:
    """When the newest turn to a state began: when most probes were let go together; None if
    they were not, as where the machine is too busy to start them all in time.

    Args:
        lines: What the puppet told: seconds since the epoch, how many, their state.
    """
    turn: list[tuple[float, int]] = []
    for line in lines:
        at_s, waited, was = line.split()
        if was != state:
            turn.clear()
        else:
            turn.append((float(at_s), int(waited)))
    early = 0
    for released_s, together in turn:
        if together >= ALERTS - STRAY and early <= STRAY:
            return released_s
        early += together
    return None


def stream(lab: Lab) -> Iterator[Figure]:
    """2,000 results a second, read by ten subscribers over sockets and by nobody in turn: the
    difference is what the stream costs, encoding and writing included."""
    estate = Estate(2_000, [1], "tcp", 1_000)
    shares, events_s = [], []
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home,
        Subject(estate, Path(home), module="bench.puppet") as subject,
    ):
        time.sleep(lab.pace.warm_s)
        for _ in range(lab.pace.runs):
            alone = _share(subject, lab.pace.window_s)
            with Talker("bench.reader", subject.socket, 10) as readers:
                time.sleep(1.0)
                readers.mark()
                read = _share(subject, lab.pace.window_s)
                least = min(readers.mark()["events"])
            shares.append((read - alone) * 100)
            events_s.append(least / lab.pace.window_s)
    if min(events_s) < 1_900:
        raise NotMeasured(f"only {min(events_s):.0f} events a second reached every subscriber")
    name = "event stream, 2,000 events/s to 10 subscribers over sockets"
    yield Figure(name, "% of a core", shares, 15.0)


def _share(subject: Subject, window_s: float) -> float:
    began_s, began = subject.cpu_s(), time.monotonic()
    time.sleep(window_s)
    return (subject.cpu_s() - began_s) / (time.monotonic() - began)
