"""The simulated year: nobody is told while muted, whoever was told is told that it is over, no
level is late or twice, and whoever is on call is who the clock on the wall says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.core.model import DAY, HOUR, Instant
from tests.simulation.world import World


def _utc(year: int, month: int, day: int) -> Instant:
    return round(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


def _played(seed: int, services: int, start: Instant, days: int) -> World:
    world = World(seed, services, start, start + days * DAY)
    world.play(start + days * DAY)
    world.clear_up()
    assert world.witness.untold() == set()
    assert world.shelf.outbox == {}
    return world


def test_a_month_with_three_changes_of_clocks_holds_every_promise() -> None:
    world = _played(7, 40, _utc(2026, 3, 6), 32)
    assert len(world.witness.seen) > 50
    assert world.counted["restarts"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_a_year_of_two_hundred_services_holds_every_promise(seed: int) -> None:
    world = _played(seed, 200, _utc(2026, 1, 8), 365)
    assert len(world.witness.seen) > 3_000
    assert world.counted["restarts"] > 80
    assert world.witness.pages > 2_000
    assert world.witness.answers > 3 * 365 * DAY // HOUR * 0.95
