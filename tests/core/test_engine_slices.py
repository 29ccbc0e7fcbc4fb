"""The engine whose turns have room for almost nothing keeps the same promises.

What a full-sized turn leaves to the next only in a storm of thousands, this one leaves at every
event; now and then the engine dies between two slices and goes on from what was stored.
"""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import settings

from daemon.core import engine as engine_module
from daemon.core.effects import Effect
from daemon.core.engine import Engine
from daemon.core.events import Event, Tick
from daemon.core.model import Incident, Record
from daemon.core.turn import Turn
from tests.core.test_engine_machine import EngineMachine


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns with room for one thing."""
    monkeypatch.setattr(engine_module, "Turn", partial(Turn, room=1))


class SlicedMachine(EngineMachine):
    """Promises are held when the engine has come to rest; what is between is for a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.replayable = False
        self.slices = 0

    def follow(self, event: Event, effects: list[Effect]) -> None:  # noqa: ARG002  # no shadow
        self.tap.clear()

    def check(self, before: dict[tuple[type, str], Record], effects: list[Effect]) -> None:
        old = {record.key: record for record in before.values() if isinstance(record, Incident)}
        lines, done = len(self.mirror.entries), list(effects)
        self.mirror.apply(effects)
        dies_at = self.slices + 1 + len(self.recorded) % 5
        while (due := self.engine.next_deadline()) is not None and due <= self.now:
            self.slices += 1
            found = self.engine.handle(Tick(), self.now) if self.slices != dies_at else self.die()
            self.mirror.apply(found)
            self.same_as_mirror()
            done += found
        self.hold(old, done, self.mirror.entries[lines:])

    def die(self) -> list[Effect]:
        """Between two slices; what Tocsin said of itself would end by that, so not then."""
        if any(alert.source.startswith("self:") for alert in self.engine.alerts.values()):
            return []
        self.engine, effects = Engine.restore(self.plan, self.mirror.snapshot(), self.now)
        self.listen()
        return effects

    def restart(self, seed: int) -> None:  # type: ignore[override]  # no shadow: it has room
        """A deciding half with room for all is compared in the machine this one is made of."""


SlicedMachine.TestCase.settings = settings(
    EngineMachine.TestCase.settings, max_examples=15, stateful_step_count=20
)
TestSlicedEngine = SlicedMachine.TestCase
