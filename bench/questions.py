"""Questions over three months: how long history, statistics, trends and what a month's report of
1,000 services reads take, how large what is kept is, and how long pruning a day holds the writer.

The database is made by `bench.months`, and is in the page cache, as while a daemon runs. Every
figure is of one question in a reader's own connection, each time with other arguments.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from bench import months
from bench.figures import Figure, percentile
from bench.lab import Lab
from checks.result import Status
from daemon.analysis.escalations import patterns
from daemon.analysis.health import Vitals, health_of
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, Instant
from daemon.core.plan import CheckPlan, Plan, ServicePlan
from daemon.past.picture import picture
from daemon.past.question import past_question
from daemon.store.connect import open_reader, open_writer
from daemon.store.reading.alerts import alert_totals
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.escalated import climbs
from daemon.store.reading.exports import Wanted, piece
from daemon.store.reading.hours import hourly_trend
from daemon.store.reading.incidents import Cursor, IncidentFilter, history_page, incident_statistics
from daemon.store.reading.latency import measured, measured_by_day
from daemon.store.reading.search import Sought, search_page
from daemon.store.reading.spans import intervals_of
from daemon.store.reading.trends import service_trend, service_trends
from daemon.store.reading.vitals import vitals_found
from daemon.store.upkeep.prune import EVERY, Retention
from daemon.store.writer import Writer

TIMES: Final = 9
TICK_S: Final = 0.005
QUIET_S: Final = 1.0
LAST_DAY: Final = months.END // DAY

Question = Callable[[sqlite3.Connection, int], object]
"""Asked with a number that makes its arguments."""


def _page(connection: sqlite3.Connection, number: int) -> object:
    """In turn the pages that one asks for, somewhere in the three months."""
    severities = frozenset({"critical", "emergency"})
    asked = (
        IncidentFilter(),
        IncidentFilter(service=months.service_of(number + 1)),
        IncidentFilter(severities=severities, since=months.END - 30 * DAY),
        IncidentFilter(organization=f"org-{number % 20}", severities=severities),
        IncidentFilter(acknowledged=False, since=months.END - 7 * DAY),
        IncidentFilter(person="ana"),
        IncidentFilter(states=frozenset({"triggered", "acknowledged"})),
    )
    after = Cursor(months.END - number * DAY // 2, "") if number % 2 else None
    return history_page(connection, asked[number % len(asked)], after)


def _statistics(connection: sqlite3.Connection, number: int) -> object:
    end = months.END - number * DAY // 2
    return incident_statistics(connection, end - 7 * DAY, end, "Europe/Berlin")


def _totals(connection: sqlite3.Connection, number: int) -> object:
    end = months.END - number * DAY // 2
    return alert_totals(connection, end - 7 * DAY, end, months.END)


def _trend(connection: sqlite3.Connection, number: int) -> object:
    service = months.service_of(number + 1)
    return service_trend(connection, service, LAST_DAY - 90, 90, months.END)


def _trends(connection: sqlite3.Connection, number: int) -> object:
    return service_trends(connection, LAST_DAY - 90, 90, months.END - number)


def _search(connection: sqlite3.Connection, number: int) -> object:
    """What no index knows: labels of alerts, words, a context that nothing has."""
    asked = (
        Sought(IncidentFilter(since=months.END - 30 * DAY), (parse_matcher('check=~"web-00.+"'),)),
        Sought(IncidentFilter(context="nothing")),
        Sought(text=f"{months.service_of(number + 1)} is"),
    )
    return search_page(connection, asked[number % len(asked)])


def _climbs(connection: sqlite3.Connection, number: int) -> object:
    end = months.END - number * DAY // 2
    return patterns(climbs(connection, end - 7 * DAY, end), "Europe/Berlin", 20)


def _hours(connection: sqlite3.Connection, number: int) -> object:
    first = months.END // HOUR - 7 * 24 - number
    return hourly_trend(connection, first, 7 * 24, months.END, {})


def _health(connection: sqlite3.Connection, number: int, services: int = 1) -> object:
    checks = {
        months.service_of(one): (f"web-{one:04}",)
        for one in range(1 + number, 1 + number + services)
    }
    start, end = months.END - 7 * DAY, months.END
    found = vitals_found(connection, checks, start, end, {})
    return [
        health_of(
            Vitals(
                Status.UP,
                end - start,
                one.spent[Status.UP],
                one.spent[Status.DEGRADED],
                one.spent[Status.DOWN],
                one.incidents,
                one.latency_ms,
                one.usual_ms,
            )
        )
        for one in found.values()
    ]


def _latency_days(connection: sqlite3.Connection, number: int) -> object:
    days = measured_by_day(connection, f"web-{number + 1:04}", LAST_DAY - 90, 90)
    return [day.percentile_ms(0.95) for day in days]


def _month(connection: sqlite3.Connection, number: int) -> tuple[Instant, Instant]:
    del connection
    return months.END - (30 + number) * DAY, months.END - number * DAY


def _intervals(connection: sqlite3.Connection, number: int) -> object:
    return intervals_of(connection, "service", *_month(connection, number))


def _interval_count(connection: sqlite3.Connection, number: int) -> object:
    start, end = _month(connection, number)
    return sum(map(len, intervals_of(connection, "service", start, end).values()))


def _latencies(connection: sqlite3.Connection, number: int, checks: int) -> object:
    names = [f"web-{one:04}" for one in range(1, checks + 1)]
    found = measured(connection, names, *_month(connection, number))
    return [one.percentile_ms(0.95) for one in found.values()]


def _picture(connection: sqlite3.Connection, number: int, checks: int) -> object:
    """Everything as it stood at a moment somewhere in the last two months."""
    at = months.END - number * 7 * DAY - HOUR
    return picture(connection, past_question(_estate(checks), at, months.END))


@cache
def _estate(checks: int) -> Plan:
    """What the database is about, as a configuration has it."""
    return Plan(
        checks={
            (name := f"web-{one:04}"): CheckPlan(
                name, "http", months.service_of(one), 10_000, 1_000, 10_000, 3, 1, {"check": name}
            )
            for one in range(1, checks + 1)
        },
        services={
            (name := months.service_of(one)): ServicePlan(name, (f"web-{one:04}",))
            for one in range(1, checks + 1)
        },
    )


def questions(lab: Lab) -> Iterator[Figure]:
    """Make the database, ask, look at its size, prune a day."""
    scale = months.FEW if lab.pace.brief else months.FULL
    path = lab.home / "months.db"
    began_s = time.monotonic()
    months.make(path, scale)
    yield Figure("making the database of three months", "s", [time.monotonic() - began_s], 180)
    words = f"{scale.incidents:,} incidents"
    many = f"{scale.checks:,} services"
    scored = max(1, scale.checks - TIMES)
    for name, question, goal in (
        (f"filtered page of history, {words}", _page, 10),
        (f"page of history by labels and words, {words}", _search, None),
        (f"statistics over 7 days, {words}", _statistics, 40),
        (f"escalation patterns over 7 days, {words}", _climbs, None),
        (f"hourly trend of {many} over 7 days", _hours, None),
        ("health score of one service over 7 days", _health, 10),
        (
            f"health scores of {scored:,} services over 7 days",
            partial(_health, services=scored),
            None,
        ),
        (f"top alerts over 7 days, {words}", _totals, None),
        ("daily trend of one service over 90 days", _trend, 5),
        (f"daily trend of {many} over 90 days", _trends, 60),
        ("daily latency of one check over 90 days", _latency_days, 5),
        (f"state intervals of {many} over a month", _intervals, None),
        (f"latency of {many} over a month", partial(_latencies, checks=scale.checks), None),
        (f"picture of the past of {many}", partial(_picture, checks=scale.checks), 300),
    ):
        yield Figure(name, "ms", list(_asked(path, question)), goal)
    yield from _sizes(path)
    yield from asyncio.run(_lateness(path, scale.checks))
    yield _pruning(path)
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


def _asked(path: Path, question: Question) -> Iterator[float]:
    connection = open_reader(path)
    try:
        question(connection, TIMES)
        for number in range(TIMES):
            began_s = time.perf_counter()
            question(connection, number)
            yield (time.perf_counter() - began_s) * 1000
    finally:
        connection.close()


async def _lateness(path: Path, checks: int) -> list[Figure]:
    """How late the loop is while nothing is asked, and while a month's report reads."""
    analysis = Analysis(path)
    await analysis.ask(partial(_trend, number=0))
    quiet = await _ticks(asyncio.create_task(asyncio.sleep(QUIET_S)))
    asked = [
        await _ticks(asyncio.create_task(ask(question)))
        for ask, question in (
            (analysis.ask_apart, partial(_latencies, number=0, checks=checks)),
            (analysis.ask_apart, partial(_interval_count, number=0)),
            (analysis.ask, partial(_statistics, number=0)),
            (analysis.ask, partial(_trends, number=0)),
            (analysis.ask, partial(piece, wanted=Wanted("results", "csv"))),
        )
    ]
    await analysis.close()
    busy = [late for run in asked for late in run]
    return [
        Figure(f"lateness of the loop, p99, {words}", "ms", [percentile(late, 0.99)])
        for words, late in (("nothing asked", quiet), ("while a month is read", busy))
    ]


