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
    }
    assert (found[0]["end"], found[0]["match"]) == (None, ['check="db"'])
    assert (found[2]["start"], found[2]["recur"]) == ("2026-12-01T00:00:00.000Z", None)


async def test_those_that_are_over_are_listed_if_asked_for(tmp_path: Path) -> None:
    _, found, _ = await call(Lab(planned()), tmp_path, "GET", f"{V1}/maintenance?all=1")
    assert [one["state"] for one in found] == ["active", "active", "pending", "expired"]
    assert found[3]["end"] == "2026-11-21T09:00:00.000Z"
    status, found, _ = await call(Lab(planned()), tmp_path, "GET", f"{V1}/maintenance?state=x")
    assert (status, "known: all" in found["detail"]) == (400, True)


async def test_without_any_the_list_is_empty(tmp_path: Path) -> None:
    assert (await call(Lab(), tmp_path, "GET", f"{V1}/maintenance"))[:2] == (200, [])
