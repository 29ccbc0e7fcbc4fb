"""The intake: which incident an alert belongs to, and the groups it is told by.

An alert that begins to fire is routed; the group of the route that owns it finds its incident,
or a new one begins with it, and other routes gather it into groups that only notify. An alert
that gets graver is routed again, for it may bring routes and a policy. What happened is left in
`Reviews` for the one review of the incident, which takes it in.

It stands at the beginning of the desk, after alerts and muting and before the review.
"""

from __future__ import annotations

from daemon.core import escalation as policy
from daemon.core import incidents, titles
from daemon.core.alerts import Alerts, fires
from daemon.core.casebook import Casebook
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.course import Course
from daemon.core.holding import Holding
from daemon.core.model import Alert, Group, Incident
from daemon.core.plan import Plan
from daemon.core.reviews import Touched
from daemon.core.routing import Router, Taken, beside
from daemon.core.severity import Severity
from daemon.core.turn import Turn


class Intake:
    """Lets alerts into incidents and groups, by the routes of a plan."""

    def __init__(
        self, plan: Plan, alerts: Alerts, book: Casebook, holding: Holding, course: Course
    ) -> None:
        self._alerts = alerts
        self._book = book
        self._holding = holding
        self._course = course
        self.replan(plan)

    def replan(self, plan: Plan) -> None:
        """What begins from now on follows these routes."""
        self._plan = plan
        self._router = Router(plan.route)

    def fire(self, key: str, turn: Turn) -> None:
        """This alert began to fire, or a dismissed one counts again."""
        alert = self._alerts.records.get(key)
        if fires(alert) and not self._is_in_one(alert):
            self.settle_in(alert, turn)

    def settle_in(self, alert: Alert, turn: Turn) -> None:
        """Find the alert's incident, which may begin with it, and its groups."""
        routing = self._router.route(alert)
        group = self._book.groups.get(routing.owner.group_key(alert))
        if group is None:
            incident = self._open(alert, routing.owner, turn)
        else:
            incident = self._book.incidents[group.incident]
            self._join(alert, incident, group, turn)
        for taken in routing.others:
            self._gather(taken, alert, incident, turn, owner=False)

    def go_on(self, before: Alert, alert: Alert, turn: Turn) -> None:
        """The alert fires as before, but something else about it changed."""
        if alert.incident is None or not self._book.is_open(alert.incident):
            return
        touched = self._course.touch(alert.incident, turn)
        if before.terms.down and before.holds and not (alert.terms.down and alert.holds):
            touched.end(alert.terms.since or turn.now)
        taken_at = self._book.incidents[alert.incident].acknowledged_at
        unmuted = before.muted and not alert.muted
        if unmuted:
            touched.shown[alert.key] = None
        if unmuted and taken_at is not None and (alert.fired_at or 0) > taken_at:
            touched.fresh[alert.key] = None
        if alert.effective > before.effective:
            self._route_again(before, alert, turn)

    def end(self, before: Alert, alert: Alert, turn: Turn) -> None:
        """The alert fires no more."""
        key = before.incident
        if key is None or not self._book.is_open(key):
            return
        self._course.touch(key, turn).end(alert.terms.since or turn.now)
        text = f"{titles.named(alert)} resolved"
        self._book.write(turn, self._book.incidents[key], EntryKind.ALERT_RESOLVED, text)

    def take_in(self, incident: Incident, what: Touched, turn: Turn) -> Incident:
        """The incident and its groups with the alerts that joined them."""
        if what.joined:
            known = frozenset(incident.alerts)
            what.fresh.update((key, None) for key in what.joined if key not in known)
            incident = self._book.put(incidents.joined(incident, tuple(what.joined)), turn)
        for key, joined in what.gathered.items():
            group = self._book.groups.get(key)
            if group is not None:
                known = frozenset(group.alerts)
                added = (one for one in joined if one not in known)
                self._book.put_group(replace(group, alerts=(*group.alerts, *added)), turn)
        return incident

    def _is_in_one(self, alert: Alert) -> bool:
        return alert.incident is not None and self._book.is_open(alert.incident)

    def _open(self, alert: Alert, owner: Taken, turn: Turn) -> Incident:
        group = owner.group_key(alert)
        key = incidents.incident_id(group, turn.now)
        while key in self._book.incidents:  # it ended and began again in one millisecond
            key = incidents.incident_id(key, turn.now)
        incident = incidents.opened(alert, key, group, self._plan, turn.now)
        name = owner.route.policy
        if name is not None and name in self._plan.policies:
            not_before = turn.now + owner.wait(alert)
            steps = policy.begun(self._plan.policies[name], turn.now, not_before)
            incident = replace(incident, escalation=steps)
        incident = self._book.put(incident, turn)
        self._alerts.put(replace(alert, incident=incident.key), turn)
        self._book.write(turn, incident, EntryKind.FIRED, titles.fired(alert))
        if incident.muted:
            self._book.write(turn, incident, EntryKind.MUTED, titles.mutes(incident))
        self._gather(owner, alert, incident, turn, owner=True)
        if self._holding.why(incident, turn.now):
            self._course.touch(incident.key, turn)
        return self._course.keep(incident, turn)

    def _join(self, alert: Alert, incident: Incident, group: Group, turn: Turn) -> None:
        if alert.incident != incident.key:
            self._alerts.put(replace(alert, incident=incident.key), turn)
            self._book.write(turn, incident, EntryKind.JOINED, titles.fired(alert))
        touched = self._course.touch(incident.key, turn)
        touched.joined[alert.key] = None
        touched.shown[alert.key] = None
        touched.gathered.setdefault(group.key, {})[alert.key] = None

    def _gather(
        self, taken: Taken, alert: Alert, incident: Incident, turn: Turn, *, owner: bool
    ) -> None:
        """Put the alert into its group on this route; the group may begin with it."""
        key = taken.group_key(alert)
        key = key if owner else beside(key, incident.key)
        group = self._book.groups.get(key)
        if group is None:
            route = taken.route
            group = Group(
                key=key,
                route=route.path,
                labels=taken.labels_of(alert),
                incident=incident.key,
                owner=owner,
                alerts=(alert.key,),
                opened_at=turn.now,
                flush_at=None,
                channels=route.channels,
                wait=taken.wait(alert),
                interval=route.group_interval,
                repeat=route.repeat_interval,
                default_wait=route.group_wait is None,
                mute_in=route.mute_time_intervals,
                active_in=route.active_time_intervals,
                suppress=route.suppress,
            )
            self._book.put_group(group, turn)
            if owner:
                return
        gathered = self._course.touch(incident.key, turn).gathered
        gathered.setdefault(key, {})[alert.key] = None

    def _route_again(self, before: Alert, alert: Alert, turn: Turn) -> None:
        """A graver alert may take more routes: they notify too. An incident that had no policy
        takes the one they bring, and one whose gravest alert came to another takes that."""
        routing = self._router.route(alert)
        incident = self._book.incidents[alert.incident or ""]
        brought_by = routing.owner.group_key(alert)
        mine = {group.key for group in self._book.groups_of(incident)}
        for taken in (routing.owner, *routing.others):
            if taken.group_key(alert) not in mine:
                self._gather(taken, alert, incident, turn, owner=False)
        name, steps = routing.owner.route.policy, incident.escalation
        if name is None or name not in self._plan.policies:
            return
        if steps is not None:
            came = name not in (steps.policy, self._router.route(before).owner.route.policy)
            if not came or alert.effective < self._worst_but(alert, incident):
                return
            text = f"policy {name} takes the place of {steps.policy}"
            self._book.write(turn, incident, EntryKind.ESCALATED, text)
        not_before = turn.now + routing.owner.wait(alert)
        begun = policy.begun(self._plan.policies[name], turn.now, not_before)
        if brought_by not in mine:
            begun = replace(begun, brought_by=beside(brought_by, incident.key))
        self._book.put(replace(incident, escalation=begun), turn)

    def _worst_but(self, alert: Alert, incident: Incident) -> Severity:
        others = (a.effective for a in self._book.firing(incident) if a.key != alert.key)
        return max(others, default=Severity.INFO)
