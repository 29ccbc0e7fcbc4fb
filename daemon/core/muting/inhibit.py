"""Inhibition: a firing cause mutes its symptoms.

For each `[[inhibit]]` the firing alerts are indexed by the values of its `equal` labels, the
sources and the targets apart, so that asking whether an alert is inhibited looks into one
bucket, and a source that begins or ends to fire names exactly the alerts to look at again.

The meaning is Alertmanager's: a source inhibits whether it is muted itself or not; missing
labels equal empty ones; an alert that matches both sides is not inhibited by another one
that matches both. Our own: an alert whose incident an operator resolved while it fires neither
inhibits nor is inhibited; nobody looks after a cause that was declared over.

And a cause that has *just ended* goes on to explain what began before it ended, for as long as the
check of the symptom takes to find out that it is well too (`grace`): else every symptom that is
measured after its cause would page once, while all is well again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from daemon.core.alerting.sources import test_of
from daemon.core.deadlines import Deadlines
from daemon.core.labels import Labels, match_all
from daemon.core.model import MINUTE, Alert, Instant, Millis, Mute, MuteKind
from daemon.core.plan import CheckPlan, InhibitPlan
from daemon.core.record import record

LONGEST_GRACE: Final[Millis] = 5 * MINUTE
"""No symptom waits longer than this after its cause ended, however seldom it is measured."""

_Order = tuple[Instant, str]
"""When a source fired, and its fingerprint: the one that fired first explains the rest. Of those
that have ended, when they did: the last explains the most."""


@dataclass(slots=True)
class _Bucket:
    """The firing alerts of one inhibition with the same values of its `equal` labels.

    Attributes:
        sources: Those that match the source side only.
        both: Those that match both sides.
        targets: Those that match the target side, and whether the source side too.
        ended, both_ended: The sources that have just ended.
    """

    sources: list[_Order] = field(default_factory=list)
    both: list[_Order] = field(default_factory=list)
    targets: dict[str, bool] = field(default_factory=dict)
    ended: list[_Order] = field(default_factory=list)
    both_ended: list[_Order] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.targets, self.sources, self.both, self.ended, self.both_ended))

    def cause(self, two_sided: bool) -> str | None:
        """The source that inhibits a target; a two-sided target only by a one-sided source."""
        first = self.sources[:1] if two_sided else self.sources[:1] + self.both[:1]
        return min(first)[1] if first else None

    def causes(self) -> tuple[str | None, str | None]:
        return self.cause(True), self.cause(False)

    def last(self, two_sided: bool) -> _Order | None:
        """The source of this target that ended last, of those that have just ended."""
        found = self.ended[-1:] if two_sided else self.ended[-1:] + self.both_ended[-1:]
        return max(found, default=None)


@record(frozen=True, slots=True)
class _Place:
    """Where an alert stands in one inhibition's index."""

    inhibit: int
    equal: tuple[str, ...]
    source: bool
    target: bool
    order: _Order


