"""The API as a program sees it: real requests over a real socket to a real engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.result import Status
from daemon.core.events import Acknowledge, CheckNow, Ping, PutSilence, Signal, Snooze
from daemon.core.model import HOUR, MINUTE, SECOND, Actor, IncidentState
from tests.api.lab import TOKEN, Lab, raw_http, serving

V1 = "/api/v1"


async def call(
    lab: Lab, directory: Path, method: str, path: str, **more: Any
) -> tuple[int, Any, Any]:
    """One request; the status, the JSON (or text), the headers."""
    async with serving(lab, directory) as socket, raw_http(socket) as http:
        answer = await http.request(method, path, **more)
        is_json = "json" in answer.headers["content-type"]
        return answer.status_code, answer.json() if is_json else answer.text, answer.headers


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


async def test_an_incident_says_what_an_operator_must_know(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    lab.time += MINUTE
    code, detail, headers = await call(lab, tmp_path, "GET", f"{V1}/incidents/{incident.key}")
    view = detail["incident"]
    assert code == 200
    assert headers["etag"] == f'"{view["version"]}"'
    assert view["money"]["lost"] == "203.33"  # 61 s of 12,000 an hour
    assert view["impact"] == "Customers cannot pay"
    assert view["escalation"]["next_notify"] == ["channel:pager"]
    assert view["mtta_due"] == "2026-11-21T10:16:05.000Z"
    assert view["recovery_due"] == "2026-11-21T10:26:05.000Z"
    assert [alert["fingerprint"] for alert in detail["alerts"]] == view["alerts"]
    assert detail["timeline"][0]["kind"] == "fired"
    assert detail["deliveries"][0]["channel"] == "mail"


async def test_an_id_may_be_cut_to_a_unique_beginning(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    code, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/{incident.key[:5]}")
    assert (code, detail["incident"]["id"]) == (200, incident.key)


async def test_a_beginning_that_means_several_is_refused_with_their_ids(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    lab.history.incidents_by_key = {
        key: replace(incident, key=key) for key in ("aa1", "aa2", "aa", "ab")
    }
    code, problem, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/a")
    assert code == 422
    assert "aa, aa1, aa2, ab" in problem["detail"]
    code, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/aa")
    assert (code, detail["incident"]["id"]) == (200, "aa")  # whole ids are never ambiguous


async def test_incidents_lists_the_open_ones_and_others_on_request(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage("web")
    lab.later(MINUTE)
    lab.result("web", Status.UP)
    lab.later(MINUTE)
    lab.outage("db")
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:

        async def services(query: str) -> list[str]:
            answer = await http.get(f"{V1}/incidents{query}")
            assert answer.status_code == 200, answer.text
            return [item["service"] for item in answer.json()]

        assert await services("") == ["orders-db"]
        assert await services("?all=1") == ["orders-db", "checkout"]
        assert await services("?state=resolved") == ["checkout"]
        assert await services("?all=1&service=checkout") == ["checkout"]
        assert await services("?all=1&limit=1") == ["orders-db"]
        assert await services("?all=1&severity=P1") == ["orders-db", "checkout"]
        assert await services("?severity=low") == []
        assert await services('?all=1&match=service=~"check.*"') == ["checkout"]
        assert await services('?all=1&match=check="db"&match=env=prod') == ["orders-db"]
        assert await services("?since=2026-11-21T10:12:00Z") == ["orders-db"]
        assert await services("?since=2026-11-21T10:00:00Z") == ["orders-db", "checkout"]


async def test_the_worst_unacknowledged_incident_comes_first(tmp_path: Path) -> None:
    lab = Lab()
    taken = lab.outage("web")
    lab.outage("db")
    lab.do(Acknowledge(taken.key, Actor("ana", "test")))
    _, listed, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents")
    assert [item["state"] for item in listed] == ["triggered", "acknowledged"]


async def test_an_acknowledgement_is_recorded_with_the_peers_name_and_answered(
    tmp_path: Path,
) -> None:
    lab = Lab()
    incident = lab.outage()
    body = {"comment": "mine\n\x1b[31mred", "for": "1h"}
    code, view, _ = await call(
        lab, tmp_path, "POST", f"{V1}/incidents/{incident.key}/ack", json=body,
        headers={"X-Forwarded-User": "mallory", "Authorization": "Basic bWFsbG9yeQ=="},
    )  # fmt: skip
    assert (code, view["state"], view["acknowledged_by"]) == (200, "acknowledged", "root")
    assert view["ack_comment"] == "mine\nred"
    assert view["ack_until"] == "2026-11-21T11:11:06.000Z"
    event = lab.events[-1]
    assert isinstance(event, Acknowledge)
    assert event.actor == Actor("root", "unix uid 0")


async def test_a_write_for_a_version_that_changed_is_refused_with_412(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    path = f"{V1}/incidents/{incident.key}/ack"
    for tag in ('"999"', "999", 'W/"999"'):
        code, problem, _ = await call(lab, tmp_path, "POST", path, headers={"If-Match": tag})
        assert (code, problem["title"]) == (412, "Precondition Failed")
    good = f'"{lab.engine.incidents[incident.key].version}"'
    code, _, _ = await call(lab, tmp_path, "POST", path, headers={"If-Match": good})
    assert code == 200


async def test_the_other_actions_on_an_incident(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        at = f"{V1}/incidents/{key}"
        assert (await http.post(f"{at}/ack")).json()["state"] == "acknowledged"
        assert (await http.post(f"{at}/unack")).json()["state"] == "triggered"
        assert (await http.post(f"{at}/escalate")).json()["escalation"]["level"] == 2
        assert (await http.post(f"{at}/note", json={"text": "looking"})).status_code == 200
        texts = [line["text"] for line in (await http.get(at)).json()["timeline"]]
        assert any("looking" in text for text in texts)
        resolved = (await http.post(f"{at}/resolve", json={"comment": "done"})).json()
        assert (resolved["state"], resolved["resolved_by"]) == ("resolved", "root")
        assert resolved["escalation"]["next_notify"] == []
        again = await http.post(f"{at}/ack")
        assert again.status_code == 409
        assert "resolved" in again.json()["detail"]


async def test_a_snooze_must_have_one_end(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        at = f"{V1}/incidents/{lab.outage().key}/snooze"
        for body in ({}, {"for": "1h", "for_ms": 5}, {"for": "0s"}):
            refused = await http.post(at, json=body)
            assert refused.status_code == 422, body
            assert "for" in refused.json()["detail"]
        assert not [event for event in lab.events if isinstance(event, Snooze)]
        taken = (await http.post(at, json={"for": "1h", "comment": "later"})).json()
        assert (taken["state"], taken["ack_comment"]) == ("acknowledged", "later")
        assert taken["ack_until"] == "2026-11-21T11:11:06.000Z"


async def test_an_incident_is_assigned_to_a_person_of_the_configuration(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        at = f"{V1}/incidents/{lab.outage().key}/assign"
        assert (await http.get(f"{V1}/persons")).json() == [{"name": "ana"}]
        wrong = await http.post(at, json={"to": "anna"})
        assert wrong.status_code == 422
        assert wrong.json()["detail"].endswith("no person 'anna'; did you mean ana?")
        assert (await http.post(at, json={})).status_code == 422
        given = (await http.post(at, json={"to": "ana", "comment": "yours"})).json()
        assert (given["state"], given["assigned_to"]) == ("triggered", "ana")
        told = lab.history.queued[0]
        assert (told.recipient, told.channel, told.type) == ("ana", "mail", "incident.updated")
        for nobody in (" ", None):
            await http.post(at, json={"to": "ana"})
            freed = (await http.post(at, json={"to": nobody})).json()
            assert freed["assigned_to"] is None
        again = await http.post(at, json={"to": None})
        assert (again.status_code, again.json()["title"]) == (409, "Conflict")


async def test_an_alert_is_acknowledged_through_its_incident(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    path = f"{V1}/alerts/{incident.alerts[0]}/ack"
    code, view, _ = await call(lab, tmp_path, "POST", path)
    assert (code, view["id"], view["state"]) == (200, incident.key, "acknowledged")


async def test_alerts_are_filtered_by_the_same_matchers_as_silences(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage("web")
    lab.outage("db")
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        for match, count in [('check="web"', 1), ("severity=critical", 2), ('check!~"w.*|db"', 0)]:
            answer = await http.get(f"{V1}/alerts", params={"match": match})
            assert len(answer.json()) == count


async def test_an_alert_that_fired_twice_is_listed_twice_on_request(tmp_path: Path) -> None:
    lab = Lab()
    for _ in range(2):
        lab.result("web", Status.DOWN)
        lab.later(MINUTE)
        lab.result("web", Status.UP)
        lab.later(MINUTE)
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        only = "match=check=web"  # the others are not probed here, which is told as well
        assert (await http.get(f"{V1}/alerts?{only}")).json() == []
        for query in ("all=1", "state=resolved", "since=2026-11-21T00:00:00Z"):
            listed = (await http.get(f"{V1}/alerts?{only}&{query}")).json()
            assert [item["state"] for item in listed] == ["resolved", "resolved"]
            assert len({item["fired_at"] for item in listed}) == 2


async def test_a_silence_is_made_changed_and_expired(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        body: dict[str, Any] = {
            "matchers": ['service="checkout"', {"name": "env", "value": "pr.*", "isRegex": True}],
            "comment": "moving",
            "for": "2h",
        }
        made = await http.post(f"{V1}/silences", json=body)
        view = made.json()
        assert (made.status_code, view["status"]["state"], view["matched"]) == (201, "active", 1)
        assert view["createdBy"] == "root"
        assert view["endsAt"] == "2026-11-21T12:11:06.000Z"
        event = lab.events[-1]
        assert isinstance(event, PutSilence)
        assert list(map(str, event.matchers)) == ['service="checkout"', 'env=~"pr.*"']
        del body["for"]
        body |= {"startsAt": view["startsAt"], "endsAt": "2026-11-21T13:00:00Z"}
        changed = await http.put(f"{V1}/silences/{view['id']}", json=body)
        assert (changed.status_code, changed.json()["id"]) == (200, view["id"])
        listed = (await http.get(f"{V1}/silences")).json()
        assert [item["endsAt"] for item in listed] == ["2026-11-21T13:00:00.000Z"]
        shown = (await http.get(f"{V1}/silences/{view['id'][:6]}")).json()
        assert shown == listed[0]
        ended = await http.delete(f"{V1}/silences/{view['id']}")
        assert ended.json()["status"]["state"] == "expired"
        again = await http.delete(f"{V1}/silences/{view['id']}")
        assert again.json()["status"]["state"] == "expired"
        assert (await http.get(f"{V1}/silences")).json() == []
        assert len((await http.get(f"{V1}/silences?all=1")).json()) == 1


@pytest.mark.parametrize("written", ["severity=P1", {"name": "severity", "value": "L1"}])
async def test_a_silence_takes_every_word_for_a_severity(tmp_path: Path, written: object) -> None:
    lab = Lab()
    body = {"matchers": [written], "for": "1h", "comment": "c"}
    code, view, _ = await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    assert code in {200, 201}
    assert [one["value"] for one in view["matchers"]] == ["critical"]


async def test_a_matcher_with_a_fault_is_refused_in_one_sentence(tmp_path: Path) -> None:
    body = {"matchers": ['a=~"("'], "for": "1h"}
    _, problem, _ = await call(Lab(), tmp_path, "POST", f"{V1}/silences", json=body)
    assert [one["field"] for one in problem["problems"]] == ["matchers.0"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"matchers": ["a=b"], "comment": ""}, "give one of them"),
        ({"matchers": ["a=b"], "for": "1h", "for_ms": 5}, "give one of them"),
        ({"matchers": [], "for": "1h"}, "matchers"),
        ({"matchers": ["a"], "for": "1h"}, "is no matcher"),
        ({"matchers": ['a=~"("'], "for": "1h"}, "no regular expression"),
        ({"matchers": ["severity=critcal"], "for": "1h"}, 'did you mean "critical"'),
        ({"matchers": [{"name": "a", "value": "b", "op": "="}], "for": "1h"}, "has no op"),
        ({"matchers": [{"name": "a"}], "for": "1h"}, "needs a name and a value"),
        ({"matchers": [7], "for": "1h"}, "is a text like"),
        ({"matchers": "a=b", "for": "1h"}, "matchers"),
        ({"matchers": ["a=b"], "endsAt": "tomorrow"}, "is no time"),
        ({"matchers": ["a=b"], "endsAt": "2020-01-01T00:00:00Z"}, ""),
        ({"matchers": ["a=b"], "for": "soon"}, "is no duration"),
        ({"matchers": ['a=""'], "for": "1h"}, ""),
        ({"matchers": ["a=b"], "for": "1h", "createdBy": "eve"}, "createdBy: unknown field"),
        ({"matchers": ["a=b"], "for": "1h", "comment": "x" * 3000}, "comment"),
    ],
)
async def test_a_silence_that_makes_no_sense_is_refused_in_words(
    tmp_path: Path, body: dict[str, Any], words: str
) -> None:
    lab = Lab()
    code, problem, _ = await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    assert code == 422
    assert words in problem["detail"]
    assert not lab.engine.silences


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


async def test_health_is_plain_words(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as socket, raw_http(socket) as http:
        for path in ("/-/healthy", "/-/ready"):
            answer = await http.get(path)
            assert (answer.status_code, answer.text) == (200, "OK\n")
        assert answer.headers["server"] == "tocsin"


async def test_what_is_resolved_stays_to_be_looked_at(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    lab.later(MINUTE)
    lab.result("web", Status.UP)
    lab.later(MINUTE)
    assert lab.engine.incidents[key].state is IncidentState.RESOLVED
    _, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/{key}")
    assert detail["incident"]["recovery_met"] is True
    assert detail["incident"]["mttr_breached"] is False
    assert detail["alerts"][0]["state"] == "resolved"


async def test_an_incident_the_engine_forgot_is_read_from_the_store(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    lab.result("web", Status.UP)
    for _ in range(8):
        lab.later(24 * HOUR)
    assert key not in lab.engine.incidents
    _, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/{key[:6]}")
    assert detail["incident"]["id"] == key
    assert len(detail["alerts"]) == 1
    _, listed, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents?all=1")
    assert key in [item["id"] for item in listed]
