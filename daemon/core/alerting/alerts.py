"""Alerts: every alert by fingerprint, driven by conditions and by time.

It stands between the conditions (of checks, of rules, of Tocsin itself) and muting. What an
alert does is `daemon.core.alerting.lifecycle`'s to say; here it is looked up by its source, its
deadline is kept, and what changed is left in `changes` for the parts that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeGuard

import msgspec

from daemon.core.alerting.lifecycle import Happening, moved, ripe_at, rises_at
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.labels import Labels, fingerprint
from daemon.core.model import HOUR, Alert, AlertState, Instant
from daemon.core.turn import Condition, Turn

KEEP: Final = HOUR
"""How long a resolved alert is remembered, and longer while its incident is open."""

_HAPPENING: Final = {True: Happening.HOLDS, False: Happening.AWAY, None: Happening.UNSURE}


class Change(msgspec.Struct, frozen=True, gc=False):
    """An alert as it was, if it was known, and as it is."""

    before: Alert | None
    after: Alert


def fires(alert: Alert | None) -> TypeGuard[Alert]:
    """Whether there is an alert and it fires."""
    return alert is not None and alert.state is AlertState.FIRING


class Alerts:
    """All alerts by fingerprint, and when each has to be looked at.

    Attributes:
        records: The alerts.
        changes: What changed since it was last taken (`take_changes`), in order.
    """

    def __init__(self, in_use: Callable[[str], bool]) -> None:
        """`in_use` says whether the incident with that id is open and needs its alerts."""
        self.records: dict[str, Alert] = {}
        self.changes: list[Change] = []
        self._in_use = in_use
        self._by_source: dict[str, str] = {}
        self._identity: dict[str, tuple[Labels, str]] = {}
        self._deadlines = Deadlines()

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take in what a store kept. Incidents must have been restored before."""
        for alert in sorted(alerts, key=_claim):
            self.records[alert.key] = alert
            self._by_source[alert.source] = alert.key
            self.rearm(alert.key)

    def next_deadline(self) -> Instant | None:
        """When the next alert fires, resolves, rises, or is forgotten by time alone."""
        return self._deadlines.next()

    def take_changes(self) -> list[Change]:
        """What changed since the last call."""
        taken, self.changes = self.changes, []
        return taken

    def observe(self, condition: Condition, turn: Turn) -> None:
        """A condition was looked at."""
        known = self._by_source.get(condition.source)
        if known is None and not condition.holds:
            return
        key = self._key(condition)
        if known is not None and known != key:
            self._happen(known, Happening.LEFT, turn)
        self._happen(key, _HAPPENING[condition.holds], turn, condition)

    def left(self, source: str, turn: Turn) -> None:
        """The check or rule that makes this source's alert is no more."""
        self._identity.pop(source, None)
        key = self._by_source.get(source)
        if key is not None:
            self._happen(key, Happening.LEFT, turn)

    def resolve_by_hand(self, keys: Iterable[str], turn: Turn) -> None:
        """An operator resolved the incident these alerts belong to."""
        for key in keys:
            self._happen(key, Happening.BY_HAND, turn)

    def tick(self, turn: Turn) -> None:
        """Do what is due."""
        while (key := self._deadlines.pop(turn.now)) is not None:
            self._happen(key, Happening.DUE, turn)

    def sources(self) -> list[str]:
        """The sources of all alerts, in order of name."""
        return sorted(self._by_source)

    def put(self, alert: Alert, turn: Turn) -> None:
        """The alert has a new value that moves none of its states (mutes, its incident)."""
        self.records[alert.key] = alert
        self.rearm(alert.key)
        turn.save(alert)

    def rearm(self, key: str) -> None:
        """Set the alert's deadline anew; its incident may have ended."""
        alert = self.records.get(key)
        self._deadlines.set(key, None if alert is None else self._due(alert))

    def _key(self, condition: Condition) -> str:
        labels, key = self._identity.get(condition.source, (None, ""))
        if labels is not condition.labels and labels != condition.labels:
            key = fingerprint(condition.labels)
            self._identity[condition.source] = (condition.labels, key)
        return key

    def _happen(
        self, key: str, happening: Happening, turn: Turn, condition: Condition | None = None
    ) -> None:
        before = self.records.get(key)
        stated = None if condition is None else (key, condition)
        after = moved(before, happening, turn.now, stated)
        if after is None:
            self._forget(before, turn)
        elif after != before:
            self.records[key] = after
            self._by_source[after.source] = key
            turn.save(after)
            self.changes.append(Change(before, after))
        self.rearm(key)

    def _forget(self, alert: Alert | None, turn: Turn) -> None:
        if alert is None:
            return
        del self.records[alert.key]
        if self._by_source.get(alert.source) == alert.key:
            del self._by_source[alert.source]
            self._identity.pop(alert.source, None)
        turn.drop(alert)

    def _due(self, alert: Alert) -> Instant | None:
        """When the alert changes by time alone; may be past if that was not seen to yet."""
        if alert.state is AlertState.PENDING:
            return ripe_at(alert)
        if alert.state is AlertState.FIRING:
            return soonest(alert.clears_at, rises_at(alert))
        if alert.holds:
            return alert.quiet_until
        if alert.incident is not None and self._in_use(alert.incident):
            return None
        return max((alert.resolved_at or 0) + KEEP, alert.quiet_until or 0)


def _claim(alert: Alert) -> tuple[bool, bool, Instant, str]:
    """Of two alerts of one source (its labels changed), the greater is the present one."""
    present = alert.state is not AlertState.RESOLVED
    return present, alert.holds is True, alert.pending_at or 0, alert.key
