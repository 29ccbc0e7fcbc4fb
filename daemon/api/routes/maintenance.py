"""`/maintenance`: planned work, as the configuration has it: what is active and what comes."""

from __future__ import annotations

from typing import Final, Literal

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs import MaintenanceQuery
from daemon.api.routes.picture import encode_list
from daemon.api.times import stamp, stamp_or_none
from daemon.core.maintenance import last_window, window_at
from daemon.core.model import Instant
from daemon.core.plan import MaintenancePlan

_ORDER: Final = ("active", "pending", "expired")


async def maintenance(call: Call) -> web.Response:
    """The active windows and, of each entry that has none, the next; those that begin first."""
    query, now = call.query(MaintenanceQuery), call.backend.now()
    plans = call.backend.engine.plan.maintenance.values()
    shown = [view for plan in plans if (view := _view(plan, now)) is not None]
    shown.sort(key=lambda view: (_ORDER.index(view.state), view.start))
    return answer(await encode_list(one for one in shown if query.all or one.state != "expired"))


def _view(plan: MaintenancePlan, now: Instant) -> schema.MaintenanceView | None:
    """The entry's window; None if it has none and never had one that is known of."""
    present = window_at(plan, now)
    window = present or last_window(plan)
    if window is None:
        return None
    begun: Literal["active", "pending"] = "active" if window.start <= now else "pending"
    return schema.MaintenanceView(
        name=plan.name,
        state="expired" if present is None else begun,
        start=stamp(window.start),
        end=stamp_or_none(window.end),
        services=list(plan.services),
        match=list(map(str, plan.match)),
        excludes=list(plan.excludes),
        recur=plan.cron,
        timezone=plan.timezone,
        reason=plan.reason,
    )