class Inhibitions:
    """The index of firing alerts by what they inhibit and what inhibits them."""

    def __init__(self, inhibits: Iterable[InhibitPlan]) -> None:
        self._inhibits = tuple(inhibits)
        self._buckets: list[dict[tuple[str, ...], _Bucket]] = [{} for _ in self._inhibits]
        self._places: dict[str, tuple[_Place, ...]] = {}
        self._ended: dict[str, tuple[_Place, ...]] = {}
        self._forgetting = Deadlines()

    @property
    def explains_what_ended(self) -> bool:
        """Whether there is a cause that has just ended."""
        return bool(self._ended)

    def put(self, alert: Alert) -> set[str]:
        """The alert fires, or fires with other labels than before.

        Returns:
            The fingerprints of the alerts whose inhibition may be another now.
        """
        self._forget(alert.key)
        places = self._places_of(alert, alert.fired_at)
        if places == self._places.get(alert.key, ()):
            return set()
        touched = self.remove(alert.key)
        for place in places:
            bucket = self._buckets[place.inhibit].setdefault(place.equal, _Bucket())
            before = bucket.causes()
            if place.target:
                bucket.targets[alert.key] = place.source
                touched.add(alert.key)
            if place.source:
                insort(bucket.both if place.target else bucket.sources, place.order)
            touched |= _affected(bucket, before)
        if places:
            self._places[alert.key] = places
        return touched

    def remove(self, key: str) -> set[str]:
        """The alert with this fingerprint fires no longer; returns what `put` returns."""
        touched: set[str] = set()
        for place in self._places.pop(key, ()):
            bucket = self._buckets[place.inhibit][place.equal]
            before = bucket.causes()
            bucket.targets.pop(key, None)
            if place.source:
                ordered = bucket.both if place.target else bucket.sources
                del ordered[bisect_left(ordered, place.order)]
            touched |= _affected(bucket, before)
            self._sweep(place)
        return touched

    def end(self, alert: Alert) -> set[str]:
        """The alert fires no longer, but for a while it explains what began before it resolved;
        returns what `put` returns."""
        touched = self.remove(alert.key)
        self._forget(alert.key)
        if alert.resolved_at is None:
            return touched
        places = [one for one in self._places_of(alert, alert.resolved_at) if one.source]
        for place in places:
            bucket = self._buckets[place.inhibit].setdefault(place.equal, _Bucket())
            insort(bucket.both_ended if place.target else bucket.ended, place.order)
        if places:
            self._ended[alert.key] = tuple(places)
            self._forgetting.set(alert.key, alert.resolved_at + LONGEST_GRACE)
        return touched

    def tick(self, now: Instant) -> None:
        """Forget what ended so long ago that it explains nothing any more."""
        for key, _ in list(self._forgetting.take_due(now)):
            self._forget(key)

    def _forget(self, key: str) -> None:
        self._forgetting.set(key, None)
        for place in self._ended.pop(key, ()):
            bucket = self._buckets[place.inhibit][place.equal]
            ordered = bucket.both_ended if place.target else bucket.ended
            del ordered[bisect_left(ordered, place.order)]
            self._sweep(place)

    def _sweep(self, place: _Place) -> None:
        """Keep no bucket that has nothing in it."""
        if not self._buckets[place.inhibit][place.equal]:
            del self._buckets[place.inhibit][place.equal]

    def muting(self, key: str) -> tuple[Mute, ...]:
        """What inhibits the firing alert with this fingerprint: one mute for each cause."""
        causes: dict[str, None] = {}
        for place in self._places.get(key, ()):
            if place.target:
                cause = self._buckets[place.inhibit][place.equal].cause(place.source)
                if cause is not None:
                    causes[cause] = None
        return tuple(Mute(MuteKind.INHIBITION, cause, "") for cause in causes)

    def just_ended(self, alert: Alert, grace: Millis, now: Instant) -> Mute | None:
        """What explained the firing alert and has just ended, the last of it; until the alert's
        check has had its time."""
        places = self._places.get(alert.key, ())
        ends = [
            self._buckets[place.inhibit][place.equal].last(place.source)
            for place in places
            if place.target
        ]
        ended_at, cause = max((one for one in ends if one is not None), default=(0, ""))
        began_at = alert.pending_at or alert.fired_at or 0
        if not cause or ended_at < began_at or ended_at + grace <= now:
            return None
        return Mute(MuteKind.INHIBITION, cause, "", ended_at + grace)

    def _places_of(self, alert: Alert, at: Instant | None) -> tuple[_Place, ...]:
        if alert.dismissed or not self._inhibits:
            return ()
        labels = alert.matchable
        order, is_test = (at or 0, alert.key), test_of(alert.source) is not None
        places = []
        for index, inhibit in enumerate(self._inhibits):
            source = not is_test and match_all(inhibit.source, labels)
            target = match_all(inhibit.target, labels)
            if source or target:
                places.append(_Place(index, _values(inhibit, labels), source, target, order))
        return tuple(places)


def grace(check: CheckPlan | None) -> Millis:
    """How long it may take until a check that is down is found to be up; nothing for what no
    check measures."""
    if check is None:
        return 0
    confirming = (check.up_after - 1) * check.retry_every
    return min(LONGEST_GRACE, max(check.every, check.every_down) + confirming + check.timeout)


def _values(inhibit: InhibitPlan, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in inhibit.equal)


def _affected(bucket: _Bucket, before: tuple[str | None, str | None]) -> set[str]:
    """The targets that have another cause than before."""
    after = bucket.causes()
    return {
        key
        for key, two_sided in (bucket.targets.items() if after != before else ())
        if before[not two_sided] != after[not two_sided]
    }
