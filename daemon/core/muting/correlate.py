"""Correlation: alerts of different conditions that fire within a window are one storm.

Theory. For each rule the firing alerts are kept apart by the values of its `equal` labels; an
alert counts for the first of the rule's conditions that it matches. When alerts of enough
different conditions have begun to fire within the `window`, they are a *storm*, led by the one
that fired first, whose incident is theirs (`daemon.core.incidents.intake` sees to that). What
begins to fire no later than a `window` after the last of them joins. A storm is over when none of
its alerts fires.

A storm tells at most once in `QUIET`: an alert that joins earlier after the last word is muted
(*held*) until then, and all that are held are told at once. What is graver than anything told
is never held, and nothing is while nobody was told of the incident, or while no other alert of
the storm fires un-muted: so there is always one that tells.

Not in it are alerts that are silenced or in maintenance (they are known) when it begins or when
they begin to fire, that cannot be acknowledged (each must be seen), or whose incident an operator
resolved.

It stands after the other mutes, which it goes by, and before routing: `see` is told of every
alert that changed and answers with those whose mutes may be others now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from daemon.core.alerting.sources import test_of
from daemon.core.changing import replace
from daemon.core.deadlines import Deadlines
from daemon.core.labels import Labels, match_all
from daemon.core.model import MINUTE, Alert, AlertState, Instant, Millis, Mute, MuteKind, Storm
from daemon.core.muting.gathering import Bucket, Members
from daemon.core.plan import CorrelatePlan
from daemon.core.turn import Turn

QUIET: Final[Millis] = MINUTE
"""How long a storm is quiet after it told something, but for what is graver."""

_PLANNED: Final = (MuteKind.SILENCE, MuteKind.MAINTENANCE)
_Place = tuple[str, tuple[str, ...]]
"""A rule's name and the values of its `equal` labels."""


