"""The desk: opens incidents, lets alerts join and leave them, and watches their clocks.

The desk is told what became of alerts (`note`), and when muting has had its say it works that
off. It routes those that began to fire, marks every incident that was touched, and then looks
at each of those once (`_review`): its severity, words, mutes and down time follow from the
alerts that fire, and from how they changed follows whether it reopens, rests or ends. Then it
does what is due: acknowledgements that expire, looks of groups, steps of policies.

A turn has room for so much work; what is left is done in the next, which is due at once
(`is_behind`). Nothing that is due is done before all that happened is seen to.
"""

from __future__ import annotations

from collections import deque

from daemon.core import escalation as policy
from daemon.core import groups, incidents
from daemon.core.alerts import Alerts, Change, fires
from daemon.core.casebook import Casebook
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.deadlines import soonest
from daemon.core.incidents import Happening
from daemon.core.model import (
    ENGINE,
    Actor,
    Alert,
    Escalation,
    Group,
    Incident,
    IncidentState,
    Instant,
)
from daemon.core.plan import DEFAULT_GROUP_WAIT, Plan
from daemon.core.reviews import Reviews, Touched
from daemon.core.routing import Router, Taken
from daemon.core.severity import Severity
from daemon.core.sources import nobody_condition
from daemon.core.telling import Teller
from daemon.core.turn import Turn


