"""The intake: which incident an alert belongs to, and the groups it is told by.

An alert that begins to fire is routed; the group of the route that owns it finds its incident,
or a new one begins with it, and other routes gather it into groups that only notify. An alert
that belongs to a storm joins the incident of that instead (`daemon.core.muting.correlate`). One
that gets graver is routed again, for it may bring routes and a policy. What happened is left in
`Reviews` for the one review of the incident, which takes it in.

It stands at the beginning of the desk, after alerts and muting and before the review.
"""

from __future__ import annotations

from daemon.core.alerting import titles
from daemon.core.alerting.alerts import Alerts, fires
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents import life as incidents
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.course import Course
from daemon.core.incidents.reviews import Touched
from daemon.core.incidents.takeover import Takeover, enlarged
from daemon.core.model import ENGINE, Alert, Group, Incident, IncidentState, Storm
from daemon.core.muting.correlate import Correlations
from daemon.core.oncall import escalation as policy
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.core.telling.holding import Holding
from daemon.core.telling.routing import Router, Taken, beside
from daemon.core.turn import Turn


class Intake:
    """Lets alerts into incidents and groups, by the routes of a plan."""

    def __init__(
        self,
        plan: Plan,
        alerts: Alerts,
        book: Casebook,
        holding: Holding,
        course: Course,
        storms: Correlations,
        takeover: Takeover,
    ) -> None:
        self._alerts = alerts
        self._takeover = takeover
        self._book = book
        self._holding = holding
        self._course = course
        self._storms = storms
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
        storm = self._storms.of(alert.key)
        if storm is not None and self._join_storm(alert, storm, turn):
            return
        routing = self._router.route(alert)
        group = self._book.groups.get(routing.owner.group_key(alert))
        if group is None:
            incident = self._open(alert, routing.owner, turn)
        else:
            incident = self._book.incidents[group.incident]
            self._join(alert, incident, group, turn)
        for taken in routing.others:
            self._gather(taken, alert, incident, turn, owner=False)
        if storm is not None:
            self._storms.settle(storm, incident.key, turn)

    def go_on(self, before: Alert, alert: Alert, turn: Turn) -> None:
        """The alert fires as before, but something else about it changed."""
        if alert.incident is None or not self._book.is_open(alert.incident):
            return
        touched = self._course.touch(alert.incident, turn)
        if before.terms.down and before.holds and not (alert.terms.down and alert.holds):
            touched.end(alert.terms.since or turn.now)
        unmuted = before.muted and not alert.muted
        if unmuted:
            touched.shown[alert.key] = None
            if incidents.is_unseen(self._book.incidents[alert.incident], alert):
                touched.fresh[alert.key] = None
        if alert.effective > before.effective:
            self._route_again(before, alert, turn)
        elif unmuted and alert.storm is not None:
            self._bring(alert, self._book.incidents[alert.incident], turn)

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
        if self._holding.held_back(incident, [alert], turn.now):
            self._course.touch(incident.key, turn)
        return self._course.keep(incident, turn)

    def _join_storm(self, alert: Alert, storm: Storm, turn: Turn) -> bool:
        """Take the alert into the incident of its storm, if that goes on."""
        place = self._place_of(storm)
        if place is None:
            return False
        incident, group = place
        turn.spend(2)
        incident = self._book.put(replace(incident, storm=storm.rule), turn)
        self._join(alert, incident, group, turn, f"part of storm {storm.rule}: ")
        for taken in self._router.route(alert).others:
            self._gather(taken, alert, incident, turn, owner=False)
        self._bring(alert, incident, turn)
        if incident.key != storm.incident:
            self._storms.settle(storm, incident.key, turn)
        return True

    def unite(self, turn: Turn) -> None:
        """What has become a storm goes on in one incident, as soon as that is open. It need not
        have begun with an alert that is in none: one that was dismissed may count again."""
        for storm in self._storms.formed():
            place = self._place_of(storm)
            if place is None:
                continue
            incident, group = place
            if incident.storm != storm.rule:
                incident = self._book.put(replace(incident, storm=storm.rule), turn)
            for key in self._storms.unite(storm, turn):
                self._unite(self._alerts.records[key], storm, incident, group, turn)

    def _place_of(self, storm: Storm) -> tuple[Incident, Group] | None:
        """The storm's incident, or that into which it was merged, with its group, if it is open."""
        incident = self._book.incidents.get(storm.incident or "")
        while incident is not None and incident.merged_into is not None:
            incident = self._book.incidents.get(incident.merged_into)
        if incident is None or not self._book.is_open(incident.key):
            return None
        group = self._book.groups.get(incident.group)
        return None if group is None else (incident, group)

    def _unite(
        self, alert: Alert, storm: Storm, incident: Incident, group: Group, turn: Turn
    ) -> None:
        """An alert of a storm that has just formed may be in another incident. If that is nothing
        but a part of the storm, nobody has it, and nobody was told of it as graver than the
        storm's, it goes on in the storm's."""
        other = self._book.incidents.get(alert.incident or "")
        if other is None or other.key == incident.key or other.state is not IncidentState.TRIGGERED:
            return
        waiting = self._course.touch(other.key, turn)
        parts = [*self._book.firing(other), *self._book.known(waiting.joined)]
        storms = [self._storms.of(one.key) for one in parts]
        if any(one is None or one.key != storm.key for one in storms):
            return
        if other.severity > incident.severity and self._book.told(other):
            return
        self._absorb(self.take_in(other, waiting, turn), parts, storm, group, turn)

    def _absorb(
        self, other: Incident, parts: list[Alert], storm: Storm, group: Group, turn: Turn
    ) -> None:
        """The other goes on in the incident of this group, with whoever was told of it."""
        incident = self._book.incidents[group.incident]
        for one in parts:
            self._join(one, incident, group, turn, f"part of storm {storm.rule}: ")
        groups, strangers = self._book.groups_of(other), self._takeover.strangers(incident, other)
        reason = f"part of storm {storm.rule}: it goes on in incident {incident.key}"
        self._course.resolve(replace(other, merged_into=incident.key), ENGINE, reason, turn)
        self._takeover.audience(self._book.groups[incident.group], groups, other, turn)
        self._book.put(enlarged(self._book.incidents[incident.key], other), turn)
        said = f"{other.key} goes on in this, as a part of storm {storm.rule}"
        self._takeover.tell(incident.key, strangers, parts, turn, said)

    def _bring(self, alert: Alert, incident: Incident, turn: Turn) -> None:
        """An alert of a storm brings its own route and policy to the incident if it is graver
        than that, or if else nobody would be told."""
        owner = self._router.route(alert).owner
        name, steps = owner.route.policy, incident.escalation
        has_policy = name is not None and name in self._plan.policies
        graver = alert.effective > incident.severity and not alert.muted
        groups = self._book.groups_of(incident)
        reaches = steps is not None or any(group.channels for group in groups)
        if not (graver or (has_policy and steps is None) or not reaches):
            return
        mine = {group.key for group in groups}
        if owner.group_key(alert) not in mine:
            self._gather(owner, alert, incident, turn, owner=False)
        if has_policy and (steps is None or steps.policy != name):
            self._take_policy(owner, alert, incident, mine, turn)

    def _join(
        self, alert: Alert, incident: Incident, group: Group, turn: Turn, why: str = ""
    ) -> None:
        if alert.incident != incident.key:
            self._alerts.put(replace(alert, incident=incident.key), turn)
            self._book.write(turn, incident, EntryKind.JOINED, why + titles.fired(alert))
        touched = self._course.touch(incident.key, turn)
        touched.joined[alert.key] = None
        touched.shown[alert.key] = None
        for name in dict.fromkeys((group.key, incident.group)):  # others if it was merged
            touched.gathered.setdefault(name, {})[alert.key] = None

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
                require=route.require,
                require_within=route.require_within,
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
        self._take_policy(routing.owner, alert, incident, mine, turn)

    def _take_policy(
        self, owner: Taken, alert: Alert, incident: Incident, mine: set[str], turn: Turn
    ) -> None:
        """The incident goes by the policy of this route from now on.

        Args:
            mine: The keys of the groups that it had before.
        """
        name = owner.route.policy or ""
        if incident.escalation is not None:
            text = f"policy {name} takes the place of {incident.escalation.policy}"
            self._book.write(turn, incident, EntryKind.ESCALATED, text)
        not_before = turn.now + owner.wait(alert)
        brought_by = owner.group_key(alert)
        begun = policy.begun(self._plan.policies[name], turn.now, not_before)
        if brought_by not in mine:
            begun = replace(begun, brought_by=beside(brought_by, incident.key))
        self._book.put(replace(incident, escalation=begun), turn)

    def _worst_but(self, alert: Alert, incident: Incident) -> Severity:
        others = (a.effective for a in self._book.firing(incident) if a.key != alert.key)
        return max(others, default=Severity.INFO)
