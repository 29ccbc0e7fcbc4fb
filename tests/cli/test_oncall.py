"""`tocsin oncall`: who is on call now, then, and from when to when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.core.events import PlanChanged
from tests.api.test_overrides import PERSONS
from tests.api.test_schedules import on_duty

from .conftest import Desk


@pytest.fixture
def duty(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A daemon with schedules, asked from UTC."""
    monkeypatch.setenv("TZ", "UTC")
    desk.make(lambda: desk.lab.do(PlanChanged(on_duty())))
    return desk


def test_without_schedules_there_is_nobody_to_miss(desk: Desk) -> None:
    said = desk.tocsin("oncall")
    assert (said.code, said.out) == (0, "no schedule is configured\n")


def test_who_is_on_call_until_when_and_who_then_with_gaps_told(duty: Desk) -> None:
    said = duty.tocsin("oncall")
    assert said.code == 1  # `over` has nobody
    head, primary, over = said.out.splitlines()
    assert head.split("  ")[0] == "SCHEDULE"
    assert primary.split() == [
        "primary", "ben", "2026-11-21", "12:00:00", "(in", "1h48m)", "nobody",
    ]  # fmt: skip
    assert over.split() == ["over", "nobody", "–", "–"]
    one = duty.tocsin("oncall", "primary", "-o", "json")
    assert one.code == 0
    assert [found["on_call"] for found in one.json] == [["ben"]]


def test_another_time_may_be_asked_for(duty: Desk) -> None:
    said = duty.tocsin("oncall", "primary", "--at", "2026-11-22T10:00:00Z")
    assert said.code == 0
    assert said.out.splitlines()[1].split() == ["primary", "ana"]
    gap = duty.tocsin("oncall", "primary", "--at", "2026-11-21T12:30:00Z", "-o", "json")
    assert gap.code == 1
    assert gap.json == [{"schedule": "primary", "time": "2026-11-21T12:30:00.000Z", "on_call": []}]


def test_shifts_are_listed_from_when_to_when(duty: Desk) -> None:
    range_ = ("--from", "2026-11-21T09:00:00Z", "--to", "2026-11-22T09:00:00Z")
    said = duty.tocsin("oncall", "primary", *range_)
    rows = [line.split() for line in said.out.splitlines()[1:]]
    assert [(row[2], row[4], *row[5:]) for row in rows] == [
        ("09:00:00", "12:00:00", "3h", "ben"),
        ("12:00:00", "13:00:00", "1h", "nobody"),
        ("13:00:00", "09:00:00", "20h", "ben"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nights",), "there is no schedule 'nights'"),
        (("--at", "now", "--to", "now"), "--at asks for one time, --from and --to for many"),
        (("--at", "noonish"), "'noonish' is no time"),
        (("--from", "now", "--to", "now-1h"), "to must come after from"),
    ],
)
def test_bad_input_ends_with_2_and_says_why(
    duty: Desk, arguments: tuple[str, ...], words: str
) -> None:
    said = duty.tocsin("oncall", *arguments)
    assert said.code == 2
    assert words in said.err
    assert said.out == ""


def override(duty: Desk, *words: str) -> str:
    said = duty.tocsin("oncall", "override", "primary", *words, "-o", "json")
    assert said.code == 0, said.err
    return str(said.json["id"])


def test_somebody_is_put_on_call_shown_and_taken_off(duty: Desk) -> None:
    duty.make(lambda: duty.lab.do(PlanChanged(replace(on_duty(), persons=PERSONS))))
    key = override(duty, "cai", "--for", "1h", "-m", "dentist")
    assert duty.tocsin("oncall", "primary", "-o", "json").json[0]["on_call"] == ["cai"]
    shifts = duty.tocsin("oncall", "primary", "--from", "2026-11-21T10:11:05Z")
    assert shifts.out.splitlines()[1].split()[6:] == ["cai", "override", key]
    listed = duty.tocsin("oncall", "override", "list").out.splitlines()[1].split()
    assert (listed[:3], listed[-1]) == ([key, "primary", "active"], "dentist")
    ended = duty.tocsin("oncall", "override", "end", key[:3])
    assert (ended.code, "until" in ended.out) == (0, False)
    assert duty.tocsin("oncall", "primary", "-o", "json").json[0]["on_call"] == ["ben"]
    assert duty.tocsin("oncall", "override", "list").out == "no override\n"


def test_two_swap_and_the_calendar_knows(duty: Desk, tmp_path: Path) -> None:
    duty.make(lambda: duty.lab.do(PlanChanged(replace(on_duty(), persons=PERSONS))))
    said = duty.tocsin("oncall", "swap", "primary", "ana", "ben", "--for", "1d")
    assert said.out.startswith("primary ana and ben swap until ")
    assert "tocsin oncall override end" in said.out
    file = tmp_path / "primary.ics"
    assert duty.tocsin("oncall", "export", "primary", "--out", str(file)).code == 0
    first = next(line for line in file.read_text().splitlines() if line.startswith("SUMMARY"))
    assert first == "SUMMARY:ana"
    again = duty.tocsin("oncall", "export", "primary", "--out", str(file))
    assert (again.code, "exists already; name a new file" in again.err) == (2, True)
    nowhere = duty.tocsin("oncall", "export", "primary", "--out", str(tmp_path / "no" / "x.ics"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("override", "primary", "cai"), "say until when"),
        (("override", "primary", "zoe", "--for", "1h"), "no person 'zoe'"),
        (("override", "nights", "cai", "--for", "1h"), "there is no schedule 'nights'"),
        (("override", "end", "zzz"), "no override 'zzz'"),
        (("swap", "primary", "ana", "ana", "--for", "1h"), "takes two persons"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(
    duty: Desk, words: tuple[str, ...], complaint: str
) -> None:
    duty.make(lambda: duty.lab.do(PlanChanged(replace(on_duty(), persons=PERSONS))))
    said = duty.tocsin("oncall", *words)
    assert said.code == 2
    assert complaint in said.err
