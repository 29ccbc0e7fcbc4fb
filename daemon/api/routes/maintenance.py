"""`/maintenance`: planned work, by the configuration and by hand: what is active, comes, was."""

from __future__ import annotations

from typing import Final, Literal

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs import MaintenanceQuery, NoBody
from daemon.api.inputs.works import MaintenanceBody
from daemon.api.routes.picture import encode_list
from daemon.api.times import stamp, stamp_or_none
from daemon.core.effects import Drop, Effect, Save
from daemon.core.events import BeginMaintenance, EndMaintenance
from daemon.core.model import Instant, Work
from daemon.core.muting.maintenance import Window, last_window, window_at
from daemon.core.plan import MaintenancePlan

_ORDER: Final = ("active", "pending", "expired")


async def maintenance(call: Call) -> web.Response:
    """The active windows and, of each entry that has none, the next; those that begin first."""
    query, now = call.query(MaintenanceQuery), call.backend.now()
    engine = call.backend.engine
    plans, works = engine.plan.maintenance.values(), engine.works.values()
    ended = {(work.name, work.start): work for work in works if work.ended_by and is_planned(work)}
    shown = [view for plan in plans if (view := _planned(plan, ended, now)) is not None]
    shown += [work_view(work, now) for work in works if not is_planned(work)]
    shown += [work_view(work, now) for work in ended.values() if work.is_over(now)]
    shown.sort(key=lambda view: (_ORDER.index(view.state), view.start))
    return answer(await encode_list(one for one in shown if query.all or one.state != "expired"))


async def begin(call: Call) -> web.Response:
    """Announce planned work, for now or later."""
    body, now = await call.body(MaintenanceBody), call.backend.now()
    command = BeginMaintenance(
        actor=call.peer.actor,
        name=body.name,
        services=body.services,
        match=body.match,
        start=body.start,
        end=body.ends_at(now),
        reason=body.reason,
    )
    effects = await call.backend.command(command)
    return answer(work_view(_saved(effects), call.backend.now()), 201)


async def end(call: Call) -> web.Response:
    """End planned work before its time, by its name or id; what has not begun is taken back."""
    await call.body(NoBody)
    name, engine = call.part("name"), call.backend.engine
    before = dict(engine.works)
    effects = await call.backend.command(EndMaintenance(name, call.peer.actor))
    gone = [effect.key for effect in effects if isinstance(effect, Drop) and effect.kind is Work]
    work = before[gone[0]] if gone and gone[0] in before else _saved(effects)
    return answer(work_view(work, call.backend.now()))


def is_planned(work: Work) -> bool:
    """Whether the configuration has it come."""
    return work.created_by is None


def work_view(work: Work, now: Instant) -> schema.MaintenanceView:
    """Work that has begun, or was announced by hand."""
    return schema.MaintenanceView(
        name=work.name,
        state=work.state(now),  # type: ignore[arg-type]  # its three words
        start=stamp(work.start),
        end=stamp_or_none(work.end),
        services=list(work.services),
        match=list(work.match),
        excludes=list(work.excludes),
        recur=None,
        timezone="UTC",
        reason=work.reason,
        id=work.key,
        created_by=work.created_by,
        ended_by=work.ended_by,
    )


def _saved(effects: list[Effect]) -> Work:
    """The work that a command saved."""
    for effect in effects:
        if isinstance(effect, Save) and isinstance(effect.record, Work):
            return effect.record
    raise RuntimeError("the engine carried out a command about maintenance without saving it")


def _planned(
    plan: MaintenancePlan, ended: dict[tuple[str, Instant], Work], now: Instant
) -> schema.MaintenanceView | None:
    """The entry's window; None if it has none and never had one that is known of."""
    present = window_at(plan, now)
    if present is not None and (plan.name, present.start) in ended:
        present = None if present.end is None else window_at(plan, present.end)
        return None if present is None else _view(plan, present, now)
    window = present or last_window(plan)
    return None if window is None else _view(plan, window, now)


def _view(plan: MaintenancePlan, window: Window, now: Instant) -> schema.MaintenanceView:
    begun: Literal["active", "pending"] = "active" if window.start <= now else "pending"
    return schema.MaintenanceView(
        name=plan.name,
        state="expired" if window.end is not None and window.end <= now else begun,
        start=stamp(window.start),
        end=stamp_or_none(window.end),
        services=list(plan.services),
        match=list(map(str, plan.match)),
        excludes=list(plan.excludes),
        recur=plan.cron or plan.rrule,
        timezone=plan.timezone,
        reason=plan.reason,
        id=f"{plan.name}@{window.start}",
    )
