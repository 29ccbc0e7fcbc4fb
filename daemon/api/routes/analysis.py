"""Figures about the past, below `/alerts`: statistics, top alerts, noise, escalations, trends.

Each asks the store on a reader's thread, with plain functions; what looks back further than
`IN_THREADS` is asked in a process of its own, so that the loop stays on time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from aiohttp import web

from daemon.analysis.asking import Lines, Steps, days, escalation_patterns, hours
from daemon.analysis.noise import noisy
from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs.analysis import (
    EscalationsQuery,
    NoiseQuery,
    StatisticsQuery,
    TopQuery,
    TrendsQuery,
    asked,
    sense,
)
from daemon.api.problems import Missing
from daemon.api.times import stamp
from daemon.api.views.analysis import (
    escalations_view,
    line_view,
    noise_view,
    statistics_view,
    top_view,
)
from daemon.core.alerting.sources import service_of
from daemon.core.model import DAY, HOUR, Instant, Millis
from daemon.store.reading.alerts import AlertTotals, alert_totals
from daemon.store.reading.hours import LONGEST
from daemon.store.reading.incidents import incident_statistics

T = TypeVar("T")

IN_THREADS: Final[Millis] = 8 * DAY
"""What looks back further is asked in a process of its own."""
MOST_DAYS: Final = 3 * 366
EACH_DAYS: Final = 92
"""For so many days every service has a line of its own."""


async def ask(
    call: Call, question: Callable[[sqlite3.Connection], T], since: Instant, until: Instant
) -> T:
    """The answer, found where a question of this length belongs."""
    analysis = call.backend.analysis
    return await (analysis.ask if until - since <= IN_THREADS else analysis.ask_apart)(question)


def need_service(call: Call, name: str | None) -> None:
    """Make sure that the configuration has this service.

    Raises:
        Missing: It has not.
    """
    if name is not None and name not in call.backend.engine.plan.services:
        raise Missing(f"there is no service {name!r}")


async def statistics(call: Call) -> web.Response:
    """How many incidents there were, of what, when in the week, and how fast they ended."""
    query = asked(call, StatisticsQuery)
    since, until = query.span(call.backend.now())
    question = partial(
        incident_statistics,
        start=since,
        end=until,
        zone=query.timezone or call.backend.timezone,
        service=query.service,
        organization=query.organization,
    )
    return answer(statistics_view(await ask(call, question, since, until)))


_RANKS: Final[Mapping[str, Callable[[AlertTotals], int]]] = {
    "count": lambda one: one.count,
    "duration": lambda one: one.firing_ms,
    "escalations": lambda one: one.escalated,
}


async def top_alerts(call: Call) -> web.Response:
    """What fires most often, or longest, or is escalated most."""
    query = asked(call, TopQuery)
    plan, rank = call.backend.engine.plan, _RANKS[query.by]
    found = await _totals(call, query.service, *query.span(call.backend.now()))
    ranked = [one for one in sorted(found, key=rank, reverse=True) if rank(one)]
    return answer([top_view(one, plan) for one in ranked[: query.limit]])


async def noise(call: Call) -> web.Response:
    """What disturbs more than it says, and which key of the configuration mends it."""
    query = asked(call, NoiseQuery)
    plan = call.backend.engine.plan
    found = await _totals(call, query.service, *query.span(call.backend.now()))
    contexts = {
        name: service.context
        for name, check in plan.checks.items()
        if (service := plan.services.get(check.service)) is not None and service.context
    }
    return answer([noise_view(one, plan) for one in noisy(found, contexts)[: query.limit]])


async def _totals(
    call: Call, service: str | None, since: Instant, until: Instant
) -> Sequence[AlertTotals]:
    now, plan = call.backend.now(), call.backend.engine.plan
    need_service(call, service)
    found = await ask(call, partial(alert_totals, start=since, end=until, now=now), since, until)
    if service is None:
        return found
    return [one for one in found if service_of(one.source, plan) == service]


async def escalations(call: Call) -> web.Response:
    """Which policies and services escalate, how far, and when in the week."""
    query = asked(call, EscalationsQuery)
    since, until = query.span(call.backend.now())
    zone = query.timezone or call.backend.timezone
    question = partial(
        escalation_patterns, start=since, end=until, zone=zone, service=query.service
    )
    found = await ask(call, question, since, until)
    return answer(escalations_view(found, since, until, zone))


async def trends(call: Call) -> web.Response:
    """Up, degraded, down and incidents by the hour or the day, of a service or of all."""
    query = asked(call, TrendsQuery)
    need_service(call, query.service)
    engine, now = call.backend.engine, call.backend.now()
    step = HOUR if query.unit == "hour" else DAY
    if query.each and (step == HOUR or query.service is not None):
        raise sense("each", "a line for every service is by the day; leave `service` out")
    most = LONGEST if step == HOUR else EACH_DAYS if query.each else MOST_DAYS
    since, until = query.span(now, most * step)
    first, count = since // step, -(-until // step) - since // step
    steps = Steps(first, count, now, engine.present(now), query.service)
    analysis = call.backend.analysis
    if step == DAY:
        shaped = await analysis.ask(partial(_days, steps=steps, each=query.each))
    elif query.service is None:  # every piece of every service is gone through
        shaped = _shaped(await analysis.ask_apart(partial(hours, steps=steps)), None)
    else:
        shaped = _shaped(await analysis.ask(partial(hours, steps=steps)), query.service)
    total, services, lines = shaped
    starts = [stamp(at * step) for at in range(first, first + count)]
    return answer(
        schema.TrendsView(
            unit=query.unit, starts=starts, services=services, total=total, lines=lines
        )
    )


Shaped = tuple[schema.TrendLine, int, list[schema.TrendLine]]
"""The total, of how many services, and a line of each."""


def _days(connection: sqlite3.Connection, steps: Steps, *, each: bool) -> Shaped:
    """Shaped on the reader's thread: there may be a thousand lines."""
    return _shaped(days(connection, steps, each=each), steps.service)


def _shaped(found: Lines, service: str | None) -> Shaped:
    lines = [line_view(name, line, []) for name, line in found.each.items()]
    return line_view(service, found.total, found.incidents), found.total.services, lines
