"""Duty: who has to answer, as far as it is decided at run time and kept.

Overrides that operators make, hand-overs that are announced, and whose turn it is at levels that
tell one after the other. The plan that the rest of the engine goes by is this one's (`plan`): the
configuration's with what calendars say and the overrides laid over its schedules.

It stands beside the desk: overrides are taken in before anybody is told, hand-overs announced
after what is due was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from daemon.core.changing import replace
from daemon.core.deadlines import soonest
from daemon.core.events import CalendarRead, EndOverride, PutOverride
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Handover, Instant, Override, Record, Turnabout
from daemon.core.oncall.handovers import Handovers
from daemon.core.oncall.overrides import Overrides
from daemon.core.plan import CalendarPiece, Plan
from daemon.core.telling.teller import Teller
from daemon.core.turn import Turn


class Duty:
    """Who has to answer under a plan.

    Attributes:
        plan: The plan with the overrides that were made at run time.
        overrides: Those.
    """

    def __init__(self, plan: Plan, book: Casebook, teller: Teller) -> None:
        self.plan = plan
        self.overrides = Overrides()
        self._configured = plan
        self._calendars = {n: one.calendar for n, one in plan.schedules.items() if one.calendar}
        self._teller = teller
        self._handovers = Handovers(plan, book)

    def restore(self, records: Iterable[Record]) -> None:
        """Take in what a store kept."""
        kept = list(records)
        self.overrides.restore(one for one in kept if isinstance(one, Override))
        self._handovers.restore(one for one in kept if isinstance(one, Handover))
        self._teller.levels.restore(one for one in kept if isinstance(one, Turnabout))
        self._lay_over()

    def reword(self, record: Override | Handover | Turnabout) -> None:
        """The same in other words."""
        match record:
            case Override():
                self.overrides.records[record.key] = record
                self._lay_over()
            case Handover():
                self._handovers.records[record.key] = record
            case Turnabout():
                self._teller.levels.turnabouts[record.key] = record

    def replan(self, plan: Plan, turn: Turn) -> None:
        """Another configuration; what was said at run time stays, and what calendars said where
        it does not say so itself."""
        self._configured = plan
        self._calendars |= {n: one.calendar for n, one in plan.schedules.items() if one.calendar}
        self._lay_over()
        self._handovers.forget(turn)
        self._teller.levels.forget(plan, turn)

    def records(self) -> Iterator[Record]:
        """Everything that is kept."""
        yield from self.overrides.records.values()
        yield from self._handovers.records.values()
        yield from self._teller.levels.turnabouts.values()

    def next_deadline(self) -> Instant | None:
        """When a hand-over is to be announced, or an override forgotten."""
        return soonest(self._handovers.next_deadline(), self.overrides.next_deadline())

    def take(self, event: PutOverride | EndOverride | CalendarRead, turn: Turn) -> None:
        """Carry a command out, or take in what a calendar says; whoever is on call by it is told
        from now on.

        Raises:
            Refusal: A command is not carried out; nothing changed.
        """
        match event:
            case PutOverride():
                self.overrides.put(event, self._configured, turn)
            case EndOverride():
                self.overrides.end(event, turn)
            case CalendarRead():
                if self._calendars.get(event.schedule) == event.pieces:
                    return
                self._calendars[event.schedule] = event.pieces
        self._lay_over()

    def work(self, turn: Turn) -> None:
        """Do what is due."""
        self.overrides.tick(turn)
        self._handovers.tick(turn)

    def _lay_over(self) -> None:
        self.plan = self.overrides.applied(with_calendars(self._configured, self._calendars))
        self._teller.caller.plan = self.plan
        self._handovers.replan(self.plan)


def with_calendars(plan: Plan, pieces: Mapping[str, tuple[CalendarPiece, ...]]) -> Plan:
    """The plan with what calendars say in the schedules that have one."""
    told = {
        name: replace(one, calendar=pieces[name])
        for name, one in plan.schedules.items()
        if one.has_calendar and name in pieces and one.calendar != pieces[name]
    }
    return replace(plan, schedules={**plan.schedules, **told}) if told else plan
