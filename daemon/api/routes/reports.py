"""Reports over a period, made of what is stored."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from daemon.api.call import Call, answer
from daemon.api.inputs_reports import ReportsQuery
from daemon.api.problems import Missing, Unprocessable
from daemon.api.schema.reports import ReportView
from daemon.core.model import Instant
from daemon.report.forms import MEDIA, Form, file_name, written
from daemon.report.periods import BadPeriod, parse_period
from daemon.report.question import NoSuchScope, ask
from daemon.report.view import make


async def reports(call: Call) -> web.Response:
    """A report over a period, made now."""
    query = call.query(ReportsQuery)
    view = await made(call, query.period, query.service, query.organization, query.at)
    return shown(view, Form(query.format))


async def made(
    call: Call, period: str, service: str | None, organization: str | None, at: Instant | None
) -> ReportView:
    """The report, from a process of its own.

    Raises:
        Unprocessable: There is no such period.
        Missing: There is no such service or organisation.
    """
    backend, now = call.backend, call.backend.now()
    plan = backend.engine.plan
    try:
        asked = parse_period(period, backend.timezone, now)
        question = ask(plan, asked, now, at, service, organization)
    except BadPeriod as error:
        raise Unprocessable(str(error), [{"field": "period", "detail": str(error)}]) from None
    except NoSuchScope as error:
        raise Missing(str(error)) from None
    await backend.durable()
    return await backend.analysis.ask_apart(partial(make, question=question))


def shown(view: ReportView, form: Form) -> web.Response:
    """The report in this form; a browser shows a page and saves a sheet."""
    if form is Form.JSON:
        return answer(view)
    kind = "attachment" if form is Form.CSV else "inline"
    return web.Response(
        text=written(view, form),
        content_type=MEDIA[form],
        charset="utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'{kind}; filename="{file_name(view, form)}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )
