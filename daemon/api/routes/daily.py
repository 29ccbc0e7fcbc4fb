"""The daily alert report, made of what is stored."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from daemon.api.call import Call
from daemon.api.inputs.analysis import asked, sense
from daemon.api.inputs.daily import DailyQuery
from daemon.api.problems import Missing
from daemon.api.routes.reports import sent
from daemon.report.daily.day import parse_day
from daemon.report.daily.question import ask_day
from daemon.report.daily.view import make_daily
from daemon.report.forms import Form
from daemon.report.periods import BadPeriod
from daemon.report.printed import make_printed
from daemon.report.question import NoSuchScope


async def daily(call: Call) -> web.Response:
    """What fired on a day, who was called, and what was not measured; yesterday without `date`."""
    query = asked(call, DailyQuery)
    backend, now = call.backend, call.backend.now()
    try:
        day = parse_day(query.date, backend.timezone, now)
        scope = (query.service, query.organization)
        question = ask_day(backend.engine.plan, day, now, *scope)
    except BadPeriod as error:
        raise sense("date", str(error)) from None
    except NoSuchScope as error:
        raise Missing(str(error)) from None
    await backend.durable()
    making = partial(make_daily, question=question)
    printing = partial(make_printed, making=making, form=Form(query.format))
    return sent(await backend.analysis.ask_apart(printing))
