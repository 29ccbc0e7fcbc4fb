"""Telling: turns decisions into notices and keeps who was told what.

Three rules hold here and nowhere else. Nobody is called to an incident while it is muted.
Nobody is called twice for the same alerts in one turn, whichever of an incident's routes
and levels name them. And whoever was called to an incident is told when it is acknowledged
and when it is over, also if it was muted meanwhile (only a channel that does not want
resolutions is spared those).

It stands at the end of the deciding half: after it there is only the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from daemon.core import deliveries, groups, notices
from daemon.core.casebook import Casebook
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.escalation import Step, StepKind
from daemon.core.events import Settled
from daemon.core.holding import Holding
from daemon.core.model import Alert, Group, Incident, IncidentState, Instant, Told
from daemon.core.notices import ALARMING, Recipient, recipient_of
from daemon.core.plan import Plan
from daemon.core.sources import delivery_condition
from daemon.core.turn import Turn

NOBODY: Final = "nobody"
"""In the timeline, of a step that reaches nobody."""


class Teller:
    """Writes notices for the incidents of a casebook.

    Attributes:
        first_told: Incidents that were told of for the first time, since this was cleared.
        holding: What may be told now, as far as hours and `suppress` of routes go.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.plan = plan
        self.first_told: list[str] = []
        self.holding = Holding(plan, book)
        self._book = book
        self._called: dict[tuple[str, str, str], set[str]] = {}
        self._queued: dict[tuple[str, str, str], str] = {}

    def replan(self, plan: Plan) -> None:
        """Another configuration: whom its names mean now, and its hours."""
        self.plan = plan
        self.holding.replan(plan)

    def begin_turn(self) -> None:
        """Another turn: everybody may be called again."""
        self._called.clear()
        self._queued.clear()

    def look(self, group: Group, turn: Turn) -> None:
        """The group is due: tell each of its channels what there is to tell."""
        incident = self._book.incidents[group.incident]
        now = turn.now
        group = replace(group, flush_at=None)
        alerts = self._free(group, incident, now)
        reasons: dict[groups.Reason, list[Recipient]] = {}
        entries: list[Told] = []
        for channel, look in zip(group.channels, self._looks(group, incident, turn), strict=True):
            reason = groups.verdict(look)
            if reason is not None and not self._is_mute(group, incident):
                reasons.setdefault(reason, []).append(Recipient(channel))
                entries.append(_entry(channel, look, incident))
        owed = self._owed(group, incident, now)
        for reason, channels in reasons.items():
            kind = groups.NOTICE_TYPE[reason]
            shown = [*alerts, *(a for a in self._book.known(group.alerts) if a.resolved_at)]
            self._call(incident.key, kind, channels, shown, turn, reason.value)
        self._tell_again(incident.key, owed, alerts, turn)
        for entry in entries:
            notice = self._queued.get((incident.key, entry.channel, ""))
            if notice is not None:
                group = _entered(group, replace(entry, notice=notice))
        if reasons or owed:
            group = replace(group, flushed_at=now, alerts=self._remaining(group, incident))
        self.arrange(group, turn)

    def arrange(self, group: Group, turn: Turn) -> None:
        """Something about the group or its incident changed: set when it looks next."""
        incident = self._book.incidents[group.incident]
        at = None
        if not self._is_mute(group, incident):
            looks = self._looks(group, incident, turn)
            owes = bool(self._owed(group, incident, turn.now))
            at = groups.next_look(group, looks, turn.now, owes=owes)
        self._book.put_group(replace(group, flush_at=at), turn)

    def _is_mute(self, group: Group, incident: Incident) -> bool:
        return bool(incident.muted or self.holding.hours(group))

    def _owed(self, group: Group, incident: Incident, now: Instant) -> list[Recipient]:
        """Whom the policy called in vain. The group that owns the incident tells them again."""
        if not group.owner or incident.muted or incident.state is not IncidentState.TRIGGERED:
            return []
        if not self.holding.lets_call(incident, now):
            return []
        lost = (told for told in incident.told if told.lost)
        return [recipient_of(told) for told in lost if told.channel in self.plan.channels]

    def _tell_again(self, key: str, to: list[Recipient], alerts: list[Alert], turn: Turn) -> None:
        if to and alerts:
            reason = "told again, what was sent before is lost"
            self._call(key, NoticeType.FIRING, to, alerts, turn, reason)
            self._remember(key, to, turn)

    def step(self, incident: Incident, step: Step, turn: Turn) -> bool:
        """A step of the incident's policy was run: tell its targets; whether there is anybody
        to be told."""
        to, missing = notices.recipients(self.plan, step.targets, incident.severity, turn.now)
        told = {(told.channel, told.recipient) for told in self._book.told(incident)}
        alerts = self._callable(incident, turn.now)
        if step.kind is StepKind.REPEAT and not _is_known(alerts):
            return bool(to)
        words = _words(step)
        names = ", ".join(recipient.words for recipient in to) or NOBODY
        lost = f" (not reachable: {', '.join(missing)})" if missing else ""
        self._book.write(turn, incident, EntryKind.ESCALATED, f"{words}: {names}{lost}")
        for kind, those in _by_type(step, to, told).items():
            called = self._call(incident.key, kind, those, alerts, turn, words, step.level)
            self._remember(incident.key, called, turn)
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
        to, _ = notices.recipients(self.plan, targets, worst, turn.now)
        to += [recipient_of(told) for told in below if not told.recipient]
        reason = groups.Reason.RAISED.value
        self._call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self._remember(incident.key, [*to, *map(recipient_of, below)], turn)

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
        self._call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self._remember(incident.key, to, turn)

    def acknowledged(self, incident: Incident, did: str, turn: Turn) -> None:
        """Tell everybody who was called that somebody has taken it.

        Args:
            did: Who did what: `acknowledged by ana`.
        """
        comment = f": {incident.ack_comment}" if incident.ack_comment else ""
        told = [recipient_of(told) for told in self._book.told(incident)]
        reason = f"{did}{comment}"
        kind = NoticeType.ACKNOWLEDGED
        self._send(incident.key, kind, told, self._book.firing(incident), turn, reason)

    def assigned(self, incident: Incident, reason: str, turn: Turn) -> None:
        """Tell the person who was given it, over the contacts they have for what it is now;
        from then on they are told what everybody is who was called."""
        targets = [f"person:{incident.assigned_to}"]
        to, missing = notices.recipients(self.plan, targets, incident.severity, turn.now)
        if missing:
            text = f"{reason}: {missing[0]} is not reachable"
            self._book.write(turn, incident, EntryKind.UNDELIVERED, text)
        alerts = [alert for alert in self._book.firing(incident) if not alert.muted]
        called = self._call(incident.key, NoticeType.UPDATED, to, alerts, turn, reason)
        self._remember(incident.key, called, turn)

    def resolved(self, incident: Incident, reason: str, turn: Turn) -> None:
        """Tell everybody who was called that it is over, and who wants to hear so."""
        told = [
            recipient_of(told)
            for told in self._book.told(incident)
            if told.channel not in self.plan.channels
            or self.plan.channels[told.channel].send_resolved
        ]
        alerts = self._book.known(incident.alerts)
        self._send(incident.key, NoticeType.RESOLVED, told, alerts, turn, reason)
        over = tuple(
            replace(told, at=turn.now, firing=(), resolved=True)
            for told in self._book.incidents[incident.key].told
        )
        self._book.put(replace(self._book.incidents[incident.key], told=over), turn)

    def settled(self, event: Settled, turn: Turn) -> None:
        """A notice was delivered or given up: note it, and turn to the fallback channel."""
        incident = self._book.incidents.get(event.incident)
        if incident is None:
            return
        to = Recipient(event.channel, event.recipient)
        text = f"{event.type.value} to {to.words}: {event.detail}"
        known = deliveries.noted(incident.settled, event)
        if known is None:
            return
        incident = self._book.note(replace(incident, settled=known), turn)
        if event.channel in self.plan.channels:
            fails = not event.delivered
            turn.conditions.append(delivery_condition(event.channel, fails, event.detail, turn.now))
        if event.delivered:
            self._book.write(turn, incident, EntryKind.DELIVERED, text)
            self._believe(incident, lambda told: deliveries.delivered(told, event.notice), turn)
            incident = self._book.incidents[incident.key]
            if incident.notified_at is None and event.type in ALARMING:
                self._book.put(replace(incident, notified_at=turn.now), turn)
            return
        tries = f" ({event.attempts} attempts)" if event.attempts > 1 else ""
        self._book.write(turn, incident, EntryKind.UNDELIVERED, text + tries)
        self._fall_back(incident, event, turn)

    def _believe(
        self, incident: Incident, after: Callable[[tuple[Told, ...]], tuple[Told, ...]], turn: Turn
    ) -> None:
        """What became of a notice is known; its incident and groups go by it."""
        self._book.note(replace(incident, told=after(incident.told)), turn)
        if self._book.is_open(incident.key):
            for group in self._book.groups_of(incident):
                self.arrange(replace(group, told=after(group.told)), turn)

    def _fall_back(self, incident: Incident, event: Settled, turn: Turn) -> None:
        alarming = event.type in ALARMING
        to = notices.fallback_recipient(self.plan, event.channel, event.recipient)
        useful = _still_useful(incident, event) and not (alarming and self._rests(event))
        if to is None or event.fallback_of is not None or not useful:
            if alarming:
                self._believe(incident, lambda told: deliveries.lost(told, event), turn)
            return
        alerts = self._book.firing(incident) if alarming else self._book.known(incident.alerts)
        reason = f"{event.channel} failed: {event.detail}"
        notice = notices.notice(
            incident, event.type, to, alerts, turn.now,
            reason=reason, level=event.level, fallback_of=event.notice,
        )  # fmt: skip
        turn.emit(Enqueue(notice))
        self._book.write(turn, incident, EntryKind.QUEUED, f"{reason}; fallback to {to.words}")
        if alarming:
            self._queued[incident.key, to.channel, to.name] = notice.key
            self._remember(incident.key, [to], turn)
            incident = self._book.incidents[incident.key]
            by = notice.key
            self._believe(incident, lambda told: deliveries.replaced(told, event.notice, by), turn)

    def _rests(self, event: Settled) -> bool:
        """Whether those routes are mute now over which the notice was sent."""
        incident = self._book.incidents[event.incident]
        if event.recipient or event.level is not None:
            return self.holding.rests(incident)
        sent = [g for g in self._book.groups_of(incident) if event.channel in g.channels]
        return bool(sent) and all(map(self.holding.hours, sent))

    def _call(
        self,
        key: str,
        kind: NoticeType,
        to: Iterable[Recipient],
        alerts: list[Alert],
        turn: Turn,
        reason: str,
        level: int | None = None,
    ) -> list[Recipient]:
        """Call those who were not called for all of these alerts in this turn yet; returns
        them."""
        firing = {alert.key for alert in alerts if not alert.resolved_at}
        fresh = []
        for r in to:
            called = self._called.get((key, r.channel, r.name))
            if called is None or not firing <= called:
                self._called[key, r.channel, r.name] = firing | (called or set())
                fresh.append(r)
        if fresh and not self._book.told(self._book.incidents[key]):
            self.first_told.append(key)
        self._send(key, kind, fresh, alerts, turn, reason, level)
        return fresh

    def _send(
        self,
        key: str,
        kind: NoticeType,
        to: list[Recipient],
        alerts: list[Alert],
        turn: Turn,
        reason: str,
        level: int | None = None,
    ) -> None:
        gone = [r.words for r in to if r.channel not in self.plan.channels]
        to = [r for r in to if r.channel in self.plan.channels]
        incident = self._book.incidents[key]
        if gone:
            text = f"{reason}: {', '.join(gone)}: no such channel any more"
            self._book.write(turn, incident, EntryKind.UNDELIVERED, text)
        if not to:
            return
        incident = self._book.put(replace(incident, sequence=incident.sequence + 1), turn)
        shown = notices.gravest(alerts)
        for recipient in to:
            notice = notices.notice(
                incident, kind, recipient, shown, turn.now, reason=reason, level=level
            )
            turn.emit(Enqueue(notice))
            self._queued[key, recipient.channel, recipient.name] = notice.key
        names = ", ".join(recipient.words for recipient in to)
        self._book.write(turn, incident, EntryKind.QUEUED, f"{reason}: {names}")

    def _remember(self, key: str, to: Iterable[Recipient], turn: Turn) -> None:
        """These were called by the policy, or in place of a channel that failed."""
        incident = self._book.incidents[key]
        told = {(told.channel, told.recipient): told for told in incident.told}
        called = self._callable(incident, turn.now)
        called_keys = frozenset(alert.key for alert in called)
        worst = max((a.effective for a in called), default=incident.severity)
        for r in to:
            old = told.get((r.channel, r.name))
            known = called_keys.union(old.firing) if old else called_keys
            firing = tuple(key for key in incident.firing if key in known)
            notice = self._queued.get((key, r.channel, r.name))
            if old is None and notice is None:
                continue
            told[r.channel, r.name] = Told(
                r.channel, r.name, turn.now, firing, worst, False, r.address,
                notice=notice or (old.notice if old else ""),
                reached=old is not None and old.reached,
                lost=old is not None and old.lost and notice is None,
            )  # fmt: skip
        self._book.put(replace(incident, told=tuple(told.values())), turn)

    def _looks(self, group: Group, incident: Incident, turn: Turn) -> list[groups.Look]:
        """What the group knows for each of its channels."""
        members = set(group.alerts)
        still = [a for a in self._book.firing(incident) if a.key in members]
        free = self.holding.free(group, still, turn.now)
        told_firing = frozenset(alert.key for alert in free)
        told_still = frozenset(alert.key for alert in still)
        worst = max((alert.effective for alert in free), default=None)
        entries = {told.channel: told for told in group.told}
        return [
            groups.Look(
                entry=entries.get(channel),
                firing=told_firing,
                still=told_still,
                severity=worst,
                acknowledged=incident.state is IncidentState.ACKNOWLEDGED,
                send_resolved=self._wants_resolved(channel),
                repeat=group.repeat,
                now=turn.now,
                known=_is_known(free),
                reopened=_is_reopened(incident, entries.get(channel)),
            )
            for channel in group.channels
        ]

    def _wants_resolved(self, channel: str) -> bool:
        plan = self.plan.channels.get(channel)
        return plan is not None and plan.send_resolved

    def _free(self, group: Group, incident: Incident, now: Instant) -> list[Alert]:
        """The group's alerts that its route may tell now."""
        members = set(group.alerts)
        firing = [a for a in self._book.firing(incident) if a.key in members]
        return self.holding.free(group, firing, now)

    def _callable(self, incident: Incident, now: Instant) -> list[Alert]:
        """What the policy tells of: its alerts; all that are not muted where it rests, for then
        an operator called for it by hand."""
        unmuted = (alert for alert in self._book.firing(incident) if not alert.muted)
        return self.holding.calls(incident, now) or list(unmuted)

    def _remaining(self, group: Group, incident: Incident) -> tuple[str, ...]:
        """The group's alerts that still fire; those that ended have now been told."""
        firing = {alert.key for alert in self._book.firing(incident)}
        return tuple(key for key in group.alerts if key in firing)


