"""How the channels do is seen in the API and by Prometheus."""

from __future__ import annotations

from pathlib import Path

from daemon.notify.health import ChannelHealth
from tests.api.lab import START, Lab, raw_http, serving
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
    }


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
