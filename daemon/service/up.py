"""`tocsin up`: a daemon if none runs, and the dashboard in front of it.

A daemon that was started here ends when the dashboard is left; one that ran before goes on.
Without a terminal there is no dashboard: the daemon runs here and prints status lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from daemon.config import ConfigError, database_path, find_config, load, socket_path
from daemon.service import terminal
from daemon.service.app import refuse, serve
from daemon.service.children import (
    DaemonDidNotStart,
    answers,
    end,
    inherited,
    last_words,
    start_daemon,
    start_dashboard,
    until_ready,
)
from daemon.service.limits import seconds_to_run


def up(config_path: Path | None) -> int:
    """Bring Tocsin up; returns the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return serve(config_path, status_lines=True)
    try:
        path = find_config(config_path)
        config = load(path)
        seconds = seconds_to_run()
    except ConfigError as error:
        return refuse(*map(str, error.problems))
    except ValueError as error:
        return refuse(str(error))
    socket, log = socket_path(config), database_path(config).with_suffix(".log")
    try:
        return asyncio.run(_Session(path, socket, log, seconds).run())
    except DaemonDidNotStart as error:
        said = str(error).splitlines()
        return refuse(*(line.removeprefix("tocsin: ") for line in said))
    except OSError as error:
        return refuse(f"{error.filename or path}: {error.strerror or error}")


class _Session:
    """The dashboard, and the daemon behind it if that is ours."""

    def __init__(self, config: Path, socket: Path, log: Path, seconds: float | None) -> None:
        self._config = config
        self._socket = socket
        self._log = log
        self._seconds = seconds

    async def run(self) -> int:
        """Until the dashboard is left; returns its exit code."""
        if await answers(self._socket):
            return await self._dashboard()
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        daemon = await start_daemon(self._config, self._log, inherited())
        try:
            await until_ready(daemon, self._socket, self._log)
            code = await self._dashboard()
        finally:
            ended_itself = daemon.returncode is not None
            await end(daemon)
        if ended_itself:
            raise DaemonDidNotStart(
                f"the daemon ended with code {daemon.returncode}\n{last_words(self._log)}"
            )
        return code

    async def _dashboard(self) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        with terminal.restored():
            dashboard = await start_dashboard(self._socket, inherited())
            leaving = asyncio.create_task(dashboard.wait())
            stopping = asyncio.create_task(stop.wait())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await asyncio.wait({leaving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            asked_to_end = dashboard.returncode is None
            await end(dashboard)
        return 0 if asked_to_end else dashboard.returncode or 0
