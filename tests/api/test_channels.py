"""How the channels do is seen in the API and by Prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.api.access import Role
from daemon.api.routes.table import endpoints
from daemon.api.times import stamp
from daemon.client.errors import BadRequest, NotFound
from daemon.core.events import TryChannel
from daemon.notify.breaker import BreakerState
from daemon.notify.health import ChannelHealth, Wait
from daemon.notify.retry import Failed
from tests.api.lab import START, Lab, connected, raw_http, serving
from tests.api.test_metrics import parse

OPS = ChannelHealth(
    name="ops",
    kind="webhook",
    waiting=2,
    oldest_at=START,
    sending_since=None,
    sent=7,
    failed=3,
    given_up=1,
    last_success_at=START,
    last_failure_at=START + 1_000,
    last_failure="503",
    latency_p50_ms=120.04,
    latency_p95_ms=2000.0,
    latency_p99_ms=2400.04,
    fallback="mail",
    breaker=BreakerState.HALF_OPEN,
    breaker_since=START,
    waits_for=Wait.BREAKER,
)


async def test_a_channel_is_listed_with_its_figures(tmp_path: Path) -> None:
    lab = Lab()
    lab.healths = [OPS]
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        (view,) = (await http.get("/api/v1/channels")).json()
    times = view.pop("last_success"), view.pop("last_failure")
    assert times[0] < times[1]
    assert view == {
        "name": "ops",
        "kind": "webhook",
        "waiting": 2,
        "sent": 7,
        "failed": 3,
        "given_up": 1,
        "failure": "503",
        "latency_p50_ms": 120.0,
        "latency_p95_ms": 2000.0,
        "latency_p99_ms": 2400.0,
        "fallback": "mail",
        "self_test_at": None,
        "self_test_good": None,
        "self_test_next": None,
        "success_rate": 0.7,
        "breaker": "half_open",
        "breaker_since": stamp(START),
        "waits_for": "breaker",
        "waits_until": None,
    }


async def test_a_test_message_is_sent_and_its_receipt_is_the_answer(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        found = await client.test_channel("mail", to="ana@example.org")
        lab.outcome = Failed("550 no such mailbox", permanent=True)
        refused = await client.test_channel("pager")
    assert (found.channel, found.delivered, found.detail) == ("mail", True, "250 kept")
    assert (refused.delivered, refused.detail) == (False, "550 no such mailbox")
    first, second = lab.sent
    assert (first.key, first.address, second.address) == (found.id, "ana@example.org", None)
    assert "Nothing is wrong" in first.incident.summary
    assert lab.history.queued == []
    asked = [one for one in lab.events if isinstance(one, TryChannel)]
    assert [(one.channel, one.is_addressed) for one in asked] == [("mail", True), ("pager", False)]


async def test_a_test_message_over_no_channel_or_to_nobody_is_refused(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        with pytest.raises(NotFound, match="there is no channel 'mial'; there are mail, pager"):
            await client.test_channel("mial")
        with pytest.raises(BadRequest, match="has nobody of its own"):
            await client.test_channel("mail")
        with pytest.raises(BadRequest, match="which has no addresses"):
            await client.test_channel("pager", to="ana@example.org")
    assert lab.sent == []
    assert not [one for one in lab.events if isinstance(one, TryChannel)]


async def test_only_operators_send_test_messages(tmp_path: Path) -> None:
    lab = Lab()
    (row,) = [one for one in endpoints() if one.path == "/api/v1/channels/{name}/test"]
    assert row.role is Role.OPERATOR
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        told = await http.post("/api/v1/channels/pager/test", json={"to": "", "x": 1})
    assert told.status_code == 422
    assert {fault["field"] for fault in told.json()["problems"]} == {"to", "x"}


async def test_prometheus_sees_the_channels(tmp_path: Path) -> None:
    lab = Lab()
    lab.healths = [OPS]
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        samples = parse((await http.get("/metrics")).text)
    ops = 'channel="ops",kind="webhook"'
    assert samples[f'tocsin_channel_attempts_total{{{ops},outcome="sent"}}'] == 7
    assert samples[f'tocsin_channel_attempts_total{{{ops},outcome="failed"}}'] == 3
    assert samples[f'tocsin_channel_latency_seconds{{{ops},quantile="0.95"}}'] == 2
    assert samples[f"tocsin_channel_waiting_notices{{{ops}}}"] == 2
    assert samples[f"tocsin_channel_success_ratio{{{ops}}}"] == 0.7
    breaker = {
        state: samples[f'tocsin_channel_breaker_state{{{ops},state="{state}"}}']
        for state in ("closed", "open", "half_open")
    }
    assert breaker == {"closed": 0, "open": 0, "half_open": 1}
    assert samples[f'tocsin_channel_held{{{ops},by="breaker"}}'] == 1
    assert samples[f'tocsin_channel_held{{{ops},by="limit"}}'] == 0
    assert samples[f"tocsin_channel_last_success_timestamp_seconds{{{ops}}}"] == START / 1000


async def test_a_daemon_with_a_problem_is_ready_and_says_it(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        well = await http.get("/-/ready")
        lab.problems = ["the database cannot be written: disk full"]
        ill = await http.get("/-/ready")
    assert (well.status_code, well.text) == (200, "OK\n")
    words = "degraded: the database cannot be written: disk full\n"
    assert (ill.status_code, ill.text) == (200, words)


async def test_a_service_that_never_had_a_latency_has_no_curve(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        lab.result("web")
        history = (await http.get("/api/v1/state")).json()["history"]
    assert history == {}
