"""The past over the API and through the client: what happened in a real database is told."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from checks.result import Status
from daemon.client import BadRequest, Client, NotFound
from daemon.core.chronicle import Audit
from daemon.core.effects import Append
from daemon.core.events import CleanUp
from daemon.core.model import DAY, HOUR, MINUTE, SECOND
from tests.api.lab import START, V1, call, connected, raw_http
from tests.api.past import PastLab

DOWN_MS = 31 * SECOND + 2 * (20 * MINUTE + SECOND) + 2 * SECOND
"""The two outages that are over, and the third up to now."""


@pytest.fixture
def lab(tmp_path: Path) -> PastLab:
    """Three outages of the shop, an hour apart, the last lasts; then its database fails."""
    made = PastLab(tmp_path)
    for number in range(3):
        made.result("web", Status.UP)
        made.later(HOUR)
        made.outage("web")
        made.later(30 * SECOND if number == 0 else 20 * MINUTE)
    made.result("db", Status.UP)
    made.later(SECOND)
    made.outage("db")
    made.keep()
    return made


@pytest.fixture
async def client(lab: PastLab, tmp_path: Path) -> AsyncIterator[Client]:
    async with connected(lab, tmp_path) as made:
        yield made
    await lab.analysis.close()


async def test_history_comes_in_pages_that_stay_as_more_happens(
    client: Client, lab: PastLab
) -> None:
    first = await client.history(limit=2)
    assert [one.service for one in first.incidents] == ["orders-db", "checkout"]
    lab.outage("nightly")
    lab.keep()
    second = await client.history(limit=2, cursor=first.next)
    assert [one.state for one in second.incidents] == ["resolved", "resolved"]
    assert second.next is None
    everything = {one.id for one in (*first.incidents, *second.incidents)}
    assert everything <= {one.id for one in (await client.history()).incidents}
    assert len(everything) == 4


async def test_history_is_filtered_by_facts_matchers_and_words(client: Client) -> None:
    async def ids(*matchers: str, **wanted: object) -> int:
        return len((await client.history(matchers, **wanted)).incidents)  # type: ignore[arg-type]  # tests name filters freely

    assert await ids(service="checkout") == 3
    assert await ids(state=["triggered"]) == 2
    assert await ids(service="checkout", state=["resolved"]) == 2
    assert await ids('service="orders-db"') == 1
    assert await ids('check=~"w.b"') == 3
    assert await ids('check="web"', 'state!="resolved"') == 1
    assert await ids(text="ORDERS") == 1
    assert await ids(text="no such words") == 0
    assert await ids(context="nothing") == 0
    assert await ids(since=START + 90 * MINUTE) == 3
    assert await ids(until=START + 90 * MINUTE) == 1
    assert await ids(acknowledged=True) == 0


async def test_a_filter_that_makes_no_sense_is_refused_with_its_field_and_the_mend(
    lab: PastLab, tmp_path: Path
) -> None:
    for path, field, words in (
        ("history?cursor=here", "cursor", "the page before"),
        ("history?match=a", "match", "matcher"),
        ("history?limit=0", "limit", "1"),
        ("history?sevrity=high", "sevrity", "known: since, until"),
        ("statistics?since=yesterday", "since", "2026-11-21T09:50:00.000Z"),
        ("statistics?since=2026-11-21T09:50:00Z&until=2026-11-20T09:50:00Z", "since", "before"),
        ("statistics?timezone=Mars/Olympus", "timezone", "Europe/Berlin"),
        ("trends?unit=hour&since=2020-01-01T00:00:00Z", "since", "at most 31 days"),
        ("trends?unit=hour&each=1", "each", "by the day"),
        ("top-alerts?by=colour", "by", "count"),
    ):
        status, told, _ = await call(lab, tmp_path, "GET", f"{V1}/alerts/{path}")
        assert status == 422, path
        assert told["problems"][0]["field"].startswith(field)
        assert words in told["detail"]


async def test_an_incident_of_the_past_is_acted_on_under_these_names(
    client: Client, lab: PastLab, tmp_path: Path
) -> None:
    (key,) = [one.id for one in (await client.history(service="orders-db")).incidents]
    assert (await client.past_incident(key)).incident.id == key
    async with raw_http(tmp_path / "tocsin.sock") as http:
        for verb, more, state in (
            ("escalate", {}, "triggered"),
            ("acknowledge", {"comment": "mine"}, "acknowledged"),
            ("resolve", {"comment": "over"}, "resolved"),
        ):
            told = await http.put(f"{V1}/alerts/history/{key}/{verb}", json=more)
            assert (told.status_code, told.json()["state"]) == (200, state)
        assert (await http.put(f"{V1}/alerts/history/{key}/delete")).status_code == 404
    del lab


async def test_the_week_goes_by_the_daemons_clock_unless_another_is_named(
    client: Client, lab: PastLab
) -> None:
    lab.timezone = "Asia/Tokyo"
    here, there = await client.statistics(), await client.statistics(timezone="UTC")
    assert (here.timezone, there.timezone) == ("Asia/Tokyo", "UTC")
    hours = [one.by_hour_of_week.index(1) for one in (here, there)]
    assert (hours[0] - hours[1]) % 168 == 9
    assert (await client.escalations()).by_hour_of_week is not None


async def test_statistics_and_top_alerts_tell_what_happened(client: Client, lab: PastLab) -> None:
    told = await client.statistics(timezone="Europe/Berlin")
    assert (told.total, told.open, told.resolved) == (4, 2, 2)
    assert told.by_service == {"checkout": 3, "orders-db": 1}
    assert (told.to_resolve.count, told.to_acknowledge.count) == (2, 0)
    assert told.to_resolve.least_ms == 31 * SECOND
    assert sum(told.by_hour_of_week) == 4
    web, db = await client.top_alerts()
    assert (web.name, web.source, web.service) == ("CheckFailing", "check:web", "checkout")
    assert (web.count, web.open, web.short, web.unacknowledged) == (3, 1, 1, 3)
    assert db.service == "orders-db"
    longest = await client.top_alerts(by="duration", service="checkout", limit=1)
    assert [one.firing_ms for one in longest] == [web.firing_ms]
    assert (await client.statistics(START - 9 * DAY, START - DAY)).total == 0
    with pytest.raises(NotFound):
        await client.top_alerts(service="nothing")
    del lab


async def test_noise_names_the_key_to_change(client: Client) -> None:
    (found,) = await client.noise()
    assert (found.alert.source, found.noise) == ("check:web", 1.0)
    (advice,) = found.advice
    assert (advice.why, advice.key, advice.count) == ("unacknowledged", "severity", 3)
    assert advice.table.startswith("[context.")


async def test_escalations_tell_how_far_and_for_whom(client: Client) -> None:
    told = await client.escalations()
    assert (told.total, told.escalated) == (4, 2)
    (policy,) = told.policies
    assert (policy.name, policy.deepest, policy.answered) == ("primary", [2, 2], 0)
    assert [(one.name, one.escalated) for one in told.services] == [("checkout", 2)]
    assert sum(told.by_hour_of_week) == 2


async def test_trends_add_up_to_their_span_by_the_hour_and_the_day(
    client: Client, lab: PastLab
) -> None:
    hours = await client.trends(START - HOUR, lab.time, unit="hour", service="checkout")
    days = await client.trends(START - DAY, lab.time, service="checkout", unit="day")
    for told in (hours, days):
        line = told.total
        for step in zip(line.up_ms, line.degraded_ms, line.down_ms, line.unknown_ms, strict=True):
            assert all(ms >= 0 for ms in step)
        known = sum(map(sum, (line.up_ms, line.degraded_ms, line.down_ms, line.unknown_ms)))
        assert known == sum(line.span_ms)
        assert sum(line.incidents) == 3
        assert len(told.starts) == len(line.span_ms)
    assert sum(hours.total.down_ms) == sum(days.total.down_ms) == DOWN_MS
    every = await client.trends(START - HOUR, lab.time, unit="hour")
    assert (every.services, sum(every.total.incidents)) == (3, 4)
    assert every.total.down_ms[0] == 0
    estate = await client.trends(START - DAY, each=True)
    assert estate.total.service is None
    assert [line.service for line in estate.lines] == ["checkout", "jobs", "orders-db"]
    assert sum(estate.total.down_ms) == sum(sum(line.down_ms) for line in estate.lines)
    assert sum(estate.total.incidents) == 4


async def test_health_explains_its_parts_and_who_is_down_is_critical(client: Client) -> None:
    shop = await client.service_health("checkout")
    assert (shop.status, shop.band, shop.limit) == ("down", "critical", 49)
    assert shop.score is not None
    assert shop.score <= 49
    parts = {part.name: part for part in shop.parts}
    assert parts["status"].score == 0
    assert parts["incidents"].text.startswith("3 incidents: 3 ")
    assert parts["budget"].text.startswith("checkout-99: ")
    every = await client.health_scores()
    assert {one.service for one in every} == {"checkout", "jobs", "orders-db"}
    scores = [101 if one.score is None else one.score for one in every]
    assert scores == sorted(scores)
    with pytest.raises(NotFound):
        await client.service_health("nothing")
    with pytest.raises(BadRequest):
        await client.service_health("checkout", START - 400 * DAY)


async def test_tables_are_exported_as_they_are_streamed(
    client: Client, lab: PastLab, tmp_path: Path
) -> None:
    rows = b"".join([piece async for piece in client.export("alerts")]).decode().splitlines()
    assert rows[0].startswith("fingerprint,name,severity,source,")
    assert len(rows) == 5
    lines = [piece async for piece in client.export("alerts", "json", START + 90 * MINUTE)]
    assert b"".join(lines).count(b"\n") == 3
    with pytest.raises(BadRequest, match="before `until`"):
        _ = [piece async for piece in client.export("results", since=9, until=8)]
    async with raw_http(tmp_path / "tocsin.sock") as http:
        told = await http.get(f"{V1}/alerts/export/csv?table=deliveries")
        assert told.headers["content-disposition"] == 'attachment; filename="deliveries.csv"'
        assert (await http.get(f"{V1}/alerts/export/csv?table=audit")).status_code == 422
    del lab


async def test_history_is_cleaned_up_by_admins_and_written_down(
    client: Client, lab: PastLab
) -> None:
    lab.later(10 * DAY)
    lab.keep()
    with sqlite3.connect(lab.path) as connection:
        connection.execute("UPDATE incident SET live = 0 WHERE resolved_at IS NOT NULL")
    connection.close()
    dry = await client.cleanup_history(5 * DAY, dry_run=True)
    assert (dry.incidents, dry.alerts, dry.dry_run) == (2, 2, True)
    assert len((await client.history()).incidents) == 5
    assert not [one for one in lab.events if isinstance(one, CleanUp)]
    done = await client.cleanup_history(5 * DAY, dry_run=False)
    assert (done.incidents, done.alerts) == (2, 2)
    assert [one.state for one in (await client.history()).incidents] == ["triggered"] * 3
    (audit,) = [
        one.entry for one in lab.decided if isinstance(one, Append) and isinstance(one.entry, Audit)
    ]
    assert (audit.action, audit.subject) == ("clean up", "history")
    assert "2 incidents, 2 alerts" in audit.detail
    with pytest.raises(BadRequest, match="1d"):
        await client.cleanup_history(HOUR, dry_run=False)
