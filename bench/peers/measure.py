"""What the peers cost: CPU per check, memory, and how soon a fault is told.

The targets are those that Tocsin was measured against; what was done is what they saw.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final

from bench.children import NotMeasured, Talker
from bench.estate import name_of
from bench.faults import PATIENCE_S, POLL_S, SPREAD_S, mean_of, most_of, spread
from bench.figures import Figure
from bench.lab import Lab
from bench.live import cost_of, memory_of
from bench.peers import STACK
from bench.peers import monit as its_monit
from bench.peers import nagios as its_nagios
from bench.peers import prometheus as its
from bench.peers.run import Peer, running

SETTLE_S: Final = 21.0
"""Two rounds and more: what a start costs is over, and checks are spread over the interval."""
ROUND_S: Final = 10.0
"""Windows are whole rounds: some peers do all checks at once."""
FAULTS: Final = 75

Prepare = Callable[[Path, Sequence[str], Sequence[int]], list[list[str]] | None]


def prometheus(lab: Lab) -> Iterator[Figure]:
    """The stack with 100, 1,000 and 5,000 targets; then how soon it tells of faults."""
    for count in (100,) if lab.pace.brief else (100, 1_000, 5_000):
        yield from _cost(lab, STACK, count, _stack)
    yield from _faults(lab)


def monit(lab: Lab) -> Iterator[Figure]:
    """Monit with 100 and 1,000 targets."""
    for count in (100,) if lab.pace.brief else (100, 1_000):
        yield from _cost(lab, "Monit", count, its_monit.commands)


def nagios(lab: Lab) -> Iterator[Figure]:
    """Nagios with 100 and 1,000 targets."""
    for count in (100,) if lab.pace.brief else (100, 1_000):
        yield from _cost(lab, "Nagios", count, its_nagios.commands)


def _urls(names: Sequence[str], ports: Sequence[int]) -> list[str]:
    return [f"http://127.0.0.1:{ports[i % len(ports)]}/{name}" for i, name in enumerate(names)]


def _stack(home: Path, names: Sequence[str], ports: Sequence[int]) -> list[list[str]] | None:
    """The stack where nothing fails, so nobody is told."""
    return its.commands(home, _urls(names, ports), 9)


def _cost(lab: Lab, peer: str, count: int, prepare: Prepare) -> Iterator[Figure]:
    names = [name_of(number) for number in range(count)]
    cpu_ms: list[float] = []
    rss_mb: list[float] = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as directory:
        home = Path(directory)
        commands = prepare(home, names, lab.ports("http"))
        if commands is not None:
            with running(commands, home) as one:
                time.sleep(SETTLE_S)
                for _ in range(lab.pace.runs):
                    cpu_ms.append(_window_ms(lab, one, count))
                    rss_mb.append(one.rss_mb())
    yield Figure(cost_of("http", count), "ms", cpu_ms, peer=peer)
    yield Figure(memory_of(count), "MB", rss_mb, peer=peer)


def _window_ms(lab: Lab, peer: Peer, count: int) -> float:
    """CPU per check over one round.

    Raises:
        NotMeasured: It did not do about what it was asked to.
    """
    lab.targets.mark()
    began_s = peer.cpu_s()
    time.sleep(ROUND_S)
    spent_s = peer.cpu_s() - began_s
    done = lab.targets.mark()["requests"]
    if not 0.8 * count <= done <= 1.2 * count:
        raise NotMeasured(f"{done} of {count} checks were done in a round")
    return float(spent_s * 1000 / done)


def _faults(lab: Lab) -> Iterator[Figure]:
    """75 faults, spread over a round, until Alertmanager's webhook is told."""
    names = [name_of(number) for number in range(FAULTS)]
    means: list[float] = []
    most: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as directory,
        Talker("bench.sink") as sink,
    ):
        home = Path(directory)
        commands = its.commands(home, _urls(names, lab.ports("http")), sink.first["port"])
        if commands is not None:
            with running(commands, home):
                time.sleep(SETTLE_S)
                failed = spread(lab, "fail", names, SPREAD_S)
                delays = list(_told(sink, failed))
                lab.targets.ask("mend", *names)
            means, most = [mean(delays)], [max(delays)]
    what = "fault to incident, 75 faults, every 10 s"
    yield Figure(mean_of(what), "s", means, peer=STACK)
    yield Figure(most_of(what), "s", most, peer=STACK)


def _told(sink: Talker, failed: dict[str, float]) -> Iterator[float]:
    """How long it took until each fault was told."""
    ends = time.monotonic() + PATIENCE_S
    waiting = dict(failed)
    while waiting:
        if time.monotonic() > ends:
            raise NotMeasured(f"{STACK}: {len(waiting)} faults were never told")
        time.sleep(POLL_S)
        for at_s, body in sink.mark():
            for name in _names(body):
                if name in waiting:
                    yield at_s - waiting.pop(name)


def _names(body: dict[str, Any]) -> Iterator[str]:
    """The checks that an Alertmanager's webhook is about."""
    for alert in body["alerts"]:
        if alert["status"] == "firing":
            yield alert["labels"]["instance"].rpartition("/")[2]
