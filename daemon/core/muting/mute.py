"""Muting: the reasons why a firing alert is not told, in one place.

Six kinds, in the order they are shown: an operator's silence, planned maintenance, a cause
that inhibits it, a parent whose failure hides its check, flapping, and a storm that tells of it
later. An alert is muted by each that applies and is always visible with all of them.

It stands after the alerts and before routing: `track` is told which alerts changed, `changed`
answers with those whose mutes are others now, and `correlate` finds storms when all others are
settled, so nothing is decided on an old mute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from daemon.core.changing import replace
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.model import Alert, AlertState, Instant, Mute, MuteKind, Silence
from daemon.core.muting.correlate import Correlations
from daemon.core.muting.inhibit import Inhibitions, grace
from daemon.core.muting.silences import Silences
from daemon.core.muting.works import Works
from daemon.core.plan import Plan
from daemon.core.turn import Turn

Told = Callable[[Alert], bool]
"""Whether the alert's incident has been told to anybody."""


class Muting:
    """What mutes each firing alert.

    Attributes:
        silences: The silences; their changes are made there and then looked at by `review`.
        storms: The storms that alerts belong to.
        works: Planned work.
    """

    def __init__(self, plan: Plan, alerts: Mapping[str, Alert], told: Told) -> None:
        self.silences = Silences(plan.warn_before)
        self._alerts = alerts
        self._told = told
        self._firing: dict[str, None] = {}
        self.works = Works(plan)
        self._inhibitions = Inhibitions(plan.inhibits)
        self._checks = plan.checks
        self._waking = Deadlines()
        self._stale: dict[str, None] = {}
        self.storms = Correlations(plan.correlates, alerts, told)
        self._unseen: dict[str, None] = {}

    @property
    def waits(self) -> bool:
        """Whether there are alerts to be reviewed."""
        return bool(self._stale)

    def next_deadline(self) -> Instant | None:
        """When a silence or a maintenance window begins or ends, a storm tells, or what explained
        an alert and has ended does so no longer."""
        return soonest(
            self._waking.next(),
            self.silences.next_deadline(),
            self.works.next_deadline(),
            self.storms.next_deadline(),
        )

    def tick(self, turn: Turn) -> None:
        """Begin and end the silences and the maintenance windows that are due, and let go what
        storms held."""
        self._mark(self.storms.tick(turn))
        self._mark([key for key, _ in self._waking.take_due(turn.now)])
        self._inhibitions.tick(turn.now)
        ended_or_began = self.silences.tick(turn)
        if self.works.tick(turn) or ended_or_began:
            self.review_all()

    def ending(self, turn: Turn) -> list[Silence]:
        """The silences that end soon or have just ended: to be told before mutes are others."""
        ended, self.silences.ended = self.silences.ended, []
        return [*self.silences.take_ending(turn), *ended]

    def firing(self) -> Iterator[Alert]:
        """The alerts that fire, with their mutes as they were last settled."""
        return (self._alerts[key] for key in self._firing if key in self._alerts)

    def replan(self, plan: Plan, turn: Turn) -> None:
        """Other windows and inhibitions hold: find what is active (`tick` does) and build their
        index anew, and look at every firing alert."""
        self.works.replan(plan)
        self._checks = plan.checks
        self._inhibitions = Inhibitions(plan.inhibits)
        self.storms.replan(plan.correlates, turn)
        for key, alert in self._alerts.items():
            if key in self._firing:
                self._inhibitions.put(alert)
            else:
                self._inhibitions.end(alert)
        self.review_all()

    def track(self, alert: Alert) -> None:
        """The alert changed: it and what it inhibits are to be reviewed."""
        if alert.state is AlertState.FIRING:
            self._firing[alert.key] = None
            touched = self._inhibitions.put(alert)
        else:
            self._firing.pop(alert.key, None)
            touched = self._inhibitions.end(alert)
        self._unseen[alert.key] = None
        self._mark((alert.key, *sorted(touched)))

    def review_all(self) -> None:
        """Silences or windows changed: look at every firing alert again."""
        self._mark(sorted(self._firing))

    def touch(self, keys: Iterable[str]) -> None:
        """Something else these alerts' mutes rest upon changed (their incident was told)."""
        self._mark(keys)

    def changed(self, turn: Turn) -> list[Alert]:
        """The alerts whose mutes are others than they carry, with the new ones; as many as
        there is room for in this turn."""
        found = []
        for key in list(islice(self._stale, max(0, turn.room))):
            turn.spend(1)
            del self._stale[key]
            alert = self._alerts.get(key)
            if alert is None:
                continue
            mutes, storm = self._of(alert, turn.now), self.storms.of(key)
            name = None if storm is None else storm.key
            if mutes != alert.muted or name != alert.storm:
                self._unseen[key] = None
                found.append(replace(alert, muted=mutes, storm=name))
        return found

    def correlate(self, turn: Turn) -> None:
        """Once the mutes of what changed are settled: find storms, and what they hold."""
        if self._stale:
            return
        unseen, self._unseen = self._unseen, {}
        for key in unseen:
            alert = self._alerts.get(key)
            if alert is not None:
                self._mark(self.storms.see(alert, turn))

    def _mark(self, keys: Iterable[str]) -> None:
        self._stale.update(dict.fromkeys(keys))

    def _of(self, alert: Alert, now: Instant) -> tuple[Mute, ...]:
        if alert.state is not AlertState.FIRING:
            return ()
        labels = alert.matchable
        mutes = [*self.silences.muting(labels), *self.works.muting(labels)]
        mutes += self._inhibiting(alert, now)
        parent = alert.terms.unreachable
        if parent is not None:
            mutes.append(Mute(MuteKind.DEPENDENCY, parent, f"unreachable: {parent} is down"))
        if alert.terms.flapping and self._told(alert):
            mutes.append(Mute(MuteKind.FLAPPING, alert.source, "its check is flapping"))
        held = self.storms.mute_of(alert.key)
        if held is not None:
            mutes.append(held)
        return tuple(mutes)

    def _inhibiting(self, alert: Alert, now: Instant) -> list[Mute]:
        """The causes that fire; where there are none, the one that has just ended."""
        found = self._inhibitions.muting(alert.key)
        if found:
            words = "inhibited by {}"
            return [replace(one, reason=words.format(self._words(one.by))) for one in found]
        if not self._inhibitions.explains_what_ended:
            return []
        within = grace(self._checks.get(alert.labels.get("check", "")))
        ended = self._inhibitions.just_ended(alert, within, now)
        if ended is None:
            return []
        self._waking.set(alert.key, ended.until)
        return [replace(ended, reason=f"{self._words(ended.by)}, its cause, has just ended")]

    def _words(self, key: str) -> str:
        """The inhibiting alert in words: its name and service."""
        alert = self._alerts[key]
        service = alert.labels.get("service")
        return f"{alert.name} ({service})" if service else alert.name
