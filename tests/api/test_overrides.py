"""Overrides over the API: made, listed, marked in shifts, ended; and shifts as a calendar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.api.ical import calendar
from daemon.core.oncall.schedules import Shift
from daemon.core.plan import Contact, PersonPlan
from tests.api.lab import V1, Lab, call, raw_http, serving
from tests.api.test_schedules import on_duty

HERE = f"{V1}/schedules/primary"
PERSONS = {n: PersonPlan(n, (Contact("mail", f"{n}@x"),), ()) for n in ("ana", "ben", "cai")}


@pytest.fixture
def lab() -> Lab:
    """It is ten past ten; ben has it until noon, nobody until one, ben until nine."""
    return Lab(replace(on_duty(), persons=PERSONS))


async def put(lab: Lab, tmp_path: Path, **body: Any) -> Any:
    made = {"persons": ["cai"], "for": "1h", **body}
    status, found, _ = await call(lab, tmp_path, "POST", f"{HERE}/overrides", json=made)
    return status, found


async def test_an_override_is_made_shown_and_counts_at_once(lab: Lab, tmp_path: Path) -> None:
    status, made = await put(lab, tmp_path, comment="dentist")
    assert status == 201
    assert made["state"] == "active"
    assert (made["persons"], made["end"][11:16]) == (["cai"], "11:11")
    assert made["comment"] == "dentist"
    _, listed, _ = await call(lab, tmp_path, "GET", f"{HERE}/overrides")
    assert listed == [made]
    _, detail, _ = await call(lab, tmp_path, "GET", HERE)
    assert detail["schedule"]["on_call"] == ["cai"]
    assert [(one["persons"], one["overrides"]) for one in detail["shifts"][:3]] == [
        (["cai"], [made["id"]]), (["ben"], []), ([], []),
    ]  # fmt: skip


async def test_an_override_is_ended_by_the_beginning_of_its_id(lab: Lab, tmp_path: Path) -> None:
    _, made = await put(lab, tmp_path)
    path = f"{HERE}/overrides/{made['id'][:4]}"
    lab.time += 1
    status, ended, _ = await call(lab, tmp_path, "DELETE", path)
    assert (status, ended["state"]) == (200, "expired")
    _, listed, _ = await call(lab, tmp_path, "GET", f"{HERE}/overrides")
    _, all_, _ = await call(lab, tmp_path, "GET", f"{HERE}/overrides?all=1")
    assert (listed, all_) == ([], [ended])
    status, _, _ = await call(lab, tmp_path, "DELETE", path)
    assert status == 409


async def test_one_to_come_is_taken_back(lab: Lab, tmp_path: Path) -> None:
    later = {"from": "2026-11-21T20:00:00Z", "for": "1h"}
    _, made = await put(lab, tmp_path, **later)
    assert made["state"] == "pending"
    status, _, _ = await call(lab, tmp_path, "DELETE", f"{HERE}/overrides/{made['id']}")
    assert status == 200
    _, all_, _ = await call(lab, tmp_path, "GET", f"{HERE}/overrides?all=1")
    assert all_ == []


async def test_two_persons_swap(lab: Lab, tmp_path: Path) -> None:
    status, made = await put(lab, tmp_path, persons=["ana", "ben"], swap=True, **{"for": "2d"})
    assert (status, made["swap"]) == (201, True)
    _, detail, _ = await call(lab, tmp_path, "GET", HERE)
    assert [one["persons"] for one in detail["shifts"][:4]] == [["ana"], [], ["ana"], ["ben"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"for": None}, 422),
        ({"to": "2026-11-22T00:00:00Z"}, 422),
        ({"persons": ["zoe"]}, 422),
        ({"persons": []}, 422),
        ({"for": "900d"}, 422),
        ({"swap": True}, 422),
        ({"who": "ana"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    lab: Lab, tmp_path: Path, body: dict[str, Any], status: int
) -> None:
    assert (await put(lab, tmp_path, **body))[0] == status
    assert lab.engine.plan.schedules["primary"].made == ()


async def test_shifts_are_given_as_a_calendar(lab: Lab, tmp_path: Path) -> None:
    await put(lab, tmp_path)
    path = f"{HERE}.ics?from=2026-11-21T10:00:00Z&to=2026-11-21T14:00:00Z"
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.text.split("\r\n")
    found = [line for line in lines if line.startswith(("DTSTART", "DTEND", "SUMMARY"))]
    assert found[3:6] == ["DTSTART:20261121T101105Z", "DTEND:20261121T111105Z", "SUMMARY:cai"]
    assert [line for line in found if "SUMMARY" in line] == [
        "SUMMARY:ben", "SUMMARY:cai", "SUMMARY:ben", "SUMMARY:ben",
    ]  # fmt: skip


def test_texts_in_a_calendar_are_escaped_and_its_lines_folded() -> None:
    text = calendar("a;b", [Shift(0, 3_600_000, ("ä" * 60, "b,\nX"))], 0)
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert "X-WR-CALNAME:On call: a\\;b" in lines
    assert "b\\,\\nX" in text.replace("\r\n ", "")
