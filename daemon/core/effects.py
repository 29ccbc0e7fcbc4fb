"""What the engine wants done: the answer of `Engine.handle`, in order.

The service writes all effects of one event in one transaction, and only then acts on them:
publishes, hands notices to the dispatcher, answers the operator (promise 1). Those of every
run are structs, which are made faster than dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from checks.result import Result
from daemon.core.chronicle import Audit, Entry, Interval, Notice
from daemon.core.model import Instant, Record


class StartProbe(msgspec.Struct, frozen=True, gc=False):
    """Run this check now; it was due at `due`."""

    check: str
    due: Instant


class Observed(msgspec.Struct, frozen=True, gc=False):
    """A result was taken in: keep it and show it."""

    result: Result


@dataclass(frozen=True, slots=True)
class Save:
    """This record has a new value: store it under its type and key, and publish it."""

    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """The record of this type and key is no more (its check left the configuration, an old
    resolved alert or group is of no use to the engine). History keeps what it has."""

    kind: type
    key: str


@dataclass(frozen=True, slots=True)
class Append:
    """Add this line to history; it never changes."""

    entry: Entry | Audit | Interval


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put this notice into the outbox."""

    notice: Notice


Effect = StartProbe | Observed | Save | Drop | Append | Enqueue

PLAIN: Final = (StartProbe, Observed)
"""Effects that decide nothing: what came of them is measured again after a crash."""
