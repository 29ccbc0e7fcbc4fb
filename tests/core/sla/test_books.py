"""The books agree with the oracle on whole histories, also across restarts and reloads."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Observed
from daemon.core.model import DAY, HOUR, MINUTE, CheckState
from daemon.core.plan import Plan, ServicePlan, SlaPlan
from daemon.core.sla.books import Books
from daemon.core.turn import Fact, Turn
from tests.core import availability_oracle as oracle
from tests.core.sla.test_availability import assert_agrees, assert_sums

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def plan_of(
    *checks: str, quorum: int | None = None, period: str | int = 300, zone: str = "UTC"
) -> Plan:
    return Plan(
        services={"shop": ServicePlan("shop", tuple(checks), quorum=quorum)},
        slas={"sla": SlaPlan("sla", "shop", Decimal(90), period, zone, Decimal("0.5"))},
    )


@dataclass
class World:
    """Books with a memory of what they wrote, and the oracle's opinion of the same facts."""

    plan: Plan
    length: int = 400
    books: Books = field(init=False)
    checks: dict[str, oracle.CheckOracle] = field(init=False)
    written: list[Interval] = field(default_factory=list)
    states: dict[str, CheckState] = field(default_factory=dict)
    last: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books = Books(self.plan)
        names = self.plan.services["shop"].checks
        self.checks = {name: oracle.CheckOracle(self.length) for name in names}

    def turn(self, now: int, facts: Iterable[Fact] = (), results: Iterable[Result] = ()) -> Turn:
        turn = Turn(now)
        turn.facts.extend(facts)
        for result in results:
            turn.emit(Observed(result))
            self.last[result.check] = result
        self.books.take(turn)
        self.books.settle(turn)
        for fact in turn.facts:
            truth = self.checks[fact.check]
            truth.fact(fact.start, fact.status)
            self.states[fact.check] = CheckState(
                fact.check, Status(truth.newest), since=truth.final
            )
        self.written += [e.entry for e in turn.effects if isinstance(e, Append)]  # type: ignore[misc]  # books append intervals only
        return turn

    def doubt(self, name: str, soft_since: int | None) -> None:
        """The observatory saved that the newest runs disagree since then."""
        if name in self.states:
            hard = soft_since is None
            self.states[name] = replace(self.states[name], hard=hard, soft_since=soft_since)

    def restart(self, now: int, with_last: bool = True) -> None:
        """Only what the store would hold survives."""
        settled = max((i.end for i in self.written if i.entity == "service"), default=None)
        kept = [
            i for i in self.written if i.entity == "service" or settled is None or i.end > settled
        ]
        self.books = Books(self.plan)
        kept.sort(key=lambda interval: interval.end)
        self.books.restore(kept, self.states, now, self.last if with_last else None)

    def truth(self) -> list[int]:
        quorum = self.plan.services["shop"].quorum
        pasts = [check.past for check in self.checks.values()]
        return [oracle.compose(statuses, quorum) for statuses in zip(*pasts, strict=True)]

    def assert_right(self, now: int, hour: int = HOUR) -> None:
        sla = self.plan.slas["sla"]
        assert isinstance(sla.period, int)
        expected = oracle.figures(
            self.truth(),
            start=now - sla.period,
            end=now,
            now=now,
            target=Fraction(sla.target) / 100,
            weight=Fraction(sla.degraded_weight),
            excluded=frozenset(),
            hour=hour,
        )
        assert_agrees(self.books.sla("sla", now), expected)

    def assert_written_is_true(self) -> None:
        """What was written is contiguous, and is what the oracle says of that time."""
        pasts = {("check", name): check.past for name, check in self.checks.items()}
        pasts["service", "shop"] = self.truth()
        ends: dict[tuple[str, str], int] = {}
        for piece in self.written:
            key = (piece.entity, piece.name)
            assert piece.start < piece.end
            assert ends.get(key, piece.start) == piece.start
            assert set(pasts[key][piece.start : piece.end]) == {piece.status}
            ends[key] = piece.end


names_of = st.sampled_from(["web", "db", "mail"])
facts_of = st.lists(
    st.tuples(st.integers(0, 12), names_of, st.integers(0, 40), st.sampled_from(Status)),
    max_size=30,
)


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(
    facts_of,
    st.sampled_from([None, 1, 2, 3]),
    st.integers(1, 350),
    st.sets(st.integers(0, 29), max_size=3),
)
def test_any_facts_give_the_oracles_figures_also_across_restarts(
    facts: list[tuple[int, str, int, Status]], quorum: int | None, period: int, restarts: set[int]
) -> None:
    world, now = World(plan_of("web", "db", "mail", quorum=quorum, period=period)), 0
    for index, (pause, name, back, status) in enumerate(facts):
        now += pause
        world.turn(now, [Fact(name, max(0, now - back), status)])
        if index in restarts:
            world.restart(now)
        world.assert_right(now + 5)
    world.assert_written_is_true()


