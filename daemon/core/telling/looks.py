"""Looks: what a group that is due tells its channels.

Whether a channel is told and why is `daemon.core.telling.groups`' to say, by what the group knows
for it (`groups.Look`); here that is gathered, the channels are called, and what each of them
believes from then on is kept with the group. The group that owns an incident also calls those again
whom the policy called in vain. Nobody is called by a group whose incident is muted or whose route
tells nothing at this hour.

It stands beside `Teller`, which tells those whom the policy names, and before `Caller`.
"""

from __future__ import annotations

from daemon.core.changing import replace
from daemon.core.chronicle import NoticeType
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Group, Incident, IncidentState, Instant, Told
from daemon.core.telling import groups
from daemon.core.telling.calling import Caller, is_known
from daemon.core.telling.demands import Demands
from daemon.core.telling.holding import Holding
from daemon.core.telling.notices import Recipient, recipient_of
from daemon.core.turn import Turn


class Looks:
    """Has the groups of a casebook look whether there is something to tell."""

    def __init__(self, book: Casebook, holding: Holding, caller: Caller, demands: Demands) -> None:
        self._book = book
        self._demands = demands
        self._holding = holding
        self._caller = caller

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
            self._caller.call(incident.key, kind, channels, shown, turn, reason.value)
        self._tell_again(incident.key, owed, alerts, turn)
        if groups.Reason.FIRST in reasons:
            self._demand(group, reasons[groups.Reason.FIRST], turn)
        for entry in entries:
            notice = self._caller.queued(incident.key, Recipient(entry.channel))
            if notice is not None:
                group = _entered(group, replace(entry, notice=notice))
        if reasons or owed:
            group = replace(group, flushed_at=now, alerts=self._remaining(group, incident))
        self.arrange(group, turn)

    def _demand(self, group: Group, told: list[Recipient], turn: Turn) -> None:
        """Hold the first notice to what its route requires."""
        queued = (self._caller.queued(group.incident, one) for one in told)
        keys = [key for key in queued if key is not None]
        what, within = f"route {group.route}".strip(), group.require_within
        self._demands.make(group.incident, what, group.require, within, keys, turn)

    def arrange(self, group: Group, turn: Turn) -> None:
        """Something about the group or its incident changed: set when it looks next."""
        incident = self._book.incidents[group.incident]
        at = None
        if not self._is_mute(group, incident):
            looks = self._looks(group, incident, turn)
            owes = bool(self._owed(group, incident, turn.now)) or self._has_news(group, turn.now)
            at = groups.next_look(group, looks, turn.now, owes=owes)
        self._book.put_group(replace(group, flush_at=at), turn)

    def _is_mute(self, group: Group, incident: Incident) -> bool:
        return bool(incident.muted or self._holding.hours(group))

    def _owed(self, group: Group, incident: Incident, now: Instant) -> list[Recipient]:
        """Whom the policy called in vain. The group that owns the incident tells them again."""
        if not group.owner or incident.muted or incident.state is not IncidentState.TRIGGERED:
            return []
        if not self._holding.lets_call(incident, now):
            return []
        lost = (told for told in incident.told if told.lost)
        return [recipient_of(told) for told in lost if told.channel in self._caller.plan.channels]

    def _has_news(self, group: Group, now: Instant) -> bool:
        """Whether alerts joined of which those whom the policy called are still to be told, by
        the group whose route brought it."""
        incident = self._book.incidents[group.incident]
        steps = incident.escalation
        if not incident.told or incident.state is not IncidentState.TRIGGERED:
            return False
        if not self._holding.brings_policy(group, incident):
            return False
        news = self._caller.news(incident, self._holding.calls(incident, now))
        spent = steps is not None and steps.spent
        return bool(news) and (spent or bool(self._caller.uninformed(incident, news)))

    def _tell_again(self, key: str, to: list[Recipient], alerts: list[Alert], turn: Turn) -> None:
        if to and alerts:
            reason = "told again, what was sent before is lost"
            self._caller.call(key, NoticeType.FIRING, to, alerts, turn, reason)
            self._caller.remember(key, to, turn)

    def _looks(self, group: Group, incident: Incident, turn: Turn) -> list[groups.Look]:
        """What the group knows for each of its channels."""
        members = set(group.alerts)
        still = [a for a in self._book.firing(incident) if a.key in members]
        free = self._holding.free(group, still, turn.now)
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
                known=is_known(free),
                reopened=_is_reopened(incident, entries.get(channel)),
            )
            for channel in group.channels
        ]

    def _wants_resolved(self, channel: str) -> bool:
        plan = self._caller.plan.channels.get(channel)
        return plan is not None and plan.send_resolved

    def _free(self, group: Group, incident: Incident, now: Instant) -> list[Alert]:
        """The group's alerts that its route may tell now."""
        members = set(group.alerts)
        firing = [a for a in self._book.firing(incident) if a.key in members]
        return self._holding.free(group, firing, now)

    def _remaining(self, group: Group, incident: Incident) -> tuple[str, ...]:
        """The group's alerts that still fire; those that ended have now been told."""
        firing = {alert.key for alert in self._book.firing(incident)}
        return tuple(key for key in group.alerts if key in firing)


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
