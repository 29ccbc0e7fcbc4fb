"""A storm in a sandbox: what grouping makes of it, against each alert by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.errors import NotFound
from daemon.core.events import FireTest
from daemon.core.model import HOUR, MINUTE
from daemon.core.severity import Severity
from daemon.core.trying.storm import Storm, storm
from tests.core.deciding import ANA, START, route
from tests.core.incidents.test_desk_oncall import hourly
from tests.core.oncall.test_handovers import CALM
from tests.core.trying.test_testing import estate


def played(alerts: int, *services: str, by: tuple[str, ...] = ("service",)) -> Storm:
    spec = estate(route=route(policy="primary", group_by=by, group_interval=5 * MINUTE))
    event = FireTest(ANA, services or ("shop",), 4 * MINUTE, Severity.CRITICAL, alerts)
    return storm(spec, event, START, MINUTE)


def test_alerts_of_a_service_are_one_incident_whose_pages_do_not_grow_with_them() -> None:
    few, many = played(40), played(200)
    assert [one.alerts for one in many.incidents] == [200]
    assert many.incidents[0].title == "[TEST] shop is down"
    assert many.pages == few.pages
    assert many.messages["slack"] == few.messages["slack"] == 2
    assert many.reduction > 99


def test_one_alert_alone_saves_nothing() -> None:
    alone = played(1)
    assert alone.told == alone.alone > 0
    assert alone.reduction == 0.0


def test_what_is_not_grouped_saves_nothing_either() -> None:
    spread = played(6, by=("...",))
    assert len(spread.incidents) == 6
    assert spread.told == spread.alone


def test_services_are_taken_in_turn_and_their_incidents_shown_the_largest_first() -> None:
    both = played(7, "db", "shop")
    assert [(one.title, one.alerts) for one in both.incidents] == [
        ("[TEST] db is down", 4), ("[TEST] shop is down", 3)
    ]  # fmt: skip


def test_changes_of_shift_are_no_part_of_a_storm() -> None:
    shifts = hourly("ana", "ben")
    quiet = estate(persons=CALM, route=route(policy="primary"), schedules={"duty": shifts})
    announced = replace(quiet, schedules={"duty": replace(shifts, handoff=0)})
    event = FireTest(ANA, ("shop",), HOUR, Severity.CRITICAL, 3)
    assert storm(announced, event, START, MINUTE) == storm(quiet, event, START, MINUTE)


def test_a_storm_for_no_service_is_refused() -> None:
    with pytest.raises(NotFound):
        storm(estate(), replace(FireTest(ANA, ("gone",), MINUTE)), START, MINUTE)
