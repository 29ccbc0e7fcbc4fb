"""`/alerts/service-health`: how well services do, as a score whose parts explain themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Final

from aiohttp import web

from checks.result import Status
from daemon.analysis.health import Vitals, health_of
from daemon.api import schema
from daemon.api.backend import EngineView
from daemon.api.call import Call, answer
from daemon.api.inputs.analysis import SpanQuery, asked
from daemon.api.routes.analysis import need_service
from daemon.api.views.analysis import health_view
from daemon.core.model import DAY, Instant, Millis
from daemon.store.reading.vitals import vitals_found

LONGEST_MS: Final[Millis] = 92 * DAY
IN_THREADS: Final = 25
"""More services than this are read in a process of its own."""
AT_ONCE: Final = 25
"""So many SLAs are reckoned before the loop has its turn."""


async def service_health(call: Call) -> web.Response:
    """A service's health score, and what it is made of."""
    name = call.part("service")
    need_service(call, name)
    return answer((await _scores(call, [name]))[0])


async def all_health(call: Call) -> web.Response:
    """Every service's health score, the worst first."""
    scores = await _scores(call, list(call.backend.engine.plan.services))
    return answer(
        sorted(scores, key=lambda one: (101 if one.score is None else one.score, one.service))
    )


async def _scores(call: Call, names: Sequence[str]) -> list[schema.HealthView]:
    engine, now = call.backend.engine, call.backend.now()
    since, until = asked(call, SpanQuery).span(now, LONGEST_MS)
    checks = {name: engine.plan.services[name].checks for name in names}
    question = partial(
        vitals_found, checks=checks, start=since, end=until, present=engine.present(now)
    )
    analysis = call.backend.analysis
    found = await (analysis.ask if len(names) <= IN_THREADS else analysis.ask_apart)(question)
    budgets = await _budgets(engine, names, now)
    views = []
    for name, one in found.items():
        state = engine.services.get(name)
        status = Status.UNKNOWN if state is None else state.status
        vitals = Vitals(
            status=status,
            span_ms=until - since,
            up_ms=one.spent[Status.UP],
            degraded_ms=one.spent[Status.DEGRADED],
            down_ms=one.spent[Status.DOWN],
            incidents=one.incidents,
            latency_ms=one.latency_ms,
            usual_ms=one.usual_ms,
            budgets=budgets.get(name),
        )
        views.append(health_view(name, status, health_of(vitals), since, until))
    return views


async def _budgets(
    engine: EngineView, names: Iterable[str], now: Instant
) -> Mapping[str, Mapping[str, Fraction]]:
    """What is left of the budgets of the SLAs of these services, as shares of the whole."""
    wanted, found = set(names), dict[str, dict[str, Fraction]]()
    own = [sla for sla in engine.plan.slas.values() if wanted.intersection(sla.members)]
    for number, sla in enumerate(own, 1):
        figures = engine.sla(sla.name, now, listed=False)
        total, left = figures.budget_total_ms, figures.budget_left_ms
        share = Fraction(left, total) if total else Fraction(min(left, 0) + 1)
        for name in wanted.intersection(sla.members):
            found.setdefault(name, {})[sla.name] = share
        if not number % AT_ONCE:
            await asyncio.sleep(0)
    return found
