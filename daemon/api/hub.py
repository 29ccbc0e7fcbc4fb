"""The event stream's memory: what changed, in order, for every subscriber at once.

It stands between the commit of a decision and the sockets. Nothing here does I/O; the route
`events` writes what `take` gives it.

An event says what an object is *after* a change, so a newer one makes an older one of the
same object superfluous. The hub keeps the newest of every object, ordered by sequence
number, and a subscriber is nothing but a number: how far it has read. What follows from that:

- whoever resumes gets every object that changed since, in its newest state, however long
  ago that is: no loss, and no more than there are objects;
- a subscriber that reads slowly costs no memory: it has no queue of its own, and what it
  missed is merged until it comes to read it;
- an event is encoded when the first subscriber reads it and never again, and not at all if
  a newer one comes before that or if nobody looks.

The memory is bounded in entries and bytes. What is dropped for that raises the `floor`:
whoever has read less than that can only start anew (`Reset`). The numbers begin at the
daemon's start in microseconds since the epoch and grow by one an event, far slower than the
clock: a number of a former life is below the floor of this one.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import msgspec

from daemon.api.schema import EventKind, Reset, Shape
from daemon.api.trails import Trails
from daemon.core.model import Instant

MAX_ENTRIES: Final = 5_000
"""Objects remembered, at least; the service adds twice the number of its checks, which have an
alert each at times."""

MAX_BYTES: Final = 32 * 1024 * 1024
"""Encoded events remembered."""

MAX_QUEUED: Final = 10_000
"""Notices under way whose time of queueing is remembered."""

PATIENCE_S: Final = 0.5
"""How long readers sleep on while nothing but measurements comes in. Waking one for each costs
more than the measurement did."""

_SLACK: Final = 64
"""Entries that are not the newest of their object and are always tolerated."""

BATCH_BYTES: Final = 256 * 1024
"""About how much `take` gives at once."""

_seq_of: Final = attrgetter("seq")
_encode: Final = msgspec.json.Encoder().encode


class Entry:
    """An object's newest event; `frame` is made at the first reading."""

    __slots__ = ("_frame", "_make", "is_newest", "kind", "seq")

    def __init__(self, seq: int, kind: str, make: Callable[[], Shape]) -> None:
        self.seq = seq
        self.kind = kind
        self.is_newest = True
        self._make: Callable[[], Shape] | None = make
        self._frame = b""

    @property
    def is_encoded(self) -> bool:
        """Whether somebody has read it, so that it holds bytes."""
        return self._make is None

    def retire(self) -> int:
        """There is a newer one, or nobody is to read it any more: hold nothing.

        Returns:
            The bytes that are free by that.
        """
        held = len(self._frame)
        self.is_newest, self._make, self._frame = False, None, b""
        return held

    def frame(self) -> bytes:
        """The event as it goes over the wire, encoded once."""
        if self._make is not None:
            self._frame = encode_frame(self.seq, self.kind, self._make())
            self._make = None
        return self._frame


