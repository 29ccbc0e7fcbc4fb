"""Child processes of `tocsin up` and `tocsin demo`: a daemon and a dashboard that end with it.

On Linux the kernel itself ends a child whose parent is gone, also after `kill -9`
(PR_SET_PDEATHSIG, prctl(2)).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from daemon.client import Client, ClientError

_PR_SET_PDEATHSIG: Final = 1
_READY_S: Final = 20.0
_READY_EVERY_S: Final = 0.05
_END_S: Final = 6.0
"""So long may a child take to end after SIGTERM; the daemon needs at most five seconds."""


class DaemonDidNotStart(Exception):
    """The daemon ended, or did not answer; the text holds what it said."""


def _tied_to_parent() -> Callable[[], None] | None:
    """What a child does before it starts: ask to die with this process. None where the
    system has no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was gone before the kernel was asked
            os._exit(1)

    return tie


def inherited() -> dict[str, str]:
    """Our environment, without what is meant for this process alone."""
    own = {"TOCSIN_SECONDS", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
    return {name: value for name, value in os.environ.items() if name not in own}


def alone() -> dict[str, str]:
    """That, without what would lead a child to another daemon than ours."""
    elsewhere = {"TOCSIN_SOCKET", "TOCSIN_CONFIG"}
    return {name: value for name, value in inherited().items() if name not in elsewhere}


async def start_daemon(
    config: Path, log: Path, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Start the daemon on this configuration, its output into `log`. It has a session of
    its own, so that a terminal's ctrl+c reaches only its parent, which ends it in order."""
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "daemon", "run", "--config", str(config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            preexec_fn=_tied_to_parent(),  # its parent has one thread when it starts children
        )


async def start_dashboard(
    socket: Path, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Start the dashboard on this terminal."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "tui", "--socket", str(socket)),
        env=environment,
        preexec_fn=_tied_to_parent(),  # as above
    )


async def until_ready(daemon: asyncio.subprocess.Process, socket: Path, log: Path) -> None:
    """Wait until the daemon answers.

    Raises:
        DaemonDidNotStart: It ended instead, or was silent for 20 s.
    """
    try:
        async with asyncio.timeout(_READY_S):
            while not await answers(socket):
                if daemon.returncode is not None:
                    raise DaemonDidNotStart(last_words(log))
                await asyncio.sleep(_READY_EVERY_S)
    except TimeoutError:
        raise DaemonDidNotStart(f"no answer within {_READY_S:.0f} s\n{last_words(log)}") from None


async def answers(socket: Path) -> bool:
    """Whether a daemon answers on this socket."""
    async with Client(socket, timeout_s=2.0) as client:
        try:
            await client.status()
        except ClientError:
            return False
    return True


def last_words(log: Path) -> str:
    """The end of what a child said."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-20:]) or "it said nothing"


async def end(process: asyncio.subprocess.Process | None) -> None:
    """End a child: ask, wait, and force it if it does not follow."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
