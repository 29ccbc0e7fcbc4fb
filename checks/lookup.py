"""Names to addresses, so that a name nobody answers for costs only its own checks.

The event loop's own lookups share a few threads: with uvloop two hung names stop everybody
else's. Here each lookup has a thread, up to `THREADS` at once. A name is looked up once at a
time and all who ask meanwhile share the answer. Names whose last lookup was slow may hold half
of the threads, so that a hundred dead names cannot keep a live one waiting. Nothing is cached:
a monitor must see what the resolver says now.

A thread in the system's resolver cannot be ended; it ends when the resolver gives up.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import socket
from collections import deque
from time import perf_counter
from typing import Final
from weakref import WeakKeyDictionary

from checks.errors import ProbeError
from checks.result import Fault

THREADS: Final = 64
"""How many lookups run at once."""
SLOW_THREADS: Final = THREADS // 2
"""How many of them may be of names whose last lookup was slow."""
SLOW_S: Final = 1.0
"""From how long on a lookup was slow, in seconds."""
_SLOW_NAMES: Final = 10_000
"""How many slow names are remembered."""

Key = tuple[str, int]
"""A name and an address family."""
Found = list[tuple[int, str]] | Exception
"""Addresses with their families, in the resolver's order, or why there are none."""


class Lookup:
    """One lookup, and how many wait for it.

    Attributes:
        began: Done once a thread has it; until then it waits for other lookups to end.
        found: What came of it.
    """

    __slots__ = ("began", "found", "key", "slow", "waiters")

    def __init__(self, key: Key, *, slow: bool) -> None:
        loop = asyncio.get_running_loop()
        self.key = key
        self.slow = slow
        self.began: asyncio.Future[None] = loop.create_future()
        self.found: asyncio.Future[Found] = loop.create_future()
        self.waiters = 0


class Lookups:
    """The lookups of one event loop; but for the threads' own part, used in its thread only."""

    __slots__ = ("_open", "_queue", "_running", "_running_slow", "_slow_names", "_slow_queue")

    def __init__(self) -> None:
        self._open: dict[Key, Lookup] = {}
        self._queue: deque[Lookup] = deque()
        self._slow_queue: deque[Lookup] = deque()
        self._slow_names: dict[Key, None] = {}
        self._running = 0
        self._running_slow = 0

    def join(self, host: str, family: int) -> Lookup:
        """Look a name up, or join those who do. `leave` when it is over, whatever came of it."""
        key = host, family
        lookup = self._open.get(key)
        if lookup is None:
            lookup = self._open[key] = Lookup(key, slow=key in self._slow_names)
            (self._slow_queue if lookup.slow else self._queue).append(lookup)
            self._fill()
        lookup.waiters += 1
        return lookup

    def leave(self, lookup: Lookup) -> None:
        """One waits no longer. What nobody waits for and no thread has yet is dropped."""
        lookup.waiters -= 1
        if not lookup.waiters and not lookup.began.done():
            (self._slow_queue if lookup.slow else self._queue).remove(lookup)
            del self._open[lookup.key]

    def _fill(self) -> None:
        """Give threads to those who wait, as far as there are any."""
        loop = asyncio.get_running_loop()
        while self._running < THREADS:
            if self._queue:
                lookup = self._queue.popleft()
            elif self._slow_queue and self._running_slow < SLOW_THREADS:
                lookup = self._slow_queue.popleft()
            else:
                return
            self._running += 1
            self._running_slow += lookup.slow
            lookup.began.set_result(None)
            try:  # a bare thread, because the loop would wait for another kind to start
                _thread.start_new_thread(self._serve, (loop, lookup))
            except RuntimeError:
                error = ProbeError(Fault.INTERNAL, "this host is out of threads")
                self._end(lookup, error, 0.0)

    def _serve(self, loop: asyncio.AbstractEventLoop, lookup: Lookup) -> None:
        """What a thread does."""
        began_s = perf_counter()
        found = _addresses(*lookup.key)
        spent_s = perf_counter() - began_s
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(self._end, lookup, found, spent_s)

    def _end(self, lookup: Lookup, found: Found, spent_s: float) -> None:
        self._running -= 1
        self._running_slow -= lookup.slow
        del self._open[lookup.key]
        self._slow_names.pop(lookup.key, None)
        if spent_s >= SLOW_S:
            self._slow_names[lookup.key] = None
            if len(self._slow_names) > _SLOW_NAMES:
                del self._slow_names[next(iter(self._slow_names))]
        lookup.found.set_result(found)
        self._fill()


def _addresses(host: str, family: int) -> Found:
    try:
        entries = socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return error
    except OSError as error:  # the resolver's own trouble on this host: no file, no memory
        return ProbeError(Fault.INTERNAL, f"looking up {host} failed here: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # carried over to those who wait, whatever it is
        return error
    return list(dict.fromkeys((int(entry[0]), str(entry[4][0])) for entry in entries))


_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, Lookups] = WeakKeyDictionary()


def lookups_of(loop: asyncio.AbstractEventLoop) -> Lookups:
    """The lookups of a loop."""
    found = _lookups.get(loop)
    if found is None:
        found = _lookups[loop] = Lookups()
    return found
