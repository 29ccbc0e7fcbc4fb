"""Contacts that wait: how a person is reached who has not answered on the first way.

Theory. A person's contacts for an urgency may have a delay: `push` at once, `sms` after two
minutes, `voice` after five, counted from when a level told them. What is to come is kept with the
incident as `Later`s, each with its time. It waits no longer than the incident calls: while that is
acknowledged, muted or held by its route, what is left of each delay stands still, as the steps of
its policy do; when it is over or its policy starts over, there is nothing left to come. At its
time a contact is used if the person is still a part of the target that was told (on call, in the
team); if not, whoever is now is told in their place, unless they were told already.

These functions make the next value of what waits; they tell nobody. They stand between the levels
that are told (`daemon.core.telling.teller`) and the casebook, which knows when the next is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.durations import format_duration
from daemon.core.changing import replace
from daemon.core.model import Incident, Instant, Later
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.core.telling import notices
from daemon.core.telling.notices import Recipient

Waiting = tuple[Later, ...]

ASSIGNED = "assigned:"
"""What the target of a person begins with who was given the incident."""


def planned(
    plan: Plan, targets: Iterable[str], severity: Severity, now: Instant, level: int | None = None
) -> Waiting:
    """The contacts that the persons whom these targets name have after a delay."""
    return tuple(_planned(plan, targets, severity, now, level))


def _planned(
    plan: Plan, targets: Iterable[str], severity: Severity, now: Instant, level: int | None
) -> Iterator[Later]:
    for target in targets:
        for name in persons(plan, target, now):
            person = plan.persons.get(name)
            for way in () if person is None else notices.contacts(person, severity):
                if way.after and way.channel in plan.channels:
                    at = now + way.after
                    yield Later(name, way.channel, target, way.after, at, way.after, level)


def joined(waiting: Waiting, more: Iterable[Later]) -> Waiting:
    """What waits with what is new; whoever waits to be told something already is not put off."""
    found = {(one.person, one.channel, one.after): one for one in (*more, *reversed(waiting))}
    return tuple(sorted(found.values(), key=lambda one: (one.left, one.person, one.channel)))


def rested(waiting: Waiting, now: Instant) -> Waiting:
    """The incident calls nobody now: what is left of each delay stands still."""
    return tuple(
        one if one.at is None else replace(one, at=None, left=max(0, one.at - now))
        for one in waiting
    )


def gone_on(waiting: Waiting, now: Instant) -> Waiting:
    """The incident calls again: what was left of each delay begins to run."""
    return tuple(one if one.at is not None else replace(one, at=now + one.left) for one in waiting)


def next_at(waiting: Waiting) -> Instant | None:
    """When the next contact is due; None if there is none or all rest."""
    return min((one.at for one in waiting if one.at is not None), default=None)


def parted(waiting: Waiting, now: Instant) -> tuple[Waiting, Waiting]:
    """What is due, and what still waits."""
    due = tuple(one for one in waiting if one.at is not None and one.at <= now)
    return due, tuple(one for one in waiting if one.at is None or one.at > now)


def recipient(plan: Plan, later: Later, incident: Incident, now: Instant) -> Recipient | None:
    """Whom to tell; None if the person is no part of what was told any more, or the
    configuration has that contact of theirs no longer."""
    if later.target.startswith(ASSIGNED) and incident.assigned_to != later.person:
        return None
    person = plan.persons.get(later.person)
    if person is None or later.person not in persons(plan, later.target, now):
        return None
    for way in (*person.high, *person.low):
        if way.channel == later.channel and way.channel in plan.channels:
            return Recipient(way.channel, person.name, way.address)
    return None


def words(later: Later) -> str:
    """For the timeline: `ana via sms after 2m`."""
    return f"{later.person} via {later.channel} after {format_duration(later.after)}"


def persons(plan: Plan, target: str, now: Instant) -> tuple[str, ...]:
    """The names of those whom the target of a contact stands for at this moment."""
    if target.startswith(ASSIGNED):
        return (target.removeprefix(ASSIGNED),)
    return notices.persons(plan, target, now)
