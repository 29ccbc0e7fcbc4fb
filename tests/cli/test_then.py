"""`--at`: the commands show a moment of the past and say that they do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from checks.result import Status
from daemon.api import schema
from daemon.core.model import HOUR, MINUTE
from tests.api.past import PastLab

from .conftest import Desk, OpenDesk


@pytest.fixture
def past(tmp_path: Path, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The shop was down for half an hour and is well again since an hour."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    lab = PastLab(tmp_path)
    lab.result("web", Status.UP)
    lab.later(HOUR)
    lab.outage("web")
    lab.later(30 * MINUTE)
    lab.result("web", Status.UP)
    lab.later(HOUR)
    lab.keep()
    with open_desk(lab) as desk:
        yield desk
    asyncio.run(lab.analysis.close())


def test_status_tells_how_it_was_and_that_this_is_the_past(past: Desk) -> None:
    said = past.tocsin("status", "--at", "70m ago")
    lines = said.out.splitlines()
    assert said.code == 1
    assert "PAST" in lines[0]
    assert "1h10m ago" in lines[0]
    assert lines[1].startswith("not known of then: pending alerts")
    assert "services  ✕ down 1" in said.out
    assert "daemon    pid" not in said.out
    found = past.tocsin("status", "--at", "70m ago", "-o", "json").json
    view = msgspec.convert(found, schema.StatusView)
    assert found["past"]["at"] == view.daemon.time, "a program sees that it is the past"
    assert (view.status, view.counts.incidents["critical"]) == ("down", 1)
    assert past.tocsin("status", "--at", "10m ago").code == 0


def test_incidents_and_alerts_are_those_that_were_open(past: Desk) -> None:
    said = past.tocsin("incidents", "--at", "70m ago")
    assert (said.code, "PAST" in said.out, "triggered" in said.out) == (1, True, True)
    assert "20m" in said.out  # so old it was then
    said = past.tocsin("incidents", "--at", "10m ago")
    assert (said.code, said.out.splitlines()[-1]) == (0, "no incident was open")
    found = past.tocsin("incidents", "--at", "70m ago", "-o", "json").json
    assert [one.service for one in msgspec.convert(found, list[schema.IncidentView])] == [
        "checkout"
    ]
    assert past.tocsin("alerts", 'service="checkout"', "--at", "70m ago").code == 1
    assert past.tocsin("alerts", 'severity="low"', "--at", "70m ago").code == 0


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("status", "--at", "now+1h"), "give a time up to now"),
        (("incidents", "--at", "30d ago"), "give that time or a later one"),
        (("incidents", "--at", "soon"), "write it like"),
        (("incidents", "--at", "1h ago", "--all"), "leave --all and --since away"),
        (("alerts", "a b", "--at", "1h ago"), "a b"),
    ],
)
def test_what_cannot_be_shown_is_said_with_its_mend(
    past: Desk, arguments: tuple[str, ...], mend: str
) -> None:
    said = past.tocsin(*arguments)
    assert said.code == 2
    assert mend in said.err
    assert said.out == ""
