"""Blocking calls kept off the loop, in a thread that may hang without harm.

A call on a dead network file system can hang for ever and no one can end its thread. So each
`Aside` has at most one call under way, in a daemon thread of its own: a hung one costs one
thread, never the pool that others need, and never the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from checks.errors import ProbeError
from checks.result import Fault

T = TypeVar("T")


class Aside:
    """A place for one blocking call at a time."""

    __slots__ = ("_busy", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._busy = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether an earlier call has not ended yet."""
        return self._busy.locked()

    async def call(self, work: Callable[[], T]) -> T:
        """Do `work` in a thread. Cancelling stops the waiting, not the work.

        Raises:
            ProbeError: The call before has not ended yet (`Fault.INTERNAL`).
        """
        if not self._busy.acquire(blocking=False):
            raise ProbeError(Fault.INTERNAL, f"an earlier call ({self._name}) still hangs")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(value: T | None, error: BaseException | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(value)  # type: ignore[arg-type]  # T where there is no error
            else:
                answer.set_exception(error)

        def body() -> None:
            value: T | None = None
            failure: BaseException | None = None
            try:
                value = work()
            except BaseException as error:  # noqa: BLE001  # carried over to the waiting task, whatever it is
                failure = error
            finally:
                self._busy.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, failure)

        try:
            threading.Thread(target=body, name=f"tocsin {self._name}", daemon=True).start()
        except RuntimeError:
            self._busy.release()
            raise ProbeError(Fault.INTERNAL, "this host is out of threads") from None
        return await answer
