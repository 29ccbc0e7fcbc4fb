"""How the estate comes by another plan, or by what was stored: what goes on, begins and ends.

What is gone is dropped, what is new is unmeasured, the rest stays as it is known, and of all
this the turn is told. The observatory comes here at the start, after a restart and on a reload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import structs

from checks.result import Result, Status
from daemon.core.changing import replace
from daemon.core.model import CheckState, Record, ServiceState
from daemon.core.observing.cutoff import await_targets
from daemon.core.observing.dependencies import Dependencies
from daemon.core.observing.estate import Estate, fresh
from daemon.core.plan import Plan
from daemon.core.ruling import conditions
from daemon.core.turn import Condition, Fact, Turn

Kept = TypeVar("Kept", CheckState, ServiceState)


def adopt(estate: Estate, plan: Plan, turn: Turn) -> None:
    """Another plan: what is gone is dropped, what is new is unmeasured, the rest stays."""
    before = {name: estate.condition(name, turn.now) for name in estate.checks}
    was_active, targets = estate.uplink.active, estate.uplink.names
    passive = {name for name in estate.checks if estate.is_heartbeat(name)}
    for name in [name for name in estate.checks if name not in plan.checks]:
        turn.drop(estate.checks.pop(name))
        estate.last.pop(name, None)
    for name in [name for name in estate.services if name not in plan.services]:
        turn.drop(estate.services.pop(name))
    estate.plan, estate.graph = plan, Dependencies(plan)
    estate.awaited = {name: at for name, at in estate.awaited.items() if name in plan.checks}
    for name in estate.checks:
        if estate.is_heartbeat(name) is not (name in passive):
            estate.last.pop(name, None)
            estate.awaited.pop(name, None)
            estate.change(replace(fresh(plan.checks[name]), since=turn.now), turn)
    estate.uplink = estate.guard()
    names = estate.uplink.names
    estate.returning = {name: at for name, at in estate.returning.items() if name in names}
    _make_missing(estate)
    introduce(estate, turn)
    for name in plan.checks:
        estate.look_behind(name, turn)
    _reassess(estate, turn)
    if was_active and not estate.uplink.active:
        turn.conditions.append(conditions.of_uplink(False, turn.now, targets))
    _restate(estate, before, turn)


def restore(
    estate: Estate, records: Iterable[Record], last: Mapping[str, Result], turn: Turn
) -> None:
    """Go on with stored records; those of checks and services that are gone are dropped."""
    for record in records:
        if isinstance(record, CheckState):
            _take_back(record, estate.checks, turn)
            estate.unsaved.discard(record.key)
        elif isinstance(record, ServiceState):
            _take_back(record, estate.services, turn)
    estate.last.update((name, result) for name, result in last.items() if name in estate.checks)
    estate.uplink = estate.guard()
    if not estate.uplink.active:
        await_targets(estate, turn.now)
    for name in estate.plan.checks:
        estate.look_behind(name, turn)
    _reassess(estate, turn)


def _take_back(record: Kept, kept: dict[str, Kept], turn: Turn) -> None:
    if record.key in kept:
        kept[record.key] = record
    else:
        turn.drop(record)


def introduce(estate: Estate, turn: Turn) -> None:
    """Save the records that were made because nothing was known."""
    for name in estate.plan.checks:
        if name in estate.unsaved:
            turn.save(estate.checks[name])
            turn.facts.append(Fact(name, turn.now, Status.UNKNOWN))
    estate.unsaved.clear()


def _make_missing(estate: Estate) -> None:
    for name, check in estate.plan.checks.items():
        if name not in estate.checks:
            estate.checks[name] = fresh(check)
            estate.unsaved.add(name)
    for name in estate.plan.services:
        estate.services.setdefault(name, ServiceState(name))


def _reassess(estate: Estate, turn: Turn) -> None:
    for name in estate.plan.services:
        estate.look_at_service(name, turn.now, turn)
    estate.settle(turn)


def _restate(estate: Estate, before: dict[str, Condition], turn: Turn) -> None:
    """End the conditions of checks that are gone or have other labels, and state those
    whose severity, labels or promotion the new plan changed."""
    for name, old in before.items():
        new = estate.condition(name, turn.now) if name in estate.checks else None
        if (new is None or new.labels != old.labels) and old.holds is not False:
            turn.conditions.append(structs.replace(old, holds=False, unreachable=None, down=False))
        if new is not None and new != old and new.holds is not False:
            turn.conditions.append(new)
