"""A storm tried in a sandbox: what the configuration makes of many alerts at once.

The deciding half of the engine plays it in virtual time, as in `daemon.core.trying.rehearsal`:
nothing is in memory before, nobody acknowledges, every notice is taken to be delivered. Beside it
each alert is played alone, as if it were the only one: what all of those together would have told
is what nobody would have grouped, and the difference is what grouping saves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.deadlines import soonest
from daemon.core.decider import Decider
from daemon.core.effects import Enqueue
from daemon.core.events import FireTest
from daemon.core.model import HOUR, Incident, IncidentState, Instant, Millis
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.core.trying import testing
from daemon.core.trying.rehearsal import delivered
from daemon.core.turn import Condition, Turn

TAIL: Final[Millis] = HOUR
"""How long after the last alert resolved a storm is still looked at."""

Arrivals = list[tuple[Instant, list[Condition]]]


@record(frozen=True, slots=True)
class Gathered:
    """An incident that came of a storm.

    Attributes:
        alerts: How many alerts it gathered.
        messages: How many notices were sent of it.
        muted: Whether it was, and so told nobody.
    """

    title: str
    severity: str
    alerts: int
    messages: int
    muted: bool


@record(frozen=True, slots=True)
class Storm:
    """What becomes of a storm.

    Attributes:
        incidents: The largest first.
        messages: Notices by channel.
        pages: Notices by person, of those that went to persons.
        alone: How many notices there would have been had each alert been told by itself.
    """

    alerts: int
    incidents: tuple[Gathered, ...]
    messages: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    alone: int = 0

    @property
    def told(self) -> int:
        """How many notices there are."""
        return self.messages.total()

    @property
    def reduction(self) -> float:
        """How much less is told than if each alert were told by itself, in percent, rounded
        down to tenths."""
        if not self.alone:
            return 0.0
        return max(0, (self.alone - self.told) * 1000 // self.alone) / 10


def storm(plan: Plan, event: FireTest, at: Instant, over: Millis) -> Storm:
    """Play it: the alerts fire one after the other, evenly over a time.

    Raises:
        NotFound, Invalid: See `testing.check`.
    """
    testing.check(plan, event)
    numbers = range(event.alerts)
    arrivals = [
        (when, list(testing.stated(plan, event, number, when, f"storm.{number + 1}")))
        for number in numbers
        for when in (at + over * number // event.alerts,)
    ]
    notices, incidents = _played(plan, arrivals, event.lasts)
    of_each = Counter(notice.incident.key for notice in notices)
    gathered = [_gathered(incident, of_each[incident.key]) for incident in incidents]
    return Storm(
        alerts=event.alerts,
        incidents=tuple(sorted(gathered, key=lambda one: (-one.alerts, one.title))),
        messages=Counter(notice.channel for notice in notices),
        pages=Counter(notice.recipient for notice in notices if notice.recipient),
        alone=_alone(plan, event, at),
    )


def _gathered(incident: Incident, messages: int) -> Gathered:
    severity = incident.severity.word
    return Gathered(incident.title, severity, len(incident.alerts), messages, messages == 0)


def _alone(plan: Plan, event: FireTest, at: Instant) -> int:
    """What the alerts tell one by one; those that are alike tell alike."""
    alike = Counter(testing.like(plan, event, number) for number in range(event.alerts))
    told = 0
    for number, count in alike.items():
        arrival = (at, list(testing.stated(plan, event, number, at, "alone")))
        told += count * len(_played(plan, [arrival], event.lasts)[0])
    return told


def _played(plan: Plan, arrivals: Arrivals, lasts: Millis) -> tuple[list[Notice], list[Incident]]:
    """All notices, in order, and all incidents as they were last."""
    decider, told = Decider(plan), list[Notice]()
    for turn in _turns(decider, arrivals, lasts):
        fresh = _notices(turn)
        told += fresh
        _settle(decider, fresh, turn.now, told)
    return told, list(decider.book.incidents.values())


def _turns(decider: Decider, arrivals: Arrivals, lasts: Millis) -> Iterator[Turn]:
    """Every turn, each decided, until all is over."""
    end = arrivals[-1][0] + lasts + TAIL
    waiting = arrivals[::-1]
    while True:
        now = soonest(decider.next_deadline(), waiting[-1][0] if waiting else None)
        if now is None or now > end or not (waiting or _is_open(decider.book.incidents.values())):
            return
        turn = Turn(now)
        while waiting and waiting[-1][0] <= now:
            turn.conditions += waiting.pop()[1]
        decider.begin()
        decider.decide(turn)
        yield turn


def _settle(decider: Decider, fresh: Iterable[Notice], now: Instant, told: list[Notice]) -> None:
    """Each notice is delivered at once; what that brings is told too."""
    waiting = list(fresh)
    while waiting:
        decider.begin()
        turn = Turn(now)
        for notice in waiting:
            decider.take(delivered(notice), turn)
        decider.decide(turn)
        waiting = _notices(turn)
        told += waiting


def _notices(turn: Turn) -> list[Notice]:
    """What a turn tells of the storm: shifts change beside it, and are none of it."""
    told = (effect.notice for effect in turn.effects if isinstance(effect, Enqueue))
    return [notice for notice in told if notice.type is not NoticeType.HANDOVER]


def _is_open(incidents: Iterable[Incident]) -> bool:
    return any(one.state is not IncidentState.RESOLVED for one in incidents)
