"""The API as a program sees it: real requests over a real socket to a real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from checks.result import Status
from daemon.core.events import CheckNow, Ping, Signal
from daemon.core.model import HOUR, MINUTE, SECOND, Actor
from tests.api.lab import TOKEN, V1, Lab, call, raw_http, serving


async def test_the_state_has_all_that_a_dashboard_needs(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    _, state, _ = await call(lab, tmp_path, "GET", f"{V1}/state")
    assert state["seq"] == lab.hub.seq
    assert [item["id"] for item in state["incidents"]] == [incident.key]
    assert [item["name"] for item in state["checks"]] == ["web", "db", "nightly"]
    assert [item["name"] for item in state["services"]] == ["checkout", "orders-db", "jobs"]
    assert [item["name"] for item in state["slas"]] == ["checkout-99"]
    assert [item["state"] for item in state["alerts"]] == ["firing"]
    assert (state["me"], state["role"]) == ("root", "admin")
    assert state["history"] == {}  # no run had a latency yet


async def test_what_is_not_on_disk_yet_is_shown_to_nobody(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    lab.disk.clear()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        asked = asyncio.create_task(http.get(f"{V1}/state"))
        assert (await http.get("/-/healthy")).status_code == 200
        assert not asked.done()
        lab.disk.set()
        assert len((await asked).json()["incidents"]) == 1


async def test_the_status_counts_by_status_and_severity_and_names_the_worst(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    _, status, _ = await call(lab, tmp_path, "GET", f"{V1}/status")
    assert status["status"] == "down"
    assert status["counts"]["checks"] == {"up": 0, "degraded": 0, "unknown": 2, "down": 1}
    assert status["counts"]["incidents"]["critical"] == 1
    assert status["counts"]["incidents"]["info"] == 0


async def test_a_check_shows_its_recent_results_oldest_first(tmp_path: Path) -> None:
    lab = Lab()
    for status in (Status.UP, Status.UP, Status.DOWN):
        lab.time += 10 * SECOND
        lab.result("web", status)
    _, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/checks/web?limit=2")
    assert [item["status"] for item in detail["results"]] == ["up", "down"]
    assert detail["check"]["last"]["metrics"] == {"status": 200}


async def test_a_check_is_run_at_once(tmp_path: Path) -> None:
    lab = Lab()
    code, view, _ = await call(lab, tmp_path, "POST", f"{V1}/checks/web/run")
    assert (code, view["name"]) == (202, "web")
    assert lab.events[-1] == CheckNow("web", Actor("root", "unix uid 0"))


async def test_a_service_comes_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    _, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/services/checkout")
    assert detail["service"]["slas"] == ["checkout-99"]
    assert [item["name"] for item in detail["checks"]] == ["web"]
    assert [item["incident"] for item in detail["alerts"]] == [incident.key]
    assert [item["id"] for item in detail["incidents"]] == [incident.key]
    assert [item["name"] for item in detail["slas"]] == ["checkout-99"]


async def test_an_slas_figures_add_up(tmp_path: Path) -> None:
    lab = Lab()
    lab.result("web", Status.UP)
    lab.time += HOUR
    for _ in range(6):
        lab.result("web", Status.DOWN)
        lab.later(10 * SECOND)
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        view = (await http.get(f"{V1}/sla/checkout-99")).json()
        parts = ("up_ms", "down_ms", "degraded_ms", "unknown_ms", "excluded_ms")
        assert sum(view[part] for part in parts) == 24 * HOUR
        assert view["down_ms"] == MINUTE
        assert view["met"] is False
        assert view["value"] < view["target"]
        for name in ("checkout-99", "checkout"):
            assert len((await http.get(f"{V1}/sla?name={name}")).json()) == 1
        assert (await http.get(f"{V1}/sla?service=jobs")).json() == []
        assert (await http.get(f"{V1}/sla?name=nothing")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/checks/x", "/services/x", "/sla/x", "/incidents/x", "/silences/x",
     "/checks/..%2f..%2fetc%2fpasswd", "/checks/%1b%5b31m", "/incidents/%00", "/nothing", "/"],
)  # fmt: skip
async def test_what_is_not_there_is_a_404_in_harmless_words(tmp_path: Path, path: str) -> None:
    code, problem, headers = await call(Lab(), tmp_path, "GET", V1 + path)
    assert code == 404
    assert headers["content-type"] == "application/problem+json"
    assert problem["status"] == 404
    assert problem["detail"].isprintable()


async def test_a_heartbeats_ping_reaches_the_engine(tmp_path: Path) -> None:
    lab = Lab()
    pings = [
        ("GET", "", None, Ping("nightly", Signal.SUCCESS)),
        ("HEAD", "", None, Ping("nightly", Signal.SUCCESS)),
        ("POST", "/start", None, Ping("nightly", Signal.START)),
        ("POST", "/fail", b"no\x1b[2J space", Ping("nightly", Signal.FAIL, None, "no space")),
        ("GET", "/log", None, Ping("nightly", Signal.LOG)),
        ("GET", "/0", None, Ping("nightly", Signal.SUCCESS, 0)),
        ("POST", "/3", b"x" * 60_000, Ping("nightly", Signal.FAIL, 3, "x" * 10_000)),
    ]
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        for method, more, body, event in pings:
            lab.time += SECOND
            answer = await http.request(method, f"/ping/{TOKEN}{more}", content=body)
            assert answer.status_code == 200
            assert lab.events[-1] == event


@pytest.mark.parametrize(
    "path", ["wrong", f"{TOKEN}x", TOKEN[:-1], f"{TOKEN}/stop", f"{TOKEN}/256", f"{TOKEN}/-1",
             f"{TOKEN}/%D9%A3", "%00", "%ff%fe"],
)  # fmt: skip
async def test_a_ping_with_a_wrong_token_or_word_is_a_404(tmp_path: Path, path: str) -> None:
    lab = Lab()
    before = len(lab.events)
    code, _, _ = await call(lab, tmp_path, "GET", f"/ping/{path}")
    assert code == 404
    assert len(lab.events) == before


async def test_a_reload_gives_old_tokens_no_way_in(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        assert (await http.get(f"/ping/{TOKEN}")).status_code == 200
        lab.ping_tokens = {"another": "nightly"}
        assert (await http.get(f"/ping/{TOKEN}")).status_code == 404
        assert (await http.get("/ping/another")).status_code == 200


async def test_a_bad_configuration_is_reported_with_file_line_and_key(tmp_path: Path) -> None:
    lab = Lab()
    lab.bad_config = True
    for path in (f"{V1}/reload", "/-/reload"):
        code, problem, _ = await call(lab, tmp_path, "POST", path)
        assert code == 422
        assert problem["problems"] == [
            {"file": "/etc/tocsin/config.toml", "line": 7, "key": "check[0].evry",
             "message": "unknown key", "hint": ""}
        ]  # fmt: skip


async def test_the_database_is_cared_for(tmp_path: Path) -> None:
    lab, copy = Lab(), tmp_path / "copy"
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        made = await http.post(f"{V1}/db/backup", json={"path": str(copy)})
        assert (made.status_code, made.json()) == (200, {"path": str(copy)})
        for path, code in (
            ("copy", 422), ("", 422), ("/tmp/\x1b/copy", 422), ("/x/taken.db", 422), ("/x/y", 503),
        ):  # fmt: skip
            refused = await http.post(f"{V1}/db/backup", json={"path": path})
            assert refused.status_code == code
        assert (await http.post(f"{V1}/db/verify")).json() == {"problems": []}
        assert (await http.post(f"{V1}/db/prune")).json() == {"removed": 0}
        known = await http.post(f"{V1}/forget", json={"person": "ana"})
        assert (known.status_code, "reload first" in known.json()["detail"]) == (422, True)
        assert (await http.post(f"{V1}/forget", json={"person": ""})).status_code == 422


async def test_health_is_plain_words(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as socket, raw_http(socket) as http:
        for path in ("/-/healthy", "/-/ready"):
            answer = await http.get(path)
            assert (answer.status_code, answer.text) == (200, "OK\n")
        assert answer.headers["server"] == "tocsin"
