"""An SLA alerts while its budget burns too fast, and stops when it does no more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from checks.result import Status
from daemon.core.events import Amend
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Actor, AmendmentKind, CheckState
from daemon.core.plan import BurnPlan, MaintenancePlan, Plan, ServicePlan, SlaPlan
from daemon.core.severity import Severity
from daemon.core.sla.alarms import AT_RISK, BURNING, lives
from daemon.core.sla.books import Books
from daemon.core.sla.burning import reachable, usual
from daemon.core.turn import Condition, Fact, Turn
from tests.core.mirror import Mirror

START = 1_793_487_600_000  # 2026-11-01T00:00+01:00
ANA = Actor("ana", "unix uid 1000")
MONTH = SlaPlan(
    "promise", "shop", Decimal("99.9"), 30 * DAY, burns=usual(30 * DAY), labels={"service": "shop"}
)


def plan_of(*slas: SlaPlan, **more: Any) -> Plan:
    services = {name: ServicePlan(name, (f"{name}-web",)) for name in ("shop", "bank")}
    return Plan(services=services, slas={one.name: one for one in slas}, **more)


class World:
    """Books with virtual time: facts come in, and what is due is done when it is due."""

    def __init__(self, *slas: SlaPlan, **more: Any) -> None:
        self.books = Books(plan_of(*slas, **more))
        self.now = START
        self.told: list[tuple[int, Condition]] = []
        self.turns = 0
        self.mirror = Mirror()
        self.fact(Status.UP)
        self.fact(Status.UP, "bank-web")

    def take(self, turn: Turn) -> None:
        self.books.take(turn)
        self.books.settle(turn)
        self.told += [(turn.now - START, condition) for condition in turn.conditions]
        self.turns += 1
        self.mirror.apply(turn.effects)

    def fact(self, status: Status, check: str = "shop-web") -> None:
        self.take(Turn(self.now, facts=[Fact(check, self.now, status)]))

    def until(self, at: int) -> None:
        """Do what is due until this time after the start."""
        while (due := self.books.next_deadline()) is not None and due <= START + at:
            self.now = max(self.now, due)
            self.take(Turn(self.now))
        self.now = START + at

    def outage(self, at: int, length: int) -> None:
        self.until(at)
        self.fact(Status.DOWN)
        self.until(at + length)
        self.fact(Status.UP)

    def changes(self) -> list[tuple[int, bool | None, Severity | None]]:
        """When a condition changed, whether it holds, and how severe it then is."""
        return [(at, c.holds, c.severity if c.holds else None) for at, c in self.told]


def test_an_outage_burns_fast_and_the_alert_ends_soon_after_it() -> None:
    world = World(MONTH)
    world.outage(10 * DAY, 10 * MINUTE)
    world.until(20 * DAY)
    first, *rest = [c for c in world.changes() if c[1]]
    # 14.4 times 0.1 % of an hour is 51.84 s of down time; it is looked at every 30 s
    assert 10 * DAY + 51_840 <= first[0] <= 10 * DAY + 82_000
    assert first[2] is Severity.CRITICAL
    over = next(at for at, holds, _ in world.changes() if at > first[0] and holds is False)
    assert over <= 10 * DAY + 20 * MINUTE + 6 * HOUR
    assert all(severity is not None for _, _, severity in rest)


def test_a_short_burn_that_spends_little_tells_nobody() -> None:
    world = World(MONTH)
    world.outage(DAY, 50 * SECOND)
    world.until(20 * DAY)
    assert [c for c in world.changes() if c[1]] == []


def test_a_slow_burn_is_told_less_urgently() -> None:
    slow = replace(MONTH, burns=(BurnPlan(Decimal(1), 3 * DAY, 6 * HOUR, Severity.MEDIUM),))
    world = World(slow)
    for hour in range(0, 96, 2):
        world.outage(5 * DAY + hour * HOUR, 15 * SECOND)
    world.until(15 * DAY)
    holding = [c for c in world.changes() if c[1]]
    assert [severity for _, _, severity in holding] == [Severity.MEDIUM]
    assert holding[0][0] >= 5 * DAY + 34 * HOUR
    assert world.changes()[-1][1] is False


def test_nothing_is_looked_at_while_nothing_is_bad() -> None:
    world = World(MONTH)
    world.until(MINUTE)
    before = world.turns
    world.until(25 * DAY)
    assert world.turns == before
    assert world.books.next_deadline() is None


def test_it_is_looked_at_no_more_when_it_is_good_and_nothing_holds() -> None:
    world = World(MONTH)
    world.outage(DAY, 50 * SECOND)
    world.until(DAY + 2 * MINUTE)
    assert world.books.next_deadline() is None


def test_a_burn_in_planned_time_is_none() -> None:
    windows = {
        "w": MaintenancePlan("w", "UTC", services=("shop",), excludes=("shop",), cron="0 0 * * *",
                             duration=DAY),
    }  # fmt: skip
    world = World(MONTH, maintenance=windows)
    world.outage(DAY, HOUR)
    assert [c for c in world.changes() if c[1]] == []


def test_excluding_an_outage_afterwards_ends_its_alert() -> None:
    world = World(MONTH)
    world.outage(DAY, HOUR)
    assert world.told[-1][1].holds is True
    turn = Turn(world.now)
    world.books.ledger.amend(
        Amend("promise", ANA, AmendmentKind.EXCLUSION, START + DAY, world.now, "the provider's"),
        turn,
    )
    world.take(turn)
    assert world.told[-1][1].holds is False


def test_a_group_alerts_by_what_its_services_are_together() -> None:
    group = replace(MONTH, service="both", services=("shop", "bank"), quorum=1)
    world = World(group)
    world.outage(DAY, HOUR)
    assert [c for c in world.changes() if c[1]] == []
    world.until(2 * DAY)
    world.fact(Status.DOWN, "bank-web")
    world.outage(2 * DAY + MINUTE, 5 * MINUTE)
    assert world.told[-1][1].holds is True
    assert world.told[-1][1].source == "sla:burn:promise"


def test_a_value_close_to_its_target_alerts_and_gets_worse_by_level() -> None:
    plan = SlaPlan(
        "promise", "shop", Decimal(90), 10 * HOUR, warning=Decimal(98), critical=Decimal(95)
    )
    world = World(plan)
    world.until(10 * HOUR)
    world.outage(10 * HOUR, 2 * HOUR)
    assert [(c.name, c.holds, c.severity) for _, c in world.told if c.holds] == [
        (AT_RISK, True, Severity.MEDIUM),
        (AT_RISK, True, Severity.HIGH),
        (AT_RISK, True, Severity.CRITICAL),
    ]
    assert "close to the 90 %" in world.told[1][1].annotations["summary"]
    world.until(2 * DAY)
    assert world.told[-1][1].holds is False


def test_a_restart_states_what_holds_and_ends_what_does_no_more() -> None:
    world = World(MONTH)
    world.outage(DAY, HOUR)
    now_up = {"shop-web": CheckState("shop-web", Status.UP, world.now, measured=True)}
    for later, holds in ((MINUTE, True), (20 * DAY, False)):
        books = Books(plan_of(MONTH))
        books.restore(world.mirror.intervals, now_up, world.now + later)
        turn = Turn(world.now + later)
        books.take(turn)
        assert [c.holds for c in turn.conditions if c.name == BURNING] == [holds]


def test_what_cannot_be_told_is_not_told_to_be_over() -> None:
    world = World(MONTH)
    world.outage(DAY, HOUR)
    world.fact(Status.UNKNOWN)
    world.until(DAY + 8 * HOUR)
    assert [c.holds for _, c in world.told[-2:]] == [True, None]


def test_an_alert_lives_as_long_as_its_objective_alerts() -> None:
    slas = {"promise": MONTH, "a:b": replace(MONTH, name="a:b")}
    assert lives("sla:burn:promise", slas)
    assert lives("sla:burn:a:b", slas)
    assert not lives("sla:level:promise", slas)
    assert not lives("sla:burn:gone", slas)


def test_an_objective_that_left_is_looked_at_no_more() -> None:
    world = World(MONTH)
    world.until(DAY)
    world.fact(Status.DOWN)
    world.books.replan(plan_of(), Turn(world.now))
    world.until(2 * DAY)
    assert world.books.next_deadline() is None


@pytest.mark.parametrize(("period", "hours"), [("year", 365), (30 * DAY, 30), (7 * DAY, 7)])
def test_the_usual_windows_spend_the_same_share_of_every_period(
    period: str | int, hours: int
) -> None:
    first, *_, last = usual(period)
    assert first.long == hours * HOUR // 30
    assert last.long == hours * DAY // 10
    assert (first.rate, last.rate) == (Decimal("14.4"), 1)


def test_no_rate_is_higher_than_when_everything_fails() -> None:
    assert reachable(Decimal("99.9")) == 1000
    assert reachable(Decimal(90)) == 10