class Simulated:
    """A check as the observatory would see it: soft failures, late confirmation, gaps."""

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name, self.dice = name, dice
        self.every, self.down_after = dice.randint(2, 9), dice.randint(1, 4)
        self.hard, self.run, self.run_since = UNKNOWN, 0, 0
        self.due = dice.randint(0, 20)
        self.last: int | None = None
        self.mood = UP

    def step(self, now: int) -> tuple[list[Fact], list[Result]]:
        if self.last is not None and now - self.last > 2 * self.every and self.hard is not UNKNOWN:
            self.hard, self.run = UNKNOWN, 0
            return [Fact(self.name, self.last + self.every, UNKNOWN)], []
        if now < self.due:
            return [], []
        gap = 30 if self.dice.random() < 0.03 else 0
        self.due = now + self.every + gap
        if self.dice.random() < 0.2:
            self.mood = self.dice.choice([UP, UP, DEGRADED, DOWN])
        return self._saw(now, self.mood)

    def _saw(self, now: int, status: Status) -> tuple[list[Fact], list[Result]]:
        self.last = now
        result = Result(self.name, now, status)
        if status is self.hard:
            self.run = 0
            return [], [result]
        if status is DOWN:
            self.run_since = now if self.run == 0 else self.run_since
            self.run += 1
            if self.run < self.down_after:
                return [], [result]
            start = self.run_since
        else:
            start = now
        self.hard, self.run = status, 0
        return [Fact(self.name, start, status)], [result]


