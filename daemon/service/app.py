"""The program's life: from a configuration to a running daemon and to its clean end.

`serve` is `tocsin run`. What keeps it from starting is told in one line each on standard
error, with exit code 2: nothing is changed, nobody is left half started.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from daemon import aiohttp_library as aiohttp_library  # before anything of aiohttp is
from daemon import pydantic_library as pydantic_library  # before anything of pydantic is used
from daemon.api.server import ApiServer, SocketError
from daemon.config import Config, ConfigError, database_path, find_config, load, socket_path
from daemon.core.engine import Engine
from daemon.core.model import Incident
from daemon.core.oncall.duty import with_calendars
from daemon.service.calendars import kept
from daemon.service.clock import Clock
from daemon.service.daemon import Daemon
from daemon.service.journal import log_entries
from daemon.service.limits import seconds_to_run
from daemon.service.log import set_up_logging
from daemon.service.parts import describe, prepare_checks
from daemon.service.process import loop_factory, settle_memory
from daemon.service.resume import newest
from daemon.service.runner import raise_descriptor_limit
from daemon.service.status_lines import StatusLines
from daemon.service.systemd import Notifier
from daemon.store.errors import StoreError
from daemon.store.store import Store

_log = logging.getLogger("tocsin")

BAD_INPUT: Final = 2
"""The exit code for a configuration, database or socket that cannot be used."""

FAILED: Final = 1
"""The exit code of a daemon that ended itself over a fault of its own."""


def serve(config_path: Path | None, *, status_lines: bool = False) -> int:
    """Run the daemon in the foreground until SIGINT or SIGTERM, or for `TOCSIN_SECONDS`.

    Args:
        config_path: As given with `--config`; None for the usual places.
        status_lines: Print what happens on standard output.

    Returns:
        The exit code: 0 after a clean end, 1 after a fault of its own, 2 when it could not
        start.
    """
    try:
        config = load(find_config(config_path))
        prepared = prepare_checks(config, elsewhere=config.daemon.workers > 0)
        seconds = seconds_to_run()
    except ConfigError as error:
        return refuse(*map(str, error.problems))
    except ValueError as error:
        return refuse(str(error))
    set_up_logging(config.daemon.log_level)
    for warning in config.warnings:
        _log.warning("%s", warning)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        life = _Life(config, StatusLines(_say) if status_lines else None, seconds)
        try:
            runner.run(life.run(prepared))
        except ConfigError as error:
            return refuse(*map(str, error.problems))
        except (StoreError, SocketError) as error:
            return refuse(str(error))
        except OSError as error:
            return refuse(f"{error.filename or 'the daemon'}: {error.strerror or error}")
    return FAILED if life.failed else 0


def refuse(*lines: str) -> int:
    """Say why it does not start; returns the exit code."""
    for line in lines:
        print(f"tocsin: {line}", file=sys.stderr)  # noqa: T201  # an operator reads this
    return BAD_INPUT


def _say(line: str) -> None:
    try:
        print(line, flush=True)  # noqa: T201  # the status lines of a run without a terminal
    except BrokenPipeError:
        os.kill(os.getpid(), signal.SIGTERM)  # nobody reads any more: end cleanly
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # for the lines of the end


class _Life:
    """One run: what must be begun in order and ended in the reverse one.

    Attributes:
        failed: Whether it ended over a fault, not because it was told to.
    """

    def __init__(self, config: Config, lines: StatusLines | None, seconds: float | None) -> None:
        self._config = config
        self._lines = lines
        self._seconds = seconds
        self.failed = False
        self._end = asyncio.Event()
        self._notifier = Notifier()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, prepared: dict[str, Any]) -> None:
        """Start, run until told to end, end."""
        config, socket = self._config, socket_path(self._config)
        clock = Clock()
        async with AsyncExitStack() as stack:
            store = await Store.open(database_path(config), config.retention_plan)
            stack.push_async_callback(store.close)
            snapshot = await store.restore(config.plan, clock.now())
            clock.not_before(newest(snapshot))
            now = clock.now()
            plan = with_calendars(config.plan, await kept(config, store.path, now))
            engine, effects = Engine.restore(plan, snapshot, now)
            stored = [one for one in snapshot.records if isinstance(one, Incident)]
            limit = raise_descriptor_limit()
            daemon = Daemon(config, store, engine, prepared, clock, limit, stored)
            server = await ApiServer.start(daemon, socket)
            stack.push_async_callback(server.close)
            stack.push_async_callback(daemon.stop)
            self._listen(daemon)
            self._spawn(daemon.beat(self._progress()))  # before it waits for the first write
            await daemon.start(effects)
            description = describe(config, socket)
            _log.info("running: %s", description)
            self._notifier.ready(description)
            settle_memory()
            await self._until_end(daemon)
            self._notifier.stopping()
            _log.info("stopping")
            stack.callback(lambda: _log.info("stopped"))

    def _listen(self, daemon: Daemon) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload(daemon)))
        daemon.failed.add_done_callback(lambda _: self._fail())
        daemon.listeners.append(log_entries if self._lines is None else self._lines.effects)

    async def _until_end(self, daemon: Daemon) -> None:
        if self._lines is not None:
            self._spawn(self._summaries(daemon, self._lines))
        try:
            async with asyncio.timeout(self._seconds):
                await self._end.wait()
        except TimeoutError:
            _log.info("TOCSIN_SECONDS are over")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _progress(self) -> Callable[[], None]:
        """Feeds systemd's watchdog, at most three times as often as it asks."""
        every_s = self._notifier.watchdog_s
        loop = asyncio.get_running_loop()
        fed_at = loop.time()

        def progress() -> None:
            nonlocal fed_at
            if every_s is not None and loop.time() - fed_at >= every_s / 3:
                fed_at = loop.time()
                self._notifier.alive()

        return progress

    async def _summaries(self, daemon: Daemon, lines: StatusLines) -> None:
        while True:
            lines.summary(daemon.engine, daemon.now())
            await asyncio.sleep(1.0)

    async def _reload(self, daemon: Daemon) -> None:
        self._notifier.reloading()
        try:
            await daemon.reload()
        except ConfigError as error:
            for problem in error.problems:
                _log.error("not reloaded: %s", problem)  # an operator's error has no traceback
        except Exception:  # noqa: BLE001  # the old configuration goes on as it was
            _log.exception("not reloaded, by a fault of Tocsin's own")
        self._notifier.ready(describe(daemon.config, socket_path(self._config)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("a part of the daemon failed; it ends", exc_info=error)
            self._fail()

    def _fail(self) -> None:
        self.failed = True
        self._end.set()
