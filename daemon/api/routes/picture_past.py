"""`/state?at=`: the whole picture as it stood at a moment of the past.

It is read from the database, never from the engine's memory: on a reader's thread where the estate
is small, else in a process of its own. Who was on call is not read but worked out.
"""

from __future__ import annotations

from functools import partial
from typing import Final, NoReturn

import msgspec
from aiohttp import web

from daemon.api.call import Call, answer
from daemon.api.inputs import StateQuery
from daemon.api.problems import Malformed
from daemon.api.roster import roster_at
from daemon.api.schema import DaemonInfo
from daemon.api.times import stamp
from daemon.core.model import SECOND, Instant, Millis
from daemon.core.plan import Plan
from daemon.past.picture import picture
from daemon.past.question import NoHistory, past_question

IN_THREADS: Final = 500
"""The picture of so many checks and SLAs is made beside the loop, within a tenth of a second; of
more, in a process of its own."""

AHEAD: Final[Millis] = 2 * SECOND
"""Who asks for "now" by a clock that is so little ahead gets the present moment."""


async def past_state(call: Call) -> web.Response:
    """Everything as it stood at the time that is asked for.

    Raises:
        Malformed: It lies ahead, or before there is history.
    """
    backend, now = call.backend, call.backend.now()
    asked = call.query(StateQuery).at
    at = now if asked is None else asked
    if at > now + AHEAD:
        _refuse(f"{stamp(at)} lies ahead; give a time up to now, {stamp(now)}")
    await backend.durable()  # what was shown of a moment just gone is on disk
    at, plan, analysis = min(at, now), backend.engine.plan, backend.analysis
    question = partial(picture, question=past_question(plan, at, now))
    is_small = len(plan.checks) + len(plan.slas) <= IN_THREADS
    found = await (analysis.ask if is_small else analysis.ask_apart)(question)
    if isinstance(found, NoHistory):
        if found.oldest is None:
            _refuse("there is no history yet")
        _refuse(f"there is no history before {stamp(found.oldest)}; give that time or a later one")
    parts = {name: msgspec.Raw(part) for name, part in found.parts.items()}
    return answer(
        {
            "seq": backend.hub.seq,
            "daemon": _daemon(backend.info(), plan, at),
            "me": call.peer.user,
            "role": call.role.word,
            **parts,
        }
    )


def _refuse(message: str) -> NoReturn:
    raise Malformed(f"at: {message}", [{"field": "at", "message": message}])


def _daemon(info: DaemonInfo, plan: Plan, at: Instant) -> DaemonInfo:
    """The daemon that answers, with that moment's time and who was on call; how it did then is
    not kept."""
    return DaemonInfo(
        pid=info.pid,
        version=info.version,
        started_at=info.started_at,
        time=stamp(at),
        config=info.config,
        checks=info.checks,
        on_call=roster_at(plan.schedules, at),
    )
