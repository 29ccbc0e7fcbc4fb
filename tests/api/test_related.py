"""What tends to fire together, over the API."""

from __future__ import annotations

from pathlib import Path

from checks.result import Status
from daemon.core.model import HOUR, MINUTE, Incident
from tests.api.lab import V1, Lab, call


def learned() -> tuple[Lab, Incident]:
    """The shop and its database failed together four times, and do so now."""
    lab = Lab()
    for _ in range(4):
        lab.outage("db")
        incident = lab.outage()
        lab.later(MINUTE)
        lab.result("web", Status.UP)
        lab.result("db", Status.UP)
        lab.later(HOUR)
    lab.outage("db")
    incident = lab.outage()
    return lab, incident


async def test_an_incident_and_an_alert_show_what_fires_with_them(tmp_path: Path) -> None:
    lab, incident = learned()
    _, found, _ = await call(lab, tmp_path, "GET", f"{V1}/alerts/related/{incident.key}")
    (db,) = [one.key for one in lab.engine.alerts.values() if one.labels["check"] == "db"]
    expected = {"alertname": "CheckFailing", "service": "orders-db", "score": 1.0, "firing": [db]}
    assert [expected | {"together": found[0]["together"]}] == found
    short = f"{V1}/alerts/related/{incident.key[:8]}"
    assert (await call(lab, tmp_path, "GET", short))[1] == found
    assert 4.9 < found[0]["together"] <= 5
    _, of_alert, _ = await call(lab, tmp_path, "GET", f"{V1}/alerts/related/{db[:6]}")
    assert [one["service"] for one in of_alert] == ["checkout"]
    _, detail, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/{incident.key}")
    assert detail["related"] == found
    status, said, _ = await call(lab, tmp_path, "GET", f"{V1}/alerts/related/zz")
    assert (status, "no alert or incident" in said["detail"]) == (404, True)


async def test_the_pairs_are_listed_for_a_service(tmp_path: Path) -> None:
    lab, _ = learned()
    path = f"{V1}/alerts/correlations"
    _, found, _ = await call(lab, tmp_path, "POST", path, json={"service": "orders-db"})
    assert [(one["service"], one["other_service"], one["score"]) for one in found] == [
        ("checkout", "orders-db", 1.0)
    ]
    _, none, _ = await call(lab, tmp_path, "POST", path, json={"service": "jobs"})
    assert none == []
