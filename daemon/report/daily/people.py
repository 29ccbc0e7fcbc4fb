"""Who was called on the day, what of it arrived, and who was to be called."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from daemon.api.schema.daily import DayDeliveries, DayFailure, DayPerson, DaySchedule
from daemon.api.schema.oncall import ShiftView
from daemon.api.times import stamp
from daemon.core.oncall.clockwork import local_at
from daemon.core.oncall.overrides import Overrides
from daemon.core.oncall.schedules import shifts
from daemon.core.plan import Plan, SchedulePlan
from daemon.report.daily.question import DayQuestion
from daemon.store.reading.day import Sent, overrides, sent_on

PAGES: Final = frozenset({"incident.firing", "incident.escalated", "incident.repeated"})
"""What calls a person; all else only tells them."""
NIGHT: Final = (22, 7)
"""From which hour to before which one is asleep."""
MOST_SHIFTS: Final = 48


def sent(connection: sqlite3.Connection, question: DayQuestion) -> Sequence[Sent]:
    """The notices of the day that belong to the question."""
    found = sent_on(connection, question.day.span[0], question.until)
    return [one for one in found if question.covers(one.service)]


def deliveries(found: Iterable[Sent]) -> DayDeliveries:
    """What became of them, and which channels failed."""
    states, failed, newest = Counter[str](), Counter[str](), dict[str, str]()
    for one in found:
        states[one.state] += 1
        if one.state == "failed":
            failed[one.channel] += 1
            newest[one.channel] = one.detail
    total = sum(states.values())
    return DayDeliveries(
        total=total,
        sent=states["sent"],
        waiting=total - states["sent"] - states["failed"],
        failed=states["failed"],
        failures=[
            DayFailure(channel=channel, count=count, detail=newest[channel])
            for channel, count in sorted(failed.items(), key=lambda one: (-one[1], one[0]))
        ],
    )


def pages(found: Iterable[Sent], question: DayQuestion) -> list[DayPerson]:
    """The pages of each person, the most called first."""
    zones = zones_of(question.plan)
    made: dict[str, DayPerson] = {}
    for one in found:
        if one.type not in PAGES or not one.recipient:
            continue
        zone = zones.get(one.recipient, question.day.zone)
        person = made.setdefault(one.recipient, _nobody(one.recipient, zone))
        if one.state == "failed":
            person.failed += 1
        elif one.state == "sent":
            person.pages += 1
            person.at_night += is_night(local_at(one.created_at, ZoneInfo(zone)).hour)
    return sorted(made.values(), key=lambda one: (-one.pages, -one.failed, one.person))


def is_night(hour: int) -> bool:
    """Whether one is asleep in this hour."""
    return hour >= NIGHT[0] or hour < NIGHT[1]


def zones_of(plan: Plan) -> Mapping[str, str]:
    """The zone of the first schedule that each person is in."""
    found: dict[str, str] = {}
    for schedule in plan.schedules.values():
        for name in _persons(schedule):
            found.setdefault(name, schedule.timezone)
    return found


def on_call(connection: sqlite3.Connection, question: DayQuestion) -> list[DaySchedule]:
    """Who was on call on the whole of the day, with what was overridden at run time."""
    made = Overrides()
    made.restore(overrides(connection))
    plan = made.applied(question.plan)
    return [_on_call(schedule, question) for schedule in plan.schedules.values()]


def _on_call(schedule: SchedulePlan, question: DayQuestion) -> DaySchedule:
    found = [*shifts(schedule, *question.day.span)][:MOST_SHIFTS]
    return DaySchedule(
        schedule=schedule.name,
        timezone=schedule.timezone,
        shifts=[
            ShiftView(start=stamp(one.start), end=stamp(one.end), persons=list(one.persons))
            for one in found
        ],
        without_calendar=schedule.has_calendar and not schedule.calendar,
    )


def _persons(schedule: SchedulePlan) -> Iterable[str]:
    named = [layer.persons for layer in schedule.layers]
    named += [one.persons for one in schedule.overrides]
    named += [one.persons for one in schedule.made]
    named += [one.persons for one in schedule.calendar]
    return (person for persons in named for person in persons)


def _nobody(name: str, zone: str) -> DayPerson:
    return DayPerson(person=name, timezone=zone, pages=0, at_night=0, failed=0)