class Correlations:
    """The storms of a plan's rules.

    Attributes:
        storms: The records, by key.
    """

    def __init__(
        self,
        plans: Iterable[CorrelatePlan],
        alerts: Mapping[str, Alert],
        told: Callable[[Alert], bool],
    ) -> None:
        """`told` says whether anybody was told of the alert's incident."""
        self.storms: dict[str, Storm] = {}
        self._plans = tuple(plans)
        self._alerts = alerts
        self._told = told
        self._buckets: dict[_Place, Bucket] = {}
        self._places: dict[str, tuple[tuple[_Place, int], ...]] = {}
        self._storm_of: dict[str, str] = {}
        self._members: dict[str, Members] = {}
        self._formed: dict[str, None] = {}
        self._deadlines = Deadlines()

    def restore(self, storms: Iterable[Storm], now: Instant) -> None:
        """Take in what a store kept; the alerts must have been restored before."""
        for storm in sorted(storms, key=lambda one: one.began_at):
            self.storms[storm.key] = storm
            self._members[storm.key] = Members()
            if not storm.united:
                self._formed[storm.key] = None
        for alert in self._alerts.values():
            if alert.storm in self._members and _takes_part(alert):
                members = self._members[alert.storm]
                self._storm_of[alert.key] = alert.storm
                members.add(alert)
                if any(mute.kind is MuteKind.CORRELATION for mute in alert.muted):
                    members.held[alert.key] = None
        for key, members in self._members.items():
            self._deadlines.set(key, self.storms[key].quiet_until if members else now)
        self._arrange()

    def replan(self, plans: Iterable[CorrelatePlan], turn: Turn) -> None:
        """Other rules hold for what begins to fire from now on. Storms that there are go on,
        and take in what joins while their rule is the same."""
        before = {plan.name: plan for plan in self._plans}
        self._plans = tuple(plans)
        same = {plan.name for plan in self._plans if before.get(plan.name) == plan}
        for storm in list(self.storms.values()):
            if storm.takes_in and storm.rule not in same:
                self._put(replace(storm, takes_in=False), turn)
        self._arrange()

    def _arrange(self) -> None:
        """Have what fires and is in no storm wait where these rules say."""
        self._buckets, self._places = {}, {}
        for storm in sorted(self.storms.values(), key=lambda one: one.began_at):
            if storm.takes_in:
                self._buckets.setdefault((storm.rule, storm.equal), Bucket()).storm = storm.key
        for alert in self._alerts.values():
            if _takes_part(alert) and alert.key not in self._storm_of:
                self._wait(alert)

    def next_deadline(self) -> Instant | None:
        """When a storm tells of what is held."""
        return self._deadlines.next()

    def tick(self, turn: Turn) -> list[str]:
        """Let go what was held for long enough; returns the alerts that are muted no more."""
        freed: list[str] = []
        for key, _ in list(self._deadlines.take_due(turn.now)):
            if self._members[key]:
                freed += self._let_go(self.storms[key], turn)
            else:
                self._end(key, turn)
        return freed

    def of(self, alert: str) -> Storm | None:
        """The storm that the alert belongs to."""
        key = self._storm_of.get(alert)
        return None if key is None else self.storms[key]

    def mute_of(self, alert: str) -> Mute | None:
        """Why the alert is held, if it is."""
        storm = self.of(alert)
        if storm is None or alert not in self._members[storm.key].held:
            return None
        reason = f"part of storm {storm.rule}, told with its next update"
        return Mute(MuteKind.CORRELATION, storm.rule, reason, storm.quiet_until)

    def settle(self, storm: Storm, incident: str, turn: Turn) -> None:
        """The storm's alerts are in this incident from now on."""
        self._put(replace(storm, incident=incident), turn)

    def formed(self) -> list[Storm]:
        """The storms whose first alerts may still be in other incidents."""
        return [self.storms[key] for key in self._formed]

    def unite(self, storm: Storm, turn: Turn) -> list[str]:
        """The storm's incident is open; returns the alerts that are to go on in it, once."""
        del self._formed[storm.key]
        self._put(replace(self.storms[storm.key], united=True), turn)
        return list(self._members[storm.key])

    def see(self, alert: Alert, turn: Turn) -> list[str]:
        """The alert changed, and its other mutes are settled.

        Returns:
            The alerts whose storm or mute is another now.
        """
        if not (self._plans or self.storms):
            return []
        if not _takes_part(alert):
            return self._leave(alert.key, turn)
        storm = self.of(alert.key)
        if storm is not None:
            return self._look_again(alert, storm, turn)
        if alert.key not in self._places:
            return self._begin(alert, turn)
        self._stand(alert)
        return []

    def _begin(self, alert: Alert, turn: Turn) -> list[str]:
        """The alert begins to fire: it joins a storm, forms one, or waits for others."""
        for place in self._wait(alert):
            plan = next(one for one in self._plans if one.name == place[0])
            bucket = self._buckets[place]
            storm = self.storms.get(bucket.storm or "")
            if storm is not None and turn.now - storm.last_at <= plan.window:
                self._join(alert, storm, turn)
                return [alert.key]
            bucket.forget_before(turn.now - plan.window)
            if bucket.conditions() >= plan.needs:
                return self._form(place, bucket, turn)
        return []

    def _form(self, place: _Place, bucket: Bucket, turn: Turn) -> list[str]:
        keys = sorted(bucket.keys(), key=lambda key: _rank(self._alerts[key]))
        lead = self._alerts[keys[0]]
        storm = Storm(
            key=f"{place[0]}/{lead.key}/{turn.now}",
            rule=place[0],
            equal=place[1],
            lead=lead.key,
            incident=lead.incident,
            began_at=turn.now,
            last_at=turn.now,
            worst=max(self._alerts[key].effective for key in keys),
            quiet_until=turn.now + QUIET,
            united=False,
        )
        bucket.storm = storm.key
        self._members[storm.key] = Members()
        self._formed[storm.key] = None
        for key in keys:
            self._take(key, storm.key)
        self._put(storm, turn)
        if not self._has_lead(storm):
            self._lead(storm, turn)
        return keys

    def _join(self, alert: Alert, storm: Storm, turn: Turn) -> None:
        graver = alert.effective > storm.worst
        told = self._has_lead(storm) and self._told(self._alerts[storm.lead])
        self._take(alert.key, storm.key)
        storm = replace(storm, last_at=turn.now, worst=max(storm.worst, alert.effective))
        if told and not graver and turn.now < storm.quiet_until:
            self._members[storm.key].held[alert.key] = None
            self._deadlines.set(storm.key, storm.quiet_until)
        elif told:
            storm = replace(storm, quiet_until=max(storm.quiet_until, turn.now + QUIET))
        self._put(storm, turn)

    def _look_again(self, alert: Alert, storm: Storm, turn: Turn) -> list[str]:
        """An alert of the storm changed: it is graver, can lead no more, or can now."""
        held = self._members[storm.key].held
        changed = []
        if alert.effective > storm.worst:
            self._put(replace(storm, worst=alert.effective), turn)
            if alert.key in held:
                del held[alert.key]
                changed.append(alert.key)
        storm = self.storms[storm.key]
        if alert.key == storm.lead and not _leads(alert, storm):
            changed += self._lead(storm, turn)
        elif alert.key not in held and _leads(alert, storm) and not self._has_lead(storm):
            self._put(replace(storm, lead=alert.key), turn)
        return changed

    def _leave(self, key: str, turn: Turn) -> list[str]:
        """The alert takes part no more."""
        for place, _ in self._places.pop(key, ()):
            bucket = self._buckets.get(place)
            if bucket is None:
                continue
            bucket.discard(key)
            if not bucket and bucket.storm not in self.storms:
                del self._buckets[place]
        name = self._storm_of.pop(key, None)
        if name is None:
            return []
        members = self._members[name]
        members.remove(key)
        if not members:
            self._end(name, turn)
            return [key]
        storm = self.storms[name]
        return [key, *(self._lead(storm, turn) if storm.lead == key else ())]

    def _lead(self, storm: Storm, turn: Turn) -> list[str]:
        """Find an alert that can lead; if there is none, nothing is held."""
        members = self._members[storm.key]
        able = (key for key in members if key not in members.held)
        found = next((key for key in able if _leads(self._alerts[key], storm)), None)
        if found is None:
            return self._let_go(storm, turn)
        if found != storm.lead:
            self._put(replace(storm, lead=found), turn)
        return []

    def _has_lead(self, storm: Storm) -> bool:
        lead = self._alerts.get(storm.lead)
        return storm.lead in self._members[storm.key] and lead is not None and _leads(lead, storm)

    def _let_go(self, storm: Storm, turn: Turn) -> list[str]:
        """Nothing of the storm is held any more; it has told, and is quiet again."""
        freed = self._members[storm.key].free()
        self._deadlines.set(storm.key, None)
        if freed:
            self._put(replace(storm, quiet_until=turn.now + QUIET), turn)
        return freed

    def _end(self, key: str, turn: Turn) -> None:
        storm = self.storms.pop(key)
        del self._members[key]
        self._formed.pop(key, None)
        self._deadlines.set(key, None)
        place = (storm.rule, storm.equal)
        bucket = self._buckets.get(place)
        if bucket is not None and bucket.storm == key:
            bucket.storm = None
            if not bucket:
                del self._buckets[place]
        turn.drop(storm)

    def _take(self, key: str, storm: str) -> None:
        """The alert belongs to the storm, and waits for others nowhere."""
        for place, _ in self._places.pop(key, ()):
            if place in self._buckets:
                self._buckets[place].discard(key)
        self._storm_of[key] = storm
        self._members[storm].add(self._alerts[key])

    def _wait(self, alert: Alert) -> tuple[_Place, ...]:
        """The alert may become a part of a storm; returns where. That is asked once, when it
        begins to fire."""
        labels = alert.matchable
        found = []
        for plan in self._plans:
            condition = _condition(plan, labels)
            if condition is not None:
                place = plan.name, tuple(labels.get(name, "") for name in plan.equal)
                found.append((place, condition))
        self._places[alert.key] = tuple(found)
        return self._stand(alert)

    def _stand(self, alert: Alert) -> tuple[_Place, ...]:
        """The alert waits where it may, unless it is known to be planned; returns where."""
        places = self._places[alert.key]
        if any(mute.kind in _PLANNED for mute in alert.muted):
            for place, _ in places:
                if place in self._buckets:
                    self._buckets[place].discard(alert.key)
            return ()
        for place, condition in places:
            self._buckets.setdefault(place, Bucket()).add(alert, condition)
        return tuple(place for place, _ in places)

    def _put(self, storm: Storm, turn: Turn) -> None:
        self.storms[storm.key] = storm
        turn.save(storm)


def _takes_part(alert: Alert) -> bool:
    fires = alert.state is AlertState.FIRING and not alert.dismissed
    return fires and alert.terms.acknowledgeable and test_of(alert.source) is None


def _leads(alert: Alert, storm: Storm) -> bool:
    """Whether somebody can be told of it by the storm's incident."""
    is_in_it = storm.incident is None or alert.incident in {None, storm.incident}
    return is_in_it and _takes_part(alert) and not alert.muted


def _rank(alert: Alert) -> tuple[Instant, bool, str]:
    """Who leads: what fired first, of equals what is in an incident already."""
    return alert.fired_at or 0, alert.incident is None, alert.key


def _condition(plan: CorrelatePlan, labels: Labels) -> int | None:
    """The first condition of the rule that these labels match."""
    matched = (n for n, one in enumerate(plan.conditions) if match_all(one, labels))
    return next(matched, None)
