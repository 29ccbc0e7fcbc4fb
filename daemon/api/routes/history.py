"""`/alerts/history`: incidents of the past in pages, one of them, what an operator does to it
under these names, and the cleaning up."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs.analysis import CleanupQuery, HistoryQuery, asked, cursor_text, sense
from daemon.api.times import stamp
from daemon.api.views.incident import incident_view
from daemon.core.events import CleanUp
from daemon.core.model import DAY, Millis
from daemon.store.reading.incidents import IncidentFilter
from daemon.store.reading.search import Sought, search_page
from daemon.store.upkeep.cleanup import removable

LEAST_MS: Final[Millis] = DAY
"""What ended less long ago is not cleaned up."""


async def history(call: Call) -> web.Response:
    """Incidents that ever were, the newest first, a page at a time."""
    query = asked(call, HistoryQuery)
    if query.since is not None and query.until is not None and query.since >= query.until:
        raise sense("since", "it must come before `until`")
    sought = Sought(_filter(query), query.match, query.text)
    question = partial(search_page, sought=sought, after=query.cursor, limit=query.limit)
    page = await call.backend.analysis.ask(question)
    engine, now = call.backend.engine, call.backend.now()
    shown = [
        incident_view(one, engine.plan, now, engine.groups.get(one.group)) for one in page.incidents
    ]
    following = None if page.following is None else cursor_text(page.following)
    return answer(schema.HistoryView(incidents=shown, next=following))


async def clean_up(call: Call) -> web.Response:
    """Remove what ended long ago from the history, or with `dry_run` only count it."""
    query = asked(call, CleanupQuery)
    if query.span_ms < LEAST_MS:
        raise sense("older_than", "what is younger than a day stays; give at least 1d")
    now = call.backend.now()
    before = now - query.span_ms
    found = await call.backend.analysis.ask(partial(removable, before=before))
    if not query.dry_run:
        detail = f"before {stamp(before)}: {found.incidents} incidents, {found.alerts} alerts"
        await call.backend.command(CleanUp(detail, call.peer.actor))
        await call.backend.clean_up(before)
    return answer(
        schema.CleanupView(
            before=stamp(before),
            dry_run=query.dry_run,
            incidents=found.incidents,
            alerts=found.alerts,
        )
    )


def _filter(query: HistoryQuery) -> IncidentFilter:
    return IncidentFilter(
        since=query.since,
        until=query.until,
        service=query.service,
        organization=query.organization,
        context=query.context,
        severities=frozenset(one.word for one in query.severity),
        states=frozenset(query.state),
        acknowledged=query.acknowledged,
        person=query.person,
    )
