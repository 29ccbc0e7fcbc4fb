"""Demands: a level or a route is told when so many have taken it, and else the next level is.

Theory. A page that is queued is not told yet, and one channel that takes it may be the wrong one
to rely on. So a level or a route may `require` that so many recipients, a channel or a person on
one, have taken it within `require_within`. A fallback stands for the notice in whose place it was
sent; who took it twice counts once; a contact with a delay can take it once it is used, if that is
before the time is over. A demand ends in one of three ways:

    enough have taken it                                  met: nothing follows
    the time is over, or those still open are too few     failed: the next level is due at once
    nobody is to be called any more                       dropped

What is left of it is kept with the incident, so a restart changes nothing. It stands between what
tells (`telling`, `looks`), what becomes of notices (`outcomes`) and the escalation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Demand, Incident, Instant, Millis
from daemon.core.oncall import escalation as policy
from daemon.core.telling.holding import Holding
from daemon.core.turn import Turn

Change = Callable[[Demand], Demand]


def taken(demand: Demand, notice: str, by: str) -> Demand:
    """After this notice was taken by somebody."""
    if notice not in demand.pending:
        return demand
    takers = tuple(dict.fromkeys((*demand.taken, by)))
    return replace(lost(demand, notice), taken=takers)


def lost(demand: Demand, notice: str) -> Demand:
    """After this notice was given up, and none was sent in its place."""
    return replace(demand, pending=tuple(key for key in demand.pending if key != notice))


def replaced(demand: Demand, notice: str, by: str) -> Demand:
    """After another notice was sent in place of this one."""
    pending = tuple(by if key == notice else key for key in demand.pending)
    return replace(demand, pending=pending)


def is_met(demand: Demand) -> bool:
    """Whether enough have taken it."""
    return len(demand.taken) >= demand.need


def joined(demand: Demand, notices: Iterable[str]) -> Demand:
    """After these notices were sent on behalf of the same level."""
    return replace(demand, pending=tuple(dict.fromkeys((*demand.pending, *notices))))


def coming(demand: Demand, incident: Incident) -> int:
    """How many contacts of the level are yet to be used in its time."""
    times = (one.at for one in incident.contacts if of_level(one.level) == demand.what)
    return sum(at is not None and at < demand.by for at in times)


def of_level(level: int | None) -> str:
    """Whose a demand is that a level makes, counted from 0."""
    return "" if level is None else f"level {level + 1}"


def has_failed(demand: Demand, now: Instant, more: int = 0) -> bool:
    """Whether enough never will in time, though so many more are yet to be told."""
    if is_met(demand):
        return False
    return now >= demand.by or len(demand.taken) + len(demand.pending) + more < demand.need


class Demands:
    """Holds the incidents of a casebook to what their levels and routes demand."""

    def __init__(self, book: Casebook, holding: Holding) -> None:
        self._book = book
        self._holding = holding

    def make(
        self, key: str, what: str, need: int, within: Millis, notices: Iterable[str], turn: Turn
    ) -> None:
        """These notices of the incident were queued, and so many are to be taken."""
        if need < 1:
            return
        demand = Demand(what, need, turn.now + within, tuple(dict.fromkeys(notices)))
        others = (one for one in self._book.incidents[key].demands if one.what != what)
        self._settle(key, (*others, demand), turn)

    def learn(self, key: str, change: Change, turn: Turn) -> None:
        """Something became of a notice of this incident."""
        demands = self._book.incidents[key].demands
        if demands:
            self._settle(key, map(change, demands), turn)

    def join(self, key: str, level: int | None, notices: Iterable[str], turn: Turn) -> None:
        """A contact with a delay was used: these notices were sent for the level."""
        sent, what = tuple(notices), of_level(level)
        self.learn(key, lambda one: joined(one, sent) if one.what == what else one, turn)

    def look(self, key: str, turn: Turn) -> None:
        """The time of a demand may be over."""
        self.learn(key, lambda demand: demand, turn)

    def _settle(self, key: str, demands: Iterable[Demand], turn: Turn) -> None:
        """Keep what is open of these demands, and see to those that failed."""
        found = list(demands)
        incident = self._book.incidents[key]
        failed = [one for one in found if has_failed(one, turn.now, coming(one, incident))]
        kept = tuple(one for one in found if not is_met(one) and one not in failed)
        calls = self._book.is_open(key) and self._holding.is_calling(incident, turn.now)
        self._book.rearm(self._book.note(replace(incident, demands=kept if calls else ()), turn))
        for demand in failed if calls else ():
            self._fail(self._book.incidents[key], demand, turn)

    def _fail(self, incident: Incident, demand: Demand, turn: Turn) -> None:
        """The next level is due at once, if there is one."""
        steps = incident.escalation
        hastened = None if steps is None else policy.passed_on(steps, turn.now)
        then = "nobody else is to be told at once"
        if hastened is not None and hastened != steps:
            then = f"{policy.coming(hastened) or 'the next level'} follows at once"
            self._book.put(replace(incident, escalation=hastened), turn)
        is_over = turn.now >= demand.by
        able = len(demand.pending) + coming(demand, incident)
        yet = " in time" if is_over else f", and {able} can yet"
        text = f"{demand.what} requires that {demand.need} take it: {len(demand.taken)} did{yet}"
        self._book.write(turn, incident, EntryKind.UNDELIVERED, f"{text}; {then}")
