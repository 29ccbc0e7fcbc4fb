"""When a daemon that starts goes on: not before what it has stored.

The wall clock may have been set back while the daemon was off. The engine's time never goes
back, so it starts no earlier than the newest thing that is known to have happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from daemon.core.model import Instant
from daemon.core.snapshot import Snapshot

_HAPPENED: Final = (
    "acknowledged_at",
    "fired_at",
    "flushed_at",
    "last_ping",
    "notified_at",
    "opened_at",
    "pending_at",
    "reopened_at",
    "resolved_at",
    "settled",
    "since",
    "soft_since",
    "updated_at",
)
"""The fields of records that say when something happened; the other times are yet to come."""


def newest(snapshot: Snapshot) -> Instant:
    """The latest time at which something stored happened; 0 if nothing is stored."""
    return max(_times(snapshot), default=0)


def _times(snapshot: Snapshot) -> Iterator[Instant]:
    yield from (result.at for result in snapshot.last.values())
    yield from (sample.at for sample in snapshot.samples[-1:])  # in order of time, as the next
    yield from (interval.end for interval in snapshot.intervals[-1:])
    names = {kind: _happened_in(kind) for kind in set(map(type, snapshot.records))}
    for record in snapshot.records:
        for name in names[type(record)]:
            at = getattr(record, name)
            if isinstance(at, int):  # an incident's `settled` are deliveries
                yield at


def _happened_in(kind: type[object]) -> tuple[str, ...]:
    """Those fields of a kind of record that say when something happened."""
    return tuple(name for name in _HAPPENED if hasattr(kind, name))
