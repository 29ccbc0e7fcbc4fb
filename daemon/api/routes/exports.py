"""`/alerts/export/{csv,json}`: a whole table, streamed in pieces of some rows.

Each piece is read when the one before was taken, so an export needs little memory here, and one
that nobody reads any more is given up. What breaks on the way breaks the connection: a file that
came to its end is whole.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import web

from daemon.api.call import Call
from daemon.api.inputs.analysis import ExportQuery, asked, sense
from daemon.store.reading.exports import FOR_EVER, After, Form, Wanted, question

log: Final = logging.getLogger(__name__)

STALL_S: Final = 30.0
"""A reader that takes nothing for so long is gone."""
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}


async def export_csv(call: Call) -> web.StreamResponse:
    """A table of alerts, results or deliveries as CSV, whole and streamed."""
    return await _export(call, "csv")


async def export_json(call: Call) -> web.StreamResponse:
    """The same as JSON, an object a line."""
    return await _export(call, "json")


async def _export(call: Call, form: Form) -> web.StreamResponse:
    query = asked(call, ExportQuery)
    since, until = query.since or 0, FOR_EVER if query.until is None else query.until
    if since >= until:
        raise sense("since", "it must come before `until`")
    wanted = Wanted(query.table, form, since, until)
    analysis = call.backend.analysis
    made = await analysis.ask(question(wanted, None))
    name = f'attachment; filename="{query.table}.{form}"'
    response = web.StreamResponse(
        headers={
            "Content-Type": _TYPES[form],
            "Content-Disposition": name,
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)
    try:
        while True:
            await _write(response, made.data)
            after: After | None = made.after
            if after is None:
                break
            made = await analysis.ask(question(wanted, after))
        await response.write_eof()
    except (TimeoutError, ConnectionError):
        log.info("an export of %s was given up: its reader is gone", query.table)
        _abort(call.request)
    except BaseException:
        _abort(call.request)
        raise
    return response


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(STALL_S):
        await response.write(data)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
