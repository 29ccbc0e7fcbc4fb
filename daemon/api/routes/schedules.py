"""`/schedules`: who is on call, now and from when to when, and who is to be instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from aiohttp import web

from checks.text import one_line
from daemon.api import ical, schema
from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs import NoBody, ShiftsQuery
from daemon.api.inputs.oncall import OnCallQuery, OverrideBody, OverridesQuery
from daemon.api.problems import Malformed, Missing
from daemon.api.publish import publish_daemon
from daemon.api.roster import Roster, roster_at
from daemon.api.routes.picture import encode_list
from daemon.api.times import stamp
from daemon.core.changing import replace
from daemon.core.effects import Drop, Effect, Save
from daemon.core.events import EndOverride, PutOverride
from daemon.core.model import DAY, Instant, Millis, Override
from daemon.core.oncall.schedules import Shift, on_call, shifts
from daemon.core.plan import SchedulePlan

_SHOWN: Final[Millis] = 14 * DAY
_LONGEST: Final[Millis] = 100 * DAY
_EXPORTED: Final[Millis] = 90 * DAY
_MOST_EVENTS: Final = 5_000
_FIRST: Final[Instant] = 0
_LAST: Final[Instant] = 7_258_118_400_000
"""The years of which the configuration may speak, 1970 to 2199."""


async def schedules(call: Call) -> web.Response:
    """Every schedule: who is on call, until when, and who comes then; now, or at a time."""
    plans, at = call.backend.engine.plan.schedules, call.query(OnCallQuery).at
    if at is None:
        return answer(Roster().views(plans, call.backend.now()))
    if not _FIRST <= at <= _LAST:
        raise Malformed("at must lie in the years 1970 to 2199")
    return answer(roster_at(plans, at))


async def schedule(call: Call) -> web.Response:
    """A schedule with its shifts and gaps, two weeks of them if nothing else is asked for."""
    plan, now = _plan(call), call.backend.now()
    start, end = _range(call, now, _SHOWN)
    (view,) = Roster().views({plan.name: plan}, now)
    return answer(
        {
            "schedule": view,
            "shifts": await encode_list(_views(plan, start, end)),
            "overrides": [override_view(one, now) for one in plan.made if one.end > now],
        }
    )


async def calendar(call: Call) -> web.Response:
    """A schedule's shifts as iCalendar, 90 days of them if nothing else is asked for."""
    plan, now = _plan(call), call.backend.now()
    start, end = _range(call, now, _EXPORTED)
    found: list[Shift] = []
    for shift in shifts(plan, start, end):
        if len(found) == _MOST_EVENTS:
            raise Malformed(f"these are more than {_MOST_EVENTS} shifts; ask for less time")
        found.append(shift)
    text = ical.calendar(plan.name, found, now)
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=text, content_type=ical.TYPE, charset="utf-8", headers=headers)


async def overrides(call: Call) -> web.Response:
    """The overrides of a schedule that were made at run time and are not over."""
    query, plan, now = call.query(OverridesQuery), _plan(call), call.backend.now()
    found = sorted(plan.made, key=lambda one: (one.start, one.made_at))
    return answer([override_view(one, now) for one in found if query.all or one.end > now])


async def override(call: Call) -> web.Response:
    """Put others on call for a while, or have two persons swap their shifts."""
    plan, body = _plan(call), await call.body(OverrideBody)
    command = PutOverride(
        schedule=plan.name,
        actor=call.peer.actor,
        persons=tuple(dict.fromkeys(body.persons)),
        start=body.from_,
        end=body.ends_at(call.backend.now()),
        replaces=body.replaces,
        swap=body.swap,
        comment=body.comment,
    )
    effects = await call.backend.command(command)
    publish_daemon(call.backend.info(), call.backend.hub)
    return answer(override_view(_changed(effects), call.backend.now()), 201)


async def end_override(call: Call) -> web.Response:
    """End an override now, or take back one that has not begun."""
    await call.body(NoBody)
    plan = _plan(call)
    old = meant(call.part("id"), "override", plan.made, lambda one: one.key)
    effects = await call.backend.command(EndOverride(plan.name, old.key, call.peer.actor))
    publish_daemon(call.backend.info(), call.backend.hub)
    is_gone = any(isinstance(one, Drop) and one.kind is Override for one in effects)
    now = call.backend.now()
    ended = replace(old, end=min(old.end, max(old.start, now))) if is_gone else _changed(effects)
    return answer(override_view(ended, now))


def override_view(override: Override, now: Instant) -> schema.OverrideView:
    """An override as it is at `now`."""
    return schema.OverrideView(
        id=override.key,
        schedule=override.schedule,
        state=_state(override, now),
        start=stamp(override.start),
        end=stamp(override.end),
        persons=list(override.persons),
        replaces=override.replaces,
        swap=override.swap,
        comment=override.comment,
        created_by=override.created_by,
        created_at=stamp(override.made_at),
    )


def _state(override: Override, now: Instant) -> Literal["pending", "active", "expired"]:
    if override.end <= now:
        return "expired"
    return "active" if override.start <= now else "pending"


def _plan(call: Call) -> SchedulePlan:
    name = call.part("name")
    plan = call.backend.engine.plan.schedules.get(name)
    if plan is None:
        there = ", ".join(call.backend.engine.plan.schedules) or "none"
        raise Missing(
            f"there is no schedule {one_line(name, 100)!r}; there are {one_line(there, 300)}"
        )
    return plan


def _range(call: Call, now: Instant, shown: Millis) -> tuple[Instant, Instant]:
    query = call.query(ShiftsQuery)
    start = now if query.from_ is None else query.from_
    end = start + shown if query.to is None else query.to
    if not start < end <= start + _LONGEST:
        raise Malformed(f"to must come after from, by {_LONGEST // DAY} days at most")
    if start < _FIRST or end > _LAST:
        raise Malformed("from and to must lie in the years 1970 to 2199")
    return start, end


def _changed(effects: list[Effect]) -> Override:
    """The override that a command saved."""
    saved = [one.record for one in effects if isinstance(one, Save)]
    return next(one for one in saved if isinstance(one, Override))


def _views(plan: SchedulePlan, start: Instant, end: Instant) -> Iterator[schema.ShiftView]:
    configured = replace(plan, made=())
    for shift in shifts(plan, start, end):
        yield schema.ShiftView(
            start=stamp(shift.start),
            end=stamp(shift.end),
            persons=list(shift.persons),
            overrides=_overriding(plan, configured, shift),
        )


def _overriding(plan: SchedulePlan, configured: SchedulePlan, shift: Shift) -> list[str]:
    """The overrides made at run time by which others are on call than are configured."""
    found = []
    for made in plan.made:
        at = max(made.start, shift.start)
        if at < min(made.end, shift.end) and on_call(configured, at) != shift.persons:
            found.append(made.key)
    return found
