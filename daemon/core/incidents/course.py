"""The course of an incident: what it goes through as a whole, by itself or by an operator.

It is over, is given back, opens again, has its policy rest, go on or start over. Each of these
changes the record, writes it into the timeline, has the policy and the groups follow and tells
whoever is to be told. What may happen in which state is `daemon.core.incidents.life`' to say.

It stands between whoever finds that something has happened (`Intake`, `Reviewer`, the desk's
clocks, operators' `Commands`) and the casebook and the teller.
"""

from __future__ import annotations

from daemon.core.alerting.alerts import Alerts
from daemon.core.alerting.sources import nobody_condition
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents import life as incidents
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.life import Happening
from daemon.core.incidents.reviews import Reviews, Touched
from daemon.core.model import Actor, Alert, Escalation, Incident, Instant
from daemon.core.oncall import escalation as policy
from daemon.core.oncall.levels import PASSED_OVER
from daemon.core.telling import contacts
from daemon.core.telling.teller import NOBODY, Teller
from daemon.core.turn import Turn


class Course:
    """Moves the incidents of a casebook on."""

    def __init__(self, alerts: Alerts, book: Casebook, teller: Teller, reviews: Reviews) -> None:
        self._teller = teller
        self._looks = teller.looks
        self._alerts = alerts
        self._book = book
        self._holding = teller.holding
        self._reviews = reviews

    def touch(self, key: str, turn: Turn) -> Touched:
        """Something happened to this incident: have it reviewed; answers with what did so far."""
        return self._reviews.touch(key, len(self._book.incidents[key].firing), turn.now)

    def keep(self, incident: Incident, turn: Turn) -> Incident:
        """Save an open incident; its policy rests or goes on as its state asks, and its
        groups look again when they should."""
        steps, waiting, now = incident.escalation, incident.contacts, turn.now
        if steps is not None or waiting:
            runs = self._holding.is_calling(incident, now)
            since = _freed_at(self._book.incidents[incident.key], now)
            waiting = contacts.gone_on(waiting, since) if runs else contacts.rested(waiting, now)
            if steps is not None:
                steps = policy.resumed(steps, since) if runs else policy.paused(steps, now)
        kept = self._book.put(replace(incident, escalation=steps, contacts=waiting), turn)
        for group in self._book.groups_of(kept):
            self._looks.arrange(group, turn)
        self._holding.arrange(kept, turn.now)
        return self._book.incidents[kept.key]

    def hold_back(self, incident: Incident, firing: list[Alert], turn: Turn) -> None:
        """Have each alert say why its routes tell nothing of it, if they do not."""
        held = self._holding.held_back(incident, firing, turn.now)
        for alert in firing:
            why = held.get(alert.key, ())
            if why != alert.held_back:
                self._alerts.put(replace(alert, held_back=why), turn)

    def resolve(self, incident: Incident, actor: Actor, reason: str, turn: Turn) -> None:
        """The incident is over: tell, and end its groups."""
        over = replace(incidents.resolved(incident, actor, turn.now), contacts=())
        if over.escalation is not None:
            over = replace(over, escalation=policy.paused(over.escalation, turn.now))
        over = self._book.put(over, turn)
        self._book.write(turn, over, EntryKind.RESOLVED, reason, actor)
        self._teller.resolved(over, reason, turn)
        self._book.close(over, turn)
        self._holding.arrange(over, turn.now)
        self._reviews.forget(over.key)
        for key in over.alerts:
            self._alerts.rearm(key)
        self._forget_policy(over, turn)

    def reopen(
        self, incident: Incident, reason: str, turn: Turn, since: Instant | None = None
    ) -> Incident:
        """Take an acknowledgement away, start its policy over, and let its groups tell it.

        Args:
            since: When it ended, if nobody looked then: the policy counts from there.
        """
        since = turn.now if since is None else since
        again = replace(incidents.triggered(incident), reopened_at=turn.now, contacts=())
        if again.escalation is not None:
            steps = policy.restarted(again.escalation, since)
            held = again.muted or not self._holding.lets_call(again, turn.now)
            steps = steps if held else policy.resumed(steps, since)
            again = replace(again, escalation=steps)
        again = self.keep(again, turn)
        self._book.write(turn, again, EntryKind.REOPENED, reason)
        if again.escalation is None and self._holding.is_calling(again, turn.now):
            self._teller.reopened(again, turn)
        return self._book.incidents[again.key]

    def give_back(self, incident: Incident, turn: Turn) -> Incident:
        """Nobody has it any more: its policy goes on, and whoever that has called is told of
        what they do not know of."""
        given = self.keep(incidents.triggered(incident), turn)
        touched = self.touch(given.key, turn)
        touched.shown.update(dict.fromkeys(given.firing))
        touched.is_given_back = True
        return given

    def expire(self, incident: Incident, turn: Turn) -> None:
        """The time for which somebody took it is over."""
        if incidents.after(incident, Happening.EXPIRE) is None:
            self._book.put(replace(incident, ack_until=None), turn)
            return
        text = f"the acknowledgement by {incident.acknowledged_by} expired"
        self._book.write(turn, incident, EntryKind.ACK_EXPIRED, text)
        self.reopen(incident, "acknowledgement expired", turn, incident.ack_until)

    def run(self, incident: Incident, step: policy.Step, turn: Turn) -> None:
        """A step of the incident's policy was run: tell of it, and when it was the last."""
        steps = incident.escalation
        if steps is None:
            return
        if step.kind is policy.StepKind.ROUND:
            text = f"the policy starts over ({steps.round} of {steps.rounds})"
            self._book.write(turn, incident, EntryKind.ESCALATED, text)
            return
        reached, passes_on = self._tell(incident, step, turn)
        steps = self._book.incidents[incident.key].escalation or steps
        if passes_on and step.kind is policy.StepKind.LEVEL:
            steps = policy.passed_on(steps, turn.now)
            self._book.put(replace(self._book.incidents[incident.key], escalation=steps), turn)
        if reached or self._is_unheard(incident.key, steps):
            detail = f"incident {incident.key}: {incident.title}"
            turn.conditions.append(nobody_condition(steps.policy, not reached, detail, turn.now))
        if steps.spent:
            text = f"policy {steps.policy} has nobody left to tell"
            self._book.write(turn, incident, EntryKind.SPENT, text)

    def _tell(self, incident: Incident, step: policy.Step, turn: Turn) -> tuple[bool, bool]:
        """Whether there is anybody to be told by this step, and whether the next is due at once."""
        levels = self._teller.levels
        why = levels.why_passed_over(incident, step, turn)
        if why is None:
            reached = self._teller.step(incident, levels.in_turn(incident, step, turn), turn)
            return reached, not reached
        if step.kind is policy.StepKind.LEVEL:
            text = f"level {step.level + 1} {PASSED_OVER}: {why}"
            self._book.write(turn, incident, EntryKind.ESCALATED, text)
        return False, not (incident.told or incident.contacts)

    def run_due(self, key: str, turn: Turn) -> None:
        """Run every step that is due, each once; then further contacts of those who were told."""
        self._teller.demands.look(key, turn)
        self._run_steps(key, turn)
        if not self._teller.contact(key, turn):
            self._pass_on(key, turn)

    def _pass_on(self, key: str, turn: Turn) -> None:
        """Whoever was to be told after a delay cannot be any more. If they were the only ones,
        their level reaches nobody: the next is due at once."""
        incident = self._book.incidents[key]
        steps = incident.escalation
        if steps is None or incident.told or incident.contacts:
            return
        hastened = policy.passed_on(steps, turn.now)
        self._book.put(replace(incident, escalation=hastened), turn)
        then = policy.coming(hastened) if hastened != steps else None
        text = f"{NOBODY} is left to be told{f'; {then} follows at once' if then else ''}"
        self._book.write(turn, incident, EntryKind.ESCALATED, text)
        if self._is_unheard(key, hastened):
            detail = f"incident {incident.key}: {incident.title}"
            turn.conditions.append(nobody_condition(steps.policy, True, detail, turn.now))

    def _run_steps(self, key: str, turn: Turn) -> None:
        step: policy.Step | None = None
        incident = self._book.incidents[key]
        while incident.escalation is not None:
            steps, step = policy.stepped(incident.escalation, turn.now)
            incident = self._book.put(replace(incident, escalation=steps), turn)
            if step is None:
                return
            self.run(incident, step, turn)
            incident = self._book.incidents[key]

    def revive(self, key: str, reason: str, turn: Turn) -> None:
        """A policy that has nobody left to tell starts over, if the incident calls somebody."""
        incident = self._book.incidents[key]
        steps = incident.escalation
        if steps is None or not steps.spent or not self._holding.is_calling(incident, turn.now):
            return
        again = replace(incident, escalation=policy.restarted(steps, turn.now))
        text = f"policy {steps.policy} starts over: {reason}"
        self._book.write(turn, self._book.put(again, turn), EntryKind.ESCALATED, text)

    def _forget_policy(self, over: Incident, turn: Turn) -> None:
        """A policy that the configuration has no more tells nobody ever again."""
        steps = over.escalation
        if steps is not None and steps.policy not in self._teller.caller.plan.policies:
            turn.conditions.append(nobody_condition(steps.policy, False, "", turn.now))

    def _is_unheard(self, key: str, steps: Escalation) -> bool:
        """Whether the policy has come to its end (or to its last level, with nothing but rounds
        and repeats behind it), and nobody was ever told of the incident or is to be."""
        at_end = steps.spent or (steps.level + 1 >= len(steps.levels) and not steps.then)
        incident = self._book.incidents[key]
        return at_end and not (incident.contacts or self._book.told(incident))


def _freed_at(before: Incident, now: Instant) -> Instant:
    """When what muted it until now ended: that may be while nobody looked."""
    ends = [mute.until for mute in before.muted]
    known = [at for at in ends if at is not None]
    if not known or len(known) < len(ends) or len(ends) == incidents.MUTES_SHOWN:
        return now
    steps = before.escalation
    rested_at = 0 if steps is None or steps.paused_at is None else steps.paused_at
    return max(rested_at, min(now, max(known)))
