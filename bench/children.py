"""The processes of the bench: targets and readers that answer lines, and the daemon itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from bench import procs
from bench.estate import Estate

_READY_S: Final = 60.0


class NotMeasured(Exception):
    """What was run is not what the figure would say."""


class Talker:
    """A child that answers each line on its input with a line of JSON."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first: Any = self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotMeasured(f"{self._process.args!r} ended with {self._process.wait()}")
        return json.loads(line)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, *words: str) -> Any:
        """Say a line; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return self._line()

    def mark(self) -> Any:
        """What it counted or kept since the last mark."""
        return self.ask("mark")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def end_cleanly() -> None:
    """Have SIGTERM end this process as an exception does, so that no child is left behind."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def environment() -> dict[str, str]:
    """Ours, without what would lead the daemon elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TOCSIN_") and name != "NOTIFY_SOCKET"
    }


class Subject:
    """The daemon that is measured, on an estate of its own.

    Attributes:
        cores: Where it is kept, with all its threads and workers; None for anywhere.
        module: What is run; it must take the daemon's command line.
        variables: Further ones of its environment.
        ready_s: From its start to its first answer on the socket.
    """

    def __init__(
        self,
        estate: Estate,
        home: Path,
        cores: Sequence[int] | None = None,
        module: str = "daemon",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.module = module
        self.variables = dict(variables or {})
        self.cores = cores
        self.socket = home / "tocsin.sock"
        self.database = home / "tocsin.db"
        self.config = home / "config.toml"
        self.config.write_text(estate.configuration(home), encoding="utf-8")
        self.log = home / "daemon.log"
        self.ready_s = 0.0

    def __enter__(self) -> Self:
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**environment(), **self.variables},
            )
        if self.cores is not None:
            procs.keep_on(self.process.pid, self.cores)
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() - began > _READY_S:
                procs.end(self.process)
                raise NotMeasured(f"the daemon did not start:\n{self.log.read_text()}")
            time.sleep(0.005)
        self.ready_s = time.monotonic() - began
        return self

    def _answers(self) -> bool:
        try:
            return self.ask("/-/ready").startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def ask(self, path: str) -> bytes:
        """One GET over the socket, everything that comes back."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.socket))
            client.sendall(
                b"GET %s HTTP/1.1\r\nHost: tocsin\r\nConnection: close\r\n\r\n" % path.encode()
            )
            pieces: list[bytes] = []
            while piece := client.recv(1 << 20):
                pieces.append(piece)
        return b"".join(pieces)

    def json(self, path: str) -> Any:
        """The decoded body of a GET."""
        body = self.ask(path).partition(b"\r\n\r\n")[2]
        return json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])

    def cpu_s(self) -> float:
        """CPU time of all its threads and workers, living and ended."""
        return procs.cpu_s(self.process.pid)

    def rss_mb(self) -> float:
        """Resident memory with its workers', in units of 1,000,000 bytes."""
        return procs.rss_mb(self.process.pid)

    @staticmethod
    def command(*arguments: str) -> Sequence[str]:
        """The command line of a `tocsin` command."""
        return [sys.executable, "-m", "daemon", *arguments]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        procs.end(self.process)
