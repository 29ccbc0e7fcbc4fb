"""Puts the demo together, runs it, and takes it down without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from daemon.demo import estate
from daemon.demo.script import changes, scene
from daemon.demo.shop import Shop, send_heartbeats
from daemon.demo.sinks import MailSink, Received, WebhookSink
from daemon.demo.storyteller import Storyteller
from daemon.service import terminal
from daemon.service.children import (
    DaemonDidNotStart,
    alone,
    end,
    last_words,
    start_daemon,
    start_dashboard,
    until_ready,
)
from daemon.service.limits import seconds_to_run

_STEP_S: Final = 0.2
"""The script is looked at so often."""

_GREETING: Final = """\
Tocsin's demo: a shop on this machine that fails by a script, watched, escalated and counted.
Mails and webhooks go to sinks of the demo, shown below. ctrl+c ends it and leaves nothing.
In another terminal:  export TOCSIN_SOCKET={socket}
                      tocsin tui | tocsin status | tocsin incidents | tocsin ack ID
"""


def run() -> int:
    """Run the demo; returns the exit code."""
    try:
        seconds = seconds_to_run()
    except ValueError as error:
        return _fail(str(error), 2)
    directory = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    try:
        return asyncio.run(_Demo(directory, seconds).run())
    except DaemonDidNotStart as error:
        return _fail(f"the demo's daemon did not start: {error}")
    except OSError as error:
        return _fail(f"the demo cannot run here: {error.strerror or error}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _fail(text: str, code: int = 1) -> int:
    sys.stderr.write(f"tocsin: {text}\n")
    return code


class _Demo:
    """One run. Every part is entered on a stack that takes it down again in order."""

    def __init__(self, directory: Path, seconds: float | None) -> None:
        self._directory = directory
        self._seconds = seconds
        self._socket = directory / "tocsin.sock"
        self._end = asyncio.Event()
        self._started = time.monotonic()
        self._has_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._teller = Storyteller(self._say, self._elapsed_ms)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end.set)
        async with contextlib.AsyncExitStack() as stack:
            shop = await self._raise_shop(stack)
            await self._play(shop, stack)
        return 0

    async def _raise_shop(self, stack: contextlib.AsyncExitStack) -> Shop:
        """Targets, sinks, configuration, daemon: everything up to the daemon's answer."""
        shop = Shop(self._directory)
        mail, webhook = MailSink(self._received), WebhookSink(self._received)
        for part in (shop, mail, webhook):
            await part.open()
            stack.push_async_callback(part.close)
        config = self._directory / "config.toml"
        estate.write(
            config,
            estate.configuration(
                self._directory, shop.addresses, mail.port, webhook.port, datetime.now(UTC)
            ),
        )
        log = self._directory / "daemon.log"
        daemon = await start_daemon(config, log, alone())
        stack.push_async_callback(end, daemon)
        await until_ready(daemon, self._socket, log)
        self._background(stack, self._watch(daemon, log))
        return shop

    async def _play(self, shop: Shop, stack: contextlib.AsyncExitStack) -> None:
        """The show itself, until its end."""
        self._started = time.monotonic()
        self._background(stack, self._direct(shop))
        self._background(stack, send_heartbeats(shop, self._socket))
        if self._has_terminal:
            stack.enter_context(terminal.restored())
            dashboard = await start_dashboard(self._socket, alone())
            stack.push_async_callback(end, dashboard)
            self._background(stack, self._until_left(dashboard))
        else:
            self._say(_GREETING.format(socket=self._socket))
            self._background(stack, self._teller.follow(self._socket))
            self._background(stack, self._teller.boards(self._socket))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._end.wait()

    async def _direct(self, shop: Shop) -> None:
        """Play the script on the shop."""
        before = 0
        while True:
            now = self._elapsed_ms()
            for text in changes(before, now):
                self._teller.script(text)
            await shop.play(scene(now))
            before = now
            await asyncio.sleep(_STEP_S)

    async def _watch(self, daemon: asyncio.subprocess.Process, log: Path) -> None:
        """A daemon that ends by itself ends the demo, with its last words."""
        await daemon.wait()
        raise DaemonDidNotStart(f"it ended with code {daemon.returncode}\n{last_words(log)}")

    async def _until_left(self, dashboard: asyncio.subprocess.Process) -> None:
        await dashboard.wait()
        self._end.set()

    def _background(
        self, stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None]
    ) -> None:
        """Run work beside; its failure ends the demo."""
        task = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._end.set() if _failed(done) else None)
        stack.push_async_callback(_finish, task)

    def _received(self, message: Received) -> None:
        self._teller.received(message)

    def _elapsed_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1_000)

    def _say(self, text: str) -> None:
        """Print a line, unless the dashboard has the terminal. Nobody listening ends it."""
        if self._has_terminal:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the process ends
            self._end.set()


def _failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None


async def _finish(task: asyncio.Task[None]) -> None:
    """Cancel what still runs; what failed by itself fails the demo."""
    if task.done():
        task.result()
        return
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
