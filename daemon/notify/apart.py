"""Calls that block, made in threads of their own and given up in time.

A library that waits for a network blocks its thread. The pools of the standard library wait for
their threads when the program ends, and one whose threads all hang makes nothing more; so each
call has a thread here that nobody waits for, and so many of them run at once at most. One that
never returns takes a place for ever: when all places are taken, further calls wait for one until
their own time is over, and whoever made them sees that nothing answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 8


class Threads:
    """Makes calls for one owner."""

    def __init__(self, name: str, at_once: int = AT_ONCE) -> None:
        self._name = name
        self._places = asyncio.Semaphore(at_once)

    async def call(self, work: Callable[[], T]) -> T:
        """What the work returns or raises. Cancelled, it is left to itself."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def end(result: T | None, error: BaseException | None) -> None:
            self._places.release()
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # without an error there is one

        def run() -> None:
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001  # it is raised where it is awaited
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(end, result, failure)

        try:
            threading.Thread(target=run, name=self._name, daemon=True).start()
        except RuntimeError:  # the system has no more of them: the place is free again
            self._places.release()
            raise
        return await future
