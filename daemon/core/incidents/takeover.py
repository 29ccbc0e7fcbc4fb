"""Taking over: an incident goes on in another, and so do those who know of it.

Operators merge incidents (`daemon.core.incidents.merging`), and what fires becomes a part of a
storm (`daemon.core.incidents.intake`). In either case whoever was told of the one that ends is from
then on believed to know its alerts in the survivor, so that the end reaches them there. Its groups
stay as groups of the survivor that only notify; a channel that both would tell is told by the group
that owns the survivor, and hears of each change once. Who would be told of the survivor at once
but in hours in which nobody may tell them is taken for knowing nothing of it, and hears of it when
those are over.

It stands below those two, and above the casebook, the caller and what routes hold back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import NoticeType
from daemon.core.incidents import life as incidents
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Group, Incident, IncidentState, Told
from daemon.core.telling.calling import Caller
from daemon.core.telling.holding import Holding
from daemon.core.telling.notices import Recipient, recipient_of
from daemon.core.telling.routing import beside
from daemon.core.turn import Turn

_KEEP_RECORDS: Final = frozenset({"pagerduty"})
"""Kinds of channels whose receiver keeps a record of each incident, which a resolution closes."""


class Takeover:
    """Lets incidents of a casebook go on in others."""

    def __init__(self, book: Casebook, caller: Caller, holding: Holding) -> None:
        self._book = book
        self._caller = caller
        self._holding = holding

    def strangers(self, into: Incident, other: Incident) -> list[Recipient]:
        """Who was told of the other and not of the survivor, over a channel that ends its own
        record of an incident with that: it would have none that is open."""
        channels = self._caller.plan.channels
        known = {(told.channel, told.recipient) for told in self._book.told(into)}
        return [
            recipient_of(told)
            for told in self._book.told(other)
            if (told.channel, told.recipient) not in known
            and told.channel in channels
            and channels[told.channel].kind in _KEEP_RECORDS
        ]

    def groups(self, owner: Group, groups: list[Group], other: Incident, turn: Turn) -> None:
        """The groups go on in the survivor, where what they would have taken in joins it. A
        channel of the group that owns it is told by that alone, and not twice."""
        alerts = [alert for group in groups for alert in group.alerts]
        owner = _knowing(owner, groups)
        alerts = list(dict.fromkeys((*owner.alerts, *alerts)))
        self._book.put_group(replace(owner, alerts=tuple(alerts)), turn)
        for group in groups:
            own = tuple(name for name in group.channels if name not in owner.channels)
            self._put(group, moved_key(group.key, other.key, owner.incident), owner, own, turn)

    def audience(self, owner: Group, groups: list[Group], other: Incident, turn: Turn) -> None:
        """The groups go on in the survivor for those whom they have told, and where they only
        notify; what the group that owns the other would have taken in does not join."""
        owner = _knowing(owner, groups)
        self._book.put_group(owner, turn)
        for group in groups:
            told = {one.channel for one in group.told}
            own = tuple(
                name
                for name in group.channels
                if name not in owner.channels and (name in told or not group.owner)
            )
            if own:
                end = moved_key(group.key, other.key, owner.incident)
                key = beside(group.key, owner.incident) if group.owner else end
                self._put(group, key, owner, own, turn)

    def tell(
        self, key: str, to: list[Recipient], moved: Iterable[Alert], turn: Turn, reason: str
    ) -> None:
        """Tell these of the survivor of what moved into it, unless somebody has it; those whom
        nobody may tell at this hour when they may."""
        shown = [alert for alert in moved if not alert.muted]
        if shown and self._book.incidents[key].state is IncidentState.TRIGGERED:
            self._forget(key, [one for one in to if self._is_held(key, one)], turn)
            self.say(key, to, shown, turn, reason)

    def say(
        self, key: str, to: list[Recipient], shown: list[Alert], turn: Turn, reason: str
    ) -> None:
        """Tell these of the incident, unless nobody may at this hour; they know of it by that
        from then on."""
        free = [one for one in to if not self._is_held(key, one)]
        self._caller.call(key, NoticeType.UPDATED, free, shown, turn, reason)
        told = self._book.incidents[key]
        self._book.put(replace(told, told=self._by_notice(told.key, told.told)), turn)
        for group in self._book.groups_of(told):
            self._book.put_group(replace(group, told=self._by_notice(told.key, group.told)), turn)

    def _is_held(self, key: str, to: Recipient) -> bool:
        """Whether whoever tells this recipient of the incident, groups of it or else its policy,
        is mute at this hour."""
        incident = self._book.incidents[key]
        groups = self._book.groups_of(incident)
        theirs = [one for one in groups if not to.name and to.channel in one.channels]
        if not theirs:
            return self._holding.rests(incident)
        return all(self._holding.hours(group) for group in theirs)

    def _forget(self, key: str, to: list[Recipient], turn: Turn) -> None:
        """These know nothing of the incident, so that they are told when the hours are over."""
        if not to:
            return
        names = {(one.channel, one.name) for one in to}
        incident = self._book.incidents[key]
        for group in self._book.groups_of(incident):
            known = tuple(t for t in group.told if (t.channel, t.recipient) not in names)
            self._book.put_group(replace(group, told=known), turn)
        told = tuple(
            replace(one, firing=(), notice="") if (one.channel, one.recipient) in names else one
            for one in incident.told
        )
        self._book.put(replace(incident, told=told), turn)

    def _put(
        self, group: Group, key: str, owner: Group, channels: tuple[str, ...], turn: Turn
    ) -> None:
        """Save the group as one of the survivor's that tells these channels."""
        moved = replace(
            group,
            key=key,
            incident=owner.incident,
            owner=False,
            channels=channels,
            told=tuple(one for one in group.told if one.channel in channels),
        )
        self._book.put_group(_joined(self._book.groups.get(key), moved), turn)

    def _by_notice(self, key: str, told: tuple[Told, ...]) -> tuple[Told, ...]:
        """They know by what they were just sent of this incident, not of the first."""
        queued = self._caller.queued
        return tuple(
            replace(one, notice=queued(key, recipient_of(one)) or one.notice) for one in told
        )


