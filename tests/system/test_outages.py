"""Outages of real servers: what is said, to whom, when, and what remains of it on disk."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import pwd
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from daemon.api.schema import IncidentDetail, IncidentView, State
from daemon.client import Client
from tests.system.causes import CAUSES, Cause
from tests.system.shop import LEVEL_2_AFTER_MS, Shop, start_shop
from tests.system.sinks import SIGNING_SECRET, Hook

ME = pwd.getpwuid(os.getuid()).pw_name


def _make_ledger(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, paid INTEGER NOT NULL)")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Everything is up before the first test."""
    home = tmp_path_factory.mktemp("shop")
    with start_shop(home, _make_ledger) as shop:
        try:
            asyncio.run(_all_up(shop))
            yield shop
        finally:
            if shop.tocsin.process is not None:
                shop.tocsin.end()


async def _all_up(shop: Shop) -> None:
    await shop.tocsin.start()
    await shop.tocsin.until(lambda now: {each.status for each in now.services} == {"up"})


@pytest.fixture(autouse=True)
async def calm(shop: Shop) -> None:
    """Every test begins when all is well."""
    await shop.tocsin.until(_calm)


def _calm(now: State) -> bool:
    return {each.status for each in now.services} == {"up"} and not _open(now)


def _open(now: State) -> list[IncidentView]:
    return [each for each in now.incidents if each.state != "resolved"]


async def detail(shop: Shop, incident: str) -> IncidentDetail:
    """An incident with its story."""
    async with Client(shop.tocsin.socket) as client:
        return await client.incident(incident)


async def take(shop: Shop, service: str) -> IncidentView:
    """Wait for a service's incident and acknowledge it, so that nobody else is told."""
    incident = await shop.tocsin.incident(service)
    async with Client(shop.tocsin.socket) as client:
        return await client.ack(incident.id, comment="seen")


async def over(shop: Shop, incident: str) -> IncidentView:
    """Wait for an incident's end."""

    await shop.tocsin.until(lambda now: incident not in {each.id for each in _open(now)})
    found = (await detail(shop, incident)).incident
    assert found.state == "resolved"
    return found


def ms(time_text: str | None) -> int:
    """An API time in milliseconds since the epoch."""
    assert time_text is not None
    return round(datetime.fromisoformat(time_text).timestamp() * 1_000)


# One outage from its beginning to its end


async def test_an_outage_nobody_takes_goes_up_the_levels_and_its_end_is_told_to_all(
    shop: Shop,
) -> None:
    shop.postgres.stop()
    incident = await shop.tocsin.incident("orders-db")
    assert incident.title == "orders-db is down"
    assert incident.severity == "emergency"
    port = shop.postgres.port
    why = f"orders-query is down: connection refused by 127.0.0.1:{port}"
    assert incident.summary == f"{why}; 1 check stands behind it"
    (mail,) = shop.arrived.wait(lambda: shop.arrived.mails(incident.id))
    shop.postgres.start()
    ended = await over(shop, incident.id)
    hooks = shop.arrived.wait(lambda: shop.arrived.hooks(incident.id), 2)
    mails = shop.arrived.wait(lambda: shop.arrived.mails(incident.id), 2)

    assert [hook.body["type"] for hook in hooks] == ["incident.firing", "incident.resolved"]
    assert 0 <= mail.at - ms(incident.fired_at) - LEVEL_2_AFTER_MS < 2_000
    assert hooks[0].at - ms(incident.fired_at) < 2_000
    assert [each.message["Subject"] for each in mails] == [
        "[EMERGENCY] Escalated: orders-db is down",
        "[EMERGENCY] Resolved: orders-db is down",
    ]
    assert ended.resolved_by is None
    assert ms(ended.resolved_at) >= ms(ended.fired_at) + LEVEL_2_AFTER_MS
    for each in mails:
        assert each.encrypted
        assert each.recipients == ("ana@example.org",)
        for kind in ("plain", "html"):
            assert f"connection refused by 127.0.0.1:{port}" in each.part(kind)
    assert f"tocsin ack {incident.id}" in mail.part("plain")
    assert f"tocsin ack {incident.id}" in mail.part("html")
    assert mails[1].message["References"] == mail.message["References"]


