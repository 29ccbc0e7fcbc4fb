"""What the engine wants done: the answer of `Engine.handle`, in order.

The service writes all effects of one event in one transaction, and only then acts on them:
publishes, hands notices to the dispatcher, answers the operator (promise 1). They are structs,
which are made faster than dataclasses: a storm makes tens of thousands a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from checks.result import Result
from daemon.core.chronicle import (
    Audit,
    Entry,
    FiledReport,
    Interval,
    KeptReport,
    Notice,
    RunOutput,
)
from daemon.core.model import Alert, Incident, Instant, Record, ResponseRun


class StartProbe(msgspec.Struct, frozen=True, gc=False):
    """Run this check now; it was due at `due`."""

    check: str
    due: Instant


class Observed(msgspec.Struct, frozen=True, gc=False):
    """A result was taken in: keep it and show it."""

    result: Result


class Save(msgspec.Struct, frozen=True, gc=False):
    """This record has a new value: store it under its type and key, and publish it."""

    record: Record


class Drop(msgspec.Struct, frozen=True, gc=False):
    """The record of this type and key is no more (its check left the configuration, an old
    resolved alert or group is of no use to the engine). History keeps what it has."""

    kind: type
    key: str


class Append(msgspec.Struct, frozen=True, gc=False):
    """Add this line to history; it never changes."""

    entry: Entry | Audit | Interval | RunOutput | KeptReport | FiledReport


class Enqueue(msgspec.Struct, frozen=True, gc=False):
    """Put this notice into the outbox."""

    notice: Notice


class StartResponse(msgspec.Struct, frozen=True, gc=False):
    """Begin this run; it is given its incident and alerts as they were at the decision."""

    run: ResponseRun
    incident: Incident
    alerts: tuple[Alert, ...]


Effect = StartProbe | Observed | Save | Drop | Append | Enqueue | StartResponse

PLAIN: Final = (StartProbe, Observed)
"""Effects that decide nothing: what came of them is measured again after a crash."""


def is_plain(effects: Iterable[Effect]) -> bool:
    """Whether all of them are `PLAIN`. Asked of every turn, and true of nearly every one."""
    for effect in effects:  # noqa: SIM110  # a generator for `all` costs more than the answer
        if type(effect) not in PLAIN:
            return False
    return True


def ordered(effects: list[Effect]) -> list[Effect]:
    """Each record's last word once, then the lines of history, then what goes out."""
    if is_plain(effects):
        return effects
    records: dict[tuple[type, str], Effect] = {}
    others: list[Effect] = []
    notices: list[Effect] = []
    for effect in effects:
        if type(effect) is Save:
            record = effect.record
            records[type(record), record.key] = effect
        elif type(effect) is Drop:
            records[effect.kind, effect.key] = effect
        elif type(effect) is Enqueue:
            notices.append(effect)
        else:
            others.append(effect)
    return [*records.values(), *others, *notices]
