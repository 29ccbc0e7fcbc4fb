"""`/schedules`: who is on call, now and from when to when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from checks.text import one_line
from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs import ShiftsQuery
from daemon.api.problems import Malformed, Missing
from daemon.api.roster import Roster
from daemon.api.routes.picture import encode_list
from daemon.api.times import stamp
from daemon.core.model import DAY, Instant, Millis
from daemon.core.oncall import shifts
from daemon.core.plan import SchedulePlan

_SHOWN: Final[Millis] = 14 * DAY
_LONGEST: Final[Millis] = 100 * DAY
_FIRST: Final[Instant] = 0
_LAST: Final[Instant] = 7_258_118_400_000
"""The years of which the configuration may speak, 1970 to 2199."""


async def schedules(call: Call) -> web.Response:
    """Every schedule: who is on call, until when, and who comes then."""
    plans = call.backend.engine.plan.schedules
    return answer(Roster().views(plans, call.backend.now()))


async def schedule(call: Call) -> web.Response:
    """A schedule with its shifts and gaps, two weeks of them if nothing else is asked for."""
    name, query, now = call.part("name"), call.query(ShiftsQuery), call.backend.now()
    plan = call.backend.engine.plan.schedules.get(name)
    if plan is None:
        raise Missing(f"there is no schedule {one_line(name, 100)!r}")
    start = now if query.from_ is None else query.from_
    end = start + _SHOWN if query.to is None else query.to
    if not start < end <= start + _LONGEST:
        raise Malformed(f"to must come after from, by {_LONGEST // DAY} days at most")
    if start < _FIRST or end > _LAST:
        raise Malformed("from and to must lie in the years 1970 to 2199")
    (view,) = Roster().views({name: plan}, now)
    return answer({"schedule": view, "shifts": await encode_list(_views(plan, start, end))})


def _views(plan: SchedulePlan, start: Instant, end: Instant) -> Iterator[schema.ShiftView]:
    for shift in shifts(plan, start, end):
        persons = list(shift.persons)
        yield schema.ShiftView(start=stamp(shift.start), end=stamp(shift.end), persons=persons)
