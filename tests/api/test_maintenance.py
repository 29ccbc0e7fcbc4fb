"""Planned work over the API: what is active, what comes, what is over; and what it mutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR
from daemon.core.plan import MaintenancePlan, Plan
from tests.api.lab import Lab, plan
from tests.api.test_routes import V1, call

ACTIVE = MaintenancePlan(
    "patching", "Europe/Berlin", ("checkout",), excludes=("checkout",), cron="0 11 * * *",
    duration=HOUR, reason="kernel updates",
)  # fmt: skip
"""It is eleven past eleven in Berlin."""
OVER = replace(
    ACTIVE, name="over", timezone="UTC", cron=None, duration=0, reason="",
    start=datetime(2026, 11, 21, 8), end=datetime(2026, 11, 21, 9),  # noqa: DTZ001  # by the clock
)  # fmt: skip
TO_COME = replace(OVER, name="move", end=datetime(2026, 12, 2), start=datetime(2026, 12, 1))  # noqa: DTZ001  # as above
MATCHED = replace(ACTIVE, name="always", services=(), excludes=(), cron="0 * * * *",
                  timezone="UTC", match=(parse_matcher("check=db"),))  # fmt: skip


def planned() -> Plan:
    """A plan with a window that is active, one to come, one that is over, and one without end."""
    windows = (TO_COME, OVER, ACTIVE, MATCHED)
    return plan(maintenance={one.name: one for one in windows})


async def test_the_active_windows_come_first_then_those_to_come(tmp_path: Path) -> None:
    status, found, _ = await call(Lab(planned()), tmp_path, "GET", f"{V1}/maintenance")
    assert status == 200
    assert [(one["name"], one["state"]) for one in found] == [
        ("always", "active"), ("patching", "active"), ("move", "pending"),
    ]  # fmt: skip
    assert found[1] == {
        "name": "patching",
        "state": "active",
        "start": "2026-11-21T10:00:00.000Z",
        "end": "2026-11-21T11:00:00.000Z",
        "services": ["checkout"],
        "match": [],
        "excludes": ["checkout"],
        "recur": "0 11 * * *",
        "timezone": "Europe/Berlin",
        "reason": "kernel updates",
        "id": "patching@1795255200000",
        "created_by": None,
        "ended_by": None,
    }
    assert (found[0]["end"], found[0]["match"]) == (None, ['check="db"'])
    assert (found[2]["start"], found[2]["recur"]) == ("2026-12-01T00:00:00.000Z", None)


async def test_those_that_are_over_are_listed_if_asked_for(tmp_path: Path) -> None:
    _, found, _ = await call(Lab(planned()), tmp_path, "GET", f"{V1}/maintenance?all=1")
    assert [one["state"] for one in found] == ["active", "active", "pending", "expired"]
    assert found[3]["end"] == "2026-11-21T09:00:00.000Z"
    status, found, _ = await call(Lab(planned()), tmp_path, "GET", f"{V1}/maintenance?state=x")
    assert (status, "known: all" in found["detail"]) == (400, True)


BODY = {"name": "disks", "services": ["checkout"], "for": "2h", "reason": "new disks"}


async def test_work_is_announced_and_ended_by_its_name(tmp_path: Path) -> None:
    lab = Lab(planned())
    status, made, _ = await call(lab, tmp_path, "POST", f"{V1}/maintenance", json=BODY)
    assert (status, made["state"], made["end"]) == (201, "active", "2026-11-21T12:11:05.000Z")
    assert (made["excludes"], made["ended_by"]) == (["checkout"], None)
    assert made["created_by"]
    _, found, _ = await call(lab, tmp_path, "GET", f"{V1}/maintenance")
    assert [one["name"] for one in found] == ["always", "patching", "disks", "move"]
    lab.later(1_000)
    status, ended, _ = await call(lab, tmp_path, "POST", f"{V1}/maintenance/disks/end")
    assert (status, ended["state"], ended["end"]) == (200, "expired", "2026-11-21T10:11:06.000Z")
    status, said, _ = await call(lab, tmp_path, "DELETE", f"{V1}/maintenance/disks")
    assert (status, "no maintenance" in said["detail"]) == (404, True)


async def test_a_window_of_the_configuration_is_ended_and_the_next_is_shown(tmp_path: Path) -> None:
    lab = Lab(planned())
    lab.later(1_000)
    status, ended, _ = await call(lab, tmp_path, "DELETE", f"{V1}/maintenance/patching")
    assert (status, ended["state"]) == (200, "expired")
    _, found, _ = await call(lab, tmp_path, "GET", f"{V1}/maintenance")
    assert [(one["name"], one["start"]) for one in found if one["name"] == "patching"] == [
        ("patching", "2026-11-22T10:00:00.000Z")
    ]


async def test_work_without_an_end_or_on_an_unknown_service_is_refused(tmp_path: Path) -> None:
    for wrong, status, words in (
        ({"for": None}, 422, '"end" or lasts "for"'),
        ({"services": ["chekout"]}, 422, "did you mean checkout"),
        ({"name": "patching"}, 409, "already"),
    ):
        body = {key: value for key, value in {**BODY, **wrong}.items() if value is not None}
        answer = await call(Lab(planned()), tmp_path, "POST", f"{V1}/maintenance", json=body)
        assert (answer[0], words in answer[1]["detail"]) == (status, True), answer


async def test_without_any_the_list_is_empty(tmp_path: Path) -> None:
    assert (await call(Lab(), tmp_path, "GET", f"{V1}/maintenance"))[:2] == (200, [])
