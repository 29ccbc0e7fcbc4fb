"""A Tocsin daemon as a real process on a private socket and database, and how to ask it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from daemon.api.schema import IncidentView, State
from daemon.client import Client, ClientError

PATIENCE_S = 30.0
"""A generous bound for everything that is waited for; nothing is asserted about speed."""

TOP = """
[daemon]
socket = "{home}/tocsin.sock"
database = "{database}"
"""


class Tocsin:
    """One home directory with a configuration, a socket and a database; started and killed.

    Args:
        database: Elsewhere than in the home directory: on a disk that fails.
        environment: What the daemon's environment has besides ours.
    """

    def __init__(
        self,
        home: Path,
        configuration: str,
        *,
        database: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.socket = home / "tocsin.sock"
        self.database = home / "tocsin.db" if database is None else database
        self._environment = dict(environment or {})
        self.config = home / "config.toml"
        self.log = home / "daemon.log"
        self.write(configuration)
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, configuration: str) -> None:
        """Write the configuration file; `[daemon]` is added."""
        self.config.write_text(TOP.format(home=self.home, database=self.database) + configuration)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()

    async def start(self) -> None:
        """Start the daemon and wait until it answers."""
        self.launch()
        await self.until(lambda state: state.daemon.pid == self._running.pid)

    def fail_to_start(self) -> tuple[int, str]:
        """Start the daemon, which is to refuse that; its exit code and what it said."""
        said = len(self.words()) if self.log.exists() else 0
        self.launch()
        try:
            return self._running.wait(timeout=PATIENCE_S), self.words()[said:]
        except subprocess.TimeoutExpired:
            self._running.kill()
            raise AssertionError(f"it runs:\n{self.words()}") from None

    def launch(self) -> None:
        """Start the daemon and wait for nothing."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daemon", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONWARNINGS": "error", **self._environment},
            )

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return self._running.pid

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "the daemon was not started"
        return self.process

    @property
    def is_running(self) -> bool:
        """Whether the process that was started is still there, or killed by us just now."""
        return self._running.poll() in {None, -signal.SIGKILL}

    def stop_at_once(self) -> None:
        """`kill -9`, if it runs, and do not wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()

    def kill(self) -> None:
        """`kill -9`."""
        self._running.kill()
        self._running.wait()

    def end(self) -> int:
        """SIGTERM, and the exit code; a daemon that does not end in 5 s fails the test."""
        if self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
        try:
            return self._running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._running.kill()
            raise AssertionError(f"it did not end:\n{self.words()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        self._running.send_signal(number)

    def words(self) -> str:
        """All it has logged so far."""
        return self.log.read_text(errors="replace")

    async def state(self) -> State:
        """Everything, now."""
        async with Client(self.socket) as client:
            return await client.state()

    async def until(self, holds: Callable[[State], bool]) -> State:
        """Ask until the state is as wanted; fails with the log when it never is."""
        last: State | None = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        last = await self.state()
                    except ClientError:
                        if self._running.poll() is not None:
                            raise AssertionError(f"it ended:\n{self.words()}") from None
                    else:
                        if holds(last):
                            return last
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never so; last: {last}\n{self.words()}") from None

    async def incident(self, service: str, state: str = "triggered") -> IncidentView:
        """Wait for the service's incident in this state."""
        found = await self.until(lambda now: bool(_of(now, service, state)))
        return _of(found, service, state)[0]


def _of(state: State, service: str, word: str) -> list[IncidentView]:
    return [one for one in state.incidents if one.service == service and one.state == word]
