"""Telling: turns what happens to an incident into notices to those whom its policy calls.

Two rules hold here and nowhere else. Nobody is called by a policy while its incident is muted.
And whoever was called to an incident is told when it is acknowledged and when it is over, also
if it was muted meanwhile (only a channel that does not want resolutions is spared those).

Its parts: the groups of an incident tell their channels by `Looks`, what becomes of notices is
seen to by `Outcomes`, and all three call by `Caller`, who calls nobody twice. Whom a target names
is `daemon.core.telling.notices`' to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from checks.durations import format_duration
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Incident, Instant, Later
from daemon.core.oncall.escalation import Step, StepKind
from daemon.core.oncall.levels import Levels
from daemon.core.plan import Plan
from daemon.core.telling import contacts, groups, notices
from daemon.core.telling.calling import Caller, is_known
from daemon.core.telling.demands import Demands, of_level
from daemon.core.telling.holding import Holding
from daemon.core.telling.looks import Looks
from daemon.core.telling.notices import Recipient, recipient_of
from daemon.core.telling.outcomes import Outcomes
from daemon.core.turn import Turn

NOBODY: Final = "nobody"
"""In the timeline, of a step that reaches nobody."""


class Teller:
    """Tells of the incidents of a casebook.

    Attributes:
        holding: What may be told now, as far as hours and `suppress` of routes go.
        caller, demands, levels, looks, outcomes: Its parts.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.holding = Holding(plan, book)
        self.caller = Caller(plan, book, self.holding)
        self.levels = Levels(book, self.holding, self.caller)
        self.demands = Demands(book, self.holding)
        self.looks = Looks(book, self.holding, self.caller, self.demands)
        self.outcomes = Outcomes(book, self.holding, self.caller, self.looks, self.demands)
        self._book = book

    def replan(self, plan: Plan) -> None:
        """Another configuration: whom its names mean now, and its hours."""
        self.caller.plan = plan
        self.holding.replan(plan)

    def step(self, incident: Incident, step: Step, turn: Turn) -> bool:
        """A step of the incident's policy was run: tell its targets; whether there is anybody
        to be told."""
        plan, now = self.caller.plan, turn.now
        to, missing = notices.recipients(plan, step.targets, incident.severity, now)
        told = {(told.channel, told.recipient) for told in self._book.told(incident)}
        alerts = self.caller.policy_alerts(incident, now)
        later = contacts.planned(plan, step.targets, incident.severity, now, step.level)
        if step.kind is StepKind.REPEAT and not is_known(alerts):
            return bool(to or later)
        self._wait(incident.key, later, turn)
        words = _words(step)
        named = [*(recipient.words for recipient in to), *map(contacts.words, later)]
        names = ", ".join(named) or NOBODY
        lost = f" (not reachable: {', '.join(missing)})" if missing else ""
        self._book.write(turn, incident, EntryKind.ESCALATED, f"{words}: {names}{lost}")
        for kind, those in _by_type(step, to, told).items():
            called = self.caller.call(incident.key, kind, those, alerts, turn, words, step.level)
            self.caller.remember(incident.key, called, turn)
        if step.kind is StepKind.LEVEL:
            self._demand(incident, step, to, bool(later), turn)
        return bool(to or later)

    def _demand(
        self, incident: Incident, step: Step, to: list[Recipient], is_later: bool, turn: Turn
    ) -> None:
        """Hold a level to what it requires; one that reaches nobody, now or later, is passed on
        anyway."""
        if incident.escalation is None or not (to or is_later):
            return
        level = incident.escalation.levels[step.level]
        keys, what = self._queued(incident.key, to), of_level(step.level)
        self.demands.make(incident.key, what, level.require, level.require_within, keys, turn)

    def _queued(self, key: str, to: Iterable[Recipient]) -> list[str]:
        """The notices of the incident that these were sent in this turn."""
        queued = (self.caller.queued(key, one) for one in to)
        return [notice for notice in queued if notice is not None]

    def contact(self, key: str, turn: Turn) -> bool:
        """Use the further contacts that are due, of those who are still to be told; false if
        some are due and nobody is told by them."""
        incident, plan = self._book.incidents[key], self.caller.plan
        due, waiting = contacts.parted(incident.contacts, turn.now)
        if not due:
            return True
        reached = False
        incident = self._book.put(replace(incident, contacts=waiting), turn)
        alerts = self.caller.policy_alerts(incident, turn.now)
        for later in due:
            to = contacts.recipient(plan, later, incident, turn.now)
            if to is not None:
                kind = NoticeType.UPDATED if later.level is None else NoticeType.ESCALATED
                kind = NoticeType.FIRING if later.level == 0 else kind
                reason = f"not acknowledged after {format_duration(later.after)}"
                called = self.caller.call(
                    key, kind, [to], alerts, turn, reason, later.level,
                    personal=later.target.startswith(contacts.ASSIGNED),
                )  # fmt: skip
                self.caller.remember(key, called, turn)
                told = [to]
            else:
                told = self._tell_successors(key, later, alerts, turn)
            self.demands.join(key, later.level, self._queued(key, told), turn)
            reached = reached or bool(told)
        return reached

    def _tell_successors(
        self, key: str, later: Later, alerts: list[Alert], turn: Turn
    ) -> list[Recipient]:
        """Whoever was still to be told is not on call any more: those who are now are told in
        their place, if they were not yet; there may be no further step that does. Returns who
        was told at once."""
        plan, incident = self.caller.plan, self._book.incidents[key]
        told = {one.recipient for one in self._book.told(incident)}
        told |= {one.person for one in incident.contacts}
        now = contacts.persons(plan, later.target, turn.now)
        if later.person in now or later.target.startswith((contacts.ASSIGNED, "person:")):
            return []
        names = [name for name in now if name not in told]
        targets = [f"person:{name}" for name in names]
        to, _ = notices.recipients(plan, targets, incident.severity, turn.now)
        waits = contacts.planned(plan, (later.target,), incident.severity, turn.now, later.level)
        self._wait(key, tuple(one for one in waits if one.person in names), turn)
        kind = NoticeType.FIRING if later.level == 0 else NoticeType.ESCALATED
        reason = f"in place of {later.person}, who has not answered and is not on call any more"
        called = self.caller.call(key, kind, to, alerts, turn, reason, later.level)
        self.caller.remember(key, called, turn)
        return called

    def _wait(self, key: str, later: contacts.Waiting, turn: Turn) -> None:
        """Keep these contacts with the incident until they are due; they rest while it does."""
        if not later:
            return
        incident = self._book.incidents[key]
        if not self.holding.is_calling(incident, turn.now):
            later = contacts.rested(later, turn.now)
        waiting = contacts.joined(incident.contacts, later)
        self._book.put(replace(incident, contacts=waiting), turn)

    def raised(self, incident: Incident, turn: Turn) -> None:
        """It is graver than those whom the policy called were told: tell them at once, at
        the contacts they have for what it is now. (Groups see to their channels.)"""
        alerts = self.holding.calls(incident, turn.now)
        worst = max((alert.effective for alert in alerts), default=None)
        if worst is None:
            return
        below = [told for told in incident.told if told.severity < worst]
        if not below:
            return
        names = dict.fromkeys(t.recipient for t in below if t.recipient)
        targets = [f"person:{name}" for name in names]
        to, _ = notices.recipients(self.caller.plan, targets, worst, turn.now)
        to += [recipient_of(told) for told in below if not told.recipient]
        self._wait(incident.key, contacts.planned(self.caller.plan, targets, worst, turn.now), turn)
        reason = groups.Reason.RAISED.value
        self.caller.call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self.caller.remember(incident.key, [*to, *map(recipient_of, below)], turn)

    def is_calm(self, incident: Incident, now: Instant) -> bool:
        """Whether those whom the policy called may be told at once of what joins: nobody was
        told within a `group_interval`. In a storm they hear of it on the group's tick."""
        last = max((told.at for told in incident.told), default=None)
        return last is None or last + self.holding.news_every(incident) <= now

    def joined(self, incident: Incident, news: list[Alert], turn: Turn) -> None:
        """Alerts are new to those whom the policy called: tell them. Channels that hear of them
        by a group of theirs do so on its tick."""
        if not incident.told:
            return
        to = self.caller.uninformed(incident, news)
        alerts = self.holding.calls(incident, turn.now)
        reason = groups.Reason.NEW.value
        self.caller.call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self.caller.remember(incident.key, to, turn)

    def acknowledged(self, incident: Incident, did: str, turn: Turn) -> None:
        """Tell everybody who was called that somebody has taken it.

        Args:
            did: Who did what: `acknowledged by ana`.
        """
        comment = f": {incident.ack_comment}" if incident.ack_comment else ""
        told = [recipient_of(told) for told in self._book.told(incident)]
        reason = f"{did}{comment}"
        kind = NoticeType.ACKNOWLEDGED
        self.caller.send(incident.key, kind, told, self._book.firing(incident), turn, reason)

    def assigned(self, incident: Incident, reason: str, turn: Turn) -> None:
        """Tell the person who was given it, over the contacts they have for what it is now;
        from then on they are told what everybody is who was called."""
        to = incident.assigned_to or ""
        targets = (f"{contacts.ASSIGNED}{to}",)
        later = contacts.planned(self.caller.plan, targets, incident.severity, turn.now)
        self._wait(incident.key, later, turn)
        self.reminded(incident, to, reason, turn)

    def reminded(self, incident: Incident, person: str, reason: str, turn: Turn) -> bool:
        """Tell this person, over the contacts they have for what it is now, and from then on
        what everybody is told who was called; whether they can be told."""
        targets = [f"person:{person}"]
        to, missing = notices.recipients(self.caller.plan, targets, incident.severity, turn.now)
        if missing:
            text = f"{reason}: {missing[0]} is not reachable"
            self._book.write(turn, incident, EntryKind.UNDELIVERED, text)
        alerts = [alert for alert in self._book.firing(incident) if not alert.muted]
        kind = NoticeType.UPDATED
        called = self.caller.call(incident.key, kind, to, alerts, turn, reason, personal=True)
        self.caller.remember(incident.key, called, turn)
        return bool(to)

    def reopened(self, incident: Incident, turn: Turn) -> None:
        """Nobody has it any more, and no policy starts over: tell those who were called by
        hand. (Groups see to their channels.)"""
        to = [recipient_of(told) for told in incident.told]
        alerts, reason = self.caller.policy_alerts(incident, turn.now), groups.Reason.REOPENED.value
        called = self.caller.call(incident.key, NoticeType.REPEATED, to, alerts, turn, reason)
        self.caller.remember(incident.key, called, turn)

    def status_update(self, incident: Incident, reason: str, turn: Turn) -> list[Recipient]:
        """Tell those who ask, as far as they know of the incident, how it goes; returns them."""
        channels = self.caller.plan.channels
        to = [
            recipient_of(told)
            for told in self._book.told(incident)
            if told.channel in channels and channels[told.channel].is_for_stakeholders
        ]
        alerts = [alert for alert in self._book.firing(incident) if not alert.muted]
        self.caller.send(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        return to

    def resolved(self, incident: Incident, reason: str, turn: Turn) -> None:
        """Tell everybody who was called that it is over, and who wants to hear so. Whom its
        groups told is kept with the incident from then on, for they end with it."""
        told = [
            recipient_of(told)
            for told in self._book.told(incident)
            if told.channel not in self.caller.plan.channels
            or self.caller.plan.channels[told.channel].send_resolved
        ]
        alerts = self._book.known(incident.alerts)
        self.caller.send(incident.key, NoticeType.RESOLVED, told, alerts, turn, reason)
        over = tuple(
            replace(told, at=turn.now, firing=(), resolved=True)
            for told in self._book.told(self._book.incidents[incident.key])
        )
        self._book.put(replace(self._book.incidents[incident.key], told=over), turn)


def _by_type(
    step: Step, to: list[Recipient], told: set[tuple[str, str]]
) -> dict[NoticeType, list[Recipient]]:
    """Who gets which type: who hears of it first, that it fires; the others, that it rose."""
    found: dict[NoticeType, list[Recipient]] = {}
    for recipient in to:
        kind = NoticeType.ESCALATED
        is_new = (recipient.channel, recipient.name) not in told
        if step.kind is StepKind.REPEAT and not is_new:
            kind = NoticeType.REPEATED
        elif step.level == 0 and is_new:
            kind = NoticeType.FIRING
        found.setdefault(kind, []).append(recipient)
    return found


def _words(step: Step) -> str:
    if step.kind is StepKind.THEN:
        return "last resort"
    again = "again " if step.kind is StepKind.REPEAT else ""
    return f"{again}level {step.level + 1}"
