"""What routes hold back: the hours in which they tell nothing, and alerts that are too young.

A route with `mute_time_intervals` or `active_time_intervals` tells nothing on its channels while
it is mute, and the policy that it brought rests. A route with `suppress` tells an alert only
once that has fired for so long; the policy it brought begins with the first of them. An incident
none of whose groups may tell anything is muted, with the reasons.

It stands between the casebook and whoever tells: `Teller` and `Looks` ask it what may be told, the
desk what holds an incident and when that is to be looked at again. It keeps only deadlines; groups
carry what their routes said when they began.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.deadlines import Deadlines, soonest
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Group, Incident, IncidentState, Instant, Millis, Mute, MuteKind
from daemon.core.plan import Plan, RoutePlan
from daemon.core.telling.intervals import Timetable


class Holding:
    """What the groups of a casebook may tell now."""

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self._book = book
        self._ripening = Deadlines()
        self._is_used = False
        self.replan(plan)

    def replan(self, plan: Plan) -> None:
        """Other intervals hold; every incident that may be held is to be looked at again."""
        self._timetable = Timetable(plan.intervals)
        self._is_anew = True
        self._is_used = self._is_used or _holds(plan.route)

    def next_deadline(self) -> Instant | None:
        """When an interval begins or ends, or an alert has fired for long enough."""
        return soonest(self._timetable.next_deadline(), self._ripening.next())

    def tick(self, now: Instant) -> list[str]:
        """The incidents for which something that holds them began or ended."""
        keys = [key for key, _ in self._ripening.take_due(now)]
        if self._timetable.tick(now) or self._is_anew:
            self._is_anew = False
            held = [group.incident for group in self._book.groups.values() if _may_hold(group)]
            self._is_used = self._is_used or bool(held)
            keys += held
        return sorted(set(keys))

    def arrange(self, incident: Incident, now: Instant) -> None:
        """The incident changed: set when the next of its alerts has fired for long enough."""
        if not self._is_used:
            return
        spans = {group.suppress for group in self._book.groups_of(incident) if group.suppress}
        firing = self._book.firing(incident) if spans else []
        times = [_fired(alert) + span for alert in firing for span in spans]
        self._ripening.set(incident.key, min((at for at in times if at > now), default=None))

    def hours(self, group: Group) -> tuple[Mute, ...]:
        """Why the group's route tells nothing at this time; empty if it does."""
        if not (group.mute_in or group.active_in):
            return ()
        return self._timetable.mutes(group.mute_in, group.active_in)

    def is_within(self, names: Iterable[str]) -> bool:
        """Whether one of these time intervals matches now; those that the configuration has no
        more count for nothing."""
        return not self._timetable.mutes((), names)

    def is_calling(self, incident: Incident, now: Instant) -> bool:
        """Whether the incident calls for somebody by its policy."""
        calls = incident.state is IncidentState.TRIGGERED and not incident.muted
        return calls and self.lets_call(incident, now)

    def free(self, group: Group, firing: Iterable[Alert], now: Instant) -> list[Alert]:
        """Those of these firing alerts that the group's route may tell."""
        return [] if self.hours(group) else _ripe(group, firing, now)

    def ripe(self, incident: Incident, firing: Iterable[Alert], now: Instant) -> list[Alert]:
        """Those of its firing alerts that are neither muted nor too young for its policy."""
        return _ripe(self._policy_group(incident), firing, now)

    def calls(self, incident: Incident, now: Instant) -> list[Alert]:
        """The incident's alerts that its policy may tell."""
        if self.rests(incident):
            return []
        return self.ripe(incident, self._book.firing(incident), now)

    def rests(self, incident: Incident) -> bool:
        """Whether the route that brought the incident's policy is mute at this time."""
        group = self._policy_group(incident)
        return group is not None and bool(self.hours(group))

    def lets_call(self, incident: Incident, now: Instant) -> bool:
        """Whether its policy has an alert to tell, as far as its route is concerned."""
        group = self._policy_group(incident)
        return group is None or not _may_hold(group) or bool(self.calls(incident, now))

    def why(self, incident: Incident, now: Instant) -> tuple[Mute, ...]:
        """Why none of the incident's groups may tell anything; empty if one may."""
        if not self._is_used:
            return ()
        groups = self._book.groups_of(incident)
        if not any(map(_may_hold, groups)):
            return ()
        firing = self._book.firing(incident)
        found: dict[tuple[MuteKind, str], Mute] = {}
        for group in groups:
            members = set(group.alerts)
            reasons = self._reasons(group, [a for a in firing if a.key in members], now)
            if not reasons:
                return ()
            found.update({(mute.kind, mute.by): mute for mute in reasons})
        return tuple(found.values())

    def held_back(
        self, incident: Incident, firing: Iterable[Alert], now: Instant
    ) -> dict[str, tuple[Mute, ...]]:
        """Of these alerts of the incident those that none of their groups may tell, and why."""
        groups = self._book.groups_of(incident) if self._is_used else []
        if not any(map(_may_hold, groups)):
            return {}
        gates = [(frozenset(group.alerts), self.hours(group), group.suppress) for group in groups]
        found = {}
        for alert in firing:
            reasons = [
                hours or _youth(alert, span, now)
                for keys, hours, span in gates
                if alert.key in keys
            ]
            if reasons and all(reasons):
                of_all = (mute for some in reasons for mute in some)
                found[alert.key] = tuple({(mute.kind, mute.by): mute for mute in of_all}.values())
        return found

    def _reasons(self, group: Group, firing: list[Alert], now: Instant) -> tuple[Mute, ...]:
        hours = self.hours(group)
        unmuted = [alert for alert in firing if not alert.muted]
        if hours or not (unmuted and group.suppress) or _ripe(group, unmuted, now):
            return hours
        return _youth(min(unmuted, key=_fired), group.suppress, now)

    def brings_policy(self, group: Group, incident: Incident) -> bool:
        """Whether the incident's policy came by this group's route."""
        found = self._policy_group(incident)
        return found is not None and found.key == group.key

    def news_every(self, incident: Incident) -> Millis:
        """How often those whom the policy called are told of what joins: as its group is."""
        group = self._policy_group(incident)
        return 0 if group is None else group.interval

    def _policy_group(self, incident: Incident) -> Group | None:
        steps = incident.escalation
        brought = self._book.groups.get(steps.brought_by) if steps and steps.brought_by else None
        return brought or self._book.groups.get(incident.group)


def _holds(route: RoutePlan) -> bool:
    """Whether this route or one below it may hold anything back."""
    own = route.mute_time_intervals or route.active_time_intervals or route.suppress
    return bool(own) or any(map(_holds, route.routes))


def _may_hold(group: Group) -> bool:
    return bool(group.mute_in or group.active_in or group.suppress)


def _ripe(group: Group | None, firing: Iterable[Alert], now: Instant) -> list[Alert]:
    span = 0 if group is None else group.suppress
    return [a for a in firing if not a.muted and (not span or _fired(a) + span <= now)]


def _youth(alert: Alert, span: Millis, now: Instant) -> tuple[Mute, ...]:
    """The mute of an alert that is too young for a route that waits for so long."""
    until = _fired(alert) + span
    if until <= now:
        return ()
    reason = "not told before it has fired for a while (suppress)"
    return (Mute(MuteKind.SUPPRESSION, "suppress", reason, until),)


def _fired(alert: Alert) -> Instant:
    return alert.fired_at or 0
