"""The world around the engine: targets, operators, channels, a clock that jumps, a process that
dies. It plays the weather to an engine in virtual time and shows every turn to the witness.

Checks are run where it matters: by the engine's own wish (retries, what is down, what begins),
when their target changes, and each minute while a rule's window matters. A process that dies
leaves what was written, and nothing else.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from checks.result import Fault, Result, Status
from daemon.core.chronicle import Notice
from daemon.core.effects import StartProbe
from daemon.core.engine import Engine
from daemon.core.errors import Refusal
from daemon.core.events import (
    Event,
    Gap,
    PlanChanged,
    Resolve,
    ResultsArrived,
    SelfReport,
    Settled,
    Tick,
)
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Actor, IncidentState, Instant, Millis
from tests.core.promises import by_key
from tests.simulation import estate
from tests.simulation.almanac import Almanac
from tests.simulation.operators import Operators
from tests.simulation.shelf import Shelf
from tests.simulation.weather import Spell, Weather, forecast
from tests.simulation.witness import Witness

_HAND: Final = Actor("dot-eu", "unix uid 1000")


class World:
    """A year, or a part of it.

    Attributes:
        counted: How often what happened.
    """

    def __init__(self, seed: int, services: int, start: Instant, end: Instant) -> None:
        self.dice = random.Random(seed)  # noqa: S311  # the same year each time
        self.now, self.end = start, end
        self.services, self.version = services, 0
        self.plan = estate.plan(services, 0)
        self.shelf = Shelf()
        versions = [estate.plan(services, version) for version in range(4)]
        windows = list({w: None for one in versions for w in one.maintenance.values()})
        self.witness = Witness(Almanac(start, windows), self.plan)
        self.counted: Counter[str] = Counter()
        self.engine: Engine | None = Engine(self.plan)
        self._life = self._number = 0
        self._due: Instant | None = None
        self._queue: list[tuple[Instant, int, Callable[..., None], tuple[Any, ...]]] = []
        self._bad: dict[str, list[Status]] = {name: [] for name in self.plan.checks}
        self._slow: Counter[str] = Counter()
        self._deaf: Counter[str] = Counter()
        self._fed: dict[str, Status] = {}
        self._children: dict[str, list[str]] = {}
        self._behind: dict[str, str] = {}
        for name, check in self.plan.checks.items():
            if check.labels["kind"] == "app":
                self._behind[name] = db = f"db-{check.labels['cluster'][1:]}"
                self._children.setdefault(db, []).append(name)
        self._operators = Operators(self)
        self._expect()

    def _expect(self) -> None:
        """Write into the calendar all that is known to come."""
        checks = self.plan.checks
        gold = [name for name, check in checks.items() if check.labels["tier"] == "gold"]
        weather: Weather = forecast(self.dice, list(checks), gold, self.now, self.end)
        for spell in weather.outages:
            self.at(spell.start, self._falls, spell)
        for spell in weather.slow:
            self.at(spell.start, self._slows, spell)
        for spell in weather.deaf:
            self.at(spell.start, self._deafens, spell.name, 1)
            self.at(spell.end, self._deafens, spell.name, -1)
        self.at(self._in_days(3), self._dies)
        self.at(self._in_days(9), self._reloads)
        self.at(self._in_days(40), self._sleeps)
        self.at(self._in_days(20), self._reports, True)
        self.at(self.now + HOUR, self._hour)

    def _in_days(self, days: float) -> Instant:
        return self.now + round(self.dice.uniform(0.3, 1.7) * days * DAY)

    def at(self, when: Instant, what: Callable[..., None], *arguments: Any) -> None:
        """Have this happen then."""
        self._number += 1
        heapq.heappush(self._queue, (when, self._number, what, arguments))

    # -- time --------------------------------------------------------------------------

    def play(self, until: Instant) -> None:
        """Let time pass."""
        self.send(Tick())
        while True:
            due = self._due
            following = self._queue[0][0]
            if min(following, following if due is None else due) > until:
                break
            if due is not None and due <= following:
                self._turn_to(due)
                self.send(Tick())
            else:
                when, _, what, arguments = heapq.heappop(self._queue)
                self._turn_to(when)
                what(*arguments)
        self._turn_to(until)

    def _turn_to(self, when: Instant) -> None:
        self.now = max(self.now, when)
        self.witness.turn_to(self.now)

    def send(self, event: Event) -> bool:
        """Something happens; whether the engine took it."""
        if self.engine is None:
            return False
        try:
            effects = self.engine.handle(event, self.now)
        except Refusal:
            self.counted["refused"] += 1
            self._due = self.engine.next_deadline()
            return False
        self._write(event, effects)
        return True

    def _write(self, event: Event | None, effects: list[Any]) -> None:
        self.counted["turns"] += 1
        entries, notices = self.shelf.write(effects)
        self.witness.saw(event, effects, entries, notices, self.now)
        for effect in effects:
            if isinstance(effect, StartProbe):
                run = self.now + self.dice.randrange(20, 900)
                self.at(run, self._ends, self._life, effect.check, self.now)
        for notice in notices:
            self.counted["notices"] += 1
            self._post(notice)
        self._due = None if self.engine is None else self.engine.next_deadline()
        if self._due is None or self._due > self.now:
            self.witness.settled(self.now)

    def _hour(self) -> None:
        self.at(self.now + HOUR, self._hour)
        if self.engine is not None:
            self.witness.survey(self.now)

    # -- targets -----------------------------------------------------------------------

    def truth(self, name: str) -> Status:
        """What its target is now: itself, or behind a database that is down."""
        own = max(self._bad[name], default=Status.UP)
        behind = self._behind.get(name)
        return own if behind is None or Status.DOWN not in self._bad[behind] else Status.DOWN

    def _falls(self, spell: Spell) -> None:
        self._bad[spell.name].append(spell.status)
        self.at(spell.end, self._rises, spell)
        self._look_soon(spell)

    def _rises(self, spell: Spell) -> None:
        self._bad[spell.name].remove(spell.status)
        self._look_soon(spell)

    def _look_soon(self, spell: Spell) -> None:
        """Its check runs soon, and so do those behind it; often, where flapping is looked for."""
        if estate.flaps(spell.name):
            for at in range(self.now, self.now + 25 * MINUTE, MINUTE):
                self.at(at + self.dice.randrange(SECOND), self._look, spell.name)
        self.at(self.now + self.dice.randrange(20 * SECOND), self._look, spell.name)
        if spell.status is Status.DOWN:
            for name in self._children.get(spell.name, ()):
                self.at(self.now + self.dice.randrange(45 * SECOND), self._look, name)

    def _look(self, name: str) -> None:
        """The target changed, and its check happens to run."""
        if name in self.plan.checks:
            self._result(name, self.now)

    def _ends(self, life: int, name: str, began: Instant) -> None:
        if life == self._life:
            self._result(name, began)

    def _result(self, name: str, began: Instant) -> None:
        status = self.truth(name)
        latency = 900.0 if self._slow[name] else 20.0
        words = "" if status is Status.UP else f"it is {status.word}"
        fault = None if status is not Status.DOWN else Fault.REFUSED
        found = Result(name, began, status, latency_ms=latency, message=words, fault=fault)
        if self.send(ResultsArrived((found,))):
            self._fed[name] = status

    def _slows(self, spell: Spell) -> None:
        self._slow[spell.name] += 1
        self.at(spell.end, self._hastens, spell.name)
        for at in range(spell.start, spell.end + 15 * MINUTE, MINUTE):
            self.at(at + self.dice.randrange(SECOND), self._look, spell.name)

    def _hastens(self, name: str) -> None:
        self._slow[name] -= 1

    # -- channels ----------------------------------------------------------------------

    def _deafens(self, channel: str, by: int) -> None:
        self._deaf[channel] += by

    def _post(self, notice: Notice) -> None:
        fails = self._deaf[notice.channel] > 0
        takes = self.dice.randrange(MINUTE, 4 * MINUTE) if fails else self.dice.randrange(8_000)
        self.at(self.now + takes, self._arrives, self._life, notice, fails)

    def _arrives(self, life: int, notice: Notice, fails: bool) -> None:
        """It was sent, or given up. A process that died is not told; the next sends again."""
        if life != self._life:
            return
        if not fails:
            self.witness.delivered(notice)
            self._operators.read(notice)
        event = Settled(
            notice.key, notice.incident.key, notice.channel, notice.recipient,
            delivered=not fails, attempts=5 if fails else 1,
            detail="connection refused" if fails else "250 ok",
            type=notice.type, fallback_of=notice.fallback_of, level=notice.level,
            stays=notice.stays,
        )  # fmt: skip
        if self.dice.random() < 0.002:
            self._dies_at_once()
        else:
            self.shelf.outbox.pop(notice.key, None)
            self.send(event)

    # -- the process -------------------------------------------------------------------

    def _dies(self) -> None:
        self.at(self._in_days(3), self._dies)
        self._dies_at_once()

    def _dies_at_once(self) -> None:
        """kill -9: half of the time with a turn that was decided and never written."""
        if self.engine is None:
            return
        if self.dice.random() < 0.5:
            before = by_key(self.engine.snapshot().records)
            kept = by_key(self.shelf.read().records)
            assert before == kept, "what is stored is not what the engine knows"
        else:
            self.engine.handle(Tick(), self.now)
        self.counted["restarts"] += 1
        self.engine, self._due, self._life = None, None, self._life + 1
        span = round(self.dice.lognormvariate(3.4, 1.5) * SECOND)
        if self.dice.random() < 0.3:
            self._turn_plan()
        self.at(self.now + span, self._comes_back, span)

    def _comes_back(self, span: Millis) -> None:
        self.witness.was_off(self.now, span)
        found = self.shelf.read()
        self.engine, effects = Engine.restore(self.plan, found, self.now)
        self._write(None, effects)
        for notice in list(self.shelf.outbox.values()):
            self._post(notice)
        self._look_at_changed()

    def _look_at_changed(self) -> None:
        for name in self.plan.checks:
            if self._fed.get(name) is not self.truth(name):
                self.at(self.now + self.dice.randrange(30 * SECOND), self._look, name)

    def _sleeps(self) -> None:
        """The machine sleeps: the same process goes on later."""
        self.at(self._in_days(40), self._sleeps)
        if self.engine is not None:
            engine, self.engine, self._due = self.engine, None, None
            self._life += 1
            span = self.dice.randrange(3 * MINUTE, 2 * HOUR)
            self.at(self.now + span, self._wakes, engine, self.now, span)

    def _wakes(self, engine: Engine, since: Instant, span: Millis) -> None:
        self.counted["sleeps"] += 1
        self.engine = engine
        self.witness.was_off(self.now, span)
        self.send(Gap(since))
        for notice in list(self.shelf.outbox.values()):
            self._post(notice)
        for name in self.plan.checks:
            self.at(self.now + self.dice.randrange(30 * SECOND), self._look, name)

    def _reloads(self) -> None:
        self.at(self._in_days(9), self._reloads)
        if self.engine is not None:
            self._turn_plan()
            self.send(PlanChanged(self.plan))

    def _turn_plan(self) -> None:
        self.counted["reloads"] += 1
        self.version += 1
        self.plan = self.witness.plan = estate.plan(self.services, self.version)

    def _reports(self, holds: bool) -> None:
        self.at(self._in_days(0.02 if holds else 20), self._reports, not holds)
        self.send(SelfReport("database", holds, "the database is slow"))

    # -- the end -----------------------------------------------------------------------

    def clear_up(self) -> None:
        """All is well again: what is open ends, by itself or by hand."""
        for states in self._bad.values():
            states.clear()
        self._slow.clear()
        self._deaf.clear()
        keep = {self._ends, self._arrives, self._hour, self._comes_back, self._wakes}
        self._queue = [one for one in self._queue if one[2] in keep]
        heapq.heapify(self._queue)
        self.play(self.now + 3 * HOUR)
        self._look_at_changed()
        for name in self.plan.checks:
            for minute in range(20):
                self.at(self.now + minute * MINUTE, self._look, name)
        self.play(self.now + 2 * HOUR)
        assert self.engine is not None
        for incident in list(self.engine.incidents.values()):
            if incident.state is not IncidentState.RESOLVED:
                self.send(Resolve(incident.key, _HAND))
        self.play(self.now + 6 * HOUR)
