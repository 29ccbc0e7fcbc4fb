"""Those who are paged, and what they do: take incidents, give them back, silence, resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    Escalate,
    Event,
    ExpireSilence,
    PutSilence,
    Resolve,
    Snooze,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Actor, Silence

if TYPE_CHECKING:
    from tests.simulation.world import World

_WAITS: Final = 20 * MINUTE


class Operators:
    """Whoever reads the notices of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice
        world.at(world.now + HOUR, self._silence)

    def read(self, notice: Notice) -> None:
        """Somebody reads it, and may do something about it."""
        if notice.type is NoticeType.RESOLVED or self._dice.random() > 0.25:
            return
        who = Actor(notice.recipient or "cem-eu", "unix uid 1001")
        wait = round(self._dice.expovariate(1) * _WAITS)
        self._world.at(self._world.now + wait, self._do, self._deed(notice.incident.key, who))

    def _deed(self, incident: str, who: Actor) -> Event:
        dice = self._dice
        lasts = dice.randrange(MINUTE, 3 * HOUR)
        deeds: list[tuple[int, Event]] = [
            (50, Acknowledge(incident, who, "on it")),
            (15, Acknowledge(incident, who, "", lasts)),
            (8, Snooze(incident, who, lasts)),
            (6, AddNote(incident, who, "looked at it")),
            (6, Assign(incident, who, dice.choice(("ada-us", "bob-au", who.name, None)))),
            (5, Resolve(incident, who, "done")),
            (5, Unacknowledge(incident, who)),
            (5, Escalate(incident, who)),
        ]
        return dice.choices([deed for _, deed in deeds], [weight for weight, _ in deeds])[0]

    def _do(self, deed: Event) -> None:
        if self._world.send(deed):
            self._world.counted[type(deed).__name__] += 1

    def _silence(self) -> None:
        """Make a silence, change one, or end one."""
        world, dice = self._world, self._dice
        world.at(world.now + round(dice.expovariate(3) * DAY), self._silence)
        who = Actor("ada-au", "unix uid 1002")
        made = [r for r in world.shelf.records.values() if isinstance(r, Silence)]
        live = sorted(r.key for r in made if r.state(world.now) != "expired")
        if live and dice.random() < 0.3:
            self._do(ExpireSilence(dice.choice(live), who))
            return
        number = dice.randrange(world.services)
        matchers = dice.choice(
            (
                (f"service=app-{number}",),
                (f"cluster=c{number % 8}", "kind=app"),
                ("region=us", 'tier=~"gold|bronze"'),
                ('severity=~"low|medium"',),
                ("region=au", 'severity!="emergency"'),
            )
        )
        starts = world.now + dice.choice((0, 0, 0, 30 * MINUTE))
        edited = dice.choice(live) if live and dice.random() < 0.2 else None
        self._do(
            PutSilence(
                who,
                tuple(map(parse_matcher, matchers)),
                starts if starts > world.now else None,
                starts + dice.randrange(10 * MINUTE, 9 * HOUR),
                "works",
                silence=edited,
            )
        )
