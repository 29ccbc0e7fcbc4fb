"""SLAs: what was promised and kept, and what operators say of the past."""

from __future__ import annotations

from aiohttp import web

from checks.text import one_line
from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs import NoBody, SlaQuery
from daemon.api.inputs.sla import CourseQuery, ExclusionBody, SlaNoteBody, StretchQuery
from daemon.api.problems import Missing
from daemon.api.publish import publish_sla
from daemon.api.routes.picture import encode_list, sla_views
from daemon.api.views.sla import amendment_view, course_view, sla_view, standing
from daemon.core.effects import Effect, Save
from daemon.core.events import Amend, Withdraw
from daemon.core.model import Amendment, AmendmentKind


async def slas(call: Call) -> web.Response:
    """The SLAs' figures in their current periods."""
    query, engine, now = call.query(SlaQuery), call.backend.engine, call.backend.now()
    chosen = [
        sla.name
        for sla in engine.plan.slas.values()
        if query.name in {None, sla.name, sla.service, *sla.members}
        and query.service in {None, *sla.members}
    ]
    asked = query.name or query.service
    if not chosen and asked is not None and asked not in engine.plan.services:
        raise Missing(f"there is no SLA and no service {one_line(asked, 100)!r}")
    return answer(await encode_list(sla_views(engine, chosen, now)))


async def sla(call: Call) -> web.Response:
    """An SLA's figures in its current period."""
    name, engine = call.part("name"), call.backend.engine
    if name not in engine.plan.slas:
        raise Missing(f"there is no SLA {one_line(name, 100)!r}")
    return answer(sla_view(engine.sla(name, call.backend.now())))


async def course(call: Call) -> web.Response:
    """How an SLA's budget went in its period, and what more down time would make of it."""
    query, now = call.query(CourseQuery), call.backend.now()
    return answer(course_view(call.backend.engine.sla_course(_known(call), now, query.more_ms)))


async def exclusions(call: Call) -> web.Response:
    """What operators excluded from an SLA, and wrote about it, in the order in which they did."""
    name = _known(call)
    found = [one for one in call.backend.engine.amendments.values() if one.sla == name]
    return answer([amendment_view(one) for one in found])


async def preview(call: Call) -> web.Response:
    """What excluding a stretch of the past would make of an SLA; nothing is written."""
    query, name, engine = call.query(StretchQuery), _known(call), call.backend.engine
    now = call.backend.now()
    return answer(
        schema.ExclusionPreview(
            before=standing(engine.sla(name, now)),
            after=standing(engine.sla_without(name, now, (query.start, query.end))),
        )
    )


async def exclude(call: Call) -> web.Response:
    """Exclude a stretch of the past from an SLA."""
    body = await call.body(ExclusionBody)
    return await _amend(call, AmendmentKind.EXCLUSION, body.start, body.end, body.reason)


async def note(call: Call) -> web.Response:
    """Write a note on a stretch of an SLA's past; it stands with the violations in it."""
    body = await call.body(SlaNoteBody)
    return await _amend(call, AmendmentKind.NOTE, body.start, body.end, body.text)


async def withdraw(call: Call) -> web.Response:
    """Take an exclusion or a note back."""
    call.need_no_version("an exclusion or a note of an SLA")
    await call.body(NoBody)
    name = _known(call)
    own = [one for one in call.backend.engine.amendments.values() if one.sla == name]
    one = meant(call.part("id"), "exclusion or note", own, lambda known: known.key)
    await call.backend.command(Withdraw(one.key, call.peer.actor))
    if name in call.backend.engine.plan.slas:
        publish_sla(name, call.backend.engine, call.backend.now(), call.backend.hub)
    return answer(amendment_view(one))


def _known(call: Call) -> str:
    name = call.part("name")
    if name not in call.backend.engine.plan.slas:
        raise Missing(f"there is no SLA {one_line(name, 100)!r}")
    return name


async def _amend(call: Call, kind: AmendmentKind, start: int, end: int, text: str) -> web.Response:
    call.need_no_version("an SLA")
    command = Amend(_known(call), call.peer.actor, kind, start, end, text)
    made = _made(await call.backend.command(command))
    return answer(amendment_view(made), 201)


def _made(effects: list[Effect]) -> Amendment:
    for effect in effects:
        if isinstance(effect, Save) and isinstance(effect.record, Amendment):
            return effect.record
    raise RuntimeError("the engine amended an SLA without saving that")
