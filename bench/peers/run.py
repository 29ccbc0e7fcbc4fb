"""A peer that runs: its processes, and what they cost together."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import procs
from bench.children import NotMeasured, environment


@dataclass(frozen=True, slots=True)
class Peer:
    """The running processes of one peer."""

    processes: Sequence[subprocess.Popen[bytes]]
    log: Path

    def cpu_s(self) -> float:
        """CPU time of all of them and their children."""
        self._alive()
        return sum(procs.cpu_s(one.pid) for one in self.processes)

    def rss_mb(self) -> float:
        """Resident memory of all of them and their children."""
        return sum(procs.rss_mb(one.pid) for one in self.processes)

    def _alive(self) -> None:
        for one in self.processes:
            if one.poll() is not None:
                said = self.log.read_text(encoding="utf-8", errors="replace")[-2_000:]
                raise NotMeasured(f"{one.args!r} ended with {one.returncode}:\n{said}")


@contextmanager
def running(commands: Sequence[Sequence[str]], home: Path) -> Iterator[Peer]:
    """Start these programs; they end with the block."""
    path = home / "peer.log"
    with ExitStack() as stack:
        log = stack.enter_context(path.open("ab"))
        started: list[subprocess.Popen[bytes]] = []
        for command in commands:
            process = subprocess.Popen(
                command,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )
            stack.callback(procs.end, process)
            started.append(process)
        yield Peer(started, path)
