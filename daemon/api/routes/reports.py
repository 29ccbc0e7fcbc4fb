"""Reports over a period, made of what is stored."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from checks.text import one_line
from daemon.api.call import Call, answer
from daemon.api.inputs_reports import ReportBody, ReportsQuery
from daemon.api.problems import Missing, Unprocessable
from daemon.api.schema.daily import AnyReport
from daemon.api.schema.reports import ReportView
from daemon.core.events import KeepReport
from daemon.core.model import Instant
from daemon.report.forms import MEDIA, Form, file_name, written
from daemon.report.keeping import line, pack, unpack
from daemon.report.periods import BadPeriod, parse_period
from daemon.report.question import NoSuchScope, ask
from daemon.report.view import make
from daemon.store.reports import kept_report, kept_reports


async def reports(call: Call) -> web.Response:
    """A report over a period, made now; without a period the reports that are kept."""
    query = call.query(ReportsQuery)
    if query.period is None:
        found = await call.backend.analysis.ask(partial(kept_reports, limit=query.limit))
        return answer([line(one) for one in found])
    view = await made(call, query.period, query.service, query.organization, query.at)
    return shown(view, Form(query.format))


async def keep(call: Call) -> web.Response:
    """Make a report and keep it."""
    body = await call.body(ReportBody)
    view = await made(call, body.period, body.service, body.organization, None)
    packed = pack(view, call.peer.actor.name)
    await call.backend.command(KeepReport(packed, call.peer.actor))
    return answer(unpack(packed.body), 201)


async def kept(call: Call) -> web.Response:
    """A report that is kept, in the form that the path ends with (.md, .html, .csv, .json)."""
    key, dot, ending = call.part("id").rpartition(".")
    if dot and ending not in {*Form}:
        raise Missing(f"there is no form {one_line(ending, 20)!r}; there are {', '.join(Form)}")
    key = key if dot else ending
    found = await call.backend.analysis.ask(partial(kept_report, prefix=key))
    if len(found) != 1:
        many = "several reports have" if found else "no report that is kept has"
        raise Missing(f"{many} an id that begins with {one_line(key, 60)!r}")
    return shown(unpack(found[0]), Form(ending) if dot else Form.JSON)


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


def shown(view: AnyReport, form: Form) -> web.Response:
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
