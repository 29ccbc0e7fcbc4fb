"""`/alerts/history`: incidents of the past in pages, one of them, what an operator does to it
under these names, and the cleaning up."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs_analysis import HistoryQuery, asked, cursor_text, sense
from daemon.api.views_incident import incident_view
from daemon.store.history_search import Sought, search_page
from daemon.store.incident_history import IncidentFilter


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
