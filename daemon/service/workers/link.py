"""One worker process as the daemon sees it: started, spoken to, ended.

Only the socket tells that it is gone: that is what counts, and comes whatever ended it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final, cast

from daemon.service.workers import frames
from daemon.service.workers.frames import Ended, FrameError, FrameReader, Sort

_log = logging.getLogger("tocsin.workers")

_END_S: Final = 2.5
"""So long may a worker take to end by itself."""


class Link(asyncio.Protocol):
    """The daemon's end of a worker's socket, and the process behind it.

    Attributes:
        limit: Resolves with how many probes it can run at once, when it is ready.
        gone: Resolves when its socket is closed.
        heard_s: When it last sent something, on the loop's clock.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        take: Callable[[list[Ended]], None],
        ready: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.limit: asyncio.Future[int] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.heard_s = self._loop.time()
        self._process = process
        self._take = take
        self._ready = ready
        self._reader = FrameReader()
        self._transport: asyncio.Transport

    @classmethod
    async def open(
        cls,
        number: int,
        level: str,
        take: Callable[[list[Ended]], None],
        ready: Callable[[], None],
    ) -> Link:
        """Start a worker's process.

        Args:
            number: What to call it.
            level: How much it logs.
            take: Given what it hands back.
            ready: Called for each assignment that it has prepared.

        Raises:
            OSError: The system will not.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-P", "-m", "daemon.service.workers"),
                    *(str(theirs.fileno()), str(os.getpid()), level, str(number)),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # a terminal's ctrl+c is for the daemon alone
                )
            loop = asyncio.get_running_loop()
            _, link = await loop.create_unix_connection(
                lambda: cls(process, take, ready), sock=ours
            )
        except BaseException:
            ours.close()  # which ends a process that was started
            raise
        return link

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours to write to."""
        self._transport = cast("asyncio.Transport", transport)  # what a stream socket has

    def connection_lost(self, _: Exception | None) -> None:
        """It ended, or was closed."""
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take what it hands back; one that talks nonsense is ended."""
        self.heard_s = self._loop.time()
        try:
            for sort, payload in self._reader.feed(data):
                self._handle(sort, payload)
        except FrameError as error:
            _log.error("worker process %d sent what is not understood: %s", self.pid, error)
            self.kill()

    def _handle(self, sort: Sort, payload: bytes) -> None:
        if sort is Sort.RESULTS:
            self._take(frames.read_results(payload))
        elif sort is Sort.READY:
            self._ready()
        elif sort is Sort.HELLO and not self.limit.done():
            self.limit.set_result(frames.read_hello(payload))
        else:
            raise FrameError(f"a {sort.name} frame from a worker")

    def send(self, frame: bytes) -> None:
        """Hand it a frame; where it is gone, nobody does."""
        if not self._transport.is_closing():
            self._transport.write(frame)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._transport.abort()

    async def end(self) -> str:
        """Have it end, by force where it takes too long; how it ended, in words."""
        self._transport.close()
        try:
            async with asyncio.timeout(_END_S):
                code = await self._process.wait()
        except TimeoutError:
            self.kill()
            code = await self._process.wait()
        return _ending(code)


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
