"""Who is on call, as the API shows it: for each schedule the present shift and the next.

The dashboard shows it all the time and the daemon says it every few seconds, so what was found
is kept until the next hand-over, or until the schedule changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from daemon.api.schema import ScheduleView
from daemon.api.times import stamp
from daemon.core.changing import replace
from daemon.core.model import DAY, Instant
from daemon.core.oncall.schedules import following, on_call
from daemon.core.plan import SchedulePlan
from daemon.core.record import record


@record(frozen=True, slots=True)
class _Found:
    """What was found of a schedule, and from when to when it holds."""

    plan: SchedulePlan
    start: Instant
    end: Instant
    view: ScheduleView


class Roster:
    """Remembers what it showed."""

    def __init__(self) -> None:
        self._known: dict[str, _Found] = {}

    def views(self, plans: Mapping[str, SchedulePlan], now: Instant) -> list[ScheduleView]:
        """Every schedule, in the configuration's order."""
        self._known = {name: self._now(plan, now) for name, plan in plans.items()}
        return [known.view for known in self._known.values()]

    def _now(self, plan: SchedulePlan, now: Instant) -> _Found:
        known = self._known.get(plan.name)
        if known is None or known.plan is not plan or not known.start <= now < known.end:
            known = _found(plan, now)
        return known


def roster_at(plans: Mapping[str, SchedulePlan], at: Instant) -> list[ScheduleView]:
    """Who is on call at another time than now: by the schedules as they are configured now, and
    the overrides that had been made by then. Overrides are remembered for a while after their end
    (`daemon.core.oncall.overrides.KEEP`)."""
    known = {name: _known(plan, at) for name, plan in plans.items()}
    return Roster().views(known, at)


def _known(plan: SchedulePlan, at: Instant) -> SchedulePlan:
    made = tuple(one for one in plan.made if one.made_at <= at)
    return replace(plan, made=made) if made != plan.made else plan


def _found(plan: SchedulePlan, now: Instant) -> _Found:
    coming, persons = following(plan, now), on_call(plan, now)
    view = ScheduleView(
        name=plan.name,
        timezone=plan.timezone,
        on_call=list(persons),
        until=None if coming is None else stamp(coming.start),
        next=[] if coming is None else list(coming.persons),
        overridden=bool(plan.made) and on_call(replace(plan, made=()), now) != persons,
    )
    return _Found(plan, now, now + DAY if coming is None else coming.start, view)
