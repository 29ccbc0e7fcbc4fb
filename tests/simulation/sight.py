"""What is so, worked out from the records and the definitions alone: what an alert is muted by,
which routes rest, whether an incident calls for somebody, whom a target names.

The witness stands on it; it sees the effects of every turn, and no part of the engine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from daemon.core.alerting.sources import test_of
from daemon.core.effects import Drop, Effect, Save
from daemon.core.labels import match_all
from daemon.core.model import (
    Alert,
    AlertState,
    Group,
    Incident,
    IncidentState,
    Instant,
    MuteKind,
    Override,
    Silence,
)
from daemon.core.plan import Plan, SchedulePlan
from daemon.core.severity import Severity
from tests.core.promises import has_just_ended, inhibits
from tests.simulation.almanac import Almanac

FOLLOWS: Final = frozenset({MuteKind.FLAPPING, MuteKind.CORRELATION})
"""Mutes that are taken as they show: they follow from what was told, and when."""


class Sight:
    """The newest records, and what follows from them.

    Attributes:
        plan: The configuration in force.
        seen: The ids of all incidents there ever were.
    """

    def __init__(self, almanac: Almanac, plan: Plan) -> None:
        self.plan = plan
        self.seen: set[str] = set()
        self._almanac = almanac
        self._firing: dict[str, Alert] = {}
        self._causes: dict[str, Alert] = {}
        self._open: dict[str, Incident] = {}
        self._groups: dict[str, Group] = {}
        self._silences: dict[str, Silence] = {}
        self._made: dict[str, Override] = {}
        self._touched: dict[str, None] = {}
        self._now: Instant = 0

    def _take_in(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Save(Alert() as alert):
                    self._alert(alert)
                case Drop(kind, key) if kind is Alert:
                    self._firing.pop(key, None)
                    self._causes.pop(key, None)
                case Save(Incident() as incident):
                    self._incident(incident)
                case Save(Group() as group):
                    self._groups[group.key] = group
                    self._touched[group.incident] = None
                case Drop(kind, key) if kind is Group:
                    self._groups.pop(key, None)
                case Save(Override() as made):
                    self._made[made.key] = made
                case Drop(kind, key) if kind is Override:
                    self._made.pop(key, None)
                case Save(Silence() as silence):
                    self._silences[silence.key] = silence
                case Drop(kind, key) if kind is Silence:
                    self._silences.pop(key, None)
                case _:
                    pass

    def _alert(self, alert: Alert) -> None:
        fires = alert.state is AlertState.FIRING
        labels = alert.matchable
        real = test_of(alert.source) is None
        causes = real and any(match_all(rule.source, labels) for rule in self.plan.inhibits)
        over = alert.state is AlertState.RESOLVED
        for known, holds in (
            (self._firing, fires),
            (self._causes, (fires or over) and causes),
        ):
            if holds:
                known[alert.key] = alert
            else:
                known.pop(alert.key, None)

    def _incident(self, incident: Incident) -> None:
        self.seen.add(incident.key)
        self._touched[incident.key] = None
        if incident.state is IncidentState.RESOLVED:
            self._open.pop(incident.key, None)
        else:
            self._open[incident.key] = incident

    def _groups_of(self, incident: Incident) -> list[Group]:
        return [group for group in self._groups.values() if group.incident == incident.key]

    def _policy_group(self, incident: Incident) -> Group | None:
        steps = incident.escalation
        return self._groups.get((steps.brought_by if steps else "") or incident.group)

    def _is_muted(self, alert: Alert) -> bool:
        """Whether it is, by the definitions; flapping aside, which the first page brings."""
        labels, now = alert.matchable, self._now
        if any(
            match_all(silence.matchers, labels)
            for silence in self._silences.values()
            if silence.starts_at <= now < silence.ends_at
        ):
            return True
        if alert.terms.unreachable is not None:
            return True
        windows = self.plan.maintenance.values()
        if any(match_all(w.match, labels) and self._almanac.is_planned(w) for w in windows):
            return True
        return not alert.dismissed and any(
            not other.dismissed
            and (other.state is AlertState.FIRING or has_just_ended(self.plan, other, alert, now))
            and inhibits(rule, other, alert)
            for rule in self.plan.inhibits
            for other in self._causes.values()
            if all(other.labels.get(n, "") == labels.get(n, "") for n in rule.equal)
        )

    def turn_to(self, now: Instant) -> None:
        """It is so late now."""
        self._now = now
        self._almanac.turn_to(now)

    def _rests(self, group: Group | None) -> bool:
        """Whether the group's route tells nothing at this hour."""
        if group is None:
            return False
        known = self.plan.intervals
        active = [known[name] for name in group.active_in if name in known]
        if any(self._almanac.is_open(known[n]) for n in group.mute_in if n in known):
            return True
        return bool(active) and not any(map(self._almanac.is_open, active))

    def _calls(self, incident: Incident) -> bool:
        """Whether it has an alert that its policy may tell now."""
        group = self._policy_group(incident)
        if self._rests(group) or self._is_held(incident):
            return False
        young = 0 if group is None else group.suppress
        return any(
            not self._is_hidden(alert) and (alert.fired_at or 0) + young <= self._now
            for alert in self._alerts_of(incident)
        )

    def _is_held(self, incident: Incident) -> bool:
        """Whether each of its routes tells nothing: not at this hour, or of nothing so young."""
        for group in self._groups_of(incident):
            if self._rests(group):
                continue
            members = set(group.alerts)
            known = [a for a in self._alerts_of(incident) if a.key in members]
            shown = [alert for alert in known if not self._is_hidden(alert)]
            if not shown or any((a.fired_at or 0) + group.suppress <= self._now for a in shown):
                return False
        return True

    def _is_hidden(self, alert: Alert) -> bool:
        """Muted by definition, or as it shows by what follows from what was told."""
        return any(mute.kind in FOLLOWS for mute in alert.muted) or self._is_muted(alert)

    def _alerts_of(self, incident: Incident) -> list[Alert]:
        found = (self._firing.get(key) for key in incident.firing)
        return [alert for alert in found if alert is not None]

    def _schedule(self, name: str) -> SchedulePlan:
        """As it is configured, with what operators put above it."""
        made = sorted(self._made.values(), key=lambda one: (one.made_at, one.key))
        return replace(
            self.plan.schedules[name], made=tuple(one for one in made if one.schedule == name)
        )

    def _reached(self, target: str, incident: Incident) -> list[str]:
        kind, _, name = target.partition(":")
        match kind:
            case "channel":
                return [name]
            case "person":
                persons: tuple[str, ...] = (name,)
            case "team":
                persons = self.plan.teams[name].members
            case _:
                persons = self._almanac.on_call(self._schedule(name))
        grave = incident.severity >= Severity.CRITICAL
        found = [self.plan.persons[person] for person in persons if person in self.plan.persons]
        return [
            f"{person.name} via {way.channel}"
            for person in found
            for way in (person.high if grave else person.low)
        ]
