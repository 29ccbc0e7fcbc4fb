"""The ledger: every objective of a plan over the timelines that the books keep.

It answers with an objective's figures, composes what several services are together, keeps
what operators said of the past, and has the objectives looked at that may alert. The books
call `changed` when services' timelines changed, then `tick`, once in every turn.

A year of planned time takes a while to work out, so after a start and a reload that is done a
stretch a turn (`_Cold`), before anybody asks; who asks sooner waits for what is left only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from checks.result import Result
from daemon.core.chronicle import Interval
from daemon.core.deadlines import soonest
from daemon.core.events import Amend, Withdraw
from daemon.core.model import DAY, Amendment, AmendmentKind, Instant, Millis
from daemon.core.muting.maintenance import Calendar, Happened
from daemon.core.plan import Plan, SlaKind, SlaPlan
from daemon.core.sla.alarms import Alarms, Look
from daemon.core.sla.amendments import Amendments, need_past
from daemon.core.sla.availability import figures, look_at, service_status
from daemon.core.sla.burning import reach
from daemon.core.sla.course import Course, course
from daemon.core.sla.failing import Span
from daemon.core.sla.minutes import Minutes
from daemon.core.sla.periods import period_at
from daemon.core.sla.runs import RunCount, Runs
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.together import Together
from daemon.core.sla.values import SlaFigures
from daemon.core.turn import Turn

STEP: Final = 16 * DAY
"""So much planned time is worked out in one turn."""


@dataclass(slots=True)
class _Cold:
    """The planned time of a service that is still to be worked out: all of [start, end) but
    [low, high)."""

    service: str
    start: Instant
    end: Instant
    low: Instant
    high: Instant

    def grow(self) -> bool:
        """Take in a step more on either side; returns whether there is any."""
        if self.low <= self.start and self.high >= self.end:
            return False
        self.low = max(self.start, self.low - STEP)
        self.high = min(self.end, self.high + STEP)
        return True


class Ledger:
    """The objectives of a plan.

    Attributes:
        amendments: What operators said of the past.
        happened: What became of planned work, once somebody knows.
    """

    def __init__(self, timelines: Callable[[], Mapping[str, Timeline]]) -> None:
        """
        Args:
            timelines: The services' timelines, by name, as they are now.
        """
        self.amendments = Amendments()
        self.happened: Happened | None = None
        self._timelines = timelines
        self._plan = Plan()
        self._calendar = Calendar({})
        self._together = Together(service_status)
        self._minutes = Minutes()
        self._runs = Runs()
        self._alarms = Alarms(self._look)
        self._cold: list[_Cold] = []

    def replan(self, plan: Plan, now: Instant) -> None:
        """These objectives count now, over the timelines there are."""
        self._plan = plan
        self._calendar = Calendar(plan.maintenance, self._calendar)
        self._together.replan(plan.slas.values(), self._timelines())
        self._minutes.replan(plan)
        self._runs.replan(plan)
        self._alarms.replan(plan.slas.values(), now)
        self._cold = []
        planned = {service for work in plan.maintenance.values() for service in work.excludes}
        for sla in plan.slas.values() if now else ():
            start, end = reach(sla, now), period_at(sla.period, sla.timezone, now)[1]
            cold = (_Cold(one, start, end, now, now) for one in sla.members if one in planned)
            self._cold += cold

    def replanned(self, now: Instant) -> None:
        """Work was announced or ended by hand: other time is excluded."""
        for name in self._plan.slas:
            self._alarms.amended(name, now)

    def changed(self, starts: Mapping[str, Instant], now: Instant) -> None:
        """These services' timelines changed from these moments on."""
        if starts:
            self._together.changed(starts, self._timelines())
            self._alarms.changed(starts, now)

    def restore(self, intervals: Iterable[Interval]) -> None:
        """Take in what was written of the objectives that count runs, in order of time."""
        self._minutes.restore(intervals)

    def restore_runs(self, runs: Iterable[RunCount], now: Instant) -> None:
        """Take in how many runs there were lately."""
        self._runs.restore(runs, now)

    def observe(self, result: Result) -> None:
        """A run ended."""
        self._minutes.observe(result)
        self._runs.observe(result)

    def tick(self, turn: Turn) -> None:
        """Look at the objectives that are due, and work out some planned time."""
        for name in self._minutes.tick(turn):
            self._alarms.amended(name, turn.now)
        self._alarms.tick(turn)
        if self._cold:
            cold = self._cold[-1]
            if cold.grow():
                self._calendar.excluded(cold.service, cold.low, cold.high)
            else:
                self._cold.pop()

    def next_deadline(self) -> Instant | None:
        """When an objective is to be looked at or a minute of it is over; at once while planned
        time is to be worked out."""
        if self._cold:
            return 0
        return soonest(self._alarms.next_deadline(), self._minutes.next_deadline())

    def forget(self, now: Instant) -> None:
        """Give up what no objective asks about."""
        for sla in self._plan.slas.values():
            self._together.forget(sla.name, reach(sla, now))
            self._minutes.forget(sla.name, reach(sla, now))

    def amend(self, command: Amend, turn: Turn) -> None:
        """An operator excludes a stretch of the past, or writes a note on it.

        Raises:
            Refusal: It is not done; nothing changed.
        """
        made = self.amendments.add(command, self._plan, turn)
        self._alarms.amended(made.sla, turn.now)

    def withdraw(self, command: Withdraw, turn: Turn) -> None:
        """An operator takes that back.

        Raises:
            Refusal: There is no such amendment.
        """
        known = self.amendments.withdraw(command, turn)
        self._alarms.amended(known.sla, turn.now)

    def figures(
        self, name: str, now: Instant, period: Span | None = None, *, listed: bool = True
    ) -> SlaFigures:
        """The figures of this objective in the period around `now`, or in another.

        Args:
            listed: As in `daemon.core.sla.availability.figures`.

        Raises:
            KeyError: The plan has no such SLA.
        """
        plan = self._plan.slas[name]
        start, end = period or period_at(plan.period, plan.timezone, now)
        return figures(
            plan,
            self.timeline(plan),
            now,
            self.planned(plan, min(start, reach(plan, now)), end),
            amendments=self.amendments.of(name),
            period=period,
            listed=listed,
        )

    def without(self, name: str, now: Instant, stretch: Span) -> SlaFigures:
        """The figures as they would be if this stretch of the past were excluded too.

        Raises:
            KeyError: The plan has no such SLA.
            Invalid: The stretch is empty or not past.
        """
        need_past(stretch, now)
        plan = self._plan.slas[name]
        start, end = period_at(plan.period, plan.timezone, now)
        planned = self.planned(plan, min(start, reach(plan, now)), end)
        said = self.amendments.of(name)
        return figures(plan, self.timeline(plan), now, [*planned, stretch], amendments=said)

    def course(self, name: str, now: Instant, more_ms: Millis = 0) -> Course:
        """How this objective came to its figures, and what so much more down time would do.

        Raises:
            KeyError: The plan has no such SLA.
        """
        plan, made = self._plan.slas[name], self.figures(name, now, listed=False)
        oldest = min(made.start, reach(plan, now))
        planned = self.planned(plan, oldest, made.end)
        return course(plan, self.timeline(plan), made, planned, oldest, more_ms)

    def timeline(self, plan: SlaPlan) -> Timeline:
        """What the objective counts."""
        if plan.kind is not SlaKind.AVAILABILITY:
            return self._minutes.timeline(plan.name)
        if plan.is_group:
            return self._together.timeline(plan)
        return self._timelines().get(plan.service) or Timeline()

    def planned(self, plan: SlaPlan, start: Instant, end: Instant) -> list[Span]:
        """The planned time that it does not count. Of several services: that in which any of
        them is worked on, since what is planned breaks no promise."""
        spans: list[Span] = []
        for service in plan.members:
            spans += self._calendar.excluded(service, start, end, self.happened)
        return spans

    def _look(self, plan: SlaPlan, now: Instant) -> Look:
        start, end = period_at(plan.period, plan.timezone, now)
        away: Iterable[Span] = self.planned(plan, min(start, reach(plan, now)), end)
        approved = _excluded(self.amendments.of(plan.name))
        look = look_at(plan, self.timeline(plan), now, [*away, *approved])
        return replace(look, runs=self._runs.of(plan, now))


def _excluded(amendments: Iterable[Amendment]) -> list[Span]:
    return [(a.start, a.end) for a in amendments if a.kind is AmendmentKind.EXCLUSION]
