"""Responses: which automated actions are due on which incident, and what comes of their runs.

Theory. `firing`: due while an incident is triggered and not muted, once, and again every
`repeat`. `escalated`: when its policy runs that level. `acknowledged`, `resolved`: when it
becomes so. One of the incident's alerts must match. Nothing begins by itself on a muted
incident; what is to follow its end does all the same if something was run on it before. Of one
response at most one run at a time waits or is under way for an incident.

What is due may be held (`daemon.core.responding.allowance`): `firing` then waits until it may
begin, the others are passed over; the timeline says which. A response begins by itself only on
incidents that fired since it is in force, so neither a reload nor a reset acts on what fires
already.

A run that begins is an effect, `StartResponse`, which the service acts on when it is on disk; its
end comes back as `RunEnded`. A run that was under way when the daemon died is interrupted: nobody
knows how far it got, so it is begun again only where the configuration says that this is safe.

It stands beside the desk, whose casebook says which incidents were touched. What operators ask
of responses is in `daemon.core.responding.commands`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.changing import replace
from daemon.core.deadlines import soonest
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import ENGINE, Incident, IncidentState, Instant, Record, RunState
from daemon.core.plan import Plan, ResponsePlan, When
from daemon.core.record import record
from daemon.core.responding import allowance
from daemon.core.responding.course import SEPARATOR, ResponseCourse, pair
from daemon.core.severity import Severity
from daemon.core.turn import Turn

_NOT_BEGUN: Final = frozenset({"", RunState.WAITING.value, RunState.EXPIRED.value})
"""How far a response got on an incident that was merged, where it is due on the survivor still."""


@record(frozen=True, slots=True)
class _Seen:
    """What of an incident decides about responses, as it was looked at last."""

    state: IncidentState
    severity: Severity
    is_muted: bool
    firing: tuple[str, ...]
    round: int
    level: int
    brought_by: str


class Responses:
    """Decides on the responses of a plan.

    Attributes:
        course: Carries them out.
        runs: The records.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.course = ResponseCourse(plan, book)
        self.runs = self.course.runs
        self._book = book
        self._seen: dict[str, _Seen] = {}
        self._held: dict[str, set[str]] = {}
        self._follow(plan)

    def _follow(self, plan: Plan) -> None:
        self._plan = plan
        self.course.replan(plan)
        self._by_when: dict[When, list[ResponsePlan]] = {when: [] for when in When}
        for one in plan.responses.values():
            self._by_when[one.when].append(one)

    def restore(self, records: Iterable[Record]) -> None:
        """Take in what a store kept, after the casebook did; `resume` follows."""
        self.runs.restore(records)
        for incident in self._book.incidents.values():
            self._seen[incident.key] = _seen(incident)

    def replan(self, plan: Plan) -> None:
        """Another configuration: runs that wait or are under way go on."""
        self._follow(plan)
        for incident in self._book.incidents.values():
            self._seen.setdefault(incident.key, _seen(incident))

    def resume(self, turn: Turn) -> None:
        """After a restart: see to what was under way, and look at every open incident again."""
        for run in self.runs.under_way():
            self.course.pick_up(run, turn)
        for incident in self._book.incidents.values():
            if incident.state is IncidentState.TRIGGERED:
                names = [plan.name for plan in self._by_when[When.FIRING]]
                self._held[incident.key] = set(names)  # it was said before
                for name in names:
                    self.course.again.set(pair(name, incident.key), turn.now)

    def next_deadline(self) -> Instant | None:
        """When an approval expires, a run is judged, or something is due again."""
        return soonest(self.runs.next_deadline(), self.course.again.next())

    def work(self, turn: Turn) -> None:
        """Look at the incidents that were touched, and do what is due."""
        self.course.register(turn)
        touched = self._book.take_touched()
        if not self._plan.responses and not self.runs.records:
            self._seen.clear()  # nothing is watched; `replan` begins with what there is then
            self._held.clear()
            return
        for key in sorted(touched, key=self._goes_on):
            self._look(key, turn)
        while (run := self.runs.due(turn.now)) is not None:
            if run.state is RunState.WAITING:
                self.course.withdraw(run, "nobody approved it in time", turn)
            else:
                self.course.judge(run, not self._book.is_open(run.incident), turn)
        for key, _ in list(self.course.again.take_due(turn.now)):
            self._fire_again(key, turn)

    # -- what is due -------------------------------------------------------------------

    def _look(self, key: str, turn: Turn) -> None:
        """Something happened to this incident."""
        incident = self._book.incidents.get(key)
        if incident is None or incident.is_test:
            self._seen.pop(key, None)
            self._held.pop(key, None)
            self.runs.forget(key, turn)
            return
        seen = _seen(incident)
        before = self._seen.get(key) or _unseen(incident, seen)
        if self._seen.get(key) == seen:
            return
        self._seen[key] = seen
        if seen.state is IncidentState.RESOLVED:
            if before.state is not IncidentState.RESOLVED:
                self._end(incident, before, turn)
            return
        if seen.is_muted:
            return
        if seen.state is IncidentState.TRIGGERED:
            for plan in self._by_when[When.FIRING]:
                self._fire(plan, incident, turn)
        elif before.state is not seen.state:
            self._begin_all(When.ACKNOWLEDGED, incident, "acknowledged", turn)
        for level in _levels(before, seen):
            for plan in self._by_when[When.ESCALATED]:
                if plan.level == level:
                    self._begin_matching(plan, incident, f"level {level}", turn)

    def _end(self, incident: Incident, before: _Seen, turn: Turn) -> None:
        """The incident is over: what waits for approval is of no use any more."""
        runs = self.runs.of(incident.key)
        for run in runs:
            if run.state is RunState.WAITING:
                self.course.withdraw(run, "the incident is over", turn)
        if incident.merged_into is not None:  # what it was about goes on elsewhere
            self._hand_over(incident, incident.merged_into)
            return
        if not before.is_muted or any(not run.is_trial for run in runs):
            self._begin_all(When.RESOLVED, incident, "resolved", turn)

    def _goes_on(self, key: str) -> bool:
        """Those come first that have gone into others, so that those know what was done."""
        incident = self._book.incidents.get(key)
        return incident is None or incident.merged_into is None

    def _hand_over(self, over: Incident, key: str) -> None:
        """This incident took the other's alerts, and maybe its policy at the level where it
        stood: what followed that level was done."""
        into, before = self._book.incidents.get(key), self._seen.get(key)
        if into is None or before is None or into.escalation is None or over.escalation is None:
            return
        steps, theirs = into.escalation, over.escalation
        if steps.policy == theirs.policy and steps.brought_by != before.brought_by:
            self._seen[key] = replace(before, round=theirs.round, level=theirs.level)

    def _fire_again(self, paired: str, turn: Turn) -> None:
        """A repeat is due, or what held a response back may be over."""
        name, _, key = paired.partition(SEPARATOR)
        plan, incident = self._plan.responses.get(name), self._book.incidents.get(key)
        if plan is None or plan.when is not When.FIRING or incident is None:
            return
        if incident.state is IncidentState.TRIGGERED and not incident.muted:
            self._fire(plan, incident, turn)

    def _fire(self, plan: ResponsePlan, incident: Incident, turn: Turn) -> None:
        """The incident calls for something: begin, unless that was done already."""
        last = self.runs.newest(plan.name, incident.key)
        done_at = None if last is None else last.ended_at
        if last is None and dict(incident.responses).get(plan.name, "") not in _NOT_BEGUN:
            recent = self.runs.states[plan.name].recent  # it ran before a merge or a split
            done_at = recent[-1] if recent else turn.now
        if last is not None or done_at is not None:
            if plan.repeat is None or done_at is None:
                return
            if done_at + plan.repeat > turn.now:
                self.course.again.set(pair(plan.name, incident.key), done_at + plan.repeat)
                return
        self._begin_matching(plan, incident, "firing", turn)

    def _begin_all(self, when: When, incident: Incident, trigger: str, turn: Turn) -> None:
        for plan in self._by_when[when]:
            self._begin_matching(plan, incident, trigger, turn)

    def _begin_matching(
        self, plan: ResponsePlan, incident: Incident, trigger: str, turn: Turn
    ) -> None:
        """The response is due on this incident, if that is one of its own."""
        if incident.fired_at < self.runs.states[plan.name].known_at:
            return
        if not self.course.fits(plan, incident) or self.runs.is_busy(plan.name, incident.key):
            return
        self.course.recurs(plan, incident, turn)
        held = allowance.hindrance(plan, self.runs.states[plan.name], turn.now)
        if held is None:
            self.course.begin(plan, incident, trigger, ENGINE, turn)
            return
        told = self._held.setdefault(incident.key, set())
        if plan.when is not When.FIRING or plan.name not in told:
            self.course.write(turn, incident.key, plan.name, f"due, but {held.why}")
        if plan.when is When.FIRING:
            told.add(plan.name)
            self.course.again.set(pair(plan.name, incident.key), held.until)


def _seen(incident: Incident) -> _Seen:
    steps = incident.escalation
    return _Seen(
        state=incident.state,
        severity=incident.severity,
        is_muted=bool(incident.muted),
        firing=incident.firing,
        round=0 if steps is None else steps.round,
        level=-1 if steps is None else steps.level,
        brought_by="" if steps is None else steps.brought_by,
    )


def _unseen(incident: Incident, seen: _Seen) -> _Seen:
    """What is believed of an incident before the first look at it. A part of another has gone
    through all that it stands at as that."""
    if incident.split_from is not None:
        return replace(seen, is_muted=True)
    return replace(seen, state=IncidentState.TRIGGERED, is_muted=True, round=0, level=-1)


def _levels(before: _Seen, seen: _Seen) -> range:
    """The levels, from 1, that the policy has run since."""
    went_on = seen.round == before.round and seen.level >= before.level
    return range(before.level + 2 if went_on else 1, seen.level + 2)