class Desk:
    """The incidents of a plan and what happens to them.

    Attributes:
        book: The records.
        teller: Tells of them.
    """

    def __init__(self, plan: Plan, alerts: Alerts, book: Casebook, teller: Teller) -> None:
        self.book = book
        self.teller = teller
        self._alerts = alerts
        self._changes: deque[Change] = deque()
        self._reviews = Reviews()
        self._steps: dict[str, None] = {}
        self.replan(plan)

    @property
    def is_behind(self) -> bool:
        """Whether there is something to be done at once, by `work`."""
        return bool(self._changes or self._steps) or self._reviews.waits

    def next_deadline(self) -> Instant | None:
        """When a large incident that rests is to be reviewed, or what holds one changes."""
        return soonest(self._reviews.next_deadline(), self.teller.holding.next_deadline())

    def replan(self, plan: Plan) -> None:
        """What begins from now on follows this plan; what has begun keeps its routes, policy."""
        self._plan = plan
        self._router = Router(plan.route)
        self.teller.replan(plan)

    def note(self, change: Change) -> None:
        """This alert changed; `work` sees to it once its mutes are settled."""
        self._changes.append(change)

    def resume(self, turn: Turn) -> None:
        """After a restart: take up what the process before had not come to. Alerts that fire
        are in an incident, and each incident is what its alerts make it."""
        for alert in list(self._alerts.records.values()):
            if fires(alert) and not alert.dismissed:
                incident = self.book.incidents.get(alert.incident or "")
                if incident is None or not self.book.is_open(incident.key):
                    self.note(Change(None, alert))
                elif alert.key not in self.book.members(incident):
                    self._settle_in(alert, turn)
        for incident in list(self.book.incidents.values()):
            firing = self.book.firing(incident)
            settled = incidents.reviewed(incident, firing, turn.now)
            if self.book.is_open(incident.key) and settled != incident:
                self._look_again(incident, firing, turn)

    def work(self, turn: Turn) -> None:
        """Do what there is to do, as much as there is room for in this turn: see to alerts
        that changed, review incidents, and then what is due. Nobody is told on half of it."""
        for key in self.teller.holding.tick(turn.now):
            if self.book.is_open(key):
                incident = self.book.incidents[key]
                self._look_again(incident, self.book.firing(incident), turn)
        while self._changes and not turn.is_full:
            turn.spend(2)
            self._see_to(self._changes.popleft(), turn)
        while not turn.is_full and (ready := self._reviews.take_ready(turn.now)) is not None:
            self._review_if_open(*ready, turn)
        if not (self._changes or self._reviews.waits):
            self._do_due(turn)

    def catch_up(self, key: str, turn: Turn) -> None:
        """Review this incident now, if it waits for that."""
        if self._reviews.is_touched(key):
            self._review_if_open(key, self._reviews.take(key), turn)

    def _see_to(self, change: Change, turn: Turn) -> None:
        before, after = change.before, change.after
        if not fires(before) or (before.dismissed and not after.dismissed):
            if fires(after):
                self._fire(after.key, turn)
        elif fires(after):
            self._go_on(before, after, turn)
        else:
            self._end(before, after, turn)

    def _do_due(self, turn: Turn) -> None:
        """In order: acknowledgements and their like, looks of groups, then steps."""
        while not turn.is_full and (incident := self.book.due_incident(turn.now)) is not None:
            turn.spend(5)
            if incident.resolved_at is not None:
                self.book.drop(incident, turn)
            elif incident.ack_until is not None and incident.ack_until <= turn.now:
                self._expire(incident, turn)
            else:
                self._steps[incident.key] = None
        while not turn.is_full and (group := self.book.due_group(turn.now)) is not None:
            turn.spend(10)
            self.catch_up(group.incident, turn)
            if group.key in self.book.groups:
                self.teller.look(self.book.groups[group.key], turn)
        for key in list(self._steps):
            if turn.is_full:
                return
            turn.spend(20)
            del self._steps[key]
            self.catch_up(key, turn)
            self._run_due(key, turn)

    def resolve(self, incident: Incident, actor: Actor, reason: str, turn: Turn) -> None:
        """The incident is over: tell, and end its groups."""
        over = incidents.resolved(incident, actor, turn.now)
        if over.escalation is not None:
            over = replace(over, escalation=policy.paused(over.escalation, turn.now))
        over = self.book.put(over, turn)
        self.book.write(turn, over, EntryKind.RESOLVED, reason, actor)
        self.teller.resolved(over, reason, turn)
        self.book.close(over, turn)
        self.teller.holding.arrange(over, turn.now)
        self._reviews.forget(over.key)
        for key in over.alerts:
            self._alerts.rearm(key)

    def reopen(
        self, incident: Incident, reason: str, turn: Turn, since: Instant | None = None
    ) -> Incident:
        """Take an acknowledgement away, start its policy over, and let its groups tell it.

        Args:
            since: When it ended, if nobody looked then: the policy counts from there.
        """
        since = turn.now if since is None else since
        again = replace(incidents.triggered(incident), reopened_at=turn.now)
        if again.escalation is not None:
            steps = policy.restarted(again.escalation, since)
            held = again.muted or not self.teller.holding.lets_call(again, turn.now)
            steps = steps if held else policy.resumed(steps, since)
            again = replace(again, escalation=steps)
        again = self.keep(again, turn)
        self.book.write(turn, again, EntryKind.REOPENED, reason)
        return again

    def revive(self, key: str, reason: str, turn: Turn) -> None:
        """A policy that has nobody left to tell starts over, if the incident calls somebody."""
        incident = self.book.incidents[key]
        steps = incident.escalation
        if steps is None or not steps.spent or not self._calls(incident, turn):
            return
        again = replace(incident, escalation=policy.restarted(steps, turn.now))
        text = f"policy {steps.policy} starts over: {reason}"
        self.book.write(turn, self.book.put(again, turn), EntryKind.ESCALATED, text)

    def give_back(self, incident: Incident, turn: Turn) -> Incident:
        """Nobody has it any more: its policy goes on, and whoever that has called is told of
        what they do not know of."""
        given = self.keep(incidents.triggered(incident), turn)
        self._touch(given.key, turn).shown.update(dict.fromkeys(given.firing))
        return given

    def keep(self, incident: Incident, turn: Turn) -> Incident:
        """Save an open incident; its policy rests or goes on as its state asks, and its
        groups look again when they should."""
        steps = incident.escalation
        if steps is not None:
            runs = self._calls(incident, turn)
            steps = policy.resumed(steps, turn.now) if runs else policy.paused(steps, turn.now)
        kept = self.book.put(replace(incident, escalation=steps), turn)
        for group in self.book.groups_of(kept):
            self.teller.arrange(group, turn)
        self.teller.holding.arrange(kept, turn.now)
        return self.book.incidents[kept.key]

    def run(self, incident: Incident, step: policy.Step, turn: Turn) -> None:
        """A step of the incident's policy was run: tell of it, and when it was the last."""
        steps = incident.escalation
        if steps is None:
            return
        if step.kind is policy.StepKind.ROUND:
            text = f"the policy starts over ({steps.round} of {steps.rounds})"
            self.book.write(turn, incident, EntryKind.ESCALATED, text)
            return
        reached = self.teller.step(incident, step, turn)
        if not reached and step.kind is policy.StepKind.LEVEL:
            steps = policy.passed_on(steps, turn.now)
            self.book.put(replace(self.book.incidents[incident.key], escalation=steps), turn)
        if reached or self._is_unheard(incident.key, steps):
            detail = f"incident {incident.key}: {incident.title}"
            turn.conditions.append(nobody_condition(steps.policy, not reached, detail, turn.now))
        if steps.spent:
            text = f"policy {steps.policy} has nobody left to tell"
            self.book.write(turn, incident, EntryKind.SPENT, text)

    def _is_unheard(self, key: str, steps: Escalation) -> bool:
        """Whether the policy has come to its end (or to its last level, with nothing but rounds
        and repeats behind it), and nobody was ever told of the incident."""
        at_end = steps.spent or (steps.level + 1 >= len(steps.levels) and not steps.then)
        return at_end and not self.book.told(self.book.incidents[key])

    def _calls(self, incident: Incident, turn: Turn) -> bool:
        """Whether the incident calls for somebody by its policy."""
        calls = incident.state is IncidentState.TRIGGERED and not incident.muted
        return calls and self.teller.holding.lets_call(incident, turn.now)

    def _look_again(self, incident: Incident, firing: list[Alert], turn: Turn) -> None:
        """Review it as if all that fires were news: whoever knows of an alert is not told."""
        what = self._touch(incident.key, turn)
        what.shown.update(dict.fromkeys(incident.firing))
        taken_at = incident.acknowledged_at
        later = (a.key for a in firing if taken_at and (a.fired_at or 0) > taken_at)
        what.fresh.update(dict.fromkeys(later))

    def _fire(self, key: str, turn: Turn) -> None:
        alert = self._alerts.records.get(key)
        if fires(alert) and not self._is_in_one(alert):
            self._settle_in(alert, turn)

    def _settle_in(self, alert: Alert, turn: Turn) -> None:
        """Find the alert's incident, which may begin with it, and its groups."""
        routing = self._router.route(alert)
        group = self.book.groups.get(routing.owner.group_key(alert))
        if group is None:
            incident = self._open(alert, routing.owner, turn)
        else:
            incident = self.book.incidents[group.incident]
            self._join(alert, incident, group, turn)
        for taken in routing.others:
            self._gather(taken, alert, incident, turn, owner=False)

    def _is_in_one(self, alert: Alert) -> bool:
        return alert.incident is not None and self.book.is_open(alert.incident)

    def _open(self, alert: Alert, owner: Taken, turn: Turn) -> Incident:
        group = owner.group_key(alert)
        key = incidents.incident_id(group, turn.now)
        while key in self.book.incidents:  # it ended and began again in one millisecond
            key = incidents.incident_id(key, turn.now)
        incident = incidents.opened(alert, key, group, self._plan, turn.now)
        name = owner.route.policy
        if name is not None and name in self._plan.policies:
            not_before = turn.now + owner.wait(alert)
            steps = policy.begun(self._plan.policies[name], turn.now, not_before)
            incident = replace(incident, escalation=steps)
        incident = self.book.put(incident, turn)
        self._alerts.put(replace(alert, incident=incident.key), turn)
        self.book.write(turn, incident, EntryKind.FIRED, _fired(alert))
        if incident.muted:
            self.book.write(turn, incident, EntryKind.MUTED, _why(incident))
        self._gather(owner, alert, incident, turn, owner=True)
        if self.teller.holding.why(incident, turn.now):
            self._touch(incident.key, turn)
        return self.keep(incident, turn)

    def _join(self, alert: Alert, incident: Incident, group: Group, turn: Turn) -> None:
        if alert.incident != incident.key:
            self._alerts.put(replace(alert, incident=incident.key), turn)
            self.book.write(turn, incident, EntryKind.JOINED, _fired(alert))
        touched = self._touch(incident.key, turn)
        touched.joined[alert.key] = None
        touched.shown[alert.key] = None
        touched.gathered.setdefault(group.key, {})[alert.key] = None

    def _gather(
        self, taken: Taken, alert: Alert, incident: Incident, turn: Turn, *, owner: bool
    ) -> None:
        """Put the alert into its group on this route; the group may begin with it."""
        key = taken.group_key(alert)
        key = key if owner else _beside(key, incident)
        group = self.book.groups.get(key)
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
            self.book.put_group(group, turn)
            if owner:
                return
        gathered = self._touch(incident.key, turn).gathered
        gathered.setdefault(key, {})[alert.key] = None

    def _end(self, before: Alert, alert: Alert, turn: Turn) -> None:
        key = before.incident
        if key is None or not self.book.is_open(key):
            return
        self._touch(key, turn).end(alert.terms.since or turn.now)
        text = f"{alert.name} ({_subject(alert)}) resolved"
        self.book.write(turn, self.book.incidents[key], EntryKind.ALERT_RESOLVED, text)

    def _go_on(self, before: Alert, alert: Alert, turn: Turn) -> None:
        if alert.incident is None or not self.book.is_open(alert.incident):
            return
        touched = self._touch(alert.incident, turn)
        if before.terms.down and before.holds and not (alert.terms.down and alert.holds):
            touched.end(alert.terms.since or turn.now)
        taken_at = self.book.incidents[alert.incident].acknowledged_at
        unmuted = before.muted and not alert.muted
        if unmuted:
            touched.shown[alert.key] = None
        if unmuted and taken_at is not None and (alert.fired_at or 0) > taken_at:
            touched.fresh[alert.key] = None
        if alert.effective > before.effective:
            self._route_again(before, alert, turn)

    def _route_again(self, before: Alert, alert: Alert, turn: Turn) -> None:
        """A graver alert may take more routes: they notify too. An incident that had no policy
        takes the one they bring, and one whose gravest alert came to another takes that."""
        routing = self._router.route(alert)
        incident = self.book.incidents[alert.incident or ""]
        brought_by = routing.owner.group_key(alert)
        mine = {group.key for group in self.book.groups_of(incident)}
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
            self.book.write(turn, incident, EntryKind.ESCALATED, text)
        not_before = turn.now + routing.owner.wait(alert)
        begun = policy.begun(self._plan.policies[name], turn.now, not_before)
        if brought_by not in mine:
            begun = replace(begun, brought_by=_beside(brought_by, incident))
        self.book.put(replace(incident, escalation=begun), turn)

    def _worst_but(self, alert: Alert, incident: Incident) -> Severity:
        others = (a.effective for a in self.book.firing(incident) if a.key != alert.key)
        return max(others, default=Severity.INFO)

    def _review_if_open(self, key: str, what: Touched, turn: Turn) -> None:
        if self.book.is_open(key):
            self._review(self._take_in(self.book.incidents[key], what, turn), what, turn)

    def _take_in(self, incident: Incident, what: Touched, turn: Turn) -> Incident:
        """The incident and its groups with the alerts that joined them."""
        if what.joined:
            known = frozenset(incident.alerts)
            what.fresh.update((key, None) for key in what.joined if key not in known)
            incident = self.book.put(incidents.joined(incident, tuple(what.joined)), turn)
        for key, joined in what.gathered.items():
            group = self.book.groups.get(key)
            if group is not None:
                known = frozenset(group.alerts)
                added = (one for one in joined if one not in known)
                self.book.put_group(replace(group, alerts=(*group.alerts, *added)), turn)
        return incident

    def _review(self, before: Incident, what: Touched, turn: Turn) -> None:
        firing = self.book.firing(before)
        turn.spend(5 + len(firing) // 10)
        self._reviews.reviewed(before.key, len(firing), turn.now)
        incident = incidents.reviewed(before, firing, turn.now, what.ended)
        if not firing:
            incidents.after(incident, Happening.CLEAR)
            self.resolve(incident, ENGINE, groups.Reason.ALL.value, turn)
            return
        if not incident.muted:
            incident = replace(incident, muted=self.teller.holding.why(incident, turn.now))
        self._note_differences(before, incident, turn)
        incident = self._hasten(incident, turn)
        ripe = self.teller.holding.ripe(incident, firing, turn.now)
        reason = self._reopens(before, what, ripe)
        kept = self.reopen(incident, reason, turn) if reason else self.keep(incident, turn)
        if not (kept.muted or reason):
            calls = self.teller.holding.calls(kept, turn.now)
            self._tell_growth(kept, [a for a in calls if a.key in what.shown], turn)

    def _tell_growth(self, incident: Incident, shown: list[Alert], turn: Turn) -> None:
        """Tell those whom the policy called of what is graver or new. If it has nobody left to
        tell, what is new starts it over: else nobody would be called to that."""
        taken = incident.state is IncidentState.ACKNOWLEDGED
        news = [] if taken else self.teller.news(incident, shown)
        self.teller.raised(incident, turn)
        if news:
            self.teller.joined(self.book.incidents[incident.key], news, turn)
            self.revive(incident.key, f"{news[0].name} ({_subject(news[0])}) joined", turn)

    def _note_differences(self, before: Incident, incident: Incident, turn: Turn) -> None:
        if incident.severity is not before.severity:
            text = f"{before.severity.word} to {incident.severity.word}"
            self.book.write(turn, incident, EntryKind.SEVERITY, text)
        if incident.muted and not before.muted:
            self.book.write(turn, incident, EntryKind.MUTED, _why(incident))
        if before.muted and not incident.muted:
            self.book.write(turn, incident, EntryKind.UNMUTED, "nothing mutes it any more")

    def _hasten(self, incident: Incident, turn: Turn) -> Incident:
        """What is graver waits less, where the wait follows from severity."""
        wait = DEFAULT_GROUP_WAIT[incident.severity]
        for group in self.book.groups_of(incident):
            if group.default_wait and wait < group.wait and group.flushed_at is None:
                self.book.put_group(replace(group, wait=wait), turn)
                steps = incident.escalation
                if group.owner and steps is not None:
                    steps = policy.hastened(steps, group.opened_at + wait)
                    incident = replace(incident, escalation=steps)
        return incident

    def _reopens(self, incident: Incident, what: Touched, ripe: list[Alert]) -> str | None:
        """Why an acknowledged incident is more than was taken; None if it is not."""
        if incident.state is not IncidentState.ACKNOWLEDGED:
            return None
        fresh = [alert for alert in ripe if alert.key in what.fresh]
        if fresh and self._plan.ack.reopen_on_new_alert:
            return f"{fresh[0].name} ({_subject(fresh[0])}) joined"
        worst = max((alert.effective for alert in ripe), default=incident.severity)
        if worst > incident.severity and self._plan.ack.reopen_on_severity:
            return f"severity rose to {worst.word}"
        return None

    def _expire(self, incident: Incident, turn: Turn) -> None:
        if incidents.after(incident, Happening.EXPIRE) is None:
            self.book.put(replace(incident, ack_until=None), turn)
            return
        text = f"the acknowledgement by {incident.acknowledged_by} expired"
        self.book.write(turn, incident, EntryKind.ACK_EXPIRED, text)
        self.reopen(incident, "acknowledgement expired", turn, incident.ack_until)

    def _run_due(self, key: str, turn: Turn) -> None:
        """Run every step that is due, each once."""
        step: policy.Step | None = None
        incident = self.book.incidents[key]
        while incident.escalation is not None:
            steps, step = policy.stepped(incident.escalation, turn.now)
            incident = self.book.put(replace(incident, escalation=steps), turn)
            if step is None:
                return
            self.run(incident, step, turn)
            incident = self.book.incidents[key]

    def _touch(self, key: str, turn: Turn) -> Touched:
        return self._reviews.touch(key, len(self.book.incidents[key].firing), turn.now)


def _beside(key: str, incident: Incident) -> str:
    """The key of a group that only notifies of the incident."""
    return f"{key}@{incident.key}"


def _subject(alert: Alert) -> str:
    return alert.labels.get("check") or alert.labels.get("service") or alert.source


def _fired(alert: Alert) -> str:
    words = alert.annotations.get("summary") or alert.annotations.get("message") or ""
    named = f"{alert.name} ({_subject(alert)})"
    return f"{named}: {words}" if words else named


def _why(incident: Incident) -> str:
    return "; ".join(mute.reason for mute in incident.muted)
