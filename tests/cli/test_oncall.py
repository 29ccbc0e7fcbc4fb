"""`tocsin oncall`: who is on call now, then, and from when to when."""

from __future__ import annotations

import pytest

from daemon.core.events import PlanChanged
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
