"""Telling: turns what happens to an incident into notices to those whom its policy calls.

Two rules hold here and nowhere else. Nobody is called by a policy while its incident is muted.
And whoever was called to an incident is told when it is acknowledged and when it is over, also
if it was muted meanwhile (only a channel that does not want resolutions is spared those).

Its parts: the groups of an incident tell their channels by `Looks`, what becomes of notices is
seen to by `Outcomes`, and all three call by `Caller`, who calls nobody twice. Whom a target names
is `daemon.core.notices`' to say.
"""

from __future__ import annotations

from typing import Final

from daemon.core import groups, notices
from daemon.core.calling import Caller, is_known
from daemon.core.casebook import Casebook
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.escalation import Step, StepKind
from daemon.core.holding import Holding
from daemon.core.looks import Looks
from daemon.core.model import Alert, Incident
from daemon.core.notices import Recipient, recipient_of
from daemon.core.outcomes import Outcomes
from daemon.core.plan import Plan
from daemon.core.turn import Turn

NOBODY: Final = "nobody"
"""In the timeline, of a step that reaches nobody."""


class Teller:
    """Tells of the incidents of a casebook.

    Attributes:
        holding: What may be told now, as far as hours and `suppress` of routes go.
        caller, looks, outcomes: Its parts.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.holding = Holding(plan, book)
        self.caller = Caller(plan, book, self.holding)
        self.looks = Looks(book, self.holding, self.caller)
        self.outcomes = Outcomes(book, self.holding, self.caller, self.looks)
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
        if step.kind is StepKind.REPEAT and not is_known(alerts):
            return bool(to)
        words = _words(step)
        names = ", ".join(recipient.words for recipient in to) or NOBODY
        lost = f" (not reachable: {', '.join(missing)})" if missing else ""
        self._book.write(turn, incident, EntryKind.ESCALATED, f"{words}: {names}{lost}")
        for kind, those in _by_type(step, to, told).items():
            called = self.caller.call(incident.key, kind, those, alerts, turn, words, step.level)
            self.caller.remember(incident.key, called, turn)
        return bool(to)

    def raised(self, incident: Incident, turn: Turn) -> None:
        """It is graver than those whom the policy called were told: tell them at once, at
        the contacts they have for what it is now. (Groups see to their channels.)"""
        alerts = self.holding.calls(incident, turn.now)
        worst = max((alert.effective for alert in alerts), default=None)
        if worst is None:
            return
        below = [told for told in incident.told if told.severity < worst]
        names = dict.fromkeys(t.recipient for t in below if t.recipient)
        targets = [f"person:{name}" for name in names]
        to, _ = notices.recipients(self.caller.plan, targets, worst, turn.now)
        to += [recipient_of(told) for told in below if not told.recipient]
        reason = groups.Reason.RAISED.value
        self.caller.call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self.caller.remember(incident.key, [*to, *map(recipient_of, below)], turn)

    def news(self, incident: Incident, alerts: list[Alert]) -> list[Alert]:
        """Those of the alerts that somebody whom the policy called does not know of."""
        if not (incident.told and alerts):
            return alerts
        common = frozenset(incident.told[0].firing)
        common = common.intersection(*(told.firing for told in incident.told[1:]))
        return [alert for alert in alerts if alert.key not in common]

    def joined(self, incident: Incident, news: list[Alert], turn: Turn) -> None:
        """Alerts are new to those whom the policy called: tell them at once. Channels that
        hear of them by a group of theirs do so on its tick."""
        keys = frozenset(alert.key for alert in news)
        by_groups = {
            channel
            for group in self._book.groups_of(incident)
            if keys.issubset(group.alerts)
            for channel in group.channels
        }
        to = [
            recipient_of(told)
            for told in incident.told
            if not keys.issubset(told.firing) and (told.recipient or told.channel not in by_groups)
        ]
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
        targets = [f"person:{incident.assigned_to}"]
        to, missing = notices.recipients(self.caller.plan, targets, incident.severity, turn.now)
        if missing:
            text = f"{reason}: {missing[0]} is not reachable"
            self._book.write(turn, incident, EntryKind.UNDELIVERED, text)
        alerts = [alert for alert in self._book.firing(incident) if not alert.muted]
        called = self.caller.call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self.caller.remember(incident.key, called, turn)

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
        if step.kind is StepKind.REPEAT:
            kind = NoticeType.REPEATED
        elif step.level == 0 and (recipient.channel, recipient.name) not in told:
            kind = NoticeType.FIRING
        found.setdefault(kind, []).append(recipient)
    return found


def _words(step: Step) -> str:
    if step.kind is StepKind.THEN:
        return "last resort"
    again = "again " if step.kind is StepKind.REPEAT else ""
    return f"{again}level {step.level + 1}"
