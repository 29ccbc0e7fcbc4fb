"""`tocsin maintenance list`: planned work that is active, comes, or is over."""

from __future__ import annotations

import pytest

from daemon.core.events import PlanChanged
from tests.api.test_maintenance import planned

from .conftest import Desk


@pytest.fixture
def works(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A daemon with maintenance planned, asked from UTC."""
    monkeypatch.setenv("TZ", "UTC")
    desk.make(lambda: desk.lab.do(PlanChanged(planned())))
    return desk


def test_without_any_planned_it_says_so(desk: Desk) -> None:
    said = desk.tocsin("maintenance", "list")
    assert (said.code, said.out) == (0, "no maintenance is planned\n")


def test_windows_are_listed_with_what_they_are_about_and_how_long_they_last(works: Desk) -> None:
    said = works.tocsin("maintenance", "list")
    assert said.code == 0
    head, always, patching, move = said.out.splitlines()
    assert head.split() == ["NAME", "STATE", "FROM", "TO", "SERVICES", "REASON"]
    assert " active " in always
    assert 'no end in sight  check="db"' in always
    assert " ".join(patching.split()) == (
        "patching active 2026-11-21 10:00:00 2026-11-21 11:00:00 ends in 48m55s checkout "
        "kernel updates"
    )
    assert " ".join(move.split()) == (
        "move pending 2026-12-01 00:00:00 2026-12-02 00:00:00 begins in 9d13h checkout"
    )


def test_work_is_announced_listed_and_ended(works: Desk) -> None:
    said = works.tocsin(
        "maintenance", "add", "disks", "--service", "checkout", "--service", "jobs",
        "--for", "2h", "-m", "new disks",
    )  # fmt: skip
    assert said.code == 0
    assert said.out == (
        "active disks: checkout, jobs until 2026-11-21 12:11:05"
        " (not counted by the SLAs of checkout, jobs; undo: tocsin maintenance end disks)\n"
    )
    line = works.tocsin("maintenance", "list").out.splitlines()[3]
    assert "new disks, by " in line
    assert works.tocsin("maintenance", "end", "disks").code == 0
    assert "disks" not in works.tocsin("maintenance", "list").out


def test_what_is_missing_is_said_before_anybody_is_asked(desk: Desk) -> None:
    said = desk.tocsin("maintenance", "add", "disks", "--for", "2h")
    assert (said.code, "--service NAME" in said.err) == (2, True)
    said = desk.tocsin("maintenance", "add", "disks", "--service", "checkout")
    assert (said.code, "--for 2h or --until TIME" in said.err) == (2, True)


def test_an_end_that_is_given_twice_is_said_to_be(desk: Desk) -> None:
    said = desk.tocsin(
        "maintenance", "add", "x", "--service", "checkout", "--for", "1h", "--until", "now+2h"
    )
    assert (said.code, said.err) == (2, "tocsin: give either --for or --until, not both\n")


def test_a_window_of_the_configuration_that_is_not_active_says_so(works: Desk) -> None:
    said = works.tocsin("maintenance", "end", "over")
    assert (said.code, "of the configuration is not active now" in said.err) == (4, True)


def test_those_that_are_over_are_listed_if_asked_for(works: Desk) -> None:
    said = works.tocsin("maintenance", "list", "--all")
    assert " ".join(said.out.splitlines()[-1].split()) == (
        "over expired 2026-11-21 08:00:00 2026-11-21 09:00:00 ended 1h11m ago checkout"
    )
    assert [one["name"] for one in works.tocsin("maintenance", "list", "-o", "json").json] == [
        "always", "patching", "move",
    ]  # fmt: skip
