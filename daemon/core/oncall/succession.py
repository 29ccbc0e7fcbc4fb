"""Succession: what becomes of open incidents when a configuration no longer has whom they tell.

An incident keeps the policy and the channels that it began with. Where another configuration
has a target of that policy no longer (a person, a team, a schedule, a channel was removed or
renamed), it would call nobody, and nobody would know. So here alone a running policy is touched:
the policy of the same name takes its place as it is now, or else the one that the incident's
route names now, at the level where it stood. Without any, its levels that reach nobody are
passed over when they are due. If nobody of those whom it has called is left, it starts over; and
if it has nobody to turn to at all, that is an alert of Tocsin's own. Groups likewise take the
channels that their route names now in the place of those that are gone.

All of it is written into the timelines, from where the answer to a reload and the log have it. It
stands beside the desk, after a configuration was taken over and after a restart.
"""

from __future__ import annotations

from daemon.core.alerting.sources import nobody_condition
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.course import Course
from daemon.core.model import Alert, Escalation, Group, Incident
from daemon.core.oncall import escalation as policy
from daemon.core.plan import Plan, PolicyPlan
from daemon.core.telling.routing import Router, Taken, beside
from daemon.core.turn import Turn


class Succession:
    """Sees to the open incidents of a casebook under another plan."""

    def __init__(self, plan: Plan, book: Casebook, course: Course) -> None:
        self._book = book
        self._course = course
        self.replan(plan)

    def replan(self, plan: Plan) -> None:
        """From now on this is the configuration."""
        self._plan = plan
        self._router = Router(plan.route)

    def settle(self, turn: Turn) -> None:
        """See to every open incident."""
        for key in list(self._book.incidents):
            if self._book.is_open(key):
                told = self._channels(self._book.incidents[key], turn)
                called = self._policy(self._book.incidents[key], turn)
                if told or called:
                    self._course.keep(self._book.incidents[key], turn)

    def _channels(self, incident: Incident, turn: Turn) -> bool:
        changed = False
        for group in self._book.groups_of(incident):
            gone = [name for name in group.channels if name not in self._plan.channels]
            if not gone:
                continue
            left = [name for name in group.channels if name in self._plan.channels]
            now = dict.fromkeys([*left, *self._channels_now(group)])
            words = f"the channel {', '.join(gone)} of its route is no more"
            text = f"{words}: told on {', '.join(now) or 'no channel'}"
            self._book.write(turn, incident, EntryKind.REPLANNED, text)
            self._book.put_group(replace(group, channels=tuple(now)), turn)
            changed = True
        return changed

    def _channels_now(self, group: Group) -> tuple[str, ...]:
        taken = self._taken(group)
        return () if taken is None else taken.route.channels

    def _taken(self, group: Group) -> Taken | None:
        """The route that the group's gravest alert takes now; of a group that only notifies, if
        it is one that gathers the same."""
        alert = self._gravest(group)
        if alert is None:
            return None
        routing = self._router.route(alert)
        if group.owner:
            return routing.owner
        same = (
            t for t in routing.others if beside(t.group_key(alert), group.incident) == group.key
        )
        return next(same, None)

    def _gravest(self, group: Group) -> Alert | None:
        members = set(group.alerts)
        firing = self._book.firing(self._book.incidents[group.incident])
        mine = [alert for alert in firing if alert.key in members]
        return max(mine, key=lambda alert: alert.effective, default=None)

    def _policy(self, incident: Incident, turn: Turn) -> bool:
        steps = incident.escalation
        if steps is None:
            return False
        gone = [target for target in _targets(steps) if not self._has(target)]
        stranded = self._is_stranded(incident)
        if not (gone or stranded):
            return False
        successor = self._successor(incident, steps) if gone else None
        if successor is not None:
            steps = policy.succeeded(steps, successor)
        if stranded:
            steps = policy.restarted(steps, turn.now)
        text = _words(incident, gone, successor, stranded=stranded)
        self._book.write(turn, incident, EntryKind.REPLANNED, text)
        self._book.put(replace(incident, escalation=steps), turn)
        nobody = not any(map(self._has, policy.ahead(steps)))
        if nobody and (stranded or not incident.told):
            detail = f"incident {incident.key}: the configuration has nobody of it any more"
            turn.conditions.append(nobody_condition(steps.policy, True, detail, turn.now))
        return True

    def _successor(self, incident: Incident, steps: Escalation) -> PolicyPlan | None:
        same = self._plan.policies.get(steps.policy)
        if same is not None:
            return same
        group = self._book.groups.get(steps.brought_by or incident.group)
        taken = None if group is None else self._taken(group)
        return None if taken is None else self._plan.policies.get(taken.route.policy or "")

    def _is_stranded(self, incident: Incident) -> bool:
        """Whether somebody was called, and all who were are gone from the configuration."""
        return bool(incident.told) and not any(
            told.channel in self._plan.channels
            and (not told.recipient or told.recipient in self._plan.persons)
            for told in incident.told
        )

    def _has(self, target: str) -> bool:
        kind, _, name = target.partition(":")
        plan = self._plan
        match kind:
            case "person":
                return name in plan.persons
            case "team":
                return name in plan.teams
            case "schedule":
                return name in plan.schedules
            case _:
                return name in plan.channels


def _targets(steps: Escalation) -> tuple[str, ...]:
    """All whom the policy names, each once."""
    named = (target for level in steps.levels for target in level.notify)
    return tuple(dict.fromkeys((*named, *steps.then)))


def _words(
    incident: Incident, gone: list[str], successor: PolicyPlan | None, *, stranded: bool
) -> str:
    old = "" if incident.escalation is None else incident.escalation.policy
    said = []
    if gone:
        lost = f"{', '.join(gone)}, named by its policy, is no more"
        if successor is None:
            said.append(
                f"{lost}, nor is there a policy {old}: levels without anybody are passed over"
            )
        elif successor.name == old:
            said.append(f"{lost}: policy {old} goes on as it is written now")
        else:
            said.append(f"{lost}: policy {successor.name} takes the place of {old}")
    if stranded:
        said.append("nobody of those who were called is left: the policy starts over")
    return "; ".join(said)