def encode_frame(seq: int, kind: str, data: Shape) -> bytes:
    """One Server-Sent Event. JSON has no raw line breaks, so one `data:` line holds it."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, kind.encode(), _encode(data))


@dataclass(frozen=True, slots=True)
class Batch:
    """What a subscriber reads at once: `data` to write, and how far that brings it.

    `more` says that there is more to take without waiting.
    """

    data: bytes
    seq: int
    count: int = 0
    more: bool = False


class EventHub:
    """The newest event of every object, and those who wait for the next.

    Attributes:
        seq: The number of the newest event.
        floor: A reader at or above this can go on; one below has missed something.
        subscribers: How many read now.
        closed: The daemon stops; readers end.
        trails: The checks' recent latencies, filled by what is published.
        queued: When the notices that are under way were queued, by key.
    """

    def __init__(
        self, started_at: Instant, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES
    ) -> None:
        self.seq = self.floor = self._first = started_at * 1000
        self.subscribers = 0
        self.closed = False
        self.trails = Trails()
        self.queued: OrderedDict[str, Instant] = OrderedDict()
        self.max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._log: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._order: list[Entry] = []  # those of `_log`, and some that are not the newest
        self._waiting: list[asyncio.Future[None]] = []
        self._woken = self.seq
        self._timer: asyncio.TimerHandle | None = None
        self._why_reset = "that is from before this daemon started"

    @property
    def published(self) -> int:
        """Events since the start."""
        return self.seq - self._first

    def publish(
        self, kind: EventKind, key: str, make: Callable[[], Shape], *, patient: bool = False
    ) -> None:
        """The object `key` has changed; `make` gives it as it is after that change.

        `make` is called once at most, later, and must not depend on anything that changes
        in between; it should hold no more than it needs. A `patient` event wakes no reader
        before `PATIENCE_S`; the next that is not takes it along.
        """
        self.seq += 1
        name, log = (kind, key), self._log
        old = log.pop(name, None)
        if old is not None:
            self._bytes -= old.retire()
        entry = log[name] = Entry(self.seq, kind, make)
        self._order.append(entry)
        if len(self._order) > 2 * len(log) + _SLACK:
            self._order = list(log.values())
        if len(log) > self.max_entries:
            self._drop_oldest()
        if patient:
            if self._waiting:
                self._wake_later()
        elif self._waiting or self._timer is not None:
            self._wake()
        else:
            self._woken = self.seq

    def remember_queued(self, notice: str, at: Instant) -> None:
        """A notice is under way; its next event will have to say since when."""
        self.queued[notice] = at
        if len(self.queued) > MAX_QUEUED:
            self.queued.popitem(last=False)

    def reset(self, reason: str) -> None:
        """What readers hold is to be read anew: objects went away, or all changed at once."""
        self.seq += 1
        self.floor = self.seq
        self._why_reset = reason
        self._log.clear()
        self._order.clear()
        self._bytes = 0
        self._wake()

    def take(self, since: int) -> Batch:
        """What a reader that has read up to `since` reads next; empty if there is nothing."""
        if not self.floor <= since <= self.seq:
            shape = Reset(seq=self.seq, reason=self._why_reset)
            return Batch(encode_frame(self.seq, "reset", shape), self.seq, 1)
        frames, size, upto = [], 0, since
        for entry in self._newer(since):
            is_new = not entry.is_encoded
            frame = entry.frame()
            frames.append(frame)
            size += len(frame)
            if is_new:
                self._bytes += len(frame)
            upto = entry.seq
            if size >= BATCH_BYTES:
                break
        more = upto < self.seq and bool(frames)
        self._bound_bytes(upto)
        return Batch(b"".join(frames), upto if more else self.seq, len(frames), more)

    def _newer(self, since: int) -> Iterator[Entry]:
        """The entries after `since`, oldest first; costs as many steps as are taken."""
        order = self._order
        for index in range(bisect_right(order, since, key=_seq_of), len(order)):
            if order[index].is_newest:
                yield order[index]

    def _bound_bytes(self, read_upto: int) -> None:
        """Forget the oldest encoded events while they take too much memory; what was not yet
        read by anybody holds no bytes, and what was just read is safe with its reader."""
        while self._bytes > self._max_bytes and next(iter(self._log.values())).seq <= read_upto:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, entry = self._log.popitem(last=False)
        self._bytes -= entry.retire()
        self.floor = entry.seq
        self._why_reset = "more has changed since than is remembered"

    def close(self) -> None:
        """End all readers."""
        self.closed = True
        self._wake()

    def nudge(self) -> None:
        """Have all who wait look again; one of them may have lost its reader."""
        self._wake()

    def _wake_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._wake)

    def _wake(self) -> None:
        self._woken = self.seq
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, since: int, timeout_s: float) -> bool:
        """Wait until there may be something after `since` that is worth waking for, or a reason
        to stop; False when `timeout_s` passed first."""
        if not self._woken <= since <= self.seq or self.closed:
            return True
        if since < self.seq:
            self._wake_later()
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return False
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
        return True
