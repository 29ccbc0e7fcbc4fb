"""From a fault to the incident on the stream, from its end to the recovery, from the decision
to the first byte on a channel's socket.

The targets are told to fail and note when; a watcher, a process of its own, notes when each
incident came on the event stream; a webhook's receiver, another, when the first byte of each
request arrived. Every check is a service of its own, so that every fault is an incident.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any, Final

from bench.children import NotMeasured, Subject, Talker
from bench.estate import LOG_CHANNEL, Estate, webhook
from bench.figures import Figure, percentile
from bench.lab import Lab

SEED: Final = 5
SPREAD_S: Final = 10.0
"""Faults come at times spread over this, so over every phase of a slot."""
BATCH_S: Final = 0.1
POLL_S: Final = 0.25
PATIENCE_S: Final = 40.0
QUIET_S: Final = 2.0
STEADY: Final = {"flap_start": "0.0"}
"""The same target fails several times here; that is not to be taken for flapping."""

Times = Mapping[str, float]
"""For each check, when something happened to it, in seconds since the epoch."""


def delays_s(since: Times, until: Times) -> list[float]:
    """How long it took, for each of `since`."""
    return [until[name] - at_s for name, at_s in since.items()]


def first_heard(heard: Sequence[tuple[float, Any]], state: str, since: Times) -> dict[str, float]:
    """When a service's incident was first heard to be in a state, after what caused it.

    A service's name is its check's number: `s0012` holds `c00012`.
    """
    found: dict[str, float] = {}
    for at_s, incident in heard:
        name = f"c{int(incident['service'][1:]):05}"
        if incident["state"] == state and at_s >= since.get(name, at_s + 1):
            found.setdefault(name, at_s)
    return found


def decided_s(body: Mapping[str, Any]) -> float:
    """When a notice was decided, of a webhook's body."""
    return datetime.fromisoformat(body["time"]).timestamp()


def spread(lab: Lab, word: str, names: Sequence[str], span_s: float) -> dict[str, float]:
    """Tell the targets about these names one after the other, spread over the span."""
    began = time.monotonic()
    told: dict[str, float] = {}
    steps = max(1, min(len(names), round(span_s / BATCH_S)))
    for step in range(steps):
        some = names[step * len(names) // steps : (step + 1) * len(names) // steps]
        time.sleep(max(0.0, began + step * span_s / steps - time.monotonic()))
        told |= dict.fromkeys(some, lab.targets.ask(word, *some)["at_s"])
    return told


def await_all(watcher: Talker, state: str, since: Times) -> list[float]:
    """Wait until every incident was heard to be in the state; how long each took.

    Raises:
        NotMeasured: Some never were.
    """
    heard: list[tuple[float, Any]] = []
    ends = time.monotonic() + PATIENCE_S
    while True:
        heard += watcher.mark()
        found = first_heard(heard, state, since)
        if len(found) == len(since):
            return delays_s(since, found)
        if time.monotonic() > ends:
            raise NotMeasured(f"{len(since) - len(found)} incidents were never heard {state}")
        time.sleep(POLL_S)


@dataclass(frozen=True, slots=True)
class Scene:
    """A running daemon, somebody who watches its incidents, and what fails when."""

    lab: Lab
    estate: Estate
    watcher: Talker

    def round(self, span_s: float, mend_s: float) -> tuple[list[float], list[float]]:
        """Let every check's target fail once and be mended once, at times spread over so many
        seconds; how long it took until each incident was heard, and until each was over."""
        names = list(self.estate.names)
        random.Random(SEED).shuffle(names)  # noqa: S311  # an order, the same in every run
        failed = spread(self.lab, "fail", names, span_s)
        found = await_all(self.watcher, "triggered", failed)
        mended = spread(self.lab, "mend", names, mend_s)
        return found, await_all(self.watcher, "resolved", mended)


@contextmanager
def _scene(lab: Lab, estate: Estate) -> Iterator[Scene]:
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home,
        Subject(estate, Path(home)) as subject,
        Talker("bench.watcher", subject.socket, "incident") as watcher,
    ):
        time.sleep(lab.pace.warm_s)
        if early := watcher.mark():
            raise NotMeasured(f"there were {len(early)} incidents before anything failed")
        yield Scene(lab, estate, watcher)


def _estate(lab: Lab, checks: int, every_ms: int, channel: str, **defaults: str) -> Estate:
    return Estate(
        checks,
        lab.ports("http"),
        every_ms=every_ms,
        a_service=1,
        channel=channel,
        defaults={**STEADY, **defaults},
    )


def slow(lab: Lab) -> Iterator[Figure]:
    """75 faults of checks that run every 10 s and are down at the first failure."""
    means, most = [], []
    with _scene(lab, _estate(lab, 75, 10_000, LOG_CHANNEL, down_after="1")) as scene:
        for _ in range(lab.pace.runs):
            found, _ = scene.round(SPREAD_S, 0.0)
            means.append(mean(found))
            most.append(max(found))
    yield Figure(mean_of("fault to incident, 75 faults, every 10 s"), "s", means, 5.2)
    yield Figure(most_of("fault to incident, 75 faults, every 10 s"), "s", most, 10.3, worst=True)


def mean_of(what: str) -> str:
    """The name of a figure that peers have as well."""
    return f"{what}: mean"


def most_of(what: str) -> str:
    """The name of a figure that peers have as well."""
    return f"{what}: longest"


def quick(lab: Lab) -> Iterator[Figure]:
    """1,000 checks every 2 s that all fail and recover, with a webhook that is told of each."""
    found, over, told = [], [], []
    with Talker("bench.sink") as sink:
        estate = _estate(
            lab,
            1_000,
            2_000,
            webhook(sink.first["port"]),
            down_after="3",
            retry_every='"500ms"',
            every_down='"1s"',
        )
        with _scene(lab, estate) as scene:
            for _ in range(lab.pace.runs):
                incidents, recoveries = scene.round(SPREAD_S, SPREAD_S)
                arrivals = _until_quiet(sink.mark, estate.checks)
                found.append(percentile(incidents, 0.99))
                over.append(percentile(recoveries, 0.99))
                waits = [(at_s - decided_s(body)) * 1000 for at_s, body in arrivals]
                told.append(percentile(waits, 0.99))
    yield Figure("fault to incident, 1,000 checks every 2 s, 3 failures: p99", "s", found, 4.0)
    yield Figure("recovery to its incident's end, every_down 1 s: p99", "s", over, 1.3)
    yield Figure("decision to the first byte at a webhook: p99", "ms", told, 100.0)


def _until_quiet(take: Callable[[], Any], least: int) -> list[tuple[float, Any]]:
    """What arrives until nothing does any more. An incident that is over before it was told
    is told once, so how much that is depends on how fast the channel is.

    Raises:
        NotMeasured: It is less than `least`.
    """
    found: list[tuple[float, Any]] = []
    ends = time.monotonic() + QUIET_S
    while time.monotonic() < ends:
        time.sleep(POLL_S)
        if some := take():
            found += some
            ends = time.monotonic() + QUIET_S
    if len(found) < least:
        raise NotMeasured(f"{len(found)} notices of {least} incidents arrived")
    return found
