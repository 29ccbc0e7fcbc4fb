"""A person is forgotten in the engine's memory: the words are others, and nothing is decided."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from daemon.core.chronicle import Audit
from daemon.core.effects import Append, Save
from daemon.core.engine import Engine
from daemon.core.events import (
    Acknowledge,
    Amend,
    BeginMaintenance,
    Forget,
    OpenIncident,
    PutOverride,
    PutSilence,
    Resolve,
    Tick,
)
from daemon.core.forgetting import NAMING
from daemon.core.labels import parse_matcher
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    Actor,
    AmendmentKind,
    Level,
    Record,
    Silence,
    Turnabout,
)
from daemon.core.plan import ServicePlan, SlaPlan
from tests.core.deciding import BEN, START
from tests.core.incidents.test_desk_oncall import hourly, spec

MARIT = Actor("marit", "unix uid 1007")
ROOT = Actor("root", "unix uid 0")
NOW = START + 2 * HOUR


@pytest.fixture
def engine() -> Engine:
    """Marit did one of everything that is remembered with a name."""
    plan = spec(hourly("ben", "ana"), Level(0, ("schedule:duty",)))
    plan = replace(
        plan,
        services={"shop": ServicePlan("shop", ())},
        slas={"promise": SlaPlan("promise", "shop", Decimal(99), 30 * DAY)},
    )
    engine = Engine(plan)
    engine.handle(Tick(), START)
    engine.handle(OpenIncident(MARIT, "marit sees it", "shop"), NOW)
    (key,) = engine.incidents
    shop = (parse_matcher("service=shop"),)
    for event in (
        Acknowledge(key, MARIT, "marit looks"),
        PutSilence(MARIT, shop, None, NOW + HOUR, "of marit"),
        BeginMaintenance(MARIT, "work", ("shop",), (), None, NOW + HOUR),
        Amend("promise", MARIT, AmendmentKind.NOTE, START, START + HOUR, "by marit"),
        PutOverride("duty", MARIT, ("ben",), None, NOW + HOUR, comment="marit is away"),
    ):
        engine.handle(event, NOW)
    return engine


def reworded(record: Record) -> Record:
    if isinstance(record, Silence):
        return replace(record, created_by="nobody", comment="of nobody")
    text = msgspec.json.encode(record).replace(b"marit", b"nobody")
    return msgspec.json.decode(text, type=type(record))


def forget(engine: Engine) -> Forget:
    found = [one for one in engine.snapshot().records if "marit" in repr(one)]
    assert all(isinstance(one, NAMING) for one in found)
    return Forget("nobody", tuple(map(reworded, found)), ROOT)


def test_memory_has_other_words_and_nothing_else_changes(engine: Engine) -> None:
    event, deadline = forget(engine), engine.next_deadline()
    assert len({type(one) for one in event.records}) >= 6
    before = {(type(r), r.key): r for r in engine.snapshot().records}
    effects = engine.handle(event, NOW + 1)
    saved = [effect.record for effect in effects if isinstance(effect, Save)]
    (line,) = [effect.entry for effect in effects if isinstance(effect, Append)]
    assert sorted(map(repr, saved)) == sorted(map(repr, event.records))
    assert len(effects) == len(saved) + 1
    assert line == Audit(
        NOW + 1, ROOT, "forget person", "nobody", f"{len(saved)} records in memory"
    )
    assert engine.next_deadline() == deadline
    before |= {(type(r), r.key): r for r in event.records}
    assert {(type(r), r.key): r for r in engine.snapshot().records} == before
    assert "marit" not in repr(engine.plan)


def test_what_is_decided_from_then_on_does_not_name_them(engine: Engine) -> None:
    engine.handle(forget(engine), NOW + 1)
    (incident,), (silence,) = engine.incidents, engine.silences.values()
    effects = engine.handle(Resolve(incident, BEN), NOW + MINUTE)
    for hours in (1, 2, 200):
        effects += engine.handle(Tick(), NOW + hours * HOUR)
    effects += engine.handle(
        PutSilence(BEN, silence.matchers, None, NOW + 300 * HOUR, "new"), NOW + 201 * HOUR
    )
    assert len(effects) > 5
    assert "marit" not in repr(effects)


def test_whose_turn_it_was_is_reworded_too(engine: Engine) -> None:
    turn = Turnabout("duty/0", "person:nobody")
    engine.handle(Forget("nobody", (turn,), ROOT), NOW + 1)
    assert turn in engine.snapshot().records
