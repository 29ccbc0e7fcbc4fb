"""Incidents and their alerts as a program sees them: listed, shown, acted on over a real socket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.result import Status
from daemon.core.events import Acknowledge, Snooze
from daemon.core.model import HOUR, MINUTE, Actor, IncidentState
from tests.api.lab import V1, Lab, call, raw_http, serving


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


async def test_a_note_for_a_version_that_changed_is_refused_with_412(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        for version, code in ((999, 412), (lab.engine.incidents[key].version, 200)):
            made = await http.post(
                f"{V1}/incidents/{key}/note",
                json={"text": "seen"},
                headers={"If-Match": f'"{version}"'},
            )
            assert made.status_code == code
