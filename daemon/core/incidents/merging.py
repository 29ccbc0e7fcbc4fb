"""Merging and splitting: operators say which alerts are one incident.

Theory. *Merge*: the firing alerts of other incidents move into the one that survives; the others
are over by that, and say where they went. Whoever was told of one of them is told that it was
merged, and is from then on believed to know its alerts in the survivor, so that its end reaches
them. Its groups stay, as groups of the survivor that only notify: an alert that would have joined
it joins the survivor. The survivor keeps its policy and whoever has it, to whom what moved is no
news, now or later; a graver one that joins brings its policy along, and reopens it as a graver
alert does.

*Split*: some firing alerts of an incident become one of their own, with the state, the policy and
the parts of the first. Whoever was told of them is told of the new incident. What fires anew
joins the first as before.

It stands beside `daemon.core.incidents.commands`, whose rules hold here too. The review of the
incidents, in the same turn, works out what follows: severity, words, mutes, who else is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.alerting import titles
from daemon.core.alerting.alerts import Alerts
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.errors import Invalid, NotAllowed
from daemon.core.events import Merge, Split
from daemon.core.incidents import life as incidents
from daemon.core.incidents.commands import Commands
from daemon.core.incidents.desk import Desk
from daemon.core.incidents.life import Happening
from daemon.core.incidents.takeover import enlarged, moved_key
from daemon.core.model import Actor, Alert, Incident, Told
from daemon.core.telling.notices import recipient_of
from daemon.core.telling.routing import beside
from daemon.core.turn import Turn


class Merging:
    """Moves alerts between the incidents of a desk."""

    def __init__(self, desk: Desk, alerts: Alerts, commands: Commands) -> None:
        self._course = desk.course
        self._caller = desk.teller.caller
        self._takeover = desk.takeover
        self._book = desk.book
        self._alerts = alerts
        self._commands = commands

    def merge(self, command: Merge, turn: Turn) -> None:
        """The alerts of the others move into this incident.

        Raises:
            NotFound, Conflict: See `Commands.find`.
            NotAllowed: One of them is resolved, or a test, or says that another is late.
            Invalid: None is named, or it itself.
        """
        into = self._commands.find(command.incident, command.version, turn)
        incidents.after(into, Happening.MERGE)
        others = [self._commands.find(key, None, turn) for key in dict.fromkeys(command.others)]
        if not others:
            raise Invalid("name the incidents that are to be merged into it")
        for other in others:
            if other.key == into.key:
                raise Invalid(f"incident {into.key} cannot be merged into itself")
            incidents.after(other, Happening.MERGE)
        for one in (into, *others):
            if one.is_test or not one.is_timed:
                what = "is a test" if one.is_test else "only says that another is late"
                raise NotAllowed(f"incident {one.key} cannot be merged: it {what}")
        for other in others:
            self._absorb(self._book.incidents[other.key], into.key, command.actor, turn)

    def split(self, command: Split, turn: Turn) -> None:
        """Some of the incident's firing alerts become an incident of their own.

        Raises:
            NotFound, Conflict: See `Commands.find`.
            NotAllowed: It is resolved, or nothing would be left of it.
            Invalid: No alert is named, or one that does not fire in it.
        """
        first = self._commands.find(command.incident, command.version, turn)
        incidents.after(first, Happening.SPLIT)
        firing = {alert.key: alert for alert in self._book.firing(first)}
        unknown = [key for key in command.alerts if key not in firing]
        if unknown or not command.alerts:
            which = f"{unknown[0][:40]!r} is no alert" if unknown else "name at least one alert"
            raise Invalid(f"{which} that fires in incident {first.key}")
        moved = [firing[key] for key in dict.fromkeys(command.alerts)]
        if len(moved) == len(firing):
            raise NotAllowed(f"incident {first.key} has no other alert that fires: none is left")
        second = self._part(first, moved, turn)
        self._tell_parted(first, second, moved, command.actor, turn)

    # -- merging -----------------------------------------------------------------------

    def _absorb(self, other: Incident, key: str, actor: Actor, turn: Turn) -> None:
        into = self._book.incidents[key]
        groups, moved = self._book.groups_of(other), self._book.firing(other)
        strangers = self._takeover.strangers(into, other)
        words = f"merged into {key}: {into.title}"
        self._course.resolve(replace(other, merged_into=key), actor, words, turn)
        for alert in moved:
            self._alerts.put(replace(alert, incident=key, merged_at=turn.now), turn)
        self._takeover.groups(self._book.groups[into.group], groups, other, turn)
        self._book.put(_enlarged(into, other, moved), turn)
        self._course.touch(key, turn).shown.update(dict.fromkeys(alert.key for alert in moved))
        said = f"{other.key} was merged into this: {other.title}"
        self._commands.record(turn, into, "merge", EntryKind.MERGED, actor, said)
        if self._book.incidents[key].escalation is not into.escalation:
            name = other.escalation.policy if other.escalation else ""
            taken = (
                f" takes the place of {into.escalation.policy}" if into.escalation else " begins"
            )
            self._book.write(turn, into, EntryKind.ESCALATED, f"policy {name}{taken}")
        self._takeover.tell(key, strangers, moved, turn, said)

    # -- splitting ---------------------------------------------------------------------

    def _part(self, first: Incident, moved: list[Alert], turn: Turn) -> Incident:
        """Make the second incident and its groups of what moves."""
        keys = frozenset(alert.key for alert in moved)
        second = self._second(first, moved, turn)
        owner = self._book.groups[first.group]
        for group in self._book.groups_of(first):
            if group is owner or keys & set(group.alerts):
                is_owner = group.key == first.group
                name = second.group if is_owner else moved_key(group.key, first.key, second.key)
                name = name if name != group.key else beside(group.key, second.key)
                inside = tuple(key for key in group.alerts if key in keys)
                part = replace(
                    group,
                    key=name,
                    incident=second.key,
                    owner=is_owner,
                    alerts=second.alerts if is_owner else inside,
                    told=_known_of(group.told, keys),
                    flush_at=None,
                )
                self._book.put_group(part, turn)
            left = tuple(key for key in group.alerts if key not in keys)
            told = tuple(_without(one, keys) for one in group.told)
            self._book.put_group(replace(group, alerts=left, told=told), turn)
        second = self._book.put(second, turn)
        for alert in moved:
            self._alerts.put(replace(alert, incident=second.key), turn)
        self._course.touch(first.key, turn)
        return second

    def _second(self, first: Incident, moved: list[Alert], turn: Turn) -> Incident:
        """The second incident as a value: what its alerts say, and how far the first has come."""
        speaker = titles.worst(moved) or moved[0]
        fired_at = max(first.fired_at, min(alert.fired_at or turn.now for alert in moved))
        key = incidents.incident_id(f"{first.key}|{speaker.key}", turn.now)
        while key in self._book.incidents:
            key = incidents.incident_id(key, turn.now)
        keys = tuple(alert.key for alert in moved)
        plan = self._caller.plan
        opened = incidents.opened(speaker, key, f"{first.group}#{key}", plan, fired_at)
        steps = first.escalation
        second = replace(
            opened,
            state=first.state,
            acknowledged_at=first.acknowledged_at,
            acknowledged_by=first.acknowledged_by,
            first_acknowledged_at=first.first_acknowledged_at,
            ack_comment=first.ack_comment,
            ack_until=first.ack_until,
            notified_at=first.notified_at,
            assigned_to=first.assigned_to,
            roles=first.roles,
            responses=first.responses,
            unmuted_at=turn.now,
            is_timed=first.is_timed,
            escalation=None if steps is None else replace(steps, brought_by=""),
            told=_known_of(first.told, frozenset(keys)),
            alerts=keys,
            down_since=None,
            down_until=turn.now,
            split_from=first.key,
        )
        return incidents.reviewed(incidents.joined(second, keys), moved, turn.now)

    def _tell_parted(
        self, first: Incident, second: Incident, moved: list[Alert], actor: Actor, turn: Turn
    ) -> None:
        names = ", ".join(map(titles.named, moved[:5]))
        self._book.write(turn, second, EntryKind.FIRED, f"split from {first.key}: {names}", actor)
        said = f"{second.key} was split from this: {names}"
        self._commands.record(turn, first, "split", EntryKind.SPLIT, actor, said)
        if second.muted:
            self._book.write(turn, second, EntryKind.MUTED, titles.mutes(second))
        second = self._course.keep(second, turn)
        self._course.touch(second.key, turn)
        if second.muted:
            return
        to = [recipient_of(told) for told in self._book.told(second)]
        shown = [alert for alert in self._book.firing(second) if not alert.muted]
        self._takeover.say(second.key, to, shown, turn, f"split from {first.key} by {actor.name}")


def _enlarged(into: Incident, other: Incident, moved: list[Alert]) -> Incident:
    """The survivor with the alerts of the other, what it lacks of it, and its policy if that is
    graver."""
    larger = enlarged(incidents.joined(into, tuple(alert.key for alert in moved)), other)
    steps = other.escalation
    if steps is None or (into.escalation is not None and other.severity <= into.severity):
        return larger
    brought_by = moved_key(steps.brought_by or other.group, other.key, into.key)
    return replace(larger, escalation=replace(steps, brought_by=brought_by))


def _known_of(told: Iterable[Told], keys: frozenset[str]) -> tuple[Told, ...]:
    """Who of these knows of some of the alerts, and of which."""
    kept = (replace(one, firing=tuple(k for k in one.firing if k in keys)) for one in told)
    return tuple(one for one in kept if one.firing)


def _without(told: Told, keys: frozenset[str]) -> Told:
    return replace(told, firing=tuple(key for key in told.firing if key not in keys))
