"""Responses: what is configured and how it does, their runs, and what operators ask of them."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs import CommentBody, NoBody, RespondBody, RunsQuery
from daemon.api.problems import Missing
from daemon.api.routes.incidents import find_incident, incident_called
from daemon.api.routes.picture import encode_list
from daemon.api.views.response import response_view, run_view
from daemon.core.effects import Effect, Save
from daemon.core.events import ApproveRun, RefuseRun, ResetResponse, RunResponse
from daemon.core.model import ResponseRun


async def responses(call: Call) -> web.Response:
    """The configured responses, in the configuration's order, and how each has done."""
    engine = call.backend.engine
    runs = list(engine.runs.values())
    shown = [
        response_view(plan, engine.responses.get(name), runs)
        for name, plan in engine.plan.responses.items()
    ]
    return answer(await encode_list(shown))


async def runs(call: Call) -> web.Response:
    """Runs of responses, the newest first: of an incident, of a response, or all."""
    query = call.query(RunsQuery)
    incident = await incident_called(call, query.incident) if query.incident else None
    key = None if incident is None else incident.key
    found = await call.backend.history.runs(key, query.response, query.limit)
    memory = call.backend.engine.runs
    return answer(await encode_list(run_view(memory.get(run.key, run)) for run in found))


async def run(call: Call) -> web.Response:
    """A run with what it wrote."""
    found = await _find(call)
    output = await call.backend.history.run_output(found.key)
    return answer(schema.RunDetail(run=run_view(found), output=output))


async def _find(call: Call) -> ResponseRun:
    """The run that the path means.

    Raises:
        Missing, Unprocessable: None, or several.
    """
    text, memory = call.part("run"), call.backend.engine.runs
    if text in memory:
        return memory[text]
    known = {one.key: one for one in await call.backend.history.find_runs(text, 10)}
    known.update({key: one for key, one in memory.items() if key.startswith(text)})
    return meant(text, "run", known.values(), lambda one: one.key)


async def respond(call: Call) -> web.Response:
    """Run a response for an incident now; or, dry, only say what it would do."""
    body = await call.body(RespondBody)
    key = (await find_incident(call)).key
    command = RunResponse(key, body.response, call.peer.actor, body.dry_run)
    effects = await call.backend.command(command)
    made = [one for one in _runs(effects) if (one.incident, one.response) == (key, body.response)]
    return answer(run_view(max(made, key=lambda one: one.decided_at)), 201)


def _runs(effects: Sequence[Effect]) -> list[ResponseRun]:
    """The runs that a command changed."""
    saved = (effect.record for effect in effects if isinstance(effect, Save))
    return [record for record in saved if isinstance(record, ResponseRun)]


async def _decide(call: Call, command: ApproveRun | RefuseRun) -> web.Response:
    """Have the engine do it; answer with the run as it is then."""
    effects = await call.backend.command(command)
    return answer(run_view(next(one for one in _runs(effects) if one.key == command.run)))


async def approve(call: Call) -> web.Response:
    """Let a run begin that waits for approval."""
    await call.body(NoBody)
    key = (await _find(call)).key
    return await _decide(call, ApproveRun(key, call.peer.actor))


async def refuse(call: Call) -> web.Response:
    """Have a run that waits for approval not begin."""
    body = await call.body(CommentBody)
    key = (await _find(call)).key
    return await _decide(call, RefuseRun(key, call.peer.actor, body.comment))


async def reset(call: Call) -> web.Response:
    """Set a response going again: its breaker, its limit and its cooldown begin anew."""
    await call.body(NoBody)
    name = call.part("name")
    await call.backend.command(ResetResponse(name, call.peer.actor))
    engine = call.backend.engine
    plan = engine.plan.responses.get(name)
    if plan is None:
        raise Missing(f"the response {name!r} has just left the configuration")
    return answer(response_view(plan, engine.responses.get(name), engine.runs.values()))
