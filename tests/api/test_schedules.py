"""Who is on call, over the API: the present, and shifts from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from daemon.api.roster import Roster
from daemon.core.model import DAY, HOUR
from daemon.core.plan import LayerPlan, OverridePlan, Plan, Rotation, SchedulePlan
from tests.api.lab import START, Lab, plan
from tests.api.test_routes import V1, call

FIRST = datetime(2026, 11, 20, 9)  # noqa: DTZ001  # by the clock
LUNCH = OverridePlan(datetime(2026, 11, 21, 12), datetime(2026, 11, 21, 13), ())  # noqa: DTZ001  # as above
DAYS = LayerPlan(Rotation.DAILY, 1, FIRST, ("ana", "ben"))


def on_duty() -> Plan:
    """A schedule with a gap at lunch, and one that is over. It is ten past ten."""
    over = LayerPlan(Rotation.DAILY, 1, FIRST, ("cai",), datetime(2026, 11, 21))  # noqa: DTZ001  # as above
    schedules: Mapping[str, SchedulePlan] = {
        "primary": SchedulePlan("primary", "UTC", (DAYS,), (LUNCH,)),
        "over": SchedulePlan("over", "UTC", (over,)),
    }
    return plan(schedules=schedules)


async def test_every_schedule_says_who_is_on_call_until_when_and_who_comes(tmp_path: Path) -> None:
    status, found, _ = await call(Lab(on_duty()), tmp_path, "GET", f"{V1}/schedules")
    assert status == 200
    assert found == [
        {
            "name": "primary",
            "timezone": "UTC",
            "on_call": ["ben"],
            "until": "2026-11-21T12:00:00.000Z",
            "next": [],
            "overridden": False,
        },
        {
            "name": "over",
            "timezone": "UTC",
            "on_call": [],
            "until": None,
            "next": [],
            "overridden": False,
        },
    ]


async def test_a_schedule_has_its_shifts_and_gaps_without_a_break(tmp_path: Path) -> None:
    path = f"{V1}/schedules/primary?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"
    _, found, _ = await call(Lab(on_duty()), tmp_path, "GET", path)
    assert [(one["start"][11:16], one["persons"]) for one in found["shifts"]] == [
        ("00:00", ["ana"]), ("09:00", ["ben"]), ("12:00", []), ("13:00", ["ben"]),
    ]  # fmt: skip
    _, found, _ = await call(Lab(on_duty()), tmp_path, "GET", f"{V1}/schedules/primary")
    assert found["shifts"][0]["start"] == "2026-11-21T10:11:05.000Z"
    assert found["shifts"][-1]["end"] == "2026-12-05T10:11:05.000Z"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nights", 404, "there is no schedule 'nights'"),
        ("primary?to=2026-11-20T00:00:00Z", 400, "to must come after from, by 100 days at most"),
        ("primary?to=2027-11-20T00:00:00Z", 400, "to must come after from, by 100 days at most"),
        ("primary?from=9999-12-30T00:00:00Z&to=9999-12-31T00:00:00Z", 400, "years 1970 to 2199"),
        ("primary?from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", 400, "years 1970 to 2199"),
        ("primary?from=tomorrow", 400, "from: 'tomorrow' is no time"),
        ("primary?until=now", 400, "unknown parameter; known: from, to"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    tmp_path: Path, path: str, status: int, words: str
) -> None:
    code, found, _ = await call(Lab(on_duty()), tmp_path, "GET", f"{V1}/schedules/{path}")
    assert code == status
    assert words in found["detail"]


def test_the_roster_goes_by_the_time_and_by_a_schedule_that_changes() -> None:
    roster, plans = Roster(), dict(on_duty().schedules)
    del plans["over"]

    def now(at: int) -> list[str]:
        (view,) = roster.views(plans, at)
        return view.on_call

    assert now(START) == ["ben"]
    assert now(START + 2 * HOUR) == []
    assert now(START + DAY) == ["ana"]
    assert now(START) == ["ben"]
    plans["primary"] = SchedulePlan("primary", "UTC", (DAYS,))
    assert now(START + 2 * HOUR) == ["ben"]
