"""Pages hold every incident once, in order, and only those asked for; statistics are exact."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.effects import Drop, Save
from daemon.core.model import HOUR, MINUTE, Escalation, Incident, IncidentState, Level
from daemon.core.severity import Severity
from daemon.store.connect import open_reader
from daemon.store.errors import StoreUnusable
from daemon.store.reading.incidents import (
    Cursor,
    IncidentFilter,
    durations,
    history_page,
    hours_of_week,
    incident_statistics,
)
from daemon.store.store import Store
from tests.store.samples import NOW, an_incident

LEVELS = (Level(0, ("channel:ops",)), Level(MINUTE, ("person:ana",)))


def some_incidents() -> list[Incident]:
    """Forty, two at each moment, of four services and two organisations."""
    return [
        an_incident(
            f"inc-{number:02}",
            fired_at=NOW + number // 2 * HOUR,
            service=f"service-{number % 4}",
            organization=f"org-{number % 2}",
            severity=Severity(number % 6),
            state=IncidentState.RESOLVED if number % 5 else IncidentState.TRIGGERED,
            resolved_at=NOW + number // 2 * HOUR + number * MINUTE if number % 5 else None,
            acknowledged_at=NOW + number // 2 * HOUR + 1000 if number % 3 else None,
            acknowledged_by="ana" if number % 3 else None,
            escalation=Escalation("p", LEVELS, level=1 if number % 10 == 0 else 0),
        )
        for number in range(40)
    ]


@pytest.fixture
async def kept(store: Store) -> list[Incident]:
    incidents = some_incidents()
    await store.submit([Save(incident) for incident in incidents], NOW)
    return sorted(incidents, key=lambda one: (one.fired_at, one.key), reverse=True)


async def read_all(store: Store, wanted: IncidentFilter, limit: int) -> list[Incident]:
    found: list[Incident] = []
    after: Cursor | None = None
    while True:
        page = await store.analysis.ask(
            partial(history_page, filter=wanted, after=after, limit=limit)
        )
        assert len(page.incidents) <= limit
        found += page.incidents
        after = page.following
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 7, 40, 1000])
async def test_pages_hold_every_incident_once(
    store: Store, kept: list[Incident], limit: int
) -> None:
    assert await read_all(store, IncidentFilter(), limit) == kept


async def test_a_page_goes_on_where_it_ended_though_newer_incidents_came(
    store: Store, kept: list[Incident]
) -> None:
    first = await store.analysis.ask(partial(history_page, limit=10))
    await store.submit([Save(an_incident("new", fired_at=NOW + 99 * HOUR))], NOW)
    second = await store.analysis.ask(partial(history_page, after=first.following, limit=10))
    assert [*first.incidents, *second.incidents] == kept[:20]


async def test_filters_let_through_what_they_say(store: Store, kept: list[Incident]) -> None:
    async def found(**wanted: object) -> list[str]:
        asked = IncidentFilter(**wanted)  # type: ignore[arg-type]  # tests name fields freely
        return [one.key for one in await read_all(store, asked, 3)]

    def expected(keep: object) -> list[str]:
        return [one.key for one in kept if keep(one)]  # type: ignore[operator]  # a lambda below

    assert await found(service="service-1") == expected(lambda one: one.service == "service-1")
    assert await found(organization="org-0") == expected(lambda one: one.organization == "org-0")
    assert await found(severities=frozenset({"high", "low"})) == expected(
        lambda one: one.severity in (Severity.HIGH, Severity.LOW)
    )
    assert await found(states=frozenset({"triggered"})) == expected(
        lambda one: one.state is IncidentState.TRIGGERED
    )
    assert await found(acknowledged=False) == expected(lambda one: one.acknowledged_at is None)
    assert await found(person="ana") == expected(lambda one: one.acknowledged_by == "ana")
    assert await found(since=NOW + 2 * HOUR, until=NOW + 4 * HOUR) == expected(
        lambda one: NOW + 2 * HOUR <= one.fired_at < NOW + 4 * HOUR
    )
    assert await found(service="service-1", severities=frozenset({"info"})) == []


async def test_statistics_count_each_incident_of_their_span(
    store: Store, kept: list[Incident]
) -> None:
    start, end = NOW + 2 * HOUR, NOW + 12 * HOUR
    told = await store.analysis.ask(partial(incident_statistics, start=start, end=end))
    inside = [one for one in kept if start <= one.fired_at < end]
    assert told.total == len(inside) == sum(told.by_severity.values())
    assert told.open == sum(one.resolved_at is None for one in inside)
    assert told.acknowledged == sum(one.acknowledged_at is not None for one in inside)
    assert told.escalated == sum(int(one.key[4:]) % 10 == 0 for one in inside) == 2
    assert told.by_service == {f"service-{number}": 5 for number in range(4)}
    assert sum(told.by_hour_of_week) == told.total
    spans = [one.resolved_at - one.fired_at for one in inside if one.resolved_at is not None]
    assert told.to_resolve == durations(spans)
    assert told.to_acknowledge.median == told.to_acknowledge.greatest == 1000
    one = await store.analysis.ask(
        partial(incident_statistics, start=start, end=end, service="service-1")
    )
    assert (one.total, one.by_service) == (5, {"service-1": 5})
    none = await store.analysis.ask(partial(incident_statistics, start=0, end=9))
    assert (none.total, none.to_resolve.average, sum(none.by_hour_of_week)) == (0, None, 0)


def test_durations_are_exact() -> None:
    told = durations([5, 1, 100, -7])
    assert (told.count, told.average, told.median, told.p95) == (4, 26, 3, 100)
    assert (told.least, told.greatest) == (0, 100)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=80))
def test_the_95th_percentile_is_the_least_that_covers_its_share(spans: list[int]) -> None:
    found = durations(spans).p95
    assert found is not None
    assert sum(span <= found for span in spans) * 100 >= len(spans) * 95
    assert sum(span < found for span in spans) * 100 < len(spans) * 95


def test_hours_of_the_week_are_the_zones_own() -> None:
    monday = 1_792_972_800_000  # 2026-10-26 00:00 UTC, the day after the clocks were set back
    assert hours_of_week([monday], "Europe/Berlin").index(1) == 1
    assert hours_of_week([monday - 26 * HOUR], "Europe/Berlin").index(1) == 6 * 24
    assert hours_of_week([monday + 15 * MINUTE], "Asia/Kathmandu").index(1) == 6


async def test_what_the_engine_dropped_stays_in_the_history(
    store: Store, kept: list[Incident]
) -> None:
    await store.submit([Drop(Incident, kept[0].key), Save(replace(kept[1], title="new"))], NOW)
    page = await store.analysis.ask(partial(history_page, limit=2))
    assert [one.title for one in page.incidents] == [kept[0].title, "new"]


async def test_questions_are_answered_in_threads_while_a_writer_writes(
    store: Store, kept: list[Incident]
) -> None:
    del kept
    answers = await asyncio.gather(
        *(store.analysis.ask(partial(history_page, limit=5)) for _ in range(12)),
        *(store.submit([Save(an_incident(f"more-{number}"))], NOW) for number in range(12)),
    )
    assert all(len(page.incidents) == 5 for page in answers[:12] if page is not None)


async def test_a_question_cannot_write_and_a_closed_store_answers_none(
    path: Path, store: Store, kept: list[Incident]
) -> None:
    del kept

    def harm(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM incident")

    with pytest.raises(StoreUnusable, match="readonly"):
        await store.analysis.ask(harm)
    await store.close()
    with pytest.raises(StoreUnusable, match="closed"):
        await store.analysis.ask(history_page)
    reader = open_reader(path)
    assert len(history_page(reader).incidents) == 40
    reader.close()


async def test_no_question_about_incidents_reads_them_all(store: Store) -> None:
    """Each finds its page by an index in the page's order: no sorting, no scan of the table."""
    seen: list[str] = []

    def plans(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(seen.append)
        for wanted in (
            IncidentFilter(),
            IncidentFilter(service="a"),
            IncidentFilter(severities=frozenset({"high"})),
            IncidentFilter(organization="a", since=5),
        ):
            history_page(connection, wanted, Cursor(NOW, "x"))
        incident_statistics(connection, 0, NOW)
        connection.set_trace_callback(None)
        for query in seen:
            told = connection.execute(f"EXPLAIN QUERY PLAN {query}")
            steps = [row[3] for row in told if "SUBQUERY" not in row[3]]
            assert all("USING" in step and "INDEX" in step for step in steps), (query, steps)

    await store.analysis.ask(plans)
    assert len(seen) == 6


async def test_what_was_begun_as_a_test_counts_in_no_statistics(
    store: Store, kept: list[Incident]
) -> None:
    real = await store.analysis.ask(partial(incident_statistics, start=0, end=2 * NOW))
    assert real.total == len(kept)
    trial = replace(kept[0], key="a-test", is_test=True)
    await store.submit([Save(trial)], NOW)
    told = await store.analysis.ask(partial(incident_statistics, start=0, end=2 * NOW))
    assert told == real
    assert "a-test" in [one.key for one in await read_all(store, IncidentFilter(), 100)]