async def _ticks(task: asyncio.Task[Any]) -> list[float]:
    """How late each tick of 5 ms comes, in milliseconds, until the task is done."""
    loop, late = asyncio.get_running_loop(), [0.0]
    while not task.done():
        due_s = loop.time() + TICK_S
        await asyncio.sleep(TICK_S)
        late.append((loop.time() - due_s) * 1000)
    await task
    return late


def _sizes(path: Path) -> Iterator[Figure]:
    connection = open_reader(path)
    try:
        for table, words, goal in (
            ("result", "a raw result", 30),
            ("rollup_hour", "an hourly rollup with its sketch", 150),
            ("rollup_day", "a daily rollup with its sketch", None),
        ):
            (size,) = connection.execute(
                "SELECT sum(pgsize) FROM dbstat WHERE name = ?", (table,)
            ).fetchone()
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  # names of this file
            yield Figure(f"on disk, {words}", "B", [size / count], goal)
    finally:
        connection.close()


def _pruning(path: Path) -> Figure:
    """How long each step of pruning a day's results and minutes takes."""
    connection = open_writer(path)
    writer = Writer(connection, Retention())
    writer.recover()
    while writer.upkeep(months.END):
        pass
    taken, more = [], True
    while more:
        began_s = time.perf_counter()
        more = writer.upkeep(months.END + DAY + EVERY)
        taken.append((time.perf_counter() - began_s) * 1000)
    writer.close()
    words = f"pruning a day ({writer.pruner.removed:,} rows), a step of the writer"
    return Figure(words, "ms", taken, 50, worst=True)
