"""Reports over a period, made of what is stored."""

from __future__ import annotations

import asyncio
import zlib
from functools import partial
from typing import Final

from aiohttp import web

from checks.text import one_line
from daemon.api.call import Call, answer
from daemon.api.inputs.analysis import sense
from daemon.api.inputs.reports import ReportBody, ReportsQuery
from daemon.api.problems import Malformed, Missing
from daemon.core.events import KeepReport
from daemon.core.model import Instant
from daemon.report.forms import MEDIA, Form
from daemon.report.keeping import line
from daemon.report.periods import BadPeriod, parse_period
from daemon.report.printed import Making, Printed, kept_printed, make_kept, make_printed
from daemon.report.question import LiesAhead, NoSuchScope, ask
from daemon.report.view import make
from daemon.store.reading.reports import kept_report, kept_reports

IN_THREADS: Final = 100_000
"""A kept report of more bytes than this is written in a process of its own."""


async def reports(call: Call) -> web.Response:
    """A report over a period, made now; without a period the reports that are kept."""
    query = call.query(ReportsQuery)
    if query.period is None:
        found = await call.backend.analysis.ask(partial(kept_reports, limit=query.limit))
        return answer([line(one) for one in found])
    making = asked(call, query.period, query.service, query.organization, query.at)
    await call.backend.durable()
    question = partial(make_printed, making=making, form=Form(query.format))
    return sent(await call.backend.analysis.ask_apart(question))


async def keep(call: Call) -> web.Response:
    """Make a report and keep it."""
    body = await call.body(ReportBody)
    making = asked(call, body.period, body.service, body.organization, None)
    await call.backend.durable()
    question = partial(make_kept, making=making, made_by=call.peer.actor.name)
    packed = await call.backend.analysis.ask_apart(question)
    await call.backend.command(KeepReport(packed, call.peer.actor))
    told = await asyncio.to_thread(zlib.decompress, packed.body)
    return _json(told + b"\n", 201)


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
    analysis, form = call.backend.analysis, Form(ending) if dot else Form.JSON
    ask_it = analysis.ask if len(found[0]) <= IN_THREADS else analysis.ask_apart
    return sent(await ask_it(partial(kept_printed, body=found[0], form=form)))


def asked(
    call: Call, period: str, service: str | None, organization: str | None, at: Instant | None
) -> Making:
    """The report that is asked for.

    Raises:
        Unprocessable: There is no such period.
        Missing: There is no such service or organisation.
        Malformed: The time lies ahead.
    """
    backend, now = call.backend, call.backend.now()
    plan = backend.engine.plan
    try:
        asked = parse_period(period, backend.timezone, now)
        question = ask(plan, asked, now, at, service, organization)
    except BadPeriod as error:
        raise sense("period", str(error)) from None
    except NoSuchScope as error:
        raise Missing(str(error)) from None
    except LiesAhead as error:
        raise Malformed(str(error)) from None
    return partial(make, question=question)


def sent(report: Printed) -> web.Response:
    """The report as it was written; a browser shows a page and saves a sheet."""
    if report.form is Form.JSON:
        return _json(report.body)
    kind = "attachment" if report.form is Form.CSV else "inline"
    return web.Response(
        body=report.body,
        content_type=MEDIA[report.form],
        charset="utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'{kind}; filename="{report.name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )


def _json(body: bytes, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(status=status, body=body, content_type=MEDIA[Form.JSON], headers=headers)
