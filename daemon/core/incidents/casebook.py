"""The casebook: every incident and group in memory, their deadlines and their history.

The desk, the teller, their parts and the operators' commands read and write incidents through
it alone, so in one place a change is saved, gets its version, its line in the timeline, and its
deadline. Open incidents stay; resolved ones are kept for `KEEP`, at most the newest `MOST`, for
notes and late reports of deliveries, then only history has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import Entry, EntryKind
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.model import (
    DAY,
    ENGINE,
    Actor,
    Alert,
    AlertState,
    Group,
    Incident,
    IncidentState,
    Instant,
    Told,
)
from daemon.core.telling import contacts
from daemon.core.turn import Turn

KEEP: Final = DAY
"""How long a resolved incident stays in memory."""
MOST: Final = 1_000
"""So many resolved incidents stay at most, so that storms do not fill the memory for a day."""


class Casebook:
    """Incidents by id and groups by key.

    Attributes:
        incidents, groups: The records; changed through `put`, `put_group`, `close` only.
        prompted_at: When somebody is next to be reminded of an incident, see `Prompter`.
    """

    def __init__(self, alerts: Mapping[str, Alert]) -> None:
        self.incidents: dict[str, Incident] = {}
        self.groups: dict[str, Group] = {}
        self._alerts = alerts
        self._members: tuple[tuple[str, ...], frozenset[str]] = ((), frozenset())
        self._resolved: dict[str, None] = {}  # the longest resolved first
        self._touched: dict[str, None] = {}
        self._groups_of: dict[str, dict[str, None]] = {}
        self._incident_deadlines = Deadlines()
        self._group_deadlines = Deadlines()
        self.prompted_at: Callable[[Incident], Instant | None] = lambda _: None

    def restore(self, incidents: Iterable[Incident], groups: Iterable[Group]) -> None:
        """Take in what a store kept."""
        for incident in incidents:
            self.incidents[incident.key] = incident
            self.rearm(incident)
        for incident in sorted(self.incidents.values(), key=lambda one: one.resolved_at or 0):
            self._keep_resolved(incident)
        for group in groups:
            self._keep_group(group)

    def next_deadline(self) -> Instant | None:
        """When the next acknowledgement expires, step or look is due, or incident is dropped."""
        return soonest(self._incident_deadlines.next(), self._group_deadlines.next())

    def due_incident(self, now: Instant) -> Incident | None:
        """Take out the incident that has been due longest."""
        key = self._incident_deadlines.pop(now)
        return None if key is None else self.incidents[key]

    def due_group(self, now: Instant) -> Group | None:
        """Take out the group that has been due longest."""
        key = self._group_deadlines.pop(now)
        return None if key is None else self.groups[key]

    def is_open(self, key: str) -> bool:
        """Whether there is an incident with this id that is not resolved."""
        incident = self.incidents.get(key)
        return incident is not None and incident.state is not IncidentState.RESOLVED

    def firing(self, incident: Incident) -> list[Alert]:
        """The alerts that make the incident go on, in the order they joined."""
        key, fires = incident.key, AlertState.FIRING
        return [
            alert
            for alert in map(self._alerts.get, incident.firing)
            if alert is not None
            and alert.state is fires
            and alert.incident == key
            and not alert.dismissed
        ]

    def members(self, incident: Incident) -> frozenset[str]:
        """The alerts that the incident counts as firing, to be asked often."""
        if self._members[0] is not incident.firing:
            self._members = (incident.firing, frozenset(incident.firing))
        return self._members[1]

    def known(self, keys: Iterable[str]) -> list[Alert]:
        """Those of these alerts that are still remembered."""
        return [alert for alert in map(self._alerts.get, keys) if alert is not None]

    def groups_of(self, incident: Incident) -> list[Group]:
        """The incident's groups: the owner first, then in the order they began."""
        groups = [self.groups[key] for key in self._groups_of.get(incident.key, ())]
        if len(groups) < 2:
            return groups
        return sorted(groups, key=lambda group: (not group.owner, group.opened_at, group.key))

    def running_policies(self) -> set[str]:
        """The policies of open incidents, by name."""
        open_ = (one for one in self.incidents.values() if self.is_open(one.key))
        return {one.escalation.policy for one in open_ if one.escalation is not None}

    def told(self, incident: Incident) -> list[Told]:
        """Everybody who was told of the incident, each once, by its routes and its policy; not
        who was never reached."""
        by_groups = [told for group in self.groups_of(incident) for told in group.told]
        believed = [told for told in (*by_groups, *incident.told) if told.reached or not told.lost]
        everybody = {(told.channel, told.recipient): told for told in believed}
        return list(everybody.values())

    def put(self, incident: Incident, turn: Turn) -> Incident:
        """The incident has a new value; returns it with the version it gets."""
        old = self.incidents.get(incident.key)
        if old is not None:
            if incident == old:
                self.rearm(incident)
                return incident
            incident = replace(incident, version=old.version + 1)
        self.incidents[incident.key] = incident
        self._touched[incident.key] = None
        self.rearm(incident)
        self._keep_resolved(incident)
        turn.save(incident)
        return incident

    def rearm(self, incident: Incident) -> None:
        """Set the incident's deadline anew: the plan, by which it is prompted, may be another."""
        self._incident_deadlines.set(
            incident.key, soonest(_due(incident), self.prompted_at(incident))
        )

    def note(self, incident: Incident, turn: Turn) -> Incident:
        """The incident is the same to operators, only what became of its notices is known: its
        version stays, so that nobody's command is refused for a delivery."""
        if incident != self.incidents[incident.key]:
            self.incidents[incident.key] = incident
            turn.save(incident)
        return incident

    def take_touched(self) -> list[str]:
        """The incidents that were put or dropped since this was last asked, in order."""
        touched, self._touched = self._touched, {}
        return list(touched)

    def drop(self, incident: Incident, turn: Turn) -> None:
        """The incident is of no more use to the engine."""
        del self.incidents[incident.key]
        self._touched[incident.key] = None
        self._resolved.pop(incident.key, None)
        self._incident_deadlines.set(incident.key, None)
        turn.drop(incident)

    def put_group(self, group: Group, turn: Turn) -> None:
        """The group has a new value."""
        changed = group != self.groups.get(group.key)
        self._keep_group(group)
        if changed:
            turn.save(group)

    def close(self, incident: Incident, turn: Turn) -> None:
        """The incident is over: its groups are no more."""
        for group in self.groups_of(incident):
            del self.groups[group.key]
            self._group_deadlines.set(group.key, None)
            turn.drop(group)
        self._groups_of.pop(incident.key, None)

    def write(
        self, turn: Turn, incident: Incident, kind: EntryKind, text: str, actor: Actor = ENGINE
    ) -> None:
        """Add a line to the incident's timeline."""
        turn.append(Entry(incident.key, turn.now, kind, actor, text))

    def _keep_resolved(self, incident: Incident) -> None:
        """If it is resolved, it is kept in place of the one that has been so for longest."""
        if incident.resolved_at is None or incident.key in self._resolved:
            return
        self._resolved[incident.key] = None
        if len(self._resolved) > MOST:
            oldest = next(iter(self._resolved))
            del self._resolved[oldest]
            self._incident_deadlines.set(oldest, incident.resolved_at)

    def _keep_group(self, group: Group) -> None:
        self.groups[group.key] = group
        self._groups_of.setdefault(group.incident, {})[group.key] = None
        self._group_deadlines.set(group.key, group.flush_at)


def _due(incident: Incident) -> Instant | None:
    """When the incident changes by time alone."""
    if incident.resolved_at is not None:
        return incident.resolved_at + KEEP
    step = incident.escalation.next_at if incident.escalation is not None else None
    demanded = min((demand.by for demand in incident.demands), default=None)
    waits = contacts.next_at(incident.contacts) if incident.contacts else None
    return soonest(incident.ack_until, step, waits, demanded)
