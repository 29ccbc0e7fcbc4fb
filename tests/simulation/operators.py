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
    FireTest,
    Merge,
    PutOverride,
    PutSilence,
    Resolve,
    Snooze,
    Split,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Actor, Incident, IncidentState, Silence
from tests.simulation.estate import NAMES

if TYPE_CHECKING:
    from tests.simulation.world import World

_WAITS: Final = 20 * MINUTE
_DOT: Final = Actor("dot-us", "unix uid 1003")


class Operators:
    """Whoever reads the notices of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice
        world.at(world.now + HOUR, self._silence)
        world.at(world.now + 2 * HOUR, self._regroup)
        world.at(world.now + 3 * HOUR, self._put_on_call)
        world.at(world.now + 4 * HOUR, self._try_out)

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

    def _regroup(self) -> None:
        """Merge two incidents, or split one."""
        world, dice = self._world, self._dice
        world.at(world.now + round(dice.expovariate(15) * DAY), self._regroup)
        known = [r for r in world.shelf.records.values() if isinstance(r, Incident)]
        keys = sorted(one.key for one in known if one.state is not IncidentState.RESOLVED)
        if not keys:
            return
        first, other = dice.choice(keys), dice.choice(keys)
        if first != other and dice.random() < 0.5:
            self._do(Merge(first, _DOT, (other,)))
            return
        firing = next(one.firing for one in known if one.key == first)
        if len(firing) > 1:
            self._do(Split(first, _DOT, tuple(dice.sample(firing, dice.randrange(1, len(firing))))))

    def _put_on_call(self) -> None:
        """Put somebody else on call, or have two swap, from a whole minute to another."""
        world, dice = self._world, self._dice
        world.at(world.now + round(dice.expovariate(0.3) * DAY), self._put_on_call)
        region = dice.choice(("eu", "us", "au"))
        one, other = (f"{name}-{region}" for name in dice.sample(NAMES, 2))
        start = (world.now // MINUTE + dice.randrange(1, 2 * DAY // MINUTE)) * MINUTE
        end = start + dice.randrange(60, 3 * 24 * 60) * MINUTE
        swap = dice.random() < 0.3
        persons = (one, other) if swap else (one,)
        replaces = other if not swap and dice.random() < 0.4 else None
        self._do(PutOverride(region, _DOT, persons, start, end, replaces, swap))

    def _try_out(self) -> None:
        """Fire test alerts of a service."""
        world, dice = self._world, self._dice
        world.at(world.now + round(dice.expovariate(0.3) * DAY), self._try_out)
        names = dice.sample(sorted(world.plan.services), 2)
        lasts, alerts = dice.randrange(MINUTE, 3 * HOUR), dice.choice((1, 1, 1, 12))
        self._do(FireTest(_DOT, tuple(names), lasts, alerts=alerts))
