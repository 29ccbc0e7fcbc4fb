"""A life of an engine that is written down twice: into a database, as a daemon would, and as the
pictures that it showed at each step. What is asked of the database later is held against those."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from checks.result import Result, Status
from daemon.api import views
from daemon.api.order import alert_order, in_order, is_open
from daemon.api.routes.picture import check_views, service_views, silence_views, sla_views
from daemon.api.views.incident import incident_view
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save
from daemon.core.engine import Engine
from daemon.core.errors import Refusal
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    Escalate,
    Event,
    ExpireSilence,
    Merge,
    PostUpdate,
    PutSilence,
    Resolve,
    ResultsArrived,
    SetRole,
    Snooze,
    Split,
    Tick,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, AlertState, Instant
from daemon.core.plan import Plan
from daemon.past.picture import picture
from daemon.past.question import Picture, past_question
from daemon.store.batch import Batch
from daemon.store.result_codec import result_row
from daemon.store.schema import migrate
from tests.core.machine_plan import ANA, BEN

START: Final[Instant] = 1_800_000_000_000

Parts = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """What a dashboard showed at a moment."""

    at: Instant
    parts: Parts


class Life:
    """An engine, its clock, the database of its daemon, and every picture it showed."""

    def __init__(self, plan: Plan, seed: int = 0) -> None:
        self.plan = plan
        self.dice = random.Random(seed)  # noqa: S311  # the same life each time, no secret
        self.now = START
        self.engine = Engine(plan)
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.ids: dict[str, int] = {}
        self.shown: list[Shown] = []
        self.send(Tick())
        for name in plan.checks:
            self.run(name, Status.UP)
        self.shown.clear()
        self.now += SECOND

    def send(self, event: Event) -> None:
        """It happens, is written down, and is shown."""
        try:
            effects = self.engine.handle(event, self.now)
        except Refusal:
            return
        self._write(effects)
        self.shown.append(Shown(self.now, self.live()))

    def later(self, by: int) -> None:
        """Time passes, everything on its time."""
        goal = self.now + by
        while (due := self.engine.next_deadline()) is not None and due <= goal:
            self.now = max(self.now, due)
            self.send(Tick())
        self.now = goal

    def run(self, check: str, status: Status) -> None:
        """A run of this check ended."""
        self.send(ResultsArrived((Result(check, self.now, status, 12.5, status.word),)))

    def _write(self, effects: list[Effect]) -> None:
        batch = Batch()
        for effect in effects:
            if isinstance(effect, Observed):
                name = effect.result.check
                if name not in self.ids:
                    self.ids[name] = len(self.ids) + 1
                    batch.names.append((self.ids[name], name))
                batch.results.append(result_row(self.ids[name], effect.result, None))
            elif isinstance(effect, Save | Append | Drop | Enqueue):
                batch.decide(effect)
        batch.encode()
        for statement, rows in batch.statements():
            self.connection.executemany(statement, rows)

    def live(self) -> Parts:
        """The picture of now, as `GET /state` makes it."""
        engine, plan, now = self.engine, self.engine.plan, self.now
        opened = [one for one in engine.incidents.values() if is_open(one)]
        firing = [one for one in engine.alerts.values() if one.state is AlertState.FIRING]
        return plain(
            {
                "checks": list(check_views(engine)),
                "services": list(service_views(engine)),
                "alerts": [views.alert_view(one) for one in sorted(firing, key=alert_order)],
                "incidents": [
                    incident_view(one, plan, now, engine.groups.get(one.group))
                    for one in in_order(opened, plan, now)
                ],
                "silences": list(silence_views(engine, now, ("active", "pending"))),
                "slas": list(sla_views(engine, list(plan.slas), now)),
            }
        )

    def past(self, at: Instant) -> Parts:
        """The picture of a moment, from the database."""
        found = picture(self.connection, past_question(self.engine.plan, at, self.now))
        assert isinstance(found, Picture)
        return {name: msgspec.json.decode(part) for name, part in found.parts.items()}

    # -- what may happen ---------------------------------------------------------------

    def step(self) -> None:
        """Something happens, then some time passes."""
        weights = [weight for _, weight in DEEDS]
        (deed,) = self.dice.choices([deed for deed, _ in DEEDS], weights)
        deed(self)
        self.later(self.dice.choice([0, 0, 1, 999, 5 * SECOND, MINUTE, 3 * MINUTE, 20 * MINUTE]))

    def an_incident(self) -> str:
        """The id of one that is open, if any is."""
        found = [one.key for one in self.engine.incidents.values() if is_open(one)]
        return self.dice.choice(found) if found else "none"


def plain(parts: Mapping[str, Any]) -> Parts:
    """As it comes out of JSON."""
    decoded: Parts = msgspec.json.decode(msgspec.json.encode(parts))
    return decoded


def _outage(life: Life) -> None:
    name, down = life.dice.choice(list(life.plan.checks)), life.dice.random() < 0.5
    status = Status.DOWN if down else Status.UP
    for _ in range(life.dice.choice([1, 2, 2])):
        life.run(name, status)
        life.now += 7


def _take(life: Life) -> None:
    lasts = life.dice.choice([None, 10 * MINUTE])
    actor = life.dice.choice([ANA, BEN])
    life.send(Acknowledge(life.an_incident(), actor, life.dice.choice(["", "on it"]), lasts))


def _assign(life: Life) -> None:
    to = life.dice.choice(["ana", "ben", None])
    life.send(Assign(life.an_incident(), BEN, to, "you know it"))


def _role(life: Life) -> None:
    to = life.dice.choice(["ana", "ben", None])
    life.send(SetRole(life.an_incident(), ANA, life.dice.choice(["commander", "scribe"]), to))


def _silence(life: Life) -> None:
    matcher = parse_matcher(life.dice.choice(["service=shop", "check=db", 'check=~"cart|mail"']))
    begins = life.dice.choice([None, life.now + 5 * MINUTE])
    ends = life.now + life.dice.choice([6 * MINUTE, HOUR])
    life.send(PutSilence(ANA, (matcher,), begins, ends, "works"))


def _end_silence(life: Life) -> None:
    known = sorted(life.engine.silences)
    if known:
        life.send(ExpireSilence(life.dice.choice(known), ANA))


def _merge(life: Life) -> None:
    one, other = life.an_incident(), life.an_incident()
    life.send(Merge(one, ANA, (other,)))


def _split(life: Life) -> None:
    key = life.an_incident()
    incident = life.engine.incidents.get(key)
    if incident is not None and len(incident.firing) > 1:
        life.send(Split(key, ANA, incident.firing[:1]))


DEEDS: Final[tuple[tuple[Callable[[Life], None], int], ...]] = (
    (_outage, 30),
    (_take, 6),
    (_assign, 3),
    (_role, 2),
    (_silence, 3),
    (_end_silence, 2),
    (_merge, 2),
    (_split, 2),
    (lambda life: life.send(Unacknowledge(life.an_incident(), BEN)), 3),
    (lambda life: life.send(Snooze(life.an_incident(), ANA, 15 * MINUTE, "later")), 2),
    (lambda life: life.send(Escalate(life.an_incident(), BEN)), 3),
    (lambda life: life.send(AddNote(life.an_incident(), ANA, "for the record")), 1),
    (lambda life: life.send(PostUpdate(life.an_incident(), ANA, "we work on it")), 2),
    (lambda life: life.send(Resolve(life.an_incident(), ANA, "known")), 2),
)
"""What may happen, and how often."""
