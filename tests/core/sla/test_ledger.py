"""The ledger works planned time out a stretch a turn, before anybody asks for a year of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from daemon.core.model import DAY, HOUR, Instant
from daemon.core.muting.maintenance import occurrences
from daemon.core.plan import MaintenancePlan, Plan, SlaPlan
from daemon.core.sla.ledger import STEP, Ledger
from daemon.core.turn import Turn

NOW = 1_793_487_600_000 + 20 * DAY
NIGHTS = MaintenancePlan(
    "nights", "Europe/Berlin", services=("shop",), excludes=("shop",), cron="0 3 * * *",
    duration=HOUR,
)  # fmt: skip
PLAN = Plan(
    slas={"year": SlaPlan("year", "shop", Decimal("99.9"), "year", "Europe/Berlin")},
    maintenance={"nights": NIGHTS},
)


def test_a_year_of_planned_time_is_worked_out_a_stretch_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []

    def watched(one: MaintenancePlan, start: Instant, end: Instant) -> Iterator[tuple[int, int]]:
        looked.append(end - start)
        return occurrences(one, start, end)

    monkeypatch.setattr("daemon.core.muting.maintenance.occurrences", watched)
    ledger = Ledger(dict)
    ledger.replan(PLAN, NOW)
    turns = 0
    while ledger.next_deadline() == 0:
        before = sum(looked)
        ledger.tick(Turn(NOW))
        assert sum(looked) - before <= 2 * STEP + 3 * DAY
        turns += 1
    assert 20 < turns < 40
    worked_out = len(looked)
    figures = ledger.figures("year", NOW)
    assert len(looked) == worked_out
    assert figures.planned_ms == 324 * HOUR


def test_what_is_asked_for_sooner_is_the_same() -> None:
    ledger = Ledger(dict)
    ledger.replan(PLAN, NOW)
    ledger.tick(Turn(NOW))
    assert ledger.figures("year", NOW).planned_ms == 324 * HOUR


def test_without_planned_work_nothing_is_due() -> None:
    ledger = Ledger(dict)
    ledger.replan(Plan(slas=PLAN.slas), NOW)
    assert ledger.next_deadline() is None