@pytest.mark.parametrize("seed", range(400))
def test_a_watched_service_gives_the_oracles_figures_and_settles_the_truth(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # a replayable history, no secret
    names = ["web", "db", "mail"][: dice.randint(1, 3)]
    quorum = dice.choice([None, 1, len(names)])
    world = World(plan_of(*names, quorum=quorum, period=dice.randint(50, 380)))
    checks = [Simulated(name, dice) for name in names]
    for now in range(390):
        for check in checks:
            facts, results = check.step(now)
            if facts or results:
                world.turn(now, facts, results)
                world.doubt(check.name, check.run_since if check.run else None)
        if dice.random() < 0.01:
            world.restart(now, with_last=dice.random() < 0.5)
        if now % 97 == 0:
            world.assert_right(now)
    world.assert_right(390)
    world.assert_written_is_true()


def test_a_history_settles_while_everything_is_well_again() -> None:
    world = World(plan_of("web", "db"))
    world.turn(10, [Fact("web", 10, UP)], [Result("web", 10, UP)])
    world.turn(11, [Fact("db", 11, UP)], [Result("db", 11, UP)])
    world.turn(30, [Fact("web", 20, DOWN)], [Result("web", 30, DOWN)])
    world.turn(40, [Fact("web", 40, UP)], [Result("web", 40, UP)])
    assert world.written == [
        Interval("check", "web", 10, 20, UP),
        Interval("check", "web", 20, 40, DOWN),
    ]
    world.turn(41, [], [Result("db", 41, UP)])
    assert world.written[2:] == [
        Interval("service", "shop", 11, 20, UP),
        Interval("service", "shop", 20, 40, DOWN),
    ]
    assert world.books.settled("shop") == 40


def test_a_failure_that_is_not_confirmed_yet_holds_the_settling_back() -> None:
    world = World(plan_of("web", "db"))
    world.turn(10, [Fact("web", 10, UP), Fact("db", 10, UP)])
    world.turn(20, [], [Result("db", 20, DOWN)])
    world.turn(30, [Fact("web", 25, DOWN)], [Result("web", 30, DOWN)])
    world.turn(40, [Fact("web", 40, UP)], [Result("web", 40, UP)])
    assert world.books.settled("shop") is None
    world.turn(41, [Fact("db", 20, DOWN)], [Result("db", 41, DOWN)])
    assert world.books.settled("shop") == 20
    world.assert_right(60)


def test_an_outage_explained_later_becomes_unknown() -> None:
    world = World(plan_of("web"))
    world.turn(10, [Fact("web", 10, UP)])
    world.turn(30, [Fact("web", 20, DOWN)])
    world.turn(35, [Fact("web", 20, UNKNOWN)])
    figure = world.books.sla("sla", 50)
    assert (figure.up_ms, figure.down_ms) == (10, 0)


def test_what_is_a_day_old_is_final_though_a_check_was_never_measured() -> None:
    plan = plan_of("web", "never", quorum=1, period=30 * DAY)
    world = World(plan, length=1)
    books = world.books
    first = Turn(0, facts=[Fact("web", 0, UP)])
    books.take(first)
    for minute in range(0, 3 * 1440, 30):
        now = minute * MINUTE
        turn = Turn(now, facts=[Fact("web", now, DOWN if minute % 60 else UP)])
        turn.emit(Observed(Result("web", now, UP)))
        books.take(turn)
        books.settle(turn)
    settled = books.settled("shop")
    assert settled is not None
    assert DAY <= now - settled <= DAY + HOUR


def test_memory_is_bounded_by_the_period_not_by_the_uptime() -> None:
    books = Books(plan_of("web", period=HOUR))
    for minute in range(20_000):
        now = minute * MINUTE
        status = DOWN if minute % 2 else UP
        turn = Turn(now, facts=[Fact("web", now, status)])
        turn.emit(Observed(Result("web", now, status)))
        books.take(turn)
        books.settle(turn)
    assert len(books.timeline("shop")) < 300


def test_a_check_that_joins_counts_from_now_and_leaves_the_past_alone() -> None:
    world = World(plan_of("web"))
    world.turn(10, [Fact("web", 10, UP)])
    turn = Turn(100)
    world.books.replan(plan_of("web", "db"), turn)
    assert Append(Interval("service", "shop", 10, 100, UP)) in turn.effects
    after = Turn(120, facts=[Fact("db", 120, UP)])
    world.books.take(after)
    figure = world.books.sla("sla", 150)
    assert (figure.up_ms, figure.unknown_ms) == (90 + 30, 150 + 10 + 20)


def test_a_check_that_leaves_is_written_to_its_end() -> None:
    world = World(plan_of("web", "db"))
    world.turn(10, [Fact("web", 10, UP), Fact("db", 10, DOWN)])
    turn = Turn(100)
    world.books.replan(plan_of("web"), turn)
    assert [e.entry for e in turn.effects if isinstance(e, Append)] == [
        Interval("service", "shop", 10, 100, DOWN),
        Interval("check", "db", 10, 100, DOWN),
    ]
    assert world.books.sla("sla", 150).up_ms == 50


def test_a_reload_that_changes_no_composition_writes_nothing() -> None:
    world = World(plan_of("web", "db"))
    world.turn(10, [Fact("web", 10, UP), Fact("db", 10, UP)])
    turn = Turn(100)
    world.books.replan(plan_of("db", "web", period=200), turn)
    assert turn.effects == []
    late = Turn(110, facts=[Fact("web", 90, DOWN)])
    world.books.take(late)
    assert world.books.sla("sla", 120).down_ms == 30


def test_a_service_that_leaves_and_its_facts_are_forgotten() -> None:
    world = World(plan_of("web"))
    world.turn(10, [Fact("web", 10, UP)])
    turn = Turn(100)
    world.books.replan(Plan(), turn)
    world.books.take(Turn(110, facts=[Fact("web", 110, DOWN)]))
    assert world.books.settled("shop") is None
    with pytest.raises(KeyError):
        world.books.sla("sla", 120)


def test_the_deadline_is_the_next_roll_over_and_the_figures_start_anew_there() -> None:
    november = 1_793_487_600_000  # 2026-11-01T00:00+01:00
    december = november + 30 * DAY
    books = Books(plan_of("web", period="month", zone="Europe/Berlin"))
    assert books.next_deadline() is None
    books.take(Turn(november + DAY, facts=[Fact("web", november + DAY, DOWN)]))
    assert books.next_deadline() == december
    assert books.sla("sla", december - 1).down_ms == 29 * DAY - 1
    books.take(Turn(december))
    assert books.next_deadline() == december + 31 * DAY
    assert books.sla("sla", december).down_ms == 0
    assert books.sla("sla", december + 5).down_ms == 5


@pytest.mark.parametrize(("month", "hours"), [(3, 743), (10, 745), (6, 720)])
@pytest.mark.parametrize("seed", range(25))
def test_a_month_in_which_the_clocks_change_adds_up(month: int, hours: int, seed: int) -> None:
    """The oracle counts hours here: one of its moments is an hour."""
    starts = {3: 1_772_319_600_000, 6: 1_780_264_800_000, 10: 1_790_805_600_000}
    start, dice = starts[month], random.Random(seed)  # noqa: S311  # a replayable history, no secret
    world = World(plan_of("web", "db", period="month", zone="Europe/Berlin"), length=hours)
    now = 0
    books = world.books
    while now < hours - 30:
        now += dice.randint(1, 30)
        name, status = dice.choice(["web", "db"]), dice.choice(list(Status))
        back = max(0, now - dice.randint(0, 10))
        world.checks[name].fact(back, status)
        books.take(Turn(start + now * HOUR, facts=[Fact(name, start + back * HOUR, status)]))
    figure = books.sla("sla", start + now * HOUR)
    expected = oracle.figures(
        world.truth(),
        start=0,
        end=hours,
        now=now,
        target=Fraction(9, 10),
        weight=Fraction(1, 2),
        excluded=frozenset(),
        hour=1,
    )
    assert_sums(figure)
    assert (figure.end - figure.start) == hours * HOUR
    parts = (figure.up_ms, figure.degraded_ms, figure.unknown_ms, figure.down_ms)
    assert parts == tuple(expected.counts[status] * HOUR for status in range(4))
    assert figure.availability == expected.availability
    assert figure.budget_left_ms == floor(expected.left * HOUR)
    assert figure.burn_rate == expected.burn_rate