def _is_known(alerts: list[Alert]) -> bool:
    """Whether it can be told of any of them if its condition holds."""
    return any(alert.holds is not None for alert in alerts)


def _is_reopened(incident: Incident, entry: Told | None) -> bool:
    """Whether somebody had it when this was told, or later, and nobody has now."""
    if incident.state is not IncidentState.TRIGGERED or entry is None:
        return False
    return incident.reopened_at is not None and entry.at < incident.reopened_at


def _entry(channel: str, look: groups.Look, incident: Incident) -> Told:
    """What the channel believes after it was told: what fires, and what it knew and still does."""
    firing = look.firing | (look.told & look.still)
    severity = incident.severity if look.severity is None else look.severity
    reached = look.entry is not None and look.entry.reached
    return Told(channel, "", look.now, tuple(sorted(firing)), severity, reached=reached)


def _entered(group: Group, entry: Told) -> Group:
    others = (told for told in group.told if told.channel != entry.channel)
    return replace(group, told=(*others, entry))


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


def _still_useful(incident: Incident, event: Settled) -> bool:
    """Whether what could not be delivered is still worth telling elsewhere."""
    if event.type in ALARMING:
        return incident.state is IncidentState.TRIGGERED and not incident.muted
    over = incident.state is IncidentState.RESOLVED
    return over == (event.type is NoticeType.RESOLVED)
