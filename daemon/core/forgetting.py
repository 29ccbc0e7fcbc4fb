"""Forgetting a person in the engine's memory: records without the name take the place of those
with it.

What is given here differs from what the engine has in words alone, never in times, states or in
what a record is about; only whom an incident told knows one less. So nothing is decided anew: no
deadline moves, nobody is told anything, and an operator's next write meets the version that they
saw. Each record is stored anew, so that the store's mirror has the words of the memory.
"""

from __future__ import annotations

from typing import Final

from daemon.core.chronicle import Audit
from daemon.core.decider import Decider
from daemon.core.events import Forget
from daemon.core.model import (
    Alert,
    Amendment,
    Group,
    Handover,
    Incident,
    Kin,
    Override,
    Record,
    ResponseRun,
    ResponseState,
    Silence,
    Storm,
    Turnabout,
    Work,
)
from daemon.core.sla.amendments import Amendments
from daemon.core.turn import Turn

NAMING: Final = (
    *(Alert, Incident, Group, Silence, Work, Storm, Kin, ResponseRun, ResponseState),
    *(Amendment, Override, Handover, Turnabout),
)
"""The kinds of records that may name a person."""


def forget(event: Forget, decider: Decider, amendments: Amendments, turn: Turn) -> None:
    """Take the records in, and write down that it was done; the name is in none of it."""
    for record in event.records:
        _put(record, decider, amendments)
        turn.save(record)
    many = f"{len(event.records)} records in memory"
    turn.append(Audit(turn.now, event.actor, "forget person", event.pseudonym, many))


def _put(record: Record, decider: Decider, amendments: Amendments) -> None:
    muting, runs = decider.muting, decider.responses.runs
    match record:
        case Alert():
            decider.alerts.records[record.key] = record
        case Incident():
            decider.book.incidents[record.key] = record
        case Group():
            decider.book.groups[record.key] = record
        case Silence():
            muting.silences.reword(record)
        case Work():
            muting.works.reword(record)
        case Storm():
            muting.storms.storms[record.key] = record
        case Kin():
            decider.kinship.records[record.key] = record
        case ResponseRun():
            runs.records[record.key] = record
        case ResponseState():
            runs.states[record.key] = record
        case Amendment():
            amendments.reword(record)
        case Override() | Handover() | Turnabout():
            decider.duty.reword(record)
        case _:
            raise TypeError(f"a {type(record).__name__} names nobody")
