"""The picture of the past over the API: what it shows of a real database, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from checks.result import Status
from daemon.api.times import parse_stamp, stamp
from daemon.client import BadRequest, Client
from daemon.core.changing import replace
from daemon.core.events import Acknowledge, PlanChanged
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Actor, Override
from daemon.core.plan import LayerPlan, Plan, Rotation, SchedulePlan
from tests.api.lab import START, V1, Lab, call, connected, plan
from tests.api.past import CHECKS, PastLab

ANA = Actor("ana", "unix uid 1000")
FIRST = datetime(2026, 11, 20, 9)  # noqa: DTZ001  # by the clock
SHIFTS = SchedulePlan("primary", "UTC", (LayerPlan(Rotation.DAILY, 1, FIRST, ("ana", "ben")),))
DOWN_AT = START + HOUR
TAKEN_AT = DOWN_AT + 10 * MINUTE
WELL_AT = TAKEN_AT + 20 * MINUTE


def lived(directory: Path, configured: Plan | None = None) -> PastLab:
    """The shop was well for an hour, down for half of one, and taken after ten minutes."""
    lab = PastLab(directory)
    if configured is not None:
        lab.do(PlanChanged(configured))
    for name in ("web", "db"):
        lab.result(name, Status.UP)
    lab.later(HOUR)
    lab.result("web")
    incident = next(iter(lab.engine.incidents))
    lab.later(10 * MINUTE)
    lab.do(Acknowledge(incident, ANA, "mine"))
    lab.later(20 * MINUTE)
    lab.result("web", Status.UP)
    lab.later(HOUR)
    lab.keep()
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> PastLab:
    return lived(tmp_path)


@pytest.fixture
async def client(lab: PastLab, tmp_path: Path) -> AsyncIterator[Client]:
    async with connected(lab, tmp_path) as made:
        yield made
    await lab.analysis.close()


async def test_an_incident_is_shown_as_it_stood_and_nothing_of_what_came_later(
    client: Client,
) -> None:
    fresh = await client.state(at=DOWN_AT + MINUTE)
    (incident,) = fresh.incidents
    assert (incident.state, incident.acknowledged_by, incident.resolved_at) == (
        "triggered",
        None,
        None,
    )
    assert incident.money is not None
    assert incident.money.lost == "200.00"
    (alert,) = fresh.alerts
    assert (alert.state, alert.incident) == ("firing", incident.id)
    taken = await client.state(at=TAKEN_AT)
    assert [one.acknowledged_by for one in taken.incidents] == ["ana"]
    well = await client.state(at=WELL_AT)
    assert (well.incidents, well.alerts) == ([], [])


async def test_checks_services_and_slas_are_those_of_that_time(client: Client) -> None:
    then = await client.state(at=DOWN_AT + 6 * MINUTE)
    status = {one.name: (one.status, one.since) for one in then.services}
    assert status == {
        "checkout": ("down", stamp(DOWN_AT)),
        "orders-db": ("up", stamp(START)),
    }
    assert {one.name: one.status for one in then.checks} == {"web": "down", "db": "up"}
    (sla,) = then.slas
    assert (sla.down_ms, sla.up_ms, sla.met) == (6 * MINUTE, HOUR, False)
    assert sla.outages[0].end is None


async def test_one_steps_from_moment_to_moment(client: Client, lab: PastLab) -> None:
    """Back from now to the first, and forth again to the last."""
    back = [lab.now()]
    while (past := (await client.state(at=back[-1])).past) is not None and past.before:
        back.append(parse_stamp(past.before))
    assert back[1:] == [WELL_AT, TAKEN_AT, DOWN_AT, START]
    assert past is not None
    assert past.oldest == stamp(START)
    forth = back[-1:]
    while (past := (await client.state(at=forth[-1])).past) is not None and past.after:
        forth.append(parse_stamp(past.after))
    assert forth == [START, DOWN_AT, TAKEN_AT, WELL_AT]


async def test_it_says_which_time_it_shows_and_what_is_not_known_of_it(client: Client) -> None:
    then = await client.state(at=DOWN_AT)
    assert then.past is not None
    assert then.past.at == then.daemon.time == stamp(DOWN_AT)
    assert {"pending alerts", "flapping", "single results"} <= set(then.past.unknown)
    assert (then.daemon.channels, then.me != "") == ([], True)
    assert (await client.state()).past is None


async def test_a_time_ahead_or_before_all_history_is_refused_with_the_mend(
    client: Client, lab: PastLab
) -> None:
    with pytest.raises(BadRequest, match="give a time up to now"):
        await client.state(at=lab.now() + 3 * SECOND)
    with pytest.raises(BadRequest, match=f"before {stamp(START)}; give that time or a later one"):
        await client.state(at=START - 1)


async def test_a_clock_that_is_a_little_ahead_asks_for_the_present_moment(
    client: Client, lab: PastLab
) -> None:
    then = await client.state(at=lab.now() + SECOND)
    assert then.past is not None
    assert then.past.at == stamp(lab.now())


async def test_without_any_history_there_is_no_past(tmp_path: Path) -> None:
    empty = PastLab(tmp_path)
    empty.later(HOUR)
    empty.keep()
    status, problem, _ = await call(empty, tmp_path, "GET", f"{V1}/state?at={stamp(START)}")
    assert (status, problem["problems"][0]["field"]) == (400, "at")
    assert "no history yet" in problem["detail"]
    status, problem, _ = await call(empty, tmp_path, "GET", f"{V1}/state?at=yesterday")
    assert (status, "write it like" in problem["detail"]) == (400, True)
    await empty.analysis.close()


async def test_a_large_estate_is_read_in_a_process_of_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = await client.state(at=TAKEN_AT)
    monkeypatch.setattr("daemon.api.routes.picture_past.IN_THREADS", 0)
    assert await client.state(at=TAKEN_AT) == beside


async def test_what_the_configuration_has_no_longer_is_shown_as_it_was(tmp_path: Path) -> None:
    lab = lived(tmp_path)
    kept = {name: CHECKS[name] for name in ("db", "nightly")}
    services = {name: one for name, one in plan().services.items() if name != "checkout"}
    lab.do(PlanChanged(plan(checks=kept, services=services, slas={}, severities={})))
    lab.later(HOUR)
    lab.keep()
    async with connected(lab, tmp_path) as client:
        then = await client.state(at=TAKEN_AT)
        after = await client.state(at=lab.now())
    await lab.analysis.close()
    assert [(one.name, one.status) for one in then.services] == [
        ("orders-db", "up"),
        ("checkout", "down"),
    ]
    assert [one.service for one in then.incidents] == ["checkout"]
    assert ("web", "", "down") in [(one.name, one.kind, one.status) for one in then.checks]
    assert [one.name for one in after.services] == ["orders-db"]


async def test_who_was_on_call_knows_of_no_override_that_was_made_later(tmp_path: Path) -> None:
    made = Override("o1", "primary", START + DAY, START + 2 * DAY, ("ben",), "ana", START + HOUR)
    schedule = replace(SHIFTS, made=(made,))
    lab = Lab(plan(schedules={"primary": schedule}))
    asked = f"{V1}/schedules?at="
    _, before, _ = await call(lab, tmp_path, "GET", asked + stamp(START))
    _, during, _ = await call(lab, tmp_path, "GET", asked + stamp(START + DAY + SECOND))
    assert (before[0]["on_call"], before[0]["until"]) == (["ben"], "2026-11-22T09:00:00.000Z")
    assert (during[0]["on_call"], during[0]["overridden"]) == (["ben"], True)
    status, _, _ = await call(lab, tmp_path, "GET", asked + "9999-01-01T00:00:00Z")
    assert status == 400
