"""Levels: whether a level of a policy is told at its time, and who of its targets.

A level may have conditions: hours in which alone it is told (`only_in`), and how many alerts there
must be (`min_alerts`). They are looked at when it is due, and again for each of its repeats. A
level whose conditions do not hold is passed over: those after it keep their times, unless nobody
was called by the policy so far; then the next one is told at once.

A level with `round_robin` tells one of its targets in turn; a team stands for its members there.
Whose turn it is goes on from incident to incident (`Turnabout`) and is kept. Within one incident
the turn is its own: a repeat, and another round of the policy, tell the one after whom it told
before. Those who cannot be reached lose their turn.

It stands between the steps of a policy (`daemon.core.oncall.escalation`) and whoever is told
(`daemon.core.telling.teller`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.changing import replace
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Incident, Level, Turnabout
from daemon.core.oncall.escalation import Step, StepKind
from daemon.core.plan import Plan
from daemon.core.telling import notices
from daemon.core.telling.calling import Caller
from daemon.core.telling.contacts import planned
from daemon.core.telling.holding import Holding
from daemon.core.turn import Turn

PASSED_OVER: Final = "is passed over"
"""In the timeline, of a level whose conditions do not hold."""


class Levels:
    """Looks at the levels of a casebook's incidents when they are due.

    Attributes:
        turnabouts: Who was told last by each level that takes turns.
    """

    def __init__(self, book: Casebook, holding: Holding, caller: Caller) -> None:
        self.turnabouts: dict[str, Turnabout] = {}
        self._book = book
        self._holding = holding
        self._caller = caller

    def restore(self, records: Iterable[Turnabout]) -> None:
        """Take in what a store kept."""
        self.turnabouts = {one.key: one for one in records}

    def forget(self, plan: Plan, turn: Turn) -> None:
        """Drop the turns of levels that neither the plan nor an open incident has any more."""
        known = {
            key(name, position)
            for name, policy in plan.policies.items()
            for position in range(len(policy.levels))
        }
        running = self._book.running_policies()
        for one in list(self.turnabouts.values()):
            if one.key not in known and one.key.rpartition("/")[0] not in running:
                del self.turnabouts[one.key]
                turn.drop(one)

    def why_passed_over(self, incident: Incident, step: Step, turn: Turn) -> str | None:
        """Why the step's level is not told now; None if it is."""
        level = _level(incident, step)
        if level is None:
            return None
        if level.only_in and not self._holding.is_within(level.only_in):
            return f"only in {' or '.join(level.only_in)}"
        if level.min_alerts > 1:
            there = len(self._caller.policy_alerts(incident, turn.now))
            if there < level.min_alerts:
                return f"only from {level.min_alerts} alerts on, and there are {there}"
        return None

    def in_turn(self, incident: Incident, step: Step, turn: Turn) -> Step:
        """The step, of a level that takes turns for the one target whose turn it is."""
        incident = self._book.incidents[incident.key]
        level, steps = _level(incident, step), incident.escalation
        if level is None or steps is None or not level.round_robin:
            return step
        able = [one for one in self._candidates(level) if self._is_reachable(one, incident, turn)]
        if not able:
            return step
        own = dict(steps.picks).get(step.level)
        name = key(steps.policy, step.level)
        last = own or (self.turnabouts[name].last if name in self.turnabouts else None)
        pick = _after(last, self._candidates(level), able)
        picks = {**dict(steps.picks), step.level: pick}
        steps = replace(steps, picks=tuple(picks.items()))
        self._book.put(replace(incident, escalation=steps), turn)
        if own is None:
            self.turnabouts[name] = Turnabout(name, pick)
            turn.save(self.turnabouts[name])
        return replace(step, targets=(pick,))

    def _candidates(self, level: Level) -> list[str]:
        """Who takes turns, each once: the targets, and for a team its members."""
        teams, found = self._caller.plan.teams, dict[str, None]()
        for target in level.notify:
            kind, _, name = target.partition(":")
            members = teams[name].members if kind == "team" and name in teams else ()
            found.update(dict.fromkeys([f"person:{one}" for one in members] or [target]))
        return list(found)

    def _is_reachable(self, target: str, incident: Incident, turn: Turn) -> bool:
        plan, severity = self._caller.plan, incident.severity
        to, _ = notices.recipients(plan, (target,), severity, turn.now)
        return bool(to or planned(plan, (target,), severity, turn.now))


def key(policy: str, level: int) -> str:
    """The key of a level's `Turnabout`."""
    return f"{policy}/{level}"


def _level(incident: Incident, step: Step) -> Level | None:
    """The level that the step tells; None for one that tells no level."""
    steps = incident.escalation
    if steps is None or step.kind not in {StepKind.LEVEL, StepKind.REPEAT}:
        return None
    return steps.levels[step.level]


def _after(last: str | None, candidates: list[str], able: list[str]) -> str:
    """Whose turn it is after `last`; the first's if that is not known any more."""
    if last not in candidates:
        return able[0]
    place = candidates.index(last) + 1
    return next(one for one in (*candidates[place:], *candidates[:place]) if one in able)
