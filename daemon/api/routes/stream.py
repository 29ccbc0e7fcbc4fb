"""`/events`: the stream of changes as Server-Sent Events (WHATWG HTML, 9.2).

A subscriber is a number, how far it has read; the hub gives it everything newer in one
piece, and one write sends it. Two writes are a short while apart, so that a burst becomes
few large writes instead of many small ones; an event after a quiet time is not delayed.
Whoever stops reading is dropped, and told to start anew if it comes back too late.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Final

from aiohttp import web

from daemon.api.call import Call
from daemon.api.hub import EventHub
from daemon.api.inputs import EventsQuery
from daemon.api.problems import Busy, Malformed
from daemon.api.wire import Connection

log: Final = logging.getLogger(__name__)

MAX_SUBSCRIBERS: Final = 64
BEAT_S: Final = 15.0
"""A comment is sent when nothing else was for so long."""
PACE_S: Final = 0.05
"""From one write to the next."""
STALL_S: Final = 20.0
"""A subscriber that has not read what was written for so long is dropped."""

_SEQ: Final = re.compile(r"\d{1,18}", re.ASCII)
_NEVER: Final = -1
_BEAT: Final = b": beat\n\n"
_HELLO: Final = b": the state of things after each change; see docs/api.md\nretry: 1000\n\n"
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def starting_point(call: Call) -> int:
    """After which event to begin: what the reader saw last, or else now.

    `Last-Event-ID` is what a reader sends when it resumes by itself, so it wins over the
    address it began with. An id that is none of ours gets a reset, never silence.

    Raises:
        Malformed: `since` is no number.
    """
    since = call.query(EventsQuery).since
    resumed = call.request.headers.get("Last-Event-ID")
    if resumed:
        return int(resumed) if _SEQ.fullmatch(resumed.strip()) else _NEVER
    if since is None:
        return call.backend.hub.seq
    if not _SEQ.fullmatch(since):
        raise Malformed("since is the number of the last event that was seen")
    return int(since)


async def events(call: Call) -> web.StreamResponse:
    """What changes, as it changes; does not end."""
    hub, since = call.backend.hub, starting_point(call)
    if hub.closed:
        raise Busy("the daemon is stopping")
    if hub.subscribers >= MAX_SUBSCRIBERS:
        raise Busy(f"{MAX_SUBSCRIBERS} subscribers read already, which is the limit")
    response = web.StreamResponse(headers=_HEADERS)
    connection = call.request.protocol
    hub.subscribers += 1
    try:
        if isinstance(connection, Connection):
            connection.on_lost = hub.nudge
        await response.prepare(call.request)
        await response.write(_HELLO)
        await _follow(call.request, response, hub, since)
    except ConnectionError:
        log.debug("a subscriber went away")
    except TimeoutError:
        log.warning("a subscriber of %s did not read for %g s; dropped", call.peer.user, STALL_S)
        _abort(call.request)
    finally:
        hub.subscribers -= 1
        if isinstance(connection, Connection):
            connection.on_lost = None
    return response


async def _follow(
    request: web.Request, response: web.StreamResponse, hub: EventHub, since: int
) -> None:
    """Write what comes after `since` until either side ends.

    Raises:
        TimeoutError: The other side does not read.
    """
    clock, next_at = asyncio.get_running_loop().time, 0.0
    while not hub.closed and not _is_gone(request):
        if not await hub.wait(since, BEAT_S):
            await _write(response, _BEAT)
            continue
        if (early_s := next_at - clock()) > 0:
            await asyncio.sleep(early_s)
        batch = hub.take(since)
        since = batch.seq
        if batch.data:
            await _write(response, batch.data)
            next_at = 0.0 if batch.more else clock() + PACE_S


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(STALL_S):
        await response.write(data)


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _abort(request: web.Request) -> None:
    """Close without waiting for what is still to be written; it will never be read."""
    if request.transport is not None:
        request.transport.abort()
