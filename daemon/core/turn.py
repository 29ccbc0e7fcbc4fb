"""One turn of the engine: what happens between an event and its effects.

Every part of the engine that takes an event is given the `Turn`; it reads the time from it
and adds its effects to it, in order. What one part finds out and a later one decides upon
(conditions that begin or cease to hold) also travels here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Audit, Entry, FiledReport, Interval, KeptReport, RunOutput
from daemon.core.effects import Append, Drop, Effect, Save
from daemon.core.model import Instant, Millis, Promotion, Record
from daemon.core.severity import Severity


class Condition(msgspec.Struct, frozen=True, gc=False):
    """Something that may be alerted on was looked at again.

    Attributes:
        source: `check:NAME`, `rule:NAME:CHECK` or `self:NAME`.
        labels: The alert's identity, without severity.
        holds: Whether it holds; None if that cannot be told now (its check is unknown or
            unreachable), which leaves an alert as it is.
        since: When it began to hold; down time counts from there. Where `holds` is None,
            since when that cannot be told.
        unreachable: The down parent that hides it, which mutes its alert.
        flapping: Its check flaps, which mutes all but one notice.
    """

    source: str
    name: str
    labels: Mapping[str, str]
    severity: Severity
    holds: bool | None
    since: Instant
    annotations: Mapping[str, str] = msgspec.field(default_factory=dict)
    for_: Millis = 0
    keep_for: Millis = 0
    cooldown: Millis = 0
    auto_resolve: bool = True
    acknowledgeable: bool = True
    promote: tuple[Promotion, ...] = ()
    unreachable: str | None = None
    flapping: bool = False
    down: bool = False
    """It is a confirmed outage: money is lost and down time counts while it holds."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """From `start` on this check's status is `status`, for its timeline.

    It may look back (a confirmed failure starts at its first failed run) and then replaces
    what was said of any time from `start` on; it never looks back beyond what
    `Observatory.confirmed_until` told before.
    """

    check: str
    start: Instant
    status: Status


ROOM: Final = 1_000
"""How much of what can wait is done in one turn: in units of some 20 microseconds, so that
nothing else waits for longer than some 20 milliseconds."""


@dataclass(slots=True)
class Turn:
    """The collector of one `Engine.handle` call.

    Attributes:
        room: How much more is to be done in this turn of what the next can do as well.
    """

    now: Instant
    effects: list[Effect] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    room: int = ROOM

    @property
    def is_full(self) -> bool:
        """Whether the rest is left to the next turn."""
        return self.room <= 0

    def spend(self, work: int) -> None:
        """So much of what could have waited is done in this turn."""
        self.room -= work

    def emit(self, effect: Effect) -> None:
        """Add an effect."""
        self.effects.append(effect)

    def save(self, record: Record) -> None:
        """The record has a new value."""
        self.effects.append(Save(record))

    def drop(self, record: Record) -> None:
        """The engine keeps this record no longer."""
        self.effects.append(Drop(type(record), record.key))

    def append(
        self, entry: Entry | Audit | Interval | RunOutput | KeptReport | FiledReport
    ) -> None:
        """Write a line of history."""
        self.effects.append(Append(entry))