async def test_a_webhook_has_exactly_the_promised_shape_key_and_signature(shop: Shop) -> None:
    shop.queue.stop()
    incident = await take(shop, "queue")
    shop.queue.start()
    await over(shop, incident.id)
    hooks = shop.arrived.wait(lambda: shop.arrived.hooks(incident.id), 3)
    kinds = [hook.body["type"] for hook in hooks]
    assert kinds == ["incident.firing", "incident.acknowledged", "incident.resolved"]
    for hook in hooks:
        assert set(hook.body) == {"id", "type", "time", "incident", "alerts"}
        assert hook.headers["webhook-id"] == hook.body["id"]
        assert hook.headers["webhook-signature"] == _signature(hook)
        (alert,) = hook.body["alerts"]
        assert alert["labels"]["check"] == "queue"
        assert alert["incident"] == incident.id
    assert len({hook.body["id"] for hook in hooks}) == 3
    states = [hook.body["incident"]["state"] for hook in hooks]
    assert states == ["triggered", "acknowledged", "resolved"]
    assert shop.arrived.mails(incident.id) == []


def _signature(hook: Hook) -> str:
    """As a receiver computes it (Standard Webhooks)."""
    signed = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(SIGNING_SECRET.encode(), signed + hook.raw, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


async def test_who_takes_an_incident_keeps_the_next_level_from_being_told(shop: Shop) -> None:
    shop.mariadb.stop()
    incident = await take(shop, "stock-db")
    assert incident.acknowledged_by == ME
    assert f"connection refused by 127.0.0.1:{shop.mariadb.port}" in incident.summary
    assert incident.escalation is not None
    assert incident.escalation.next_at is None
    due = ms(incident.fired_at) + LEVEL_2_AFTER_MS + 500
    await shop.tocsin.until(lambda now: ms(now.daemon.time) > due)
    shop.mariadb.start()
    ended = await over(shop, incident.id)
    shop.arrived.wait(lambda: shop.arrived.hooks(incident.id), 3)
    assert shop.arrived.mails(incident.id) == []
    assert ended.acknowledged_by == ME
    assert ended.ack_comment == "seen"


# What each cause is called


@pytest.mark.parametrize(
    ("cause", "service", "severity", "words"), CAUSES, ids=[cause[0].__name__ for cause in CAUSES]
)
async def test_each_cause_is_named_in_words_and_ends_with_its_mend(
    shop: Shop, cause: Cause, service: str, severity: str, words: str
) -> None:
    mend = await cause(shop)
    try:
        incident = await take(shop, service)
        seen = await shop.tocsin.state()
    finally:
        await mend()
    ended = await over(shop, incident.id)
    assert words in incident.summary
    assert incident.severity == severity
    assert incident.title in {f"{service} is down", f"{service} is degraded"}
    assert [each.service for each in _open(seen)] == [service]
    assert ms(ended.fired_at) <= ms(ended.acknowledged_at) <= ms(ended.resolved_at)
    hooks = shop.arrived.wait(lambda: shop.arrived.hooks(incident.id), 3)
    assert words in hooks[0].body["incident"]["summary"]
    assert hooks[-1].body["type"] == "incident.resolved"


# Causes and symptoms


async def test_a_cause_is_told_and_its_symptom_only_once_it_stands_alone(shop: Shop) -> None:
    shop.postgres.stop()
    shop.web.status = 503
    try:
        cause = await take(shop, "orders-db")
        now = await shop.tocsin.until(lambda now: _service(now, "checkout") == "unknown")
        assert [each.service for each in _open(now)] == ["orders-db"]
        (checkout,) = [each for each in now.services if each.name == "checkout"]
        assert checkout.unreachable == "orders-db"
        shop.postgres.start()
        symptom = await take(shop, "checkout")
    finally:
        shop.web.status = 200
    await over(shop, symptom.id)
    assert (await over(shop, cause.id)).resolved_at is not None
    assert ms(symptom.fired_at) >= ms((await detail(shop, cause.id)).incident.resolved_at)
    assert symptom.money is not None
    assert symptom.money.per_hour == "12000"


def _service(now: State, name: str) -> str:
    (found,) = [each.status for each in now.services if each.name == name]
    return found


# What remains of it


async def test_the_database_tells_the_whole_story_of_an_outage(shop: Shop) -> None:
    shop.redis.stop()
    incident = await take(shop, "sessions")
    assert f"connection refused by 127.0.0.1:{shop.redis.port}" in incident.summary
    shop.redis.start()
    await over(shop, incident.id)
    shop.arrived.wait(lambda: shop.arrived.hooks(incident.id), 3)
    await _settled(shop, incident.id)
    with closing(sqlite3.connect(shop.tocsin.database)) as database:
        rows = database.execute(
            "SELECT kind, actor, text FROM v_timeline WHERE incident = ?", (incident.id,)
        ).fetchall()
        kinds = [kind for kind, _, _ in rows]
        deliveries = database.execute(
            "SELECT type, channel, state, attempts FROM v_delivery WHERE incident = ?",
            (incident.id,),
        ).fetchall()
        (line,) = database.execute(
            "SELECT state, acknowledged_by, fired, acknowledged, resolved FROM v_incident"
            " WHERE key = ?",
            (incident.id,),
        ).fetchall()
        audit = database.execute(
            "SELECT actor, action, detail FROM v_audit WHERE subject = ?", (incident.id,)
        ).fetchall()
        down = database.execute(
            "SELECT ms FROM v_interval WHERE entity = 'service' AND name = 'sessions'"
            " AND status = 'down' ORDER BY start DESC LIMIT 1"
        ).fetchone()
    assert kinds[0] == "fired"
    order = ["fired", "escalated", "queued", "delivered", "acknowledged", "resolved"]
    assert sorted(order, key=kinds.index) == order
    assert ("acknowledged", ME) in [(kind, actor) for kind, actor, _ in rows]
    assert kinds.count("delivered") == 3
    assert deliveries == [
        ("incident.firing", "ops", "sent", 1),
        ("incident.acknowledged", "ops", "sent", 1),
        ("incident.resolved", "ops", "sent", 1),
    ]
    assert line[:2] == ("resolved", ME)
    assert line[2] < line[3] < line[4]
    assert audit == [(ME, "acknowledge", "seen")]
    assert down is not None
    assert down[0] > 0


async def _settled(shop: Shop, incident: str) -> None:
    """Wait until every delivery of an incident is known to have arrived."""
    await shop.tocsin.until(lambda now: now.daemon.outbox == 0)
    assert {each.state for each in (await detail(shop, incident)).deliveries} == {"sent"}


async def test_the_figures_of_an_sla_sum_to_the_time_that_has_passed(shop: Shop) -> None:
    before = time.time_ns() // 1_000_000
    async with Client(shop.tocsin.socket) as client:
        figures = await client.sla()
    after = time.time_ns() // 1_000_000
    assert {each.name for each in figures} == {"orders-availability", "stock-availability"}
    for each in figures:
        parts = (each.up_ms, each.degraded_ms, each.down_ms, each.unknown_ms, each.excluded_ms)
        assert min(parts) >= 0
        elapsed = sum(parts)
        if each.name == "orders-availability":
            assert before <= ms(each.period.start) + elapsed <= after
        else:
            assert elapsed == 30 * 86_400_000
        assert each.down_ms > 0
        assert each.up_ms > 0
        assert each.value is not None
        assert each.value == pytest.approx(
            100 * (each.up_ms + each.degraded_ms)
            / (each.up_ms + each.degraded_ms + each.down_ms), abs=1e-3,
        )  # fmt: skip


async def test_no_secret_is_seen_anywhere(shop: Shop) -> None:
    """After every outage of this module: answers, log, messages, database."""
    async with Client(shop.tocsin.socket) as client:
        answers = repr(await client.state()) + repr(await client.incidents(all=True))
    places = {
        "state": answers.encode(),
        "log": shop.tocsin.log.read_bytes(),
        "messages": b"".join(each.raw for each in shop.arrived.everything),
        "metrics": _metrics(shop),
        "configuration": _output(
            sys.executable, "-m", "daemon", "config", "show", str(shop.tocsin.config)
        ),
    }
    for path in shop.tocsin.home.glob("tocsin.db*"):
        places[path.name] = path.read_bytes()
    found = [
        (place, secret)
        for place, content in places.items()
        for secret in (*shop.secrets, "rotated-pass")
        if secret.encode() in content
    ]
    assert found == []


def _metrics(shop: Shop) -> bytes:
    socket = str(shop.tocsin.socket)
    return _output("curl", "-sS", "--fail", "--unix-socket", socket, "http://localhost/metrics")


def _output(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


async def test_the_log_tells_each_outage_in_a_few_lines_and_nothing_else(shop: Shop) -> None:
    lines = shop.tocsin.words().splitlines()
    assert lines
    kinds = r"(fired|acknowledged|resolved|spent|severity)( by [\w.-]+)?(: .+)?"
    told = re.compile(rf"\S+ \S+ (INFO|WARNING) tocsin: incident [0-9a-f]+ {kinds}")
    others = [line for line in lines if told.fullmatch(line) is None]
    assert [re.search(r"listening on|running: \d+ checks", line) is None for line in others] == [
        False,
        False,
    ]
    fired = [line for line in lines if re.search("incident [0-9a-f]+ fired: ", line)]
    resolved = [line for line in lines if re.search("incident [0-9a-f]+ resolved", line)]
    assert len(fired) == len(resolved) > 15