def enlarged(into: Incident, other: Incident) -> Incident:
    """The survivor with whoever was told of the other, and what it lacks of it."""
    is_same_money = into.currency == other.currency or into.revenue_per_hour is None
    dues = [at for at in (into.recovery_due, other.recovery_due) if at is not None]
    larger = replace(
        into,
        told=_both(into.told, other.told),
        assigned_to=into.assigned_to or other.assigned_to,
        recovery_due=min(dues, default=None),
        at_risk=tuple(dict.fromkeys((*into.at_risk, *(other.at_risk if is_same_money else ())))),
        responses=incidents.responses_of_both(into, other),
    )
    if into.revenue_per_hour is None:
        money = (other.revenue_per_hour, other.currency)
        larger = replace(larger, revenue_per_hour=money[0], currency=money[1])
    return larger


def moved_key(key: str, old: str, new: str) -> str:
    """The key of a group that only notifies names its incident; others stay as they are."""
    end = beside("", old)
    return beside(key.removesuffix(end), new) if key.endswith(end) else key


def _knowing(owner: Group, groups: list[Group]) -> Group:
    """The group that owns the survivor, with what its channels were told by those groups, where
    it told them nothing yet."""
    known = {one.channel for one in owner.told}
    told = [one for group in groups for one in group.told if one.channel in owner.channels]
    new = {one.channel: one for one in told if one.channel not in known}
    return replace(owner, told=(*owner.told, *new.values()))


def _both(mine: tuple[Told, ...], theirs: Iterable[Told]) -> tuple[Told, ...]:
    """Everybody of both, who know of the alerts of both."""
    found = {(one.channel, one.recipient): one for one in mine}
    for one in theirs:
        known = found.get((one.channel, one.recipient))
        firing = tuple(dict.fromkeys((*(known.firing if known else ()), *one.firing)))
        found[one.channel, one.recipient] = replace(known or one, firing=firing)
    return tuple(found.values())


def _joined(there: Group | None, moved: Group) -> Group:
    """The group that moves, or the one that is there already with what moves."""
    if there is None:
        return moved
    alerts = tuple(dict.fromkeys((*there.alerts, *moved.alerts)))
    channels = tuple(dict.fromkeys((*there.channels, *moved.channels)))
    told = _both(there.told, moved.told)
    return replace(there, alerts=alerts, channels=channels, told=told)
